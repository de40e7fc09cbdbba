"""Credentials at rest: sealed with a key made from SECRET_KEY, opened only to be used.

See docs/adr/0025. Whoever changes SECRET_KEY has to enter sealed credentials again; a variable
of the environment needs none of this and is the better place in production.
"""

from base64 import urlsafe_b64encode
from functools import lru_cache

from cryptography.fernet import Fernet, InvalidToken
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings

_PURPOSE = b"hotseat gateway credentials, version 1"


def seal(word: str) -> str:
    """Return the word as it may be kept."""
    return _box(settings.SECRET_KEY).encrypt(word.encode()).decode("ascii")


def opened(sealed: str) -> str | None:
    """Return the word again; None when it was sealed under another SECRET_KEY."""
    try:
        return _box(settings.SECRET_KEY).decrypt(sealed.encode("ascii")).decode()
    except (InvalidToken, UnicodeError):
        return None


@lru_cache(maxsize=2)
def _box(secret_key: str) -> Fernet:
    derived = HKDF(algorithm=SHA256(), length=32, salt=None, info=_PURPOSE)
    return Fernet(urlsafe_b64encode(derived.derive(secret_key.encode())))
