"""Sets of categories and questions to begin a map with: the built-in ones, and what other towns ask."""

from __future__ import annotations

from flask import render_template, request, url_for
from markupsafe import Markup

from app.db import session
from app.i18n import N_
from app.inputs.fields import storable
from app.inputs.library import ReadySet, ready_sets
from app.models import QuestionType, Role
from app.queries.sets import MOST_SHOWN, public_maps, set_of
from app.security import require
from app.views.office import blueprint
from gis.palette import THEMES, shades

TYPE_WORDS = {
    QuestionType.SINGLE: N_("one answer"),
    QuestionType.MULTIPLE: N_("several answers"),
    QuestionType.SCALE: N_("a scale"),
    QuestionType.TEXT: N_("a short text"),
}


@blueprint.get("/library")
def library() -> str:
    """All sets with their questions; editors go on from here to a new map."""
    official = require()
    words = request.args.get("words", "").strip()[:80]
    maps = public_maps(session(), words if storable(words) else "")
    towns = official.town_ids
    may_begin = official.is_admin or any(official.may(town, Role.EDITOR) for town in towns or ())
    sets = [*ready_sets(), *(set_of(the_map) for the_map in maps)]
    return render_template(
        "office/library.html",
        built_in=ready_sets(),
        shared=[(the_map, set_of(the_map)) for the_map in maps],
        words=words,
        is_cut=len(maps) == MOST_SHOWN,
        may_begin=may_begin,
        type_words=TYPE_WORDS,
        colours=_colours(sets),
    )


@blueprint.app_template_global()
def new_map_address(**chosen: str) -> str:
    """Where a map is begun with a set: `set` a built-in one, `copy` that of a map."""
    return url_for("office.home") + "maps/new?" + "&".join(f"{name}={value}" for name, value in chosen.items())


def _colours(sets: list[ReadySet]) -> Markup:
    """Styles that give each category of each set its colour, light and dark, by `data-fill`."""
    fills = sorted({category["color"] for one in sets for category in one.description["categories"]})
    light, dark = (
        "".join(
            f'[data-fill="{fill}"]{{--cat:{shade.fill};--cat-ink:{shade.ink}}}'
            for fill in fills
            for shade in (shades(fill, theme),)
        )
        for theme in THEMES
    )
    # Colours are checked to be #rrggbb when a map is stored.
    return Markup(f"{light}@media (prefers-color-scheme: dark){{{dark}}}")  # noqa: S704
