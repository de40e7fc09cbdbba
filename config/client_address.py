"""Who is at the other end: the address a limit may count by, and nobody can choose.

A proxy appends the address it was called from to ``X-Forwarded-For``; all that stands before is
the client's own tale. So with TRUST_PROXY the entry counted from the right is taken, one per
proxy of ours (PROXY_HOPS), and without it the header is not looked at. Of an IPv6 address the
half that its owner chooses freely is left out: a household is one, however many it goes by.
"""

from collections.abc import Iterable
from ipaddress import IPv6Address, ip_address

from asgiref.typing import HTTPScope, WebSocketScope
from django.conf import settings

_HEADER = b"x-forwarded-for"
_HOUSEHOLD_BITS = 64  # what one IPv6 customer is given at least


def settle(scope: HTTPScope | WebSocketScope) -> None:
    """Let the scope's client be whom limits count: in place of the proxy, and of Daphne's guess."""
    client = scope.get("client")
    told = _forwarded(scope["headers"]) if settings.TRUST_PROXY else None
    if told is not None:
        scope["client"] = (household(told), 0)
    elif client and ":" in client[0]:
        scope["client"] = (household(client[0]), client[1])


def household(address: str) -> str:
    """Return the address, an IPv6 one without the part its owner chooses; any other text as is."""
    if ":" not in address:
        return address
    try:
        found = ip_address(address)
    except ValueError:
        return address
    if not isinstance(found, IPv6Address) or found.is_loopback:
        return address
    if found.ipv4_mapped is not None:
        return str(found.ipv4_mapped)
    return str(IPv6Address(int(found) >> _HOUSEHOLD_BITS << _HOUSEHOLD_BITS))


def _forwarded(headers: Iterable[tuple[bytes, bytes]]) -> str | None:
    """Return the address our outermost proxy was called from; None where no proxy says."""
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
