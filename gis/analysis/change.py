"""Round against round: where the share of people who mark a place has changed by more than chance.

Rounds differ in how many take part, so people are never compared as numbers but as shares. Two questions are put
to each square of the hot spots' grid, each with Fisher's exact test (1935) on two groups of people:

- *Of all who took part, how many marked this within reach of here?* The first question, which decides what counts
  as a change. Its unit is the person, once within reach, so a few loud voices make one voice each; it does not
  hang on what others say; and it can be asked where nobody spoke before, so places can appear and vanish.
- *Of all who said anything within reach of here, how many said this?* The second: it stays the same where merely
  more people came, or where people place more pins each. It tells a change of feeling from a change of crowd, but
  has no answer where one round was silent, so it explains what the first has found.

Squares are tested where enough people marked it in both rounds *together*: under no change that sum says nothing
of how it divides, so choosing by it makes no false alarms (Bourgon, Gentleman and Huber 2010). Over the squares of
a category Benjamini and Hochberg (1995) hold the false alarms down; neighbours share people, which that allows
(Benjamini and Yekutieli 2001). But few false squares may still be many false areas: a lone one counts as much as
forty that hang together. So areas have a test of their own, by dividing the people anew (`least_by_chance`).
The two-sided probability is twice the smaller tail ("central", Fay 2010): exact and never too small. Intervals of
differences are Newcombe's (1998, method 10), at 95 per cent.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import gammaln

from gis.analysis.hot_spots import BAND_M, LEVELS, Ground, false_discovery
from gis.analysis.voices import Voices, centres_of, near_pairs
from gis.grid import Floats, Indices

LEAST_TOGETHER: Final = 10
"""People of both rounds together near a square: fewer could hardly tell chance from change."""
DIVISIONS: Final = 199
"""How often the people are divided anew by lot: the least that can come out is then 1 in 200."""
SURE: Final = 95
"""Per cent from which a square counts as changed."""
NONE: Final = -1
"""The label of a square that belongs to no area."""
_Z95: Final = 1.959963984540054
_TERMS_AT_ONCE: Final = 4_000_000


@dataclass(frozen=True, slots=True)
class Spoken:
    """Who said one thing where: a row for each pin, repetitions as they come."""

    x_index: Indices
    y_index: Indices
    person: Indices
    """Numbers from 0, the same for one person in everything said in the round."""


@dataclass(frozen=True, slots=True)
class Round:
    """What a round says of one category, in squares of the ground's side."""

    people: int
    """How many took part, whatever they said."""
    said: Voices
    """Who said this."""
    anything: Voices | None = None
    """Who said anything at all; None where nobody may know who is the same person in two categories."""


@dataclass(frozen=True, slots=True)
class Compared:
    """Shares of two rounds held against each other: columns of one length."""

    then: Indices
    of_then: Indices
    now: Indices
    of_now: Indices
    difference: Floats
    """Share now less share then."""
    low: Floats
    """The least and the most that the difference may well be: its interval at 95 per cent."""
    high: Floats
    p: Floats
    """How often chance alone would divide the people as unevenly."""


@dataclass(frozen=True, slots=True)
class Changes:
    """The test of every square near which enough people spoke: columns of one length."""

    x_index: Indices
    y_index: Indices
    shares: Compared
    """Of all who took part."""
    q: Floats
    """The least share of false alarms at which this square is counted in."""
    level: Indices
    """99, 95 or 90 where the share has grown, the same below zero where it has fallen, else 0."""
    among: Compared | None
    """Of all who said anything near here."""


def compared(then: ArrayLike, of_then: ArrayLike, now: ArrayLike, of_now: ArrayLike) -> Compared:
    """So many of so many then, and now, held against each other.

    >>> one = compared([30], [100], [12], [100])
    >>> one.difference.round(2), one.low.round(2), one.high.round(2), one.p.round(3)
    (array([-0.18]), array([-0.29]), array([-0.07]), array([0.003]))
    """
    columns = np.broadcast_arrays(
        *(np.atleast_1d(np.asarray(c, dtype=np.int64)) for c in (then, of_then, now, of_now))
    )
    before, of_before, after, of_after = (np.ascontiguousarray(column) for column in columns)
    low_then, share_then, high_then = _wilson(before, of_before)
    low_now, share_now, high_now = _wilson(after, of_after)
    difference = share_now - share_then
    low = difference - np.hypot(share_now - low_now, high_then - share_then)
    high = difference + np.hypot(high_now - share_now, share_then - low_then)
    return Compared(
        before, of_before, after, of_after, difference, low, high, fisher(before, of_before, after, of_after)
    )


