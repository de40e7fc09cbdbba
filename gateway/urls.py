"""The gateway's management API; ``/v1`` is served before Django."""

from django.urls import URLPattern, URLResolver, path

from gateway.api import api

urlpatterns: list[URLPattern | URLResolver] = [path("api/gateway/", api.urls)]
