"""The ways through the office: the pages of one map, and of one town, that an official may open."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from flask import request

from app.i18n import N_
from app.models import Role
from app.security import current_official
from app.views.office import blueprint


@dataclass(frozen=True)
class Way:
    """One page to go to: its endpoint, its name, the least role that may open it."""

    endpoint: str
    name: str
    role: Role = Role.VIEWER
    also: frozenset[str] = frozenset()
    """Endpoints of the pages behind it."""


MAP_WAYS = (
    Way("office.map_page", N_("Map and comments")),
    Way(
        "office.queue",
        N_("To look at"),
        Role.MODERATOR,
        also=frozenset({"office.pin_photos", "office.pin_photo_page", "office.decide_pin_photo"}),
    ),
    Way("office.places", N_("Answers"), also=frozenset({"office.new_place", "office.place_page"})),
    Way("office.dashboard", N_("Overview")),
    Way("office.analysis", N_("Analyses"), also=frozenset({"office.analysis_page", "office.start_analysis"})),
    Way(
        "office.events_page",
        N_("Events"),
        also=frozenset({"office.new_event", "office.event_page", "office.edit_event", "office.save_event"}),
    ),
    Way(
        "office.sheets_page",
        N_("Paper"),
        also=frozenset(
            {
                "office.desk",
                "office.order_sheets",
                "office.write_desk",
                "office.sheet_by_serial",
                "office.sheet_page",
                "office.review",
                "office.photos",
                "office.add_photos",
                "office.photo_by_hand",
                "office.read_photo_by_hand",
            }
        ),
    ),
    Way("office.report_page", N_("Report")),
    Way("office.share", N_("Passing on"), also=frozenset({"office.save_share"})),
    Way(
        "office.connect",
        N_("Into the GIS"),
        also=frozenset({"office.older_map", "office.map_open_data", "office.save_map_open_data"}),
    ),
    Way("office.story", N_("Story"), Role.EDITOR),
    Way(
        "office.setup",
        N_("Setting up"),
        Role.EDITOR,
        frozenset(
            {
                "office.setup_section",
                "office.save_section",
                "office.boundary",
                "office.boundary_given",
                "office.basemap",
                "office.basemap_set",
            }
        ),
    ),
)
TOWN_WAYS = (
    Way("office.people", N_("Colleagues")),
    Way("office.templates", N_("Ready answers")),
    Way("office.words", N_("Words to mind")),
    Way("office.census", N_("Who lives here")),
    Way("office.addresses", N_("Addresses"), Role.EDITOR),
    Way("office.facts", N_("Layers of facts"), Role.EDITOR, also=frozenset({"office.add_layer"})),
    Way("office.open_data", N_("Open data"), Role.EDITOR),
    Way("office.accessibility", N_("Accessibility"), Role.EDITOR),
    Way("office.audit", N_("Who did what"), Role.EDITOR),
)


@dataclass(frozen=True)
class Link:
    """A way as the page draws it."""

    endpoint: str
    name: str
    is_here: bool


@blueprint.app_template_global("map_ways")
def map_ways(town_id: int) -> list[Link]:
    """The pages of a map of this town that the official may open."""
    return _open_ways(MAP_WAYS, town_id)


@blueprint.app_template_global("town_ways")
def town_ways(town_id: int) -> list[Link]:
    """The pages of this town that the official may open."""
    return _open_ways(TOWN_WAYS, town_id)


def _open_ways(ways: Sequence[Way], town_id: int) -> list[Link]:
    official = current_official()
    return [
        Link(way.endpoint, way.name, request.endpoint in {way.endpoint, *way.also})
        for way in ways
        if official is not None and official.may(town_id, way.role)
    ]
