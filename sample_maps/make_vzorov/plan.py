"""The hand-drawn plan of the town, read from `plan.txt`: streets, ground, buildings, in local metres."""

from dataclasses import dataclass
from pathlib import Path

XY = tuple[float, float]
MILL_RACE_WIDTH_M, BROOK_WIDTH_M = 6.0, 3.0


@dataclass(frozen=True)
class Row:
    """One drawn thing: what it is, its class, name, extras and rows of numbers (mostly x y)."""

    what: str
    sort: str
    name: str
    extras: tuple[str, ...]
    numbers: tuple[tuple[float, ...], ...]

    @property
    def points(self) -> tuple[XY, ...]:
        """The numbers as points of a line or outline."""
        return tuple((row[0], row[1]) for row in self.numbers)

    @property
    def curved(self) -> bool:
        """Whether the line is a smooth curve through its points."""
        return "curved" in self.extras

    @property
    def houses(self) -> str:
        """How plots along a street are built up; empty if they aren't."""
        return next((extra for extra in self.extras if extra in ("villa", "family", "cottage", "new")), "")

    def properties(self) -> dict[str, object]:
        """Class and name as the basemap's properties."""
        named = {"class": self.sort, "name": self.name}
        return {key: value for key, value in named.items() if value}


@dataclass(frozen=True)
class Plan:
    """All rows of the plan, in drawing order."""

    rows: tuple[Row, ...]

    def all(self, what: str) -> list[Row]:
        """The rows of one sort; a trailing colon asks for every kind of it."""
        return [row for row in self.rows if row.what == what or (what.endswith(":") and row.what.startswith(what))]

    def one(self, what: str, sort: str = "") -> Row:
        """The only row of its sort."""
        (row,) = [row for row in self.all(what) if not sort or row.sort == sort]
        return row


def read_plan(path: Path | None = None) -> Plan:
    """The plan from its text file."""
    path = path or Path(__file__).with_name("plan.txt")
    lines = path.read_text(encoding="utf-8").splitlines()
    return Plan(tuple(_row(line) for line in lines if line and not line.startswith("#")))


def _row(line: str) -> Row:
    what, sort, name, extras, numbers = (part.strip() for part in line.split(";"))
    rows = tuple(tuple(float(number) for number in row.split()) for row in numbers.split(","))
    return Row(what, sort, name, tuple(extras.split()), rows)
