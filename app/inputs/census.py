"""Who lives in a town by age and sex: rows as typed or read from a file, checked one by one."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from app.errors import Problem
from app.i18n import N_
from app.inputs.fields import storable
from gis.analysis.groups import OLDEST_ASKED, AgeRange, Sex, age_range, plain

MOST_ROWS = 130
MOST_PEOPLE = 10_000_000
MOST_SOURCE_CHARACTERS = 300
ONE_YEAR = re.compile(r"(\d{1,3})(?: ?(?:let|rok|roky|roku|year|years))?")
SPACES = re.compile(r"[\s\u00a0\u202f\u2009']+")
PEOPLE = re.compile(r"(\d{1,9})(?:[.,]0+)?")
NOBODY = ("-", "–", "—")
"""How statistical tables write zero."""

AGE, WOMEN, MEN = "age", "women", "men"
FIELDS = (AGE, WOMEN, MEN)


@dataclass(frozen=True)
class TypedRow:
    """One row as somebody wrote it; `number` is its line in a file, or its place in the form."""

    number: int
    age: str
    women: str
    men: str

    @property
    def is_empty(self) -> bool:
        """Whether nothing is written in it."""
        return not (self.age.strip() or self.women.strip() or self.men.strip())


@dataclass(frozen=True)
class RowProblem:
    """What is wrong with one field of one row; the field may be the row as a whole (`age`)."""

    row: int
    field: str
    message: str
    data: dict[str, object] = dataclasses.field(default_factory=dict)


@dataclass(frozen=True)
class CensusInput:
    """A whole table, ready to be stored."""

    source: str
    rows: Sequence[tuple[AgeRange, int, int]]
    """Ages, women, men; from the youngest, no age twice and none left out between."""

    @property
    def people(self) -> int:
        """Everybody in the table."""
        return sum(women + men for _, women, men in self.rows)

    def as_json(self) -> dict[str, Any]:
        """As it is stored with the town (models/town.py)."""
        groups = [
            {"from": ages.least, "to": ages.most, "sex": str(sex), "people": people}
            for ages, women, men in self.rows
            for sex, people in ((Sex.WOMAN, women), (Sex.MAN, men))
        ]
        return {"source": self.source, "groups": groups}


@dataclass(frozen=True)
class CheckedTable:
    """What was made of the rows: the table where all is well, else every problem, none kept back."""

    table: CensusInput | None
    problems: Sequence[RowProblem] = ()
    whole: Sequence[Problem] = ()
    """Problems of no single row."""


def check_table(rows: Sequence[TypedRow], source: str) -> CheckedTable:
    """The table of these rows, empty ones left out."""
    problems: list[RowProblem] = []
    read: list[tuple[TypedRow, AgeRange, int, int]] = []
    filled = [row for row in rows if not row.is_empty]
    for row in filled:
        wrong, found = _read_row(row)
        problems += wrong
        if found is not None:
            read.append((row, *found))
    read.sort(key=lambda one: (one[1].least, one[0].number))
    problems += _overlaps(read)
    whole = list(_whole_problems(filled, source))
    if not problems and not whole:
        whole += _gaps([ages for _, ages, _, _ in read])
        if not sum(women + men for _, _, women, men in read):
            whole.append(Problem("rows", N_("The table has nobody in it.")))
    if problems or whole:
        return CheckedTable(None, problems, whole)
    return CheckedTable(CensusInput(source.strip(), [(ages, women, men) for _, ages, women, men in read]))


def age_of(text: str) -> AgeRange | None:
    """The ages of a row: "0–4", "85+", "17", or as the statistical office writes them.

    >>> age_of("17 let")
    AgeRange(least=17, most=17)
    """
    found = age_range(text)
    if found is not None:
        return found
    year = ONE_YEAR.fullmatch(plain(text))
    if year and int(year[1]) <= OLDEST_ASKED:
        return AgeRange(int(year[1]), int(year[1]))
    return None


def people_of(text: str) -> int | None:
    """A number of people: "1 234", "1234,0", "-" for nobody; None for anything else."""
    if text.strip() in NOBODY:
        return 0
    found = PEOPLE.fullmatch(SPACES.sub("", text))
    return int(found[1]) if found and int(found[1]) <= MOST_PEOPLE else None


def age_text(ages: AgeRange) -> str:
    """Ages as they stand in the form: 0–4, 17, 85+."""
    if ages.most is None:
        return f"{ages.least}+"
    return str(ages.least) if ages.least == ages.most else f"{ages.least}–{ages.most}"


def _read_row(row: TypedRow) -> tuple[list[RowProblem], tuple[AgeRange, int, int] | None]:
    ages, women, men = age_of(row.age), people_of(row.women), people_of(row.men)
    wrong = []
    if ages is None:
        wrong.append(
            RowProblem(row.number, AGE, N_("“%(text)s” is no age. Write 0–4, 17 or 85+."), {"text": row.age[:40]})
        )
    wrong += [
        RowProblem(row.number, name, N_("“%(text)s” is no number of people."), {"text": text[:40]})
        for name, text, value in ((WOMEN, row.women, women), (MEN, row.men, men))
        if value is None
    ]
    if ages is None or women is None or men is None:
        return wrong, None
    return [], (ages, women, men)


def _overlaps(read: Sequence[tuple[TypedRow, AgeRange, int, int]]) -> Iterator[RowProblem]:
    """A problem for each row whose ages another row has as well; `read` begins with the youngest."""
    before: tuple[TypedRow, AgeRange] | None = None
    for row, ages, _, _ in read:
        if before and (before[1].most is None or ages.least <= before[1].most):
            later, other = (row, before[1]) if row.number > before[0].number else (before[0], ages)
            yield RowProblem(
                later.number,
                AGE,
                N_("Some of these ages are in the row “%(other)s” too."),
                {"other": age_text(other)},
            )
        if before is None or (before[1].most is not None and (ages.most is None or ages.most > before[1].most)):
            before = (row, ages)


def _gaps(ages: Sequence[AgeRange]) -> Iterator[Problem]:
    for younger, older in pairwise(ages):
        if younger.most is not None and older.least > younger.most + 1:
            yield Problem(
                "rows",
                N_("Nobody is given from %(since)s to %(until)s years. Add the row, or write zeros."),
                {"since": younger.most + 1, "until": older.least - 1},
            )


def _whole_problems(filled: Sequence[TypedRow], source: str) -> Iterator[Problem]:
    if not filled:
        yield Problem("rows", N_("Fill in at least one row."))
    if len(filled) > MOST_ROWS:
        yield Problem("rows", N_("The table may have at most %(most)s rows."), {"most": MOST_ROWS})
    if not storable(source):
        yield Problem("source", N_("The text holds characters that can't be stored."))
    if len(source.strip()) > MOST_SOURCE_CHARACTERS:
        yield Problem("source", N_("At most %(most)s characters, please."), {"most": MOST_SOURCE_CHARACTERS})
    if not source.strip():
        yield Problem("source", N_("Say where the numbers come from and of which day they are."))
