"""Virtual keys: what they look like, how they are kept, and what each may be used for.

A secret is shown once, to whoever makes it. What is kept is its SHA-256: the secret has 256 random
bits, so nothing slow is needed to protect it, and nothing that is looked up tells of it.
"""

import hashlib
import re
import secrets
from collections.abc import Mapping
from fnmatch import fnmatchcase
from functools import lru_cache

from gateway.domain.catalog import Key, Scope
from gateway.domain.errors import ForbiddenError, UnauthenticatedError

PREFIX = "sk-"
_RANDOM_BYTES = 32
_SHOWN = 4
_SHAPE = re.compile(rf"{PREFIX}[A-Za-z0-9_-]{{16,200}}")


def new_secret() -> str:
    """Return a fresh secret, for the one time it is shown."""
    return PREFIX + secrets.token_urlsafe(_RANDOM_BYTES)


def hash_of(secret: str) -> str:
    """Return what is kept of the secret: its SHA-256, in hexadecimal."""
    return hashlib.sha256(secret.encode()).hexdigest()


def ending_of(secret: str) -> str:
    """Return the last characters, by which its owner tells it from others in a list."""
    return secret[-_SHOWN:]


def find(keys: Mapping[str, Key], secret: str, *, at: float) -> Key:
    """Return the key whose secret this is; raise UnauthenticatedError when there is none.

    The lookup is by hash, so how long it takes says nothing of any secret. ``at`` is Unix seconds.
    """
    if not _SHAPE.fullmatch(secret):
        raise UnauthenticatedError("The API key is missing or has not the form of one.")
    key = keys.get(hash_of(secret))
    if key is None:
        raise UnauthenticatedError("The API key is not known here; it may have been revoked.")
    if key.expires_at is not None and at >= key.expires_at:
        raise UnauthenticatedError("The API key has expired.")
    if not key.tenant.is_active:
        raise ForbiddenError("The account of this API key is closed.")
    return key


def check_scope(key: Key, scope: Scope) -> None:
    """Raise ForbiddenError unless the key may be used for this kind of call."""
    if scope not in key.scopes:
        raise ForbiddenError(f"The API key may not be used for {scope}.")


def check_model(key: Key, model: str) -> None:
    """Raise ForbiddenError unless the key may ask this model."""
    if not may_ask(key.models, model):
        raise ForbiddenError("The API key may not ask this model.")


@lru_cache(maxsize=4096)
def may_ask(patterns: tuple[str, ...], model: str) -> bool:
    """Return whether a key with these patterns may ask the model; no pattern allows all."""
    return not patterns or any(fnmatchcase(model, pattern) for pattern in patterns)
