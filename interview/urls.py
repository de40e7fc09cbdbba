"""Where the game's pages, its API and its streams are mounted."""

from django.urls import URLPattern, URLResolver

#: Django's: pages and the JSON API.
urlpatterns: list[URLPattern | URLResolver] = []
#: Channels': streams over HTTP, matched before Django's.
http_urlpatterns: list[URLPattern] = []
#: Channels': sockets.
websocket_urlpatterns: list[URLPattern] = []
