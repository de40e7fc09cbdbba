"""The gateway's management API; ``/v1`` is served before Django."""

from django.urls import URLPattern, URLResolver, path, re_path
from django.views.decorators.csrf import csrf_exempt

from gateway.api import api, errors

# What begins like the gateway's API and is none of it is refused in the gateway's words, too.
_strays = csrf_exempt(errors.nothing_here)

urlpatterns: list[URLPattern | URLResolver] = [
    re_path(r"^api/gateway/?\Z", _strays),
    path("api/gateway/", api.urls),
    path("api/gateway/<path:rest>", _strays),
]