def fisher(then: Indices, of_then: Indices, now: Indices, of_now: Indices) -> Floats:
    """Fisher's exact probability that two shares differ as much or more by chance: twice the smaller tail.

    >>> fisher(np.array([3]), np.array([10]), np.array([3]), np.array([10])).tolist()
    [1.0]
    """
    tables, which = np.unique(np.column_stack([then, of_then, now, of_now]), axis=0, return_inverse=True)
    if not len(tables):
        return np.zeros(0)
    marked, drawn = tables[:, 0] + tables[:, 2], tables[:, 3]
    least = np.maximum(marked - tables[:, 1], 0)
    terms = np.minimum(marked, drawn) - least + 1
    p = np.empty(len(tables))
    first = 0
    while first < len(tables):
        # At least one table at a time, and as many as fit.
        last = max(first + 1, first + int(np.searchsorted(np.cumsum(terms[first:]), _TERMS_AT_ONCE, "right")))
        run = slice(first, last)
        p[run] = _tails(tables[run], least[run], terms[run])
        first = last
    exact: Floats = p[which.ravel()]
    return exact


def changes(
    ground: Ground, then: Round, now: Round, *, band_m: float = BAND_M, least: int = LEAST_TOGETHER
) -> Changes:
    """Every square of the ground near which at least so many people of both rounds together said it, tested."""
    x, y = ground.indices()
    near_then, near_now = (_near(one.said, x, y, ground.side_m, band_m) for one in (then, now))
    chosen = near_then + near_now >= least
    x, y = x[chosen], y[chosen]
    near_then, near_now = near_then[chosen], near_now[chosen]
    shares = compared(near_then, np.maximum(near_then, then.people), near_now, np.maximum(near_now, now.people))
    among = None
    if then.anything is not None and now.anything is not None:
        around = (_near(one, x, y, ground.side_m, band_m) for one in (then.anything, now.anything))
        all_then, all_now = around
        among = compared(shares.then, all_then, shares.now, all_now)
    q = false_discovery(shares.p)
    return Changes(x, y, shares, q, _levels(q, shares.difference), among)


def areas(found: Changes, side_m: int, sure: int = SURE) -> Indices:
    """To which area of change each square belongs: 0, 1, 2 …, or NONE.

    Squares that touch, corners too, and have surely changed the same way, are one area.
    """
    from scipy.sparse import csr_array
    from scipy.sparse.csgraph import connected_components

    label = np.full(len(found.level), NONE, dtype=np.int64)
    changed = np.nonzero(np.abs(found.level) >= sure)[0]
    if not len(changed):
        return label
    pairs = near_pairs(centres_of(found.x_index[changed], found.y_index[changed], side_m), 1.5 * side_m)
    way = np.sign(found.level[changed])
    pairs = pairs[way[pairs[:, 0]] == way[pairs[:, 1]]]
    joined = csr_array((np.ones(len(pairs), dtype=np.int8), (pairs[:, 0], pairs[:, 1])), (len(changed),) * 2)
    label[changed] = connected_components(joined, directed=False)[1]
    return label


def would_be_seen(then: int, of_then: int, of_now: int, p: float) -> tuple[int | None, int | None]:
    """To how many people a place of so many then must fall, or grow, to be told from chance at this probability.

    None where no fall (or growth) could be.

    >>> would_be_seen(30, 1000, 1000, 0.001)
    (9, 62)
    """
    possible = np.arange(of_now + 1)
    shares = compared(then, of_then, possible, of_now)
    told = shares.p <= p
    fallen = possible[told & (shares.difference < 0)]
    grown = possible[told & (shares.difference > 0)]
    return (int(fallen[-1]) if len(fallen) else None, int(grown[0]) if len(grown) else None)


def least_by_chance(  # noqa: PLR0913 - two rounds, and how often, by name
    ground: Ground,
    then: Spoken,
    now: Spoken,
    *,
    people_then: int,
    people_now: int,
    rng: np.random.Generator,
    times: int = DIVISIONS,
    band_m: float = BAND_M,
    least: int = LEAST_TOGETHER,
) -> Floats:
    """The least probability anywhere in the town, each time the people of both rounds are divided anew by lot.

    An area is told where its own least probability is rarely reached so (Westfall and Young 1993): that holds
    for all areas of a category together, however squares hang together and however much single people say.
    """
    x, y, who = (
        np.concatenate([one, other])
        for one, other in (
            (then.x_index, now.x_index),
            (then.y_index, now.y_index),
            (then.person, now.person + people_then),
        )
    )
    near, everybody = _enough_near(ground, Spoken(x, y, who), people_then + people_now, band_m, least)
    found = np.ones(times)
    for i in range(times):
        p = _divided(near, everybody, people_then, people_then + people_now, rng)
        found[i] = p.min(initial=1.0)
    return np.sort(found)


def family_wise(p: ArrayLike, by_chance: Floats) -> Floats:
    """How often a town without any change would show a probability as small somewhere.

    >>> family_wise([0.001, 0.2], np.array([0.01, 0.05, 0.1])).tolist()
    [0.25, 1.0]
    """
    reached = np.searchsorted(by_chance, np.atleast_1d(np.asarray(p, dtype=np.float64)), "right")
    share: Floats = (1 + reached) / (1 + len(by_chance))
    return share


