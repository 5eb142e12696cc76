"""What the town itself says in the accessibility statement of its maps."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime

from flask import redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from app.config import TOWN_CLOCK
from app.db import session
from app.errors import InvalidInput
from app.i18n import N_
from app.inputs.accessibility_form import (
    LANGUAGES,
    MOST_LINE_CHARACTERS,
    MOST_TEXT_CHARACTERS,
    parse_statement,
    stored_statement,
    typed_statement,
)
from app.models import Role
from app.queries.maps import list_maps
from app.queries.towns import TownRecord
from app.security import require
from app.services.towns import save_statement
from app.views.office import blueprint
from app.views.office.access import office_town
from app.views.reader import reader_language

STATE_WORDS: Mapping[str, str] = {
    "full": N_("wholly: nothing is known that would stand in anybody’s way"),
    "partial": N_("in part: something below is not accessible yet"),
    "none": N_("not yet: the main things don’t work for everybody"),
}
METHOD_WORDS: Mapping[str, str] = {
    "self": N_("the town office by itself"),
    "expert": N_("an expert from outside"),
}


@blueprint.get("/towns/<town>/accessibility")
def accessibility(town: str) -> str:
    """The form with what the town says, or with honest beginnings."""
    found = office_town(town, Role.EDITOR)
    return _page(found, typed_statement(stored_statement(found.accessibility), _today()))


@blueprint.post("/towns/<town>/accessibility")
def save_accessibility(town: str) -> Response | tuple[str, int]:
    """Keep the town's part of the statement; what is wrong comes back beside its field."""
    found = office_town(town, Role.EDITOR)
    try:
        wanted = parse_statement(request.form, _today())
    except InvalidInput as refusal:
        return _page(found, request.form, refusal), 422
    changed = save_statement(session(), found, wanted, by=require())
    session().commit()
    return redirect(url_for("office.accessibility", town=town, saved="1" if changed else None), 303)


def _today() -> date:
    return datetime.now(TOWN_CLOCK).date()


def _page(town: TownRecord, typed: Mapping[str, str], refusal: InvalidInput | None = None) -> str:
    words = reader_language()
    return render_template(
        "office/accessibility.html",
        town=town,
        typed=typed,
        problems={p.field: words.gettext(p.message, p.data) for p in refusal.problems} if refusal else {},
        states=STATE_WORDS,
        methods=METHOD_WORDS,
        languages={code: words.locale.languages.get(code, code) for code in LANGUAGES},
        today=_today().isoformat(),
        maps=[one for one in list_maps(session(), [town.id]) if not one.draft],
        most_line=MOST_LINE_CHARACTERS,
        most_text=MOST_TEXT_CHARACTERS,
        is_kept=town.accessibility is not None,
        was_saved=request.args.get("saved") == "1",
    )
