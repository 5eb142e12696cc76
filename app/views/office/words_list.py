"""The words a town minds, and those it lets pass."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from flask import redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from app.db import session
from app.errors import InvalidInput, Problem
from app.inputs.word_forms import parse_town_words
from app.models import Role
from app.queries.towns import TownRecord
from app.security import require
from app.services.town_words import change_words as change
from app.services.vulgar import built_in_words, readable_entry
from app.views.office import blueprint
from app.views.office.access import office_town


@blueprint.get("/towns/<town>/words")
def words(town: str) -> str:
    """The built-in lists, the town's own words, and the words it lets pass."""
    found = office_town(town)
    given = {"vulgar": "\n".join(found.vulgar_words), "ordinary": "\n".join(found.ordinary_words)}
    return _page(found, given, ())


@blueprint.post("/towns/<town>/words")
def change_words(town: str) -> Response | tuple[str, int]:
    """Keep the two lists; what is wrong with them is told beside them."""
    found = office_town(town, Role.EDITOR)
    try:
        wanted = parse_town_words(request.form)
    except InvalidInput as refusal:
        return _page(found, request.form, refusal.problems), 422
    changed = change(session(), found, wanted, by=require())
    session().commit()
    return redirect(url_for("office.words", town=town, saved="1" if changed else None), 303)


def _page(town: TownRecord, given: Mapping[str, str], problems: Sequence[Problem]) -> str:
    return render_template(
        "office/words_list.html",
        town=town,
        given=given,
        problems={problem.field: problem for problem in problems},
        built_in={
            code: sorted(readable_entry(entry) for entry in entries if not entry.startswith("-"))
            for code, entries in built_in_words().items()
        },
        can_edit=require().may(town.id, Role.EDITOR),
        saved=request.args.get("saved") == "1",
    )
