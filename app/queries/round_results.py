"""What comes out when two rounds are compared: keys, numbers and names of places, in no language."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

GREW, FELL, APPEARED, VANISHED = "grew", "fell", "appeared", "vanished"
"""What became of an area."""
FEELING, CROWD, OPEN, UNKNOWN = "feeling", "crowd", "open", "unknown"
"""What changed there: what people say, only how many speak of the place at all, either, or nobody can tell."""
SAME, FEW = "same", "few"
"""What became of an answered place, beside `grew` and `fell`: nothing beyond chance, or too few to say."""

COMPARED, NO_ROUND, TOO_FEW = "compared", "no_round", "too_few"
"""Whether there is a comparison."""

Texts = Mapping[str, str]


@dataclass(frozen=True)
class Versus:
    """A share of people then and now."""

    then: int
    of_then: int
    now: int
    of_now: int
    difference: float
    """Share now less share then."""
    low: float | None = None
    """Its interval at 95 per cent; None where people can't be told from each other."""
    high: float | None = None
    p: float | None = None
    """How often chance alone would divide people so; None as above."""

    @property
    def share_then(self) -> float:
        """Of those who took part then."""
        return self.then / self.of_then if self.of_then else 0.0

    @property
    def share_now(self) -> float:
        """Of those who took part now."""
        return self.now / self.of_now if self.of_now else 0.0


@dataclass(frozen=True)
class RoundSide:
    """One of the two rounds."""

    slug: str
    title: Texts
    people: int
    """Who took part on the common ground."""
    pins: int
    since: str | None
    """First and last day of its pins; None where they came from a file without moments."""
    until: str | None
    is_split: bool
    """Whether its persons have been taken apart for good."""
    beyond: int
    """Pins left out, as the other round had no ground there."""


@dataclass(frozen=True)
class CommonGround:
    """What both rounds could speak of."""

    km2: float
    is_same: bool
    """Whether the boundaries are the same but for slivers."""
    share_then: float
    """How much of each round's area it is."""
    share_now: float


@dataclass(frozen=True)
class SquareColumns:
    """The squares that were tested: columns of one length, without those that say nothing of themselves."""

    x: Sequence[int]
    y: Sequence[int]
    then: Sequence[int]
    """People who marked it near the square …"""
    now: Sequence[int]
    p: Sequence[float]
    q: Sequence[float]
    level: Sequence[int]
    all_then: Sequence[int]
    """… and who said anything there; empty where nobody can tell."""
    all_now: Sequence[int]
    p_among: Sequence[float]
    area: Sequence[int]
    """The number of the area it belongs to, 0 for none."""


@dataclass(frozen=True)
class ChangedArea:
    """Squares that hang together and have changed the same way."""

    rank: int
    kind: str
    name: str | None
    lon: float
    lat: float
    squares: int
    hectares: float
    people: Versus
    """Of all who took part, who marked it within reach of the middle; where persons have been taken apart, in the
    area's squares, added up."""
    among: Versus | None
    """The same of all who said anything within reach of the middle."""
    anything: Versus | None
    """Of all who took part, who said anything within reach of the middle."""
    reading: str
    chance: float
    """How often a town without any change would show an area as sure as this."""


@dataclass(frozen=True)
class Spot:
    """A cluster of one round that the other has not."""

    name: str | None
    lon: float
    lat: float
    then: int
    now: int
    area: int
    """The number of the area that confirms it."""


@dataclass(frozen=True)
class Unanswered:
    """Clusters of the earlier round that no answer touches: what places come to by themselves."""

    places: int
    then: int
    now: int
    """People of each place, added up."""
    ratio: float
    """How their shares of people now stand to those then."""


@dataclass(frozen=True)
class CategoryChange:
    """What became of one category."""

    key: str
    town: Versus
    """Of all who took part, who marked it anywhere."""
    squares: SquareColumns
    areas: Sequence[ChangedArea]
    lone: int
    """Squares marked as changed that belong to no area: some of them by luck."""
    gone: Sequence[Spot]
    new: Sequence[Spot]
    unsure_gone: int
    """Clusters then that are none now, but not beyond chance; and the other way round."""
    unsure_new: int
    stayed: int
    """Clusters then that still are."""
    seen: tuple[int, int | None, int | None]
    """A place of so many then would be told from chance at so few now, and at so many."""
    unanswered: Unanswered | None


@dataclass(frozen=True)
class PlaceChange:
    """One category near one answered place, before the answer and after it."""

    place: str
    """The place's id."""
    name: str
    status: str
    answered_at: str
    """ISO 8601."""
    is_earlier: bool
    """Whether the answer is of the earlier round's map."""
    category: str
    lon: float
    lat: float
    people: Versus
    """`then`: before the answer, `now`: since; of all who took part in that time."""
    months_before: float | None
    """Months of collecting; None where moments are not known."""
    months_after: float | None
    reading: str


@dataclass(frozen=True)
class Result:
    """Round against round."""

    state: str
    now: RoundSide
    then: RoundSide | None = None
    ground: CommonGround | None = None
    is_exact: bool = True
    """Whether people can be told from each other in both rounds."""
    side_m: int = 125
    band_m: int = 250
    squares: int = 0
    """Squares of the common ground."""
    least_people: int = 5
    only_then: Mapping[str, Texts] = field(default_factory=dict)
    """Categories without a partner: those of the earlier round with their words, those of this one by key."""
    only_now: Sequence[str] = ()
    categories: Sequence[CategoryChange] = ()
    places: Sequence[PlaceChange] = ()
    by_round: bool = False
    """Whether answered places are compared round against round, as moments are not known."""
    own_untold: int = 0
    """Answered places of the present map that can't be compared, for the same reason."""
    outside: int = 0
    """Answered places beyond the common ground."""
