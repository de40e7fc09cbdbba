"""HTTP and WebSocket under one ASGI application.

Outermost first: drain (open connections), the edge (request id, no foreign trace context), the
server span, health and metrics, then the routes: the game's streams are Channels consumers, all
other HTTP is Django's. Programs' calls (``/v1``) leave this way at its very beginning.
"""

import os

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

from typing import Any, cast

import django
from asgiref.typing import ASGI3Application
from channels.auth import AuthMiddlewareStack
from channels.routing import ProtocolTypeRouter, URLRouter
from django.urls import URLPattern, re_path

django.setup(set_prefix=False)

# The apps are loaded from here on; these imports need them.
from config import data_plane, edge, handler, in_turn, telemetry
from config.drain import Drain
from config.health import Health
from config.origin import SameOrigin, refuse
from interview import urls as interview_urls


def _everything_else(application: Any) -> URLPattern:
    # A route of Channels holds an ASGI application where Django's types expect a view.
    pattern: URLPattern = re_path(r"", application)
    return pattern


django_in_turn = in_turn.InTurn(
    cast("ASGI3Application", handler.Handler()), unless={"/api/resumes"}
)
http_routes = URLRouter([*interview_urls.http_urlpatterns, _everything_else(django_in_turn)])
websocket_routes = SameOrigin(
    AuthMiddlewareStack(
        URLRouter([*interview_urls.websocket_urlpatterns, _everything_else(refuse)])
    )
)
routes = cast(
    "ASGI3Application",
    ProtocolTypeRouter({"http": http_routes, "websocket": websocket_routes}),
)

telemetry.start("web")
health = Health(routes)
application = Drain(edge.Edge(telemetry.edge(health)), data_plane=data_plane.build())
health.drain = application
