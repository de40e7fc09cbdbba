"""The game's pages, API and streams."""

from django.urls import URLPattern, URLResolver, path

from interview import views
from interview.api import api
from interview.consumers.control import RoomControl
from interview.consumers.events import RoomEvents

urlpatterns: list[URLPattern | URLResolver] = [
    path("", views.lobby, name="lobby"),
    path("resume", views.intake, name="intake"),
    path("rooms/<uuid:room_id>", views.room, name="room-page"),
    path("rooms/<uuid:room_id>/settlement", views.settlement, name="room-settlement"),
    path("api/", api.urls),
    # Served by the consumer below before Django is asked; named here so that links can be made.
    path("api/rooms/<uuid:room_id>/events", views.streams_elsewhere, name="room-events"),
]

http_urlpatterns: list[URLPattern] = [
    path("api/rooms/<uuid:room_id>/events", RoomEvents.as_asgi()),
]

websocket_urlpatterns: list[URLPattern] = [
    path("ws/rooms/<uuid:room_id>", RoomControl.as_asgi()),
]
