"""The council report: asking for one, seeing how far it is, and taking its two files away."""

from __future__ import annotations

import uuid
from typing import Any

from flask import Response, current_app, redirect, render_template, request, url_for
from sqlalchemy.orm import sessionmaker
from werkzeug.wrappers import Response as AnyResponse

from app.config import Config
from app.db import database, session
from app.errors import InvalidInput, Unknown
from app.i18n import languages
from app.inputs.report_forms import parse_report_wish
from app.models import ReportState
from app.queries.maps import MapRecord
from app.queries.reports import KEPT, ReportRecord, find_report, reports_of
from app.security import require
from app.services.reports import Office, Workshop, ask, report_file
from app.views.heat import heat_store
from app.views.markdown import rendered
from app.views.office import blueprint
from app.views.office.access import office_map
from app.views.reader import reader_language

EXTENSION = "pocit-reports"
MIMETYPES = {"pdf": "application/pdf", "html": "text/html"}
POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src data:; frame-ancestors 'none'; sandbox allow-popups"
)
"""Of the standalone page: its own styles and pictures, and nothing else at all."""


@blueprint.record
def _give_workshop(state: object) -> None:
    state.app.extensions[EXTENSION] = Workshop()  # type: ignore[attr-defined]


@blueprint.get("/maps/<slug>/report")
def report_page(slug: str) -> str:
    """What the report holds, the button that makes one, and those that were made."""
    return _page(office_map(slug))


@blueprint.post("/maps/<slug>/report")
def make_report(slug: str) -> AnyResponse | tuple[str, int]:
    """Begin a report, or go to the one of this map that is being made."""
    the_map = office_map(slug)
    try:
        wish = parse_report_wish(request.form)
    except InvalidInput as refusal:
        return _page(the_map, refusal), 422
    _, order = ask(session(), the_map, wish.language, require())
    session().commit()
    if order is not None:
        workshop: Workshop = current_app.extensions[EXTENSION]
        workshop.start(_office(), order)
    return redirect(url_for("office.report_page", slug=slug), 303)


@blueprint.get("/maps/<slug>/report/<uuid:report_id>.json")
def report_state(slug: str, report_id: uuid.UUID) -> dict[str, Any]:
    """How far a report is."""
    report = _report(office_map(slug), report_id)
    return {
        "state": report.state,
        "progress": report.progress,
        "step": reader_language().gettext(report.step) if report.is_unfinished else "",
    }


@blueprint.get("/maps/<slug>/report/<uuid:report_id>.<any(pdf, html):form>")
def report_download(slug: str, report_id: uuid.UUID, form: str) -> Response:
    """One file of a finished report, to be read in the browser or kept."""
    the_map = office_map(slug)
    report = _report(the_map, report_id)
    path = report_file(_config().home, the_map.id, report.id, form)
    if report.state is not ReportState.DONE or not path.is_file():
        raise Unknown
    response = Response(path.read_bytes(), mimetype=MIMETYPES[form])
    name = f"{the_map.slug}-{report.asked_at:%Y-%m-%d}-{report.language}.{form}"
    response.headers["Content-Disposition"] = f'inline; filename="{name}"'
    response.headers["Cache-Control"] = "private, no-store"
    response.headers["Content-Security-Policy"] = POLICY
    response.headers["Content-Language"] = report.language
    return response


def _page(the_map: MapRecord, refusal: InvalidInput | None = None) -> str:
    known = reports_of(session(), the_map.id)[:KEPT]
    return render_template(
        "office/report.html",
        the_map=the_map,
        running=next((report for report in known if report.is_unfinished), None),
        failed=known[0] if known and known[0].state is ReportState.FAILED else None,
        done=[(report, _sizes(report)) for report in known if report.state is ReportState.DONE],
        choices=[(code, entry.locale.get_display_name(code)) for code, entry in languages().items()],
        chosen=request.form.get("language") or _usual_language(the_map),
        problems={problem.field: problem for problem in refusal.problems} if refusal else {},
    )


def _usual_language(the_map: MapRecord) -> str:
    """The first language of the map that we have words for: a council reads its own."""
    known = languages()
    return next((code for code in the_map.languages if code in known), reader_language().code)


def _sizes(report: ReportRecord) -> dict[str, int]:
    """Bytes of the files that are there; a home folder may have been moved without them."""
    paths = {form: report_file(_config().home, report.map_id, report.id, form) for form in MIMETYPES}
    return {form: path.stat().st_size for form, path in paths.items() if path.is_file()}


def _report(the_map: MapRecord, report_id: uuid.UUID) -> ReportRecord:
    found = find_report(session(), the_map.id, report_id)
    if found is None:
        raise Unknown
    return found


def _office() -> Office:
    # Sessions on the engine itself: the thread lives longer than this request and its session.
    sessions = sessionmaker(database().engine, expire_on_commit=False)
    return Office(sessions, heat_store(), _config().home, _config().tile_hosts, rendered)


def _config() -> Config:
    found: Config = current_app.extensions["pocit-config"]
    return found