def alarms_between_halves(  # noqa: PLR0913 - the test's own choices, by name
    ground: Ground,
    said: Spoken,
    people: int,
    rng: np.random.Generator,
    *,
    splits: int,
    band_m: float = BAND_M,
    least: int = LEAST_TOGETHER,
) -> int:
    """In how many of so many splits of one round into random halves of its people something seems to change.

    Nothing has changed between two halves of the same people, so at most 5 per cent of the splits should show
    any square. The people of the round are numbered from 0 to `people` − 1.
    """
    near, everybody = _enough_near(ground, said, people, band_m, least)
    alarms = 0
    for _ in range(splits):
        q = false_discovery(_divided(near, everybody, people // 2, people, rng))
        alarms += bool((q <= 1 - SURE / 100).any())
    return alarms


def _divided(near: Any, everybody: Indices, first: int, people: int, rng: np.random.Generator) -> Floats:
    """The test of every square after so many of the people, drawn by lot, have become the first round."""
    in_first = np.zeros(people, dtype=np.int64)
    in_first[rng.permutation(people)[:first]] = 1
    then = near @ in_first
    return fisher(then, np.full(len(then), first), everybody - then, np.full(len(then), people - first))


def _enough_near(ground: Ground, said: Spoken, people: int, band_m: float, least: int) -> tuple[Any, Indices]:
    """The sparse table of squares and of who said it near them, where enough did; and how many did."""
    near = _who_is_near(ground, said, people, band_m)
    everybody: Indices = np.diff(near.indptr).astype(np.int64)
    return near[everybody >= least], everybody[everybody >= least]


def _near(voices: Voices, x: Indices, y: Indices, side_m: int, band_m: float) -> Indices:
    return voices.within(centres_of(x, y, side_m), band_m)


def _levels(q: Floats, difference: Floats) -> Indices:
    level = np.zeros(len(q), dtype=np.int64)
    for sure in sorted(LEVELS):
        level[q <= 1 - sure / 100] = sure
    return level * np.sign(difference).astype(np.int64)


def _wilson(count: Indices, of: Indices) -> tuple[Floats, Floats, Floats]:
    """Wilson's limits (1927) of a share, with the share between them; of nobody it may be anything."""
    n = np.maximum(of, 1)
    share = count / n
    middle = share + _Z95**2 / (2 * n)
    half = _Z95 * np.sqrt(share * (1 - share) / n + _Z95**2 / (4 * n**2))
    scale = 1 + _Z95**2 / n
    nobody = of == 0
    low = np.where(nobody, 0.0, np.maximum((middle - half) / scale, 0.0))
    high = np.where(nobody, 1.0, np.minimum((middle + half) / scale, 1.0))
    return np.minimum(low, share), share, np.maximum(high, share)


def _tails(tables: NDArray[np.int64], least: Indices, terms: Indices) -> Floats:
    """Twice the smaller tail of the hypergeometric distribution of each table (then, of then, now, of now)."""
    starts = np.concatenate([[0], np.cumsum(terms)[:-1]])
    row = np.repeat(np.arange(len(tables)), terms)
    x = least[row] + np.arange(len(row)) - starts[row]
    marked, of_then, of_now = (tables[:, 0] + tables[:, 2])[row], tables[row, 1], tables[row, 3]
    log = -(gammaln(x + 1.0) + gammaln(marked - x + 1.0) + gammaln(of_now - x + 1.0))
    log -= gammaln(of_then - marked + x + 1.0)
    weight = np.exp(log - np.maximum.reduceat(log, starts)[row])
    whole = np.add.reduceat(weight, starts)
    seen = tables[row, 2]
    below = np.add.reduceat(np.where(x <= seen, weight, 0.0), starts)
    above = np.add.reduceat(np.where(x >= seen, weight, 0.0), starts)
    doubled: Floats = np.minimum(2 * np.minimum(below, above) / whole, 1.0)
    return doubled


def _who_is_near(ground: Ground, said: Spoken, people: int, band_m: float) -> Any:
    """A sparse table of squares and people: 1 for who said it within reach of the square."""
    from scipy.sparse import csr_array
    from scipy.spatial import KDTree

    squares, which = np.unique(np.column_stack([said.x_index, said.y_index]), axis=0, return_inverse=True)
    places = centres_of(*ground.indices(), ground.side_m)
    if not len(squares) or not len(places):
        return csr_array((len(places), people), dtype=np.int64)
    spots = KDTree(centres_of(squares[:, 0], squares[:, 1], ground.side_m))
    near = KDTree(places).sparse_distance_matrix(spots, band_m + 1e-6, output_type="ndarray")
    ones = np.ones(len(near), dtype=np.int64)
    joined = csr_array((ones, (near["i"], near["j"])), (len(places), len(squares)))
    here = np.ones(len(said.person), dtype=np.int64)
    spoke = csr_array((here, (which.ravel(), said.person)), (len(squares), people))
    together = joined @ spoke
    together.data[:] = 1
    return together
