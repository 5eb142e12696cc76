"""Tables. What grows leads its keys with the map's id: see docs/decisions/0002-keys-lead-with-the-map.md."""

from app.models.account import Official, Role, TownRole
from app.models.base import Base
from app.models.event import Event, EventKind
from app.models.pin import Channel, Pin, PinState, PinStatus, Support
from app.models.respondent import Respondent, RespondentDevice
from app.models.snapshot import DaySnapshot, HeatSnapshot
from app.models.throttle import Throttle
from app.models.town import Town
from app.models.town_map import (
    BasemapLayer,
    Category,
    Moderation,
    Question,
    QuestionScope,
    QuestionType,
    ShowOthers,
    TownMap,
)

__all__ = [
    "Base",
    "BasemapLayer",
    "Category",
    "Channel",
    "DaySnapshot",
    "Event",
    "EventKind",
    "HeatSnapshot",
    "Moderation",
    "Official",
    "Pin",
    "PinState",
    "PinStatus",
    "Question",
    "QuestionScope",
    "QuestionType",
    "Respondent",
    "RespondentDevice",
    "Role",
    "ShowOthers",
    "Support",
    "Throttle",
    "Town",
    "TownMap",
    "TownRole",
]
