"""Beginning a map, and for whoever runs the server a town."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from flask import redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from app.db import session
from app.errors import InvalidInput, NotAllowed, Problem, Unknown
from app.i18n import N_, languages
from app.inputs.fields import storable
from app.inputs.library import ReadySet, ready_sets
from app.inputs.map_begin import Beginning, parse_beginning, parse_town, provisional_boundary
from app.inputs.map_sent import Sent
from app.models import Role
from app.queries.maps import MapRecord, list_maps
from app.queries.sets import shared_set
from app.queries.towns import TownRecord, list_towns
from app.security import require
from app.services.map_drafts import Ground, begin_next_round, create_draft, ground_of
from app.services.towns import create_town
from app.views.office import blueprint
from app.views.office.access import office_town
from app.views.office.overview_map import clicked_place
from app.views.office.setup_words import language_names, problems_by_field


@dataclass(frozen=True)
class Place:
    """A town in which the official may begin a map, with the maps it has."""

    town: TownRecord
    maps: Sequence[MapRecord]

    @property
    def grounds(self) -> Sequence[MapRecord]:
        """The maps whose ground a new one may stand on, the newest first."""
        return sorted(self.maps, key=lambda the_map: -the_map.id)

    @property
    def rounds(self) -> Sequence[MapRecord]:
        """The maps that may have a next round, the newest first."""
        return [the_map for the_map in self.grounds if not the_map.draft]


@blueprint.get("/maps/new")
def new_map() -> str:
    """The form for a new map."""
    place = _place(request.args.get("town"))
    start = next(
        (f"{kind}:{request.args[kind]}" for kind in ("round", "copy", "set") if request.args.get(kind)), "usual"
    )
    return _form(place, {"title": {}, "start": start, "place": ""})


@blueprint.post("/maps/new")
def create_map() -> Response | str | tuple[str, int]:
    """Begin a draft; what is wrong comes back beside its field, a click on the little map as coordinates."""
    town = office_town(request.form.get("town", ""), Role.EDITOR)
    place = Place(town, list_maps(session(), [town.id]))
    form = Sent(request.form)
    typed = {"title": form.texts("title"), "start": form.one("start"), "place": form.one("place")}
    if clicked := clicked_place(form.one("at.x"), form.one("at.y")):
        return _form(place, typed | {"place": clicked})
    try:
        wanted = parse_beginning(form, needs_place=not place.maps)
        slug = _begun(place, wanted)
    except InvalidInput as refusal:
        session().rollback()
        return _form(place, typed, refusal), 422
    session().commit()
    # A box for a start wants a boundary before anything else.
    goes_to = "office.setup" if place.maps else "office.boundary"
    return redirect(url_for(goes_to, slug=slug, begun=1), 303)


@blueprint.get("/towns/new")
def new_town() -> str:
    """The form for a new town."""
    _only_admin()
    return render_template("office/setup/new_town.html", typed={}, problems={})


@blueprint.post("/towns/new")
def add_town() -> Response | tuple[str, int]:
    """Add a town and go on to its first map."""
    _only_admin()
    try:
        slug = create_town(session(), require(), parse_town(request.form))
    except InvalidInput as refusal:
        session().rollback()
        problems = problems_by_field(refusal)
        return render_template("office/setup/new_town.html", typed=request.form, problems=problems), 422
    session().commit()
    return redirect(url_for("office.new_map", town=slug), 303)


def _begun(place: Place, wanted: Beginning) -> str:
    """The address of the draft, stored."""
    if wanted.kind == "round":
        return begin_next_round(session(), require(), _chosen_round(place, wanted), wanted.title)
    description: dict[str, Any] = {
        **_start_of(wanted),
        "title": dict(wanted.title),
        "languages": list(wanted.title),
        "town": {"name": place.town.name, "slug": place.town.slug, "ruian": place.town.ruian},
    }
    if place.maps:
        ground = ground_of(session(), place.grounds[0])
    else:
        assert wanted.centre is not None  # noqa: S101 - asked for where there is no map
        ground = Ground(provisional_boundary(wanted.centre))
    return create_draft(session(), require(), description, ground)


def _chosen_round(place: Place, wanted: Beginning) -> MapRecord:
    found = next((the_map for the_map in place.rounds if the_map.slug == wanted.source), None)
    if found is None:
        raise InvalidInput(Problem("start", N_("Choose one of these.")))
    return found


def _start_of(wanted: Beginning) -> Mapping[str, Any]:
    """The part of `map.json` that a set gives, ready or copied; nothing for the usual categories and questions."""
    if wanted.kind == "copy":
        copied = _copied(f"copy:{wanted.source}")
        if copied is None:
            raise InvalidInput(Problem("start", N_("Choose one of these.")))
        return dict(copied.description)
    if wanted.kind != "set":
        return {}
    found = next((one for one in ready_sets() if one.key == wanted.source), None)
    if found is None:
        raise InvalidInput(Problem("start", N_("Choose one of these.")))
    return dict(found.description)


def _copied(start: str) -> ReadySet | None:
    """What the map named in `copy:…` asks, if everybody may see it."""
    kind, _, slug = start.partition(":")
    try:
        return shared_set(session(), slug) if kind == "copy" and storable(slug) else None
    except Unknown:
        return None


def _place(town: str | None) -> Place | None:
    """The town asked for, else the only one; None while one has to be chosen."""
    if town:
        chosen = office_town(town, Role.EDITOR)
        return Place(chosen, list_maps(session(), [chosen.id]))
    towns = _own_towns()
    return Place(towns[0], list_maps(session(), [towns[0].id])) if len(towns) == 1 else None


def _own_towns() -> list[TownRecord]:
    official = require()
    return [town for town in list_towns(session(), official.town_ids) if official.may(town.id, Role.EDITOR)]


def _form(place: Place | None, typed: Mapping[str, Any], refusal: InvalidInput | None = None) -> str:
    codes = sorted(languages(), key=lambda code: code != "cs")
    return render_template(
        "office/setup/new_map.html",
        place=place,
        towns=_own_towns(),
        typed=typed,
        names=language_names(codes),
        sets=ready_sets(),
        copied=_copied(typed["start"]),
        is_admin=require().is_admin,
        problems=problems_by_field(refusal),
    )


def _only_admin() -> None:
    if not require().is_admin:
        raise NotAllowed
