"""Older emotional maps, loaded from a file in three steps: upload, look and say what it means, import."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from flask import Response as Answer
from flask import current_app, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from app.db import session
from app.errors import InvalidInput, Problem, Unknown
from app.i18n import N_
from app.inputs.older_maps import (
    FILE,
    MOST_UPLOAD_BYTES,
    TOO_LARGE,
    Choice,
    guessed_meanings,
    parse_choice,
    parse_options,
)
from app.models import Role
from app.queries.maps import MapRecord
from app.security import require
from app.services.counts import settle
from app.services.older_maps import (
    Draft,
    Look,
    check_for_a_while,
    find_older,
    forget_older,
    import_older,
    keep_older,
    keep_report,
    look_at,
)
from app.views.office import blueprint
from app.views.office.access import office_map
from app.views.office.ground import ground_config
from app.views.office.uploads import takes_files
from app.views.reader import reader_language, say
from gis.formats.table_csv import table_rows

SAID_ROWS = 20
"""Refused rows told on the page; the file has them all."""


def too_large(slug: str) -> str:
    """The page again, saying that the file is too large."""
    limit = {"megabytes": MOST_UPLOAD_BYTES >> 20}
    return _begin(office_map(slug, Role.EDITOR), [Problem(FILE, TOO_LARGE, limit)])


@blueprint.get("/maps/<slug>/older")
def older_map(slug: str) -> str:
    """The form for the file."""
    return _begin(office_map(slug, Role.EDITOR))


@blueprint.post("/maps/<slug>/older")
@takes_files(MOST_UPLOAD_BYTES, too_large)
def older_map_given(slug: str) -> Response | tuple[str, int]:
    """Read the file and go on to look at it; nothing is stored yet."""
    the_map = office_map(slug, Role.EDITOR)
    file = request.files.get("file")
    if file is None or not file.filename:
        return _begin(the_map, [Problem(FILE, N_("Choose a file first; this one is empty or missing."))]), 422
    try:
        official = require(Role.EDITOR, the_map.town_id)
        token = keep_older(_folder(), the_map, official, file.stream, file.filename)
    except InvalidInput as refusal:
        return _begin(the_map, refusal.problems), 422
    return redirect(url_for("office.older_map_look", slug=slug, token=token), 303)


@blueprint.get("/maps/<slug>/older/<token>")
def older_map_look(slug: str, token: str) -> str | Response | tuple[str, int]:
    """What the file holds and where its points lie, and the questions what it means; or what became of it."""
    the_map = office_map(slug, Role.EDITOR)
    draft = _draft(the_map, token)
    if draft is None:
        return redirect(url_for("office.older_map", slug=slug, gone=1), 303)
    if draft.report is not None:
        return _done(the_map, draft, draft.report)
    return _look(the_map, draft, request.args)


@blueprint.post("/maps/<slug>/older/<token>")
def older_map_import(slug: str, token: str) -> str | Response | tuple[str, int]:
    """Import it; where not one row can be a pin, the page says why and nothing is stored."""
    the_map = office_map(slug, Role.EDITOR)
    draft = _draft(the_map, token)
    if draft is None or draft.report is not None:
        return redirect(url_for("office.older_map", slug=slug, gone=1), 303)
    official = require(Role.EDITOR, the_map.town_id)
    try:
        choice = parse_choice(request.form, draft.file)
        options = parse_options(request.form, draft.file, choice, list(the_map.category_by_key))
        report = import_older(session(), official, the_map, draft, choice, options)
    except InvalidInput as refusal:
        session().rollback()
        return _look(the_map, draft, request.form, refusal.problems)
    session().commit()
    settle(session(), the_map)
    keep_report(draft, report)
    check_for_a_while(session(), the_map)
    return redirect(url_for("office.older_map_look", slug=slug, token=token), 303)


@blueprint.get("/maps/<slug>/older/<token>/refused.csv")
def older_map_refused(slug: str, token: str) -> Answer:
    """All refused rows with their numbers and reasons."""
    draft = _draft(office_map(slug, Role.EDITOR), token)
    if draft is None or draft.report is None:
        raise Unknown
    words = reader_language()
    heading = [words.gettext(N_("row")), words.gettext(N_("line")), words.gettext(N_("why it was refused"))]
    rows = ((number, line, _reason(message, data)) for number, line, _, message, data in draft.report["refused"])
    answer = Answer(b"".join(table_rows(heading, rows)), mimetype="text/csv")
    answer.headers["Content-Disposition"] = f"attachment; filename={slug}-refused.csv"
    return answer


@blueprint.post("/maps/<slug>/older/<token>/forget")
def older_map_forget(slug: str, token: str) -> Response:
    """Take the file away without importing it."""
    the_map = office_map(slug, Role.EDITOR)
    if draft := _draft(the_map, token):
        forget_older(draft)
    return redirect(url_for("office.older_map", slug=slug), 303)


def _draft(the_map: MapRecord, token: str) -> Draft | None:
    try:
        return find_older(_folder(), the_map, require(Role.EDITOR, the_map.town_id), token)
    except Unknown:
        return None


def _begin(the_map: MapRecord, problems: Sequence[Problem] = ()) -> str:
    return render_template(
        "office/older.html", the_map=the_map, problems=_said(problems), most_megabytes=MOST_UPLOAD_BYTES >> 20
    )


def _look(
    the_map: MapRecord, draft: Draft, form: Mapping[str, str], problems: Sequence[Problem] = ()
) -> str | tuple[str, int]:
    told = list(problems)
    choice, look = Choice(), None
    try:
        choice = parse_choice(form, draft.file)
        look = look_at(draft, the_map, choice)
    except InvalidInput as refusal:
        told = told or list(refusal.problems)
    column = draft.file.column(choice.category)
    page = render_template(
        "office/older_look.html",
        the_map=the_map,
        draft=draft,
        file=draft.file,
        choice=choice,
        look=look,
        column=column,
        meanings=_meanings(the_map, column, form),
        one=form.get("one", ""),
        crs_written=form.get("crs", ""),
        problems=_said(told),
        scene=_scene(the_map, look),
    )
    return (page, 422) if told else page


def _meanings(the_map: MapRecord, column: Any, form: Mapping[str, str]) -> list[tuple[str, int, str]]:
    """Each text of the category column, how often it comes, and the category it is to mean."""
    if column is None or column.values is None:
        return []
    keys = list(the_map.category_by_key)
    names = {
        name: category.key
        for category in reversed(the_map.categories)
        for name in (*category.label.values(), *category.word.values(), category.key)
    }
    guesses = guessed_meanings(column, names, keys)
    return [
        (text, count, form.get(f"means-{n}", guesses[text]))
        for n, (text, count) in enumerate(column.values.items())
    ]


def _done(the_map: MapRecord, draft: Draft, report: Mapping[str, Any]) -> str:
    refused = report["refused"]
    return render_template(
        "office/older_done.html",
        the_map=the_map,
        draft=draft,
        report=report,
        refused=[(number, _reason(message, data)) for number, _, _, message, data in refused[:SAID_ROWS]],
        more=max(0, len(refused) - SAID_ROWS),
    )


def _scene(the_map: MapRecord, look: Look | None) -> dict[str, Any]:
    return {
        "title": say(the_map.title),
        "bounds": the_map.boundary.bounds,
        "boundary": url_for("data.boundary", slug=the_map.slug, v=the_map.version),
        "basemap": ground_config(the_map),
        "inside": look.points if look else [],
        "outside": look.points_outside if look else [],
    }


def _reason(message: str, data: Mapping[str, object]) -> str:
    return reader_language().gettext(message, data)


def _said(problems: Sequence[Problem]) -> dict[str, str]:
    return {problem.field: _reason(problem.message, problem.data) for problem in problems}


def _folder() -> Path:
    home: Path = current_app.extensions["pocit-config"].home
    return home / "uploads" / "older"
