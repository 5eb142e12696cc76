"""The places people speak of and what they wrote there, read from `comments.txt`."""

import re
from dataclasses import dataclass, field
from pathlib import Path

from sample_maps.make_vzorov.plan import XY

AGES = {"k": ("under15",), "t": ("15-24",), "m": ("25-44", "45-64"), "s": ("65plus",)}
TIMES = {"d": "day", "n": "night", "a": "always"}

# Czech verbs and adjectives give away who speaks: "šla jsem", "mám rád", "sama".
_SAID = r"\b(?:jsem|bych)\s(?:\w+\s){{0,2}}?\w+{0}\b|\b\w+{0}\s(?:jsem|bych)\b"
_WOMAN = re.compile(_SAID.format("la") + r"|\bráda\b|\brada\b|\bsama\b|\bmužem\b|\bmanžel", re.IGNORECASE)
_MAN = re.compile(_SAID.format("[aeiyíěáou]l") + r"|\bmám rád\b|\bmam rad\b|\bsám\b", re.IGNORECASE)


@dataclass(frozen=True)
class Answer:
    """What the town replied to a comment, and when (a date)."""

    status: str
    day: str
    text: str


@dataclass(eq=False)
class Comment:
    """One comment and whom it fits: age groups (empty for all), time of day, the speaker's gender."""

    text: str
    ages: tuple[str, ...]
    when: str | None
    gender: str | None
    answer: Answer | None = None


@dataclass(eq=False)
class Spot:
    """One place and feeling: where its pins fall, how many compared with others, what was written."""

    place: str
    category: str
    weight: float
    spread_m: float
    points: tuple[XY, ...]
    comments: list[Comment] = field(default_factory=list)

    @property
    def night_share(self) -> float:
        """The share of comments that speak of the dark, among those that say when; a third if none does."""
        said = [c.when for c in self.comments if c.when]
        return sum(when == "night" for when in said) / len(said) if said else 0.33


def speaker(text: str) -> str | None:
    """The gender a sentence in the first person gives away, if any."""
    if _WOMAN.search(text):
        return "woman"
    return "man" if _MAN.search(text) else None


def _comment(line: str) -> Comment:
    flags, text = re.fullmatch(r"(?:\[([ktmsdna]+)\] )?(.+)", line).groups()  # type: ignore[union-attr]
    flags = flags or ""
    ages = tuple(age for flag in flags for age in AGES.get(flag, ()))
    return Comment(text, ages, next((TIMES[f] for f in flags if f in TIMES), None), speaker(text))


def read_spots(path: Path | None = None) -> list[Spot]:
    """All places with their comments, in the order of the file."""
    path = path or Path(__file__).with_name("comments.txt")
    spots: list[Spot] = []
    place, spread_m, points = "", 0.0, ((0.0, 0.0),)
    for line in path.read_text(encoding="utf-8").splitlines():
        if line.startswith("== "):
            place, spread, where = (part.strip() for part in line[3:].split(":"))
            spread_m = float(spread)
            points = tuple((float(x), float(y)) for x, y in (pair.split() for pair in where.split(",")))  # type: ignore[assignment]
        elif line.startswith("-- "):
            _, category, weight = line.split()
            spots.append(Spot(place, category, float(weight), spread_m, points))
        elif line.startswith("=> "):
            _, status, day, text = line.split(" ", 3)
            spots[-1].comments[-1].answer = Answer(status, day, text)
        elif line and not line.startswith("#"):
            spots[-1].comments.append(_comment(line))
    return spots
