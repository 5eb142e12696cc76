"""The first page of the office: one's towns, their maps, and what waits there."""

from __future__ import annotations

from flask import render_template

from app.db import session
from app.models import Role
from app.queries.maps import list_maps
from app.queries.office import counts_of_maps
from app.queries.towns import list_towns
from app.security import require
from app.views.office import blueprint


@blueprint.get("/")
def home() -> str:
    """The maps by town, with what is on them and what waits."""
    official = require()
    towns = list_towns(session(), official.town_ids)
    maps = list_maps(session(), official.town_ids)
    return render_template(
        "office/home.html",
        official=official,
        towns=towns,
        maps=maps,
        counts=counts_of_maps(session(), [the_map.id for the_map in maps]),
        may_begin=any(official.may(town.id, Role.EDITOR) for town in towns) or official.is_admin,
    )
