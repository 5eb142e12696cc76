"""The legend of the office's heat: what its depths mean in people or pins per hectare."""

from __future__ import annotations

from flask import render_template, request

from app.db import session
from app.inputs.filters import Scope
from app.inputs.office import parse_office_heat
from app.queries.heat_files import heat_ramp
from app.views.heat import heat_store
from app.views.office import blueprint
from app.views.office.access import office_map
from app.views.reader import number
from gis.palette import THEMES
from gis.ramp import swatches


@blueprint.get("/maps/<slug>/legend")
def legend(slug: str) -> str:
    """The classes of the heat asked for, with the colours of light and dark pages, as a piece for the map."""
    the_map = office_map(slug)
    query, wanted = parse_office_heat(request.args.to_dict(flat=False), the_map)
    heat = heat_store().heat(session(), the_map, query, Scope.OFFICE, wanted)
    light, dark = (swatches(heat_ramp(the_map, query.category, theme), heat.breaks) for theme in THEMES)
    return render_template(
        "office/_legend.html",
        query=query,
        is_empty=heat.is_empty,
        classes=[(number(a.low), a.seen, b.seen) for a, b in zip(light, dark, strict=True)],
    )
