"""Typed readers of the environment, each failing with one sentence that names the variable.

Only ``config/settings.py`` calls them, so that file lists everything a deployment may change.
"""

import os
from collections.abc import Iterable
from pathlib import Path
from urllib.parse import SplitResult, parse_qsl, unquote, urlsplit

from django.core.exceptions import ImproperlyConfigured

_TRUE = frozenset({"1", "true", "yes", "on"})
_FALSE = frozenset({"0", "false", "no", "off"})
_POSTGRES_SCHEMES = frozenset({"postgres", "postgresql"})
_REDIS_SCHEMES = frozenset({"redis", "rediss", "unix"})


class EnvError(ImproperlyConfigured):
    """A variable is missing or unreadable; the message is the whole story."""


def load_file(path: Path) -> None:
    """Add ``NAME=value`` lines of a file to the environment; what is already set wins."""
    if not path.is_file():
        return
    for number, raw in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
        line = raw.strip()
        if not line or line.startswith("#"):
            continue
        name, separator, value = line.partition("=")
        if not separator or not name.strip().isidentifier():
            raise EnvError(f"{path.name}, line {number}: expected NAME=value, got {name!r}.")
        os.environ.setdefault(name.strip(), value.strip().strip("\"'"))


def text(name: str, *, default: str | None = None) -> str:
    """Return a variable as it is; empty counts as unset."""
    value = os.environ.get(name, "")
    if value:
        return value
    if default is None:
        raise EnvError(f"{name} must be set; see .env.example.")
    return default


def integer(name: str, *, default: int, minimum: int = 0) -> int:
    """Return a whole number not below ``minimum``."""
    value = text(name, default=str(default))
    try:
        result = int(value)
    except ValueError:
        raise EnvError(f"{name} must be a whole number, not {value!r}.") from None
    if result < minimum:
        raise EnvError(f"{name} must be at least {minimum}, not {result}.")
    return result


def number(name: str, *, default: float, minimum: float = 0.0) -> float:
    """Return a number not below ``minimum``; the unit is in the variable's name."""
    value = text(name, default=str(default))
    try:
        result = float(value)
    except ValueError:
        raise EnvError(f"{name} must be a number, not {value!r}.") from None
    # Written this way round so that "nan" is refused too.
    if not minimum <= result < float("inf"):
        raise EnvError(f"{name} must be a finite number of at least {minimum:g}, not {value}.")
    return result


def flag(name: str, *, default: bool) -> bool:
    """Return a yes or a no."""
    value = text(name, default="1" if default else "0").lower()
    if value in _TRUE:
        return True
    if value in _FALSE:
        return False
    raise EnvError(f"{name} must be 1 or 0, not {value!r}.")


def choice(name: str, *, default: str, options: Iterable[str]) -> str:
    """Return one of the listed words."""
    allowed = tuple(options)
    value = text(name, default=default)
    if value not in allowed:
        raise EnvError(f"{name} must be one of {', '.join(allowed)}, not {value!r}.")
    return value


def words(name: str, *, default: Iterable[str] = ()) -> list[str]:
    """Return a comma-separated list, blanks dropped."""
    return [
        word.strip() for word in text(name, default=",".join(default)).split(",") if word.strip()
    ]


def all_ending(*, suffix: str) -> dict[str, str]:
    """Return every variable that is set and whose name ends so, by name."""
    return {name: value for name, value in os.environ.items() if name.endswith(suffix) and value}


def redis_url(name: str, *, default: str) -> str:
    """Return a Redis address: ``redis://``, ``rediss://`` or ``unix://`` with a socket path."""
    value = text(name, default=default)
    parts = _split(name, value)
    if parts.scheme not in _REDIS_SCHEMES:
        raise EnvError(f"{name} must begin with redis://, rediss:// or unix://.")
    if parts.scheme == "unix" and not parts.path.startswith("/"):
        raise EnvError(f"{name} with unix:// needs an absolute socket path.")
    return value


def celery_broker_url(address: str) -> str:
    """Return the same Redis in the words Celery uses for it."""
    parts = urlsplit(address)
    if parts.scheme != "unix":
        return address
    database = dict(parse_qsl(parts.query)).get("db", "0")
    return f"redis+socket://{parts.path}?virtual_host={database}"


def postgres(name: str, *, default: str) -> dict[str, str]:
    """Return Django's NAME, USER, PASSWORD, HOST, PORT of a Postgres URL.

    A socket directory goes into the query, as libpq has it: ``postgresql://user@/db?host=/dir``.
    """
    value = text(name, default=default)
    parts = _split(name, value)
    if parts.scheme not in _POSTGRES_SCHEMES:
        raise EnvError(f"{name} must begin with postgresql://; other databases are not supported.")
    database = unquote(parts.path.removeprefix("/"))
    if not database:
        raise EnvError(f"{name} names no database; it belongs after the last slash.")
    query = dict(parse_qsl(parts.query))
    return {
        "NAME": database,
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": query.get("host") or parts.hostname or "",
        "PORT": query.get("port") or (str(parts.port) if parts.port else ""),
    }


def postgres_options(name: str) -> dict[str, str]:
    """Return what else the Postgres URL asks of libpq (sslmode, connect_timeout ...)."""
    query = dict(parse_qsl(urlsplit(os.environ.get(name, "")).query))
    return {key: value for key, value in query.items() if key not in {"host", "port"}}


def _split(name: str, value: str) -> SplitResult:
    """Return the parts of a URL; the message never repeats it, because it may hold a password."""
    try:
        parts = urlsplit(value)
        _ = parts.port
    except ValueError:
        raise EnvError(f"{name} is not a URL.") from None
    return parts
