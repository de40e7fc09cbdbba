"""The admin's door: so many failed tries by address and by name, then it stays shut for minutes.

A try is counted before the password is looked at, so that tries sent at once do not slip by; a
good one is taken back. Windows are slices of the clock: the door opens by itself. While the cache
is away nothing is counted, because an operator may need the admin most just then.
"""

import logging
import math
import time
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.contrib.admin.forms import AdminAuthenticationForm
from django.core.cache import cache
from django.core.exceptions import ValidationError
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext_lazy as _
from redis.exceptions import RedisError

logger = logging.getLogger(__name__)

SHUT = _("Too many failed sign-ins. Try again in %(minutes)d min.")


class SignInForm(AdminAuthenticationForm):
    """The admin's form, which counts."""

    def clean(self) -> dict[str, Any]:
        """Return the cleaned fields of somebody let in; raise ValidationError otherwise."""
        name = self.cleaned_data.get("username")
        if name is None or self.cleaned_data.get("password") is None:
            return super().clean()
        address = self.request.META.get("REMOTE_ADDR", "") if self.request else ""
        tries = Tries(address=address, name=name, at=time.time())
        if tries.one_more_is_too_many():
            logger.warning("sign_in.shut")
            raise ValidationError(SHUT, code="shut", params={"minutes": tries.minutes_left})
        cleaned = super().clean()
        tries.take_back()
        return cleaned


@dataclass(frozen=True, slots=True)
class Tries:
    """The counts of one address and one name in the window of now."""

    address: str
    name: str
    at: float

    @property
    def minutes_left(self) -> int:
        """How long until the window ends, rounded up."""
        return math.ceil((settings.SIGN_IN_WINDOW_SECONDS - self.at % _window()) / 60)

    def one_more_is_too_many(self) -> bool:
        """Count one try and return whether it is past a limit."""
        limits = (settings.SIGN_INS_PER_ADDRESS, settings.SIGN_INS_PER_NAME)
        counts = [_counted(key) for key in self._keys()]
        return any(most and n > most for n, most in zip(counts, limits, strict=True))

    def take_back(self) -> None:
        """Forget this try, and the name's failures with it: its owner is here."""
        address_key, name_key = self._keys()
        try:
            cache.delete(name_key)
            cache.decr(address_key)
        except (RedisError, OSError, ValueError):  # ValueError: the window has just ended
            return

    def _keys(self) -> tuple[str, str]:
        window = self.at // _window()
        # A mistyped name may be a password; it is kept as nobody can read it.
        name = salted_hmac("hotseat.sign-in", self.name.casefold()).hexdigest()
        return f"sign-in:address:{self.address}:{window:.0f}", f"sign-in:name:{name}:{window:.0f}"


def _window() -> int:
    seconds: int = settings.SIGN_IN_WINDOW_SECONDS
    return seconds


def _counted(key: str) -> int:
    try:
        cache.add(key, 0, timeout=_window())
        return cache.incr(key)
    except (RedisError, OSError, ValueError) as error:
        logger.warning("sign_in.not_counted", extra={"error_type": type(error).__name__})
        return 0
