"""The first page of the office: one's towns, their maps, and what waits there."""

from __future__ import annotations

from flask import render_template, request

from app.db import session
from app.inputs.place_search import plain
from app.models import Role
from app.queries.maps import list_maps
from app.queries.office import counts_of_maps
from app.queries.towns import TownRecord, list_towns
from app.security import require
from app.views.office import blueprint

MOST_TOWNS = 12
"""Towns whose maps stand on one page; of more towns one is looked for first."""
MOST_ASKED = 80


@blueprint.get("/")
def home() -> str:
    """The maps by town, with what is on them and what waits."""
    official = require()
    towns = list_towns(session(), official.town_ids)
    asked = " ".join(request.args.get("town", "")[:MOST_ASKED].split())
    found = _found(towns, asked)
    shown = found if len(found) <= MOST_TOWNS else []
    maps = list_maps(session(), [town.id for town in shown])
    return render_template(
        "office/home.html",
        official=official,
        towns=shown,
        maps=maps,
        counts=counts_of_maps(session(), [the_map.id for the_map in maps]),
        may_begin=any(official.may(town.id, Role.EDITOR) for town in towns) or official.is_admin,
        is_searched=len(towns) > MOST_TOWNS,
        asked=asked,
        to_choose=[town for town in found if town not in shown],
        has_none=not towns,
    )


def _found(towns: list[TownRecord], asked: str) -> list[TownRecord]:
    """The towns that one looks for by a part of the name, or by the whole slug; all of them where they are few."""
    if len(towns) <= MOST_TOWNS or not asked:
        return towns
    exact = [town for town in towns if town.slug == asked]
    return exact or [town for town in towns if plain(asked) in plain(town.name)]
