"""The first page of the office: the maps of one's towns."""

from __future__ import annotations

from flask import render_template

from app.db import session
from app.queries.maps import list_maps
from app.queries.office import counts_of_maps
from app.security import require
from app.views.office import blueprint


@blueprint.get("/")
def home() -> str:
    """The maps with what is on them and what waits."""
    official = require()
    maps = list_maps(session(), official.town_ids)
    counts = counts_of_maps(session(), [the_map.id for the_map in maps])
    return render_template("office/home.html", official=official, maps=maps, counts=counts)
