"""Paper sheets of a map: ordered, taken once more, and how far each is."""

from __future__ import annotations

import uuid

from flask import current_app, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from app.config import Config
from app.db import session
from app.errors import Anonymised, InvalidInput, ServerBusy
from app.inputs.sheets import MOST_COUNT, MOST_IN_PARTS, PAGES_ON, PAPER, parse_print
from app.models import Role
from app.queries.maps import MapRecord
from app.queries.office import events_of
from app.queries.sheet_states import next_to_check, paper_count, photo_count, sheet_states
from app.queries.sheets import find_sheet, prints_of
from app.security import require
from app.services.sheets import PrintShop, print_sheets, printed_pdf
from app.turns import Places
from app.views.office import blueprint
from app.views.office.access import office_map
from app.views.reader import reader_language
from gis.paper.layout import PAPERS
from gis.paper.serial import parse_serial, shown_serial

_drawing = Places(1)
"""Of this process: a sheet for the wall takes a core for some seconds."""


@blueprint.get("/maps/<slug>/sheets")
def sheets_page(slug: str) -> str:
    """What was printed and how far it is, and the form for more."""
    return _page(office_map(slug))


@blueprint.post("/maps/<slug>/sheets")
def order_sheets(slug: str) -> Response | tuple[str, int]:
    """Draw an order and store it; what is wrong comes back beside its field."""
    the_map = office_map(slug, Role.EDITOR)
    try:
        wanted = parse_print(request.form, [event.code for event in events_of(session(), the_map.id)])
        with _drawing.one():
            made = print_sheets(session(), require(), the_map, wanted, _shop())
    except (InvalidInput, Anonymised, ServerBusy) as refusal:
        session().rollback()
        return _page(the_map, refusal), 503 if isinstance(refusal, ServerBusy) else 422
    session().commit()
    return redirect(url_for("office.sheets_page", slug=slug, made=made.id, _anchor=f"p-{made.id}"), 303)


@blueprint.get("/maps/<slug>/prints/<uuid:print_id>.pdf")
def print_file(slug: str, print_id: uuid.UUID) -> Response:
    """An order once more, exactly as it was."""
    the_map = office_map(slug, Role.EDITOR)
    response = current_app.response_class(printed_pdf(session(), the_map, print_id), mimetype="application/pdf")
    response.headers["Content-Disposition"] = (
        f'attachment; filename="{the_map.slug}-sheets-{print_id.hex[:6]}.pdf"'
    )
    response.headers["Cache-Control"] = "private, no-store"
    return response


@blueprint.get("/maps/<slug>/sheet")
def sheet_by_serial(slug: str) -> Response | tuple[str, int]:
    """The sheet whose serial somebody typed, or the page again with what is wrong with it."""
    the_map = office_map(slug, Role.MODERATOR)
    serial = parse_serial(request.args.get("serial", "")[:40])
    found = find_sheet(session(), serial, the_map.id) if serial else None
    if found is None:
        return _page(the_map, serial_unknown=True), 404
    return redirect(url_for("office.sheet_page", slug=slug, serial=found.serial), 303)


def _page(the_map: MapRecord, refusal: Exception | None = None, *, serial_unknown: bool = False) -> str:
    say = reader_language().gettext
    states = sheet_states(session(), the_map.id)
    return render_template(
        "office/sheets.html",
        the_map=the_map,
        prints=prints_of(session(), the_map.id),
        states={state.serial: state for state in states},
        paper=paper_count(states),
        photos=photo_count(session(), the_map.id),
        next_sheet=next_to_check(states),
        events=events_of(session(), the_map.id),
        papers=sorted(PAPERS, reverse=True),
        usual=PAPER,
        pages_on=PAGES_ON,
        most=MOST_COUNT,
        most_in_parts=MOST_IN_PARTS,
        typed=request.form or request.args,
        refusal=refusal,
        problems={p.field: say(p.message, p.data) for p in getattr(refusal, "problems", ())},
        serial_unknown=serial_unknown,
        shown_serial=shown_serial,
        made=request.args.get("made"),
        may_print=require().may(the_map.town_id, Role.EDITOR),
        may_check=require().may(the_map.town_id, Role.MODERATOR),
    )


def _shop() -> PrintShop:
    config: Config = current_app.extensions["pocit-config"]
    address = url_for("pages.home", _external=True).rstrip("/") if not config.address else config.address
    return PrintShop(address, config.secret_key, config.home, config.tile_hosts)
