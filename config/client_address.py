"""Who is at the other end: the address a limit may count by, and nobody can choose.

A proxy appends the address it was called from to ``X-Forwarded-For``; all that stands before is
the client's own tale. So with TRUST_PROXY the entry counted from the right is taken, one per
proxy of ours (PROXY_HOPS), and without it the header is not looked at.
"""

from collections.abc import Iterable
from ipaddress import ip_address

from django.conf import settings

_HEADER = b"x-forwarded-for"


def forwarded(headers: Iterable[tuple[bytes, bytes]]) -> str | None:
    """Return the address our outermost proxy was called from; None where no proxy says."""
    if not settings.TRUST_PROXY:
        return None
    told = b",".join(value for name, value in headers if name.lower() == _HEADER)
    places = [place.strip() for place in told.decode("latin-1").split(",")]
    if len(places) < settings.PROXY_HOPS:
        return None
    return _address(places[-settings.PROXY_HOPS])


def _address(place: str) -> str | None:
    """Return the address without a port; None when it is none."""
    if place.startswith("["):
        place = place[1:].partition("]")[0]
    elif place.count(":") == 1:
        place = place.partition(":")[0]
    try:
        return str(ip_address(place))
    except ValueError:
        return None
