"""Tables. What grows leads its keys with the map's id: see docs/decisions/0002-keys-lead-with-the-map.md."""

from app.models.account import AccessToken, IdentityProvider, Invitation, Official, OfficialSession, Role, TownRole
from app.models.address import Address
from app.models.analysis import AnalysisRun, RunState
from app.models.answer import AnsweredPlace, AnswerTemplate
from app.models.audit import AuditEntry
from app.models.base import Base
from app.models.event import Event, EventKind
from app.models.fact import Fact, FactLayer, FactShape
from app.models.flag import FlagKind, PinFlag
from app.models.heat import HeatBlock, HeatChange, HeatState
from app.models.pin import Channel, Pin, PinState, PinStatus, Support
from app.models.pin_photo import PhotoShown, PinPhoto
from app.models.report import Report, ReportState
from app.models.respondent import Respondent, RespondentDevice
from app.models.sheet import (
    MarkKind,
    MarkState,
    PhotoPicture,
    PhotoState,
    Sheet,
    SheetMark,
    SheetPhoto,
    SheetPrint,
)
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
    "AccessToken",
    "Address",
    "AnalysisRun",
    "AnswerTemplate",
    "AnsweredPlace",
    "AuditEntry",
    "Base",
    "BasemapLayer",
    "Category",
    "Channel",
    "DaySnapshot",
    "Event",
    "EventKind",
    "Fact",
    "FactLayer",
    "FactShape",
    "FlagKind",
    "HeatBlock",
    "HeatChange",
    "HeatSnapshot",
    "HeatState",
    "IdentityProvider",
    "Invitation",
    "MarkKind",
    "MarkState",
    "Moderation",
    "Official",
    "OfficialSession",
    "PhotoPicture",
    "PhotoShown",
    "PhotoState",
    "Pin",
    "PinFlag",
    "PinPhoto",
    "PinState",
    "PinStatus",
    "Question",
    "QuestionScope",
    "QuestionType",
    "Report",
    "ReportState",
    "Respondent",
    "RespondentDevice",
    "Role",
    "RunState",
    "Sheet",
    "SheetMark",
    "SheetPhoto",
    "SheetPrint",
    "ShowOthers",
    "Support",
    "Throttle",
    "Town",
    "TownMap",
    "TownRole",
]
