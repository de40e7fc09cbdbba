"""Who is at the other end: the address a limit may count by, and nobody can choose.

A proxy appends the address it was called from to ``X-Forwarded-For``; all that stands before is
the client's own tale. So with TRUST_PROXY the entry counted from the right is taken, one per
proxy of ours (PROXY_HOPS), and without it the header is not looked at.
"""

from collections.abc import Iterable
from ipaddress import ip_address

from asgiref.typing import ASGI3Application, ASGIReceiveCallable, ASGISendCallable, Scope
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


def behind_proxies(application: ASGI3Application) -> ASGI3Application:
    """Return the application, told who is at the other end of our proxies, if there are any."""
    if not settings.TRUST_PROXY:
        return application

    async def serve(scope: Scope, receive: ASGIReceiveCallable, send: ASGISendCallable) -> None:
        if scope["type"] == "http":
            address = forwarded(scope["headers"])
            if address is not None:
                scope["client"] = (address, 0)
        await application(scope, receive, send)

    return serve


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
