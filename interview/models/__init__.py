"""The tables: rows and promises, no behaviour."""

from interview.models.edition import Edition
from interview.models.persona import Persona, PersonaLine
from interview.models.question import FollowUp, KeyPoint, Question
from interview.models.resume import Resume
from interview.models.room import Room
from interview.models.room_event import RoomEvent
from interview.models.scenery import PanelSeat, Scenery

__all__ = [
    "Edition",
    "FollowUp",
    "KeyPoint",
    "PanelSeat",
    "Persona",
    "PersonaLine",
    "Question",
    "Resume",
    "Room",
    "RoomEvent",
    "Scenery",
]
