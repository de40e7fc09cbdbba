"""What the gateway knows, and what it never shows."""

from dataclasses import replace

from gateway.domain.catalog import (
    NO_SECRET,
    Ability,
    RetryPolicy,
    Route,
    Secret,
    built_in_catalog,
)
from gateway.domain.messages import Dialect
from tests.fakes.gateway import make_target


def test_a_secret_is_used_and_never_shown() -> None:
    secret = Secret("sk-word")

    assert (repr(secret), str(secret), f"{secret}") == ("Secret(***)",) * 3
    assert (secret.reveal(), bool(secret)) == ("sk-word", True)
    assert (repr(NO_SECRET), bool(NO_SECRET)) == ("Secret()", False)
    assert len({Secret("a"), Secret("a"), Secret("b")}) == 2


def test_a_target_is_named_by_its_provider_and_model() -> None:
    target = make_target("acme", "large")

    assert (target.id, replace(target, model="small").id) == ("acme/large", "acme/small")


def test_a_route_can_go_on_if_a_target_can_and_the_operator_lets_it() -> None:
    able = make_target("b", "m", abilities=frozenset({Ability.PREFILL}))
    route = Route("m", (make_target("a", "m"), able))

    assert route.can_continue
    assert not replace(route, targets=route.targets[:1]).can_continue
    assert not replace(route, retry=RetryPolicy(continues_answers=False)).can_continue
    assert route.dialects == {Dialect.SCRIPT}


def test_a_house_without_configuration_has_its_script() -> None:
    catalog = built_in_catalog()

    (target,) = catalog.routes["scripted"].targets
    assert (target.id, target.provider.n_places) == ("scripted/scripted", 4096)
    assert catalog.providers == {"scripted": target.provider}
