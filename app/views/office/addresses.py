"""The addresses of a town, loaded from its RÚIAN list: what people of all its maps can look up."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from flask import redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from app.db import session
from app.errors import InvalidInput, Problem
from app.i18n import N_
from app.inputs.address_files import FILE, MOST_UPLOAD_BYTES, AddressList, Wanted, read_address_file
from app.models import Role
from app.queries.towns import TownRecord
from app.security import require
from app.services.addresses import remove_addresses, replace_addresses
from app.views.office import blueprint
from app.views.office.access import office_town
from app.views.office.uploads import takes_files
from app.views.reader import reader_language

SAID_ROWS = 50
"""Bad rows told on the page; the others are counted."""


def too_large(town: str) -> str:
    """The page again, saying that the file is too large."""
    words = N_("The file is larger than %(megabytes)s MB; choose the list of your municipality only.")
    return _page(office_town(town, Role.EDITOR), [Problem(FILE, words, {"megabytes": MOST_UPLOAD_BYTES >> 20})])


@blueprint.get("/towns/<town>/addresses")
def addresses(town: str) -> str:
    """What is loaded, a form for the list, and how to get it."""
    return _page(office_town(town, Role.EDITOR))


@blueprint.post("/towns/<town>/addresses")
@takes_files(MOST_UPLOAD_BYTES, too_large)
def load_addresses(town: str) -> str | Response | tuple[str, int]:
    """Load the list in the place of what is there; a file without one good row changes nothing."""
    record = office_town(town, Role.EDITOR)
    try:
        found = _uploaded(record)
    except InvalidInput as refusal:
        return _page(record, refusal.problems), 422
    if not found.rows:
        return _page(
            record, [Problem(FILE, N_("No address of the file can be used, so nothing changed."))], found
        ), 422
    replace_addresses(session(), require(Role.EDITOR, record.id), record.slug, found.rows)
    session().commit()
    if found.refused or found.elsewhere or found.without_place:
        return _page(office_town(town, Role.EDITOR), found=found)
    return redirect(url_for("office.addresses", town=town, saved=1), 303)


@blueprint.post("/towns/<town>/addresses/remove")
def remove_addresses_page(town: str) -> Response:
    """Take them away; the maps search in their own layer's names again."""
    record = office_town(town, Role.EDITOR)
    remove_addresses(session(), require(Role.EDITOR, record.id), record.slug)
    session().commit()
    return redirect(url_for("office.addresses", town=town, removed=1), 303)


def _uploaded(town: TownRecord) -> AddressList:
    file = request.files.get("file")
    if file is None or not file.filename:
        raise InvalidInput(Problem(FILE, N_("Choose a file first; this one is empty or missing.")))
    return read_address_file(file.stream, Wanted(town.ruian, town.name))


def _page(town: TownRecord, problems: Sequence[Problem] = (), found: AddressList | None = None) -> str:
    words = reader_language()
    loaded: dict[str, Any] = dict(town.addresses or {})
    return render_template(
        "office/addresses.html",
        town=town,
        loaded=loaded,
        loaded_at=datetime.fromisoformat(loaded["loaded_at"]) if loaded else None,
        problems=[words.gettext(problem.message, problem.data) for problem in problems],
        found=found,
        refused=[
            (row.number, words.gettext(row.problem.message, row.problem.data)) for row in found.refused[:SAID_ROWS]
        ]
        if found
        else [],
        more=max(0, found.refused_count - SAID_ROWS) if found else 0,
        most_megabytes=MOST_UPLOAD_BYTES >> 20,
    )
