"""Who lives in the town: the table of ages and sexes that coverage is measured against, typed or from a file."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import zip_longest
from typing import Any

from flask import redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from app.db import session
from app.errors import InvalidInput, Problem
from app.i18n import N_
from app.inputs.census import AGE, FIELDS, MEN, WOMEN, RowProblem, TypedRow, age_text, check_table
from app.inputs.census_files import read_census_file
from app.models import Role
from app.queries.coverage import census_groups
from app.queries.towns import TownRecord
from app.security import require
from app.services.census import save_census as store_census
from app.views.office import blueprint
from app.views.office.access import office_town
from app.views.office.uploads import takes_files
from app.views.reader import reader_language
from gis.analysis.groups import AgeRange, Sex

MOST_FILE_BYTES = 8_000_000
SPARE_ROWS = 2
FIVE_YEARS = [AgeRange(least, least + 4) for least in range(0, 85, 5)] + [AgeRange(85, None)]


@dataclass(frozen=True)
class Filled:
    """The form as it stands: what is written in it, and what is wrong with it."""

    rows: Sequence[TypedRow]
    source: str = ""
    problems: Sequence[RowProblem] = ()
    whole: Sequence[Problem] = ()
    from_file: bool = False
    left_out: Sequence[str] = ()


@blueprint.get("/towns/<town>/census")
def census(town: str) -> str:
    """The table as it is stored, or an empty one in five-year groups."""
    return _page(office_town(town))


@blueprint.post("/towns/<town>/census")
def save_census(town: str) -> Response | tuple[str, int]:
    """Store what was typed; with anything wrong, the same page with every problem beside its field."""
    record = office_town(town, Role.EDITOR)
    columns = (request.form.getlist(name) for name in FIELDS)
    rows = [TypedRow(n, *cells) for n, cells in enumerate(zip_longest(*columns, fillvalue=""), 1)]
    source = request.form.get("source", "")
    checked = check_table(rows, source)
    if checked.table is None:
        return _page(record, Filled(rows, source, checked.problems, checked.whole)), 422
    store_census(session(), record.id, checked.table, require())
    session().commit()
    return redirect(url_for("office.census", town=town, saved=1), 303)


def file_too_large(town: str) -> str:
    """The page again, saying that the file is too large."""
    wrong = Problem("file", N_("The file is too long. Keep only the rows of your town in it."))
    return _page(office_town(town, Role.EDITOR), whole=[wrong])


@blueprint.post("/towns/<town>/census/file", endpoint="read_census_file")
@takes_files(MOST_FILE_BYTES, file_too_large)
def read_census_file_page(town: str) -> str | tuple[str, int]:
    """Fill the form from a file, to be looked at and saved; nothing is stored yet."""
    record = office_town(town, Role.EDITOR)
    sent = request.files.get("file")
    source = request.form.get("source", "")
    try:
        table = read_census_file(sent.read() if sent else b"", record.ruian)
    except InvalidInput as refusal:
        return _page(record, whole=refusal.problems), 422
    checked = check_table(table.rows, source or "-")
    filled = Filled(table.rows, source, checked.problems, checked.whole, from_file=True, left_out=table.left_out)
    return _page(record, filled), 422 if checked.table is None else 200


def _page(town: TownRecord, filled: Filled | None = None, whole: Sequence[Problem] = ()) -> str:
    say = reader_language().gettext
    shown = filled or _stored(town)
    blank = len(shown.rows)
    rows = [*shown.rows, *(TypedRow(blank + n + 1, "", "", "") for n in range(SPARE_ROWS))]
    return render_template(
        "office/census.html",
        town=town,
        may_write=require().may(town.id, Role.EDITOR),
        filled=shown,
        rows=rows,
        wrong={(p.row, p.field): say(p.message, p.data) for p in shown.problems},
        problems=_by_field([*shown.whole, *whole]),
        groups=census_groups(town.census),
        people=_people(town),
        columns=_columns(),
    )


def _columns() -> list[tuple[str, str]]:
    say = reader_language().gettext
    return [(AGE, say(N_("Age"))), (WOMEN, say(N_("Women"))), (MEN, say(N_("Men")))]


def _by_field(problems: Sequence[Problem]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for problem in problems:
        found.setdefault(problem.field, []).append(reader_language().gettext(problem.message, problem.data))
    return found


def _stored(town: TownRecord) -> Filled:
    """The form with what is stored; without anything, five-year groups to be filled in."""
    if not town.census:
        return Filled([TypedRow(n, age_text(ages), "", "") for n, ages in enumerate(FIVE_YEARS, 1)])
    by_age: dict[AgeRange, dict[Sex, int]] = {}
    for group in census_groups(town.census):
        by_age.setdefault(group.ages, {})[group.sex] = group.people
    rows = [
        TypedRow(n, age_text(ages), str(people.get(Sex.WOMAN, 0)), str(people.get(Sex.MAN, 0)))
        for n, (ages, people) in enumerate(by_age.items(), 1)
    ]
    return Filled(rows, str(town.census.get("source") or ""))


def _people(town: TownRecord) -> dict[str, Any]:
    groups = census_groups(town.census)
    women = sum(group.people for group in groups if group.sex is Sex.WOMAN)
    return {"all": sum(group.people for group in groups), "women": women}
