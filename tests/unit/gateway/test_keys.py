"""Virtual keys: form, hash, and what they open."""

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.domain import keys
from gateway.domain.catalog import Key, Scope, Tenant
from gateway.domain.errors import ForbiddenError, UnauthenticatedError

SECRET = "sk-" + "a" * 43
TENANT = Tenant("acme")


def known(key: Key) -> dict[str, Key]:
    return {keys.hash_of(SECRET): key}


def test_a_new_secret_has_the_form_and_is_never_the_same():
    one, other = keys.new_secret(), keys.new_secret()
    assert one != other
    assert one.startswith("sk-")
    assert len(one) == 3 + 43


def test_only_the_sha_256_is_kept():
    assert keys.hash_of(SECRET) == hashlib.sha256(SECRET.encode()).hexdigest()


def test_a_list_shows_the_last_four_characters():
    assert keys.ending_of("sk-abcdefgh") == "efgh"


def test_a_key_is_found_by_its_secret():
    key = Key("k1", TENANT)
    assert keys.find(known(key), SECRET, at=0.0) is key


@pytest.mark.parametrize("secret", ["", "sk-short", "pk-" + "a" * 43, "sk-" + "b" * 43])
def test_anything_else_is_not_a_key(secret):
    with pytest.raises(UnauthenticatedError):
        keys.find(known(Key("k1", TENANT)), secret, at=0.0)


@given(st.text(max_size=300))
def test_no_text_at_all_makes_the_lookup_fail_in_another_way(secret):
    with pytest.raises(UnauthenticatedError):
        keys.find({}, secret, at=0.0)


def test_a_key_ends_at_the_second_it_expires():
    key = Key("k1", TENANT, expires_at=100.0)
    assert keys.find(known(key), SECRET, at=99.9) is key
    with pytest.raises(UnauthenticatedError):
        keys.find(known(key), SECRET, at=100.0)


def test_a_closed_account_closes_its_keys():
    with pytest.raises(ForbiddenError):
        keys.find(known(Key("k1", Tenant("acme", is_active=False))), SECRET, at=0.0)


def test_a_key_opens_its_scopes_only():
    key = Key("k1", TENANT, scopes=frozenset({Scope.CHAT}))
    keys.check_scope(key, Scope.CHAT)
    with pytest.raises(ForbiddenError, match="embeddings"):
        keys.check_scope(key, Scope.EMBEDDINGS)


@pytest.mark.parametrize(
    ("patterns", "model", "allowed"),
    [
        ((), "anything", True),
        (("gpt-*",), "gpt-4o", True),
        (("gpt-*", "fast"), "fast", True),
        (("gpt-*",), "claude", False),
        (("GPT-*",), "gpt-4o", False),
    ],
)
def test_a_key_asks_the_models_its_patterns_name(patterns, model, allowed):
    key = Key("k1", TENANT, models=patterns)
    if allowed:
        keys.check_model(key, model)
    else:
        with pytest.raises(ForbiddenError):
            keys.check_model(key, model)
