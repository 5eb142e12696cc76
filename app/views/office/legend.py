"""The legend of the office's heat: what it means, of how many people, and words where a picture would lie."""

from __future__ import annotations

from dataclasses import dataclass, replace

from flask import render_template, request

from app.db import session
from app.inputs.filters import PinFilter, Scope
from app.inputs.heat import COUNTED_STATES, HeatQuery, Measure
from app.inputs.office import parse_office_heat
from app.models import PinState
from app.queries.filter_words import filter_words
from app.queries.heat_files import heat_ramp
from app.queries.heat_store import Heat
from app.queries.heat_words import METHOD_AREA, least_voices, method_words, unit_words
from app.queries.maps import MapRecord
from app.queries.office import Crowd, Matching, matching
from app.views.heat import heat_store
from app.views.office import blueprint
from app.views.office.access import office_map
from app.views.reader import number, reader_language
from gis.analysis.share import LEAST_PEOPLE, WHOLE_PERCENT
from gis.palette import THEMES
from gis.ramp import swatches


@dataclass(frozen=True)
class Counted:
    """Whom a surface speaks of."""

    crowd: Crowd
    """Of the category asked for."""
    whole: Crowd
    """Of all categories together."""
    hidden: int
    """Pins that the sentence asks for and heat leaves out, as somebody has hidden them."""

    def is_too_few(self, query: HeatQuery) -> bool:
        """Whether a picture would show single persons; a share stands on all who spoke."""
        speaking = self.whole if query.measure is Measure.SHARE else self.crowd
        return speaking.people < LEAST_PEOPLE


@blueprint.get("/maps/<slug>/legend")
def legend(slug: str) -> str:
    """The classes of the heat asked for, with the colours of light and dark pages, as a piece for the map.

    Where fewer than a handful of people is counted, it says so instead, and the page draws no picture.
    """
    the_map = office_map(slug)
    query, wanted = parse_office_heat(request.args.to_dict(flat=False), the_map)
    language = reader_language()
    method = method_words(the_map, query, Scope.OFFICE, language)
    words = {
        "query": query,
        "chosen": filter_words(the_map, wanted, language),
        "least": LEAST_PEOPLE,
        "voices": least_voices(the_map),
        "unit": unit_words(query),
        "method": [*method, language.gettext(METHOD_AREA)] if wanted.area else method,
    }
    if query.measure is Measure.SHARE and query.category is None:
        return render_template("office/_legend.html", says="which", **words)
    heat = heat_store().heat(session(), the_map, query, Scope.OFFICE, wanted)
    counted = _counted(the_map, heat, query, wanted)
    says = "few" if counted.is_too_few(query) else "nothing" if heat.is_empty else "classes"
    return render_template(
        "office/_legend.html",
        says=says,
        counted=counted,
        classes=_classes(the_map, heat) if says == "classes" else [],
        top=number(WHOLE_PERCENT) if query.measure is Measure.SHARE else None,
        **words,
    )


def _counted(the_map: MapRecord, heat: Heat, query: HeatQuery, wanted: PinFilter) -> Counted:
    """Counted once for one state of the pins, however often the slider moves."""

    def count() -> tuple[Matching, Matching | None]:
        shown = matching(session(), the_map, wanted)
        if wanted.states != COUNTED_STATES:
            return shown, None
        return shown, matching(session(), the_map, replace(wanted, states=frozenset({PinState.HIDDEN})))

    shown, hidden = heat_store().remember(("counted", the_map.id, heat.version), count)
    return Counted(_of(shown, query.category), shown.whole, _of(hidden, query.category).pins if hidden else 0)


def _of(found: Matching, category: str | None) -> Crowd:
    return found.whole if category is None else found.by_category[category]


def _classes(the_map: MapRecord, heat: Heat) -> list[tuple[str, str, str]]:
    """Where each class begins, and its colour as it is seen on the map's land, light and dark."""
    light, dark = (swatches(heat_ramp(the_map, heat.query.category, theme), heat.breaks) for theme in THEMES)
    return [(number(a.low), a.seen, b.seen) for a, b in zip(light, dark, strict=True)]
