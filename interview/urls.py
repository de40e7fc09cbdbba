"""The game's pages, API and streams."""

from django.urls import URLPattern, URLResolver, path

from interview.api import api
from interview.consumers.control import RoomControl
from interview.consumers.events import RoomEvents
from interview.views import intake, lobby, room, settlement

urlpatterns: list[URLPattern | URLResolver] = [
    path("", lobby.page, name="lobby"),
    path("resume", intake.page, name="intake"),
    path("rooms/<uuid:room_id>", room.page, name="room-page"),
    path("rooms/<uuid:room_id>/settlement", settlement.page, name="room-settlement"),
    path("api/", api.urls),
    # Served by the consumer below before Django is asked; named here so that links can be made.
    path("api/rooms/<uuid:room_id>/events", room.streams_elsewhere, name="room-events"),
]

http_urlpatterns: list[URLPattern] = [
    path("api/rooms/<uuid:room_id>/events", RoomEvents.as_asgi()),
]

websocket_urlpatterns: list[URLPattern] = [
    path("ws/rooms/<uuid:room_id>", RoomControl.as_asgi()),
]
