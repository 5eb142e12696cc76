"""What the town publishes as open data: its IČO, its maps in the catalogue, what the catalogue says of each."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from flask import redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from app.db import session
from app.errors import InvalidInput
from app.i18n import N_, N_n
from app.inputs.open_data_form import (
    LANGUAGES,
    MOST_DESCRIPTION_CHARACTERS,
    PERIODICITIES,
    THEMES,
    Form,
    OpenData,
    parse_ico,
    parse_open_data,
    stored_open_data,
)
from app.models import Role
from app.queries.maps import MapRecord, list_maps
from app.queries.open_data import Check, DataSet, checks, data_facts, gives_data, suggested
from app.queries.open_data_records import catalogue_address, data_set_record
from app.queries.towns import TownRecord, find_town
from app.security import require
from app.services.open_data import publish_open_data, save_ico, withdraw_open_data, write_open_data
from app.views.heat import keep_snapshot
from app.views.office import blueprint
from app.views.office.access import office_map, office_town
from app.views.open_data import base
from app.views.open_data_words import CHOICES, QUESTIONS, periodicity_words, terms_words, theme_words
from app.views.reader import reader_language

CHECK_WORDS: Mapping[str, tuple[str, str]] = {
    "ico": (N_("The town has its IČO."), N_("The town’s IČO is missing: the catalogue knows towns by it.")),
    "ruian": (
        N_("The town has its RÚIAN code."),
        N_("The town has no RÚIAN code: the catalogue knows places by it."),
    ),
    "open": (N_("The map is no draft."), N_("The map is a draft. Open it first.")),
    "gives": (
        N_("The map publishes pins or heat."),
        N_("The map publishes neither its pins nor its heat, so there is nothing to give away."),
    ),
    "queue": (N_("No pin waits to be looked at."), ""),
    "moderation": (
        N_("A pin is read before it shows, and so before it is in the data."),
        N_(
            "On this map a pin shows at once, and is in the data at once: also a comment that names somebody,"
            " until you have looked. Let pins wait for a look, or look at them daily."
        ),
    ),
    "https": (
        N_("The address begins with https."),
        N_("This address begins with http://. The national catalogue takes only https:// addresses."),
    ),
}
"""Each line of the checklist: when all is right, and when it isn't."""
WAITING = N_n(
    "%(n)s pin waits to be looked at. Please read it first.",
    "%(n)s pins wait to be looked at. Please read them first.",
)


@dataclass(frozen=True)
class Line:
    """One line of the checklist in words."""

    key: str
    is_done: bool
    is_needed: bool
    words: str


@blueprint.get("/towns/<town>/open-data")
def open_data(town: str) -> str:
    """Who the town is for the catalogue, and which of its maps stand there."""
    found = office_town(town, Role.EDITOR)
    return _town_page(found, found.ico or "")


@blueprint.post("/towns/<town>/open-data")
def save_open_data(town: str) -> Response | tuple[str, int]:
    """Keep the town's IČO."""
    found = office_town(town, Role.EDITOR)
    typed = request.form.get("ico", "")
    try:
        changed = save_ico(session(), require(), found, parse_ico(typed))
    except InvalidInput as refusal:
        session().rollback()
        return _town_page(found, typed, refusal), 422
    session().commit()
    return redirect(url_for("office.open_data", town=town, saved=1 if changed else None), 303)


@blueprint.get("/maps/<slug>/open-data")
def map_open_data(slug: str) -> str:
    """What the catalogue says, or would say, of the map; what is missing; how people will read it."""
    the_map = office_map(slug, Role.EDITOR)
    said = stored_open_data(the_map.open_data) or suggested(the_map)
    return _map_page(the_map, _filled(said), shown=said)


@blueprint.post("/maps/<slug>/open-data")
def save_map_open_data(slug: str) -> Response | str | tuple[str, int]:
    """Keep it; put the map into the catalogue or take it out; or only show how it will read."""
    the_map = office_map(slug, Role.EDITOR)
    typed = request.form.to_dict(flat=False)
    deed = request.form.get("deed", "")
    said: OpenData | None = None
    try:
        if deed == "withdraw":
            withdraw_open_data(session(), require(), the_map)
        else:
            said = parse_open_data(typed)
            if deed == "preview":
                return _map_page(the_map, typed, shown=said, is_preview=True)
            keep = publish_open_data if deed == "publish" else write_open_data
            keep(session(), require(), the_map, said)
    except InvalidInput as refusal:
        session().rollback()
        return _map_page(the_map, typed, shown=said, refusal=refusal), 422
    session().commit()
    return redirect(url_for("office.map_open_data", slug=slug, saved=deed or "save"), 303)


def _town_page(town: TownRecord, typed: str, refusal: InvalidInput | None = None) -> str:
    maps = list_maps(session(), [town.id])
    return render_template(
        "office/open_data.html",
        town=town,
        typed=typed,
        problems=_problems(refusal),
        maps=[(m, stored_open_data(m.open_data), gives_data(m)) for m in maps],
        catalogue=catalogue_address(base(), town.slug),
        was_saved="saved" in request.args,
    )


def _map_page(
    the_map: MapRecord,
    typed: Form,
    *,
    shown: OpenData | None,
    is_preview: bool = False,
    refusal: InvalidInput | None = None,
) -> str:
    town = find_town(session(), the_map.town_slug)
    stored = stored_open_data(the_map.open_data)
    said = shown or stored or suggested(the_map)
    found = checks(session(), the_map, town, base())
    return render_template(
        "office/map_open_data.html",
        the_map=the_map,
        town_of_map=town,
        typed=typed,
        problems=_problems(refusal),
        stored=stored,
        lines=_lines(found),
        may_publish=all(check.is_done for check in found if check.is_needed),
        said=said,
        read_as={
            "themes": theme_words(said),
            "periodicity": periodicity_words(said) if said.periodicity in PERIODICITIES else "",
            "terms": terms_words(said),
        },
        record=_record(the_map, town, said),
        is_preview=is_preview,
        was_saved=request.args.get("saved"),
        catalogue=catalogue_address(base(), town.slug),
        **_offered(),
    )


def _record(the_map: MapRecord, town: TownRecord, said: OpenData) -> str:
    """The record as machines get it; empty while the town can't be named in it."""
    if not (town.ico and town.ruian):
        return ""
    keep_snapshot(the_map)
    as_published = said.published(said.published_at or datetime.now(UTC))
    body = data_set_record(DataSet(the_map, town, as_published), data_facts(session(), the_map), base())
    return json.dumps(body, ensure_ascii=False, indent=2)


def _offered() -> dict[str, Any]:
    say = reader_language().gettext
    return {
        "themes": {code: say(words) for code, words in THEMES.items()},
        "periodicities": {code: say(words) for code, words in PERIODICITIES.items()},
        "terms": [
            (name, say(QUESTIONS[name]), {key: say(term.words) for key, term in choices.items()})
            for name, choices in CHOICES.items()
        ],
        "codes": LANGUAGES,
        "most": MOST_DESCRIPTION_CHARACTERS,
    }


def _filled(said: OpenData) -> Form:
    """The form as it stands for what is stored."""
    texts = {f"description_{code}": [said.description.get(code, "")] for code in LANGUAGES}
    words = {f"keywords_{code}": [", ".join(said.keywords.get(code, ()))] for code in LANGUAGES}
    return {
        "themes": said.themes,
        "periodicity": [said.periodicity],
        "work": [said.terms.work],
        "database": [said.terms.database],
        "maker": [said.terms.maker],
        "contact_name": [said.contact_name],
        "contact_email": [said.contact_email],
        "person_free": ["yes"] if said.person_free else [],
        **texts,
        **words,
    }


def _lines(found: Sequence[Check]) -> list[Line]:
    return [Line(check.key, check.is_done, check.is_needed, _words(check)) for check in found]


def _words(check: Check) -> str:
    if check.key == "queue" and not check.is_done:
        return reader_language().ngettext(*WAITING, check.data["n"])
    return reader_language().gettext(CHECK_WORDS[check.key][not check.is_done])


def _problems(refusal: InvalidInput | None) -> dict[str, str]:
    found: dict[str, str] = {}
    for problem in refusal.problems if refusal else ():
        words = reader_language().gettext(problem.message, problem.data)
        found[problem.field] = f"{found[problem.field]} {words}" if problem.field in found else words
    return found
