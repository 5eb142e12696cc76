"""Six weeks of pins by the people of Vzorov: who they are, when they came, what they said where."""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, timezone
from random import Random
from statistics import NormalDist
from uuid import UUID

from shapely.geometry import LineString, Point
from shapely.prepared import prep

from sample_maps.make_vzorov.comments import Comment, Spot, read_spots
from sample_maps.make_vzorov.town import Town

FIRST_DAY, DAYS = date(2026, 9, 14), 42
FORUM_DAY, SCHOOL_DAY = date(2026, 10, 1), date(2026, 10, 7)
PRAGUE = timezone(timedelta(hours=2))  # summer time, kept through the last day, on which it ends
LAST_MOMENT = datetime(2026, 10, 25, 22, 40, tzinfo=PRAGUE)
WEB, FORUM, SCHOOL = 134, 48, 38  # people

AGES = ("under15", "15-24", "25-44", "45-64", "65plus")
AGE_WEIGHTS = {"web": (4, 13, 45, 28, 10), "FORUM1": (0, 6, 18, 28, 48), "SKOLA1": (84, 16, 0, 0, 0)}
COMMENT_SHARE = {"under15": 0.5, "15-24": 0.4, "25-44": 0.27, "45-64": 0.29, "65plus": 0.6}
ZOOMS, ZOOM_WEIGHTS = (15, 16, 17, 18, 19), (5, 15, 34, 31, 15)
HOUR_WEIGHTS = (1, 0.4, 0.2, 0.1, 0.2, 0.8, 3, 6, 6, 5, 5, 6, 8, 6, 5, 6, 7, 8, 9, 11, 12, 10, 6, 3)
HOMES = (
    "na_vilach",
    "luhy",
    "slunecna",
    "povodnova",
    "vysluni",
    "zareci",
    "sidliste",
    "sidliste",
    "ulicky",
    "nadrazni",
)
# Places a group knows better than others do.
HAUNTS = {
    "under15": ("zs_komenskeho", "prechod_komenskeho", "zs_mirova", "hriste_mirova", "ostrov", "stadion"),
    "15-24": ("gymnazium", "nadrazi", "autobusove_nadrazi", "podchod", "jiraskovy_sady"),
    "25-44": ("prechod_komenskeho", "hriste_mirova", "ostrov", "vysluni", "stezka"),
    "45-64": ("na_vilach", "luhy", "slunecna", "prumyslova", "tyrsova"),
    "65plus": ("hrbitov", "nemocnice", "namesti", "kostel", "severka", "autobusove_nadrazi"),
}


@dataclass(frozen=True)
class Person:
    """A respondent as the generator knows them; what they told about themselves is a part of it."""

    label: str
    age: str
    gender: str
    relation: str
    told: frozenset[str]
    channel: str
    event: str | None
    moments: tuple[datetime, ...]
    home: str

    def about(self) -> dict[str, str]:
        """The group answers they gave."""
        known = {"age": self.age, "gender": self.gender, "relation": self.relation}
        return {f"about.{key}": value for key, value in known.items() if key in self.told}


@dataclass(frozen=True)
class Pin:
    """One pin in local metres with its GeoJSON properties."""

    id: str
    x: float
    y: float
    properties: dict[str, object]


def pins(town: Town, seed: int) -> list[Pin]:
    """All pins in order of time."""
    rng = Random(seed)
    spots = read_spots()
    found = []
    used: set[Comment] = set()
    for person in _people(rng):
        weights = [_pull(spot, person) for spot in spots]
        for moment in person.moments:
            spot = rng.choices(spots, weights)[0]
            found.append(_pin(person, moment, spot, used, town, rng))
    return sorted(found, key=lambda pin: (str(pin.properties["created_at"]), pin.id))


def _people(rng: Random) -> Iterator[Person]:
    """Respondents in the order in which they first came."""
    groups = ["web"] * WEB + ["FORUM1"] * FORUM + ["SKOLA1"] * SCHOOL
    eager = iter(_web_counts(rng))
    visits = [(group, _moments(group, next(eager) if group == "web" else 0, rng)) for group in groups]
    visits.sort(key=lambda visit: visit[1][0])
    for number, (group, moments) in enumerate(visits, 1):
        age = rng.choices(AGES, AGE_WEIGHTS[group])[0]
        gender = rng.choices(("woman", "man", "other"), (56, 41, 3))[0]
        studies = age == "under15" or (age == "15-24" and rng.random() < 0.7)
        relation = (
            "studies"
            if studies and rng.random() < 0.5
            else rng.choices(("lives", "works", "visits"), (80, 13, 7))[0]
        )
        yield Person(
            label=f"r{number:03d}",
            age=age,
            gender=gender,
            relation="lives" if age == "under15" and relation in ("works", "visits") else relation,
            told=_told(group, rng),
            channel="paper" if group == "FORUM1" else "web",
            event=None if group == "web" else group,
            moments=moments,
            home=rng.choice(HOMES),
        )


def _told(group: str, rng: Random) -> frozenset[str]:
    """Which questions about themselves a person answered; on paper and at school most do."""
    if rng.random() < (0.33 if group == "web" else 0.12):
        return frozenset()
    return frozenset(
        key for key, share in (("age", 0.97), ("gender", 0.9), ("relation", 0.86)) if rng.random() < share
    )


def _web_counts(rng: Random) -> list[int]:
    """Pins of each web respondent: quantiles of a log-normal law, in random order."""
    # Real campaigns are as uneven: in Ostrava 2023 a tenth of the people gave 41 % of the pins.
    law = NormalDist(math.log(5.0), 1.03)
    counts = [max(1, min(58, round(math.exp(law.inv_cdf((i + 0.5) / WEB))))) for i in range(WEB)]
    rng.shuffle(counts)
    return counts


def _moments(group: str, count: int, rng: Random) -> tuple[datetime, ...]:
    """When a person set each pin: one sitting, for the eager ones several days."""
    if group == "FORUM1":
        start = datetime.combine(FORUM_DAY, time(17, 10), PRAGUE) + timedelta(minutes=rng.uniform(0, 135))
        return _sitting(start, min(9, 1 + int(rng.expovariate(0.28))), 75, rng)
    if group == "SKOLA1":
        start = datetime.combine(SCHOOL_DAY, time(9, 20 if rng.random() < 0.5 else 55), PRAGUE)
        return _sitting(
            start + timedelta(seconds=rng.uniform(0, 400)), min(11, 2 + int(rng.expovariate(0.38))), 110, rng
        )
    moments: list[datetime] = []
    day = rng.choices(range(DAYS), [_day_weight(d) for d in range(DAYS)])[0]
    while len(moments) < count:
        hour = rng.choices(range(24), HOUR_WEIGHTS)[0]
        start = datetime.combine(
            FIRST_DAY + timedelta(days=day), time(hour, rng.randrange(60), rng.randrange(60)), PRAGUE
        )
        if day == 0 and hour < 8:
            start += timedelta(hours=9)  # the newsletter goes out at eight
        moments += _sitting(start, min(count - len(moments), rng.randint(5, 16)), 65, rng)
        day = min(DAYS - 1, day + rng.choice((0, 1, 1, 2, 4, 7)))
    return tuple(sorted(moments))


def _sitting(start: datetime, count: int, pace_s: float, rng: Random) -> tuple[datetime, ...]:
    """Moments of pins set one after another, none after the last day."""
    moments = [min(start, LAST_MOMENT)]
    for _ in range(count - 1):
        moments.append(moments[-1] + timedelta(seconds=18 + rng.expovariate(1 / pace_s)))
    return tuple(moments)


def _day_weight(day: int) -> float:
    """How many people come on a day: most after the newsletter, the forum and a reminder, few at weekends."""
    weekday = (FIRST_DAY + timedelta(days=day)).weekday()
    forum = (FORUM_DAY - FIRST_DAY).days
    weight = 1.0 + 11 * math.exp(-day / 2.4) + (4 * math.exp(-(day - forum) / 2) if day >= forum else 0)
    weight += 3 if day == 35 else 0  # a reminder on the town's page
    return weight * (0.45 if weekday >= 5 else 1.0)


def _pull(spot: Spot, person: Person) -> float:
    """How strongly a place draws a person's pins."""
    pull = spot.weight * (2.6 if spot.place in HAUNTS[person.age] else 1.0)
    if spot.place == person.home:
        pull *= 4
    if person.age == "under15" and spot.place in (
        "prumyslova",
        "supermarket",
        "nemocnice",
        "hrbitov",
        "prazska",
    ):
        pull *= 0.1
    return pull


def _pin(person: Person, moment: datetime, spot: Spot, used: set[Comment], town: Town, rng: Random) -> Pin:
    comment = _comment(person, spot, used, rng)
    zoom = None if person.channel == "paper" else rng.choices(ZOOMS, ZOOM_WEIGHTS)[0]
    where = _position(spot, 14.0 if zoom is None else 1.5 * 2 ** (18 - zoom), town, rng)
    if comment:
        where = town.street_spoken_of(comment.text, where) or where
    properties: dict[str, object] = {
        "category": spot.category,
        "comment": comment.text if comment else None,
        "created_at": _utc(moment),
        "channel": person.channel,
        "event": person.event,
        "respondent": person.label,
        "zoom": zoom,
    }
    if spot.category != "improve":
        when = _when(comment, spot, rng)
        properties |= {"when": when} if when else {}
    properties |= person.about()
    if comment and comment.answer and comment.answer.day > moment.date().isoformat():
        answered = datetime.combine(
            date.fromisoformat(comment.answer.day), time(rng.randint(8, 15), rng.randrange(60)), PRAGUE
        )
        properties |= {
            "status": comment.answer.status,
            "answer": comment.answer.text,
            "answered_at": _utc(answered),
        }
    return Pin(str(UUID(int=rng.getrandbits(128), version=4)), where.x, where.y, properties)


def _utc(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _comment(person: Person, spot: Spot, used: set[Comment], rng: Random) -> Comment | None:
    """A comment nobody has written yet that fits the person, or none; those the town answered come first."""
    fits = [
        c
        for c in spot.comments
        if c not in used and (not c.ages or person.age in c.ages) and (c.gender in (None, person.gender))
    ]
    answered = [c for c in fits if c.answer]
    if not fits or rng.random() > (0.9 if answered else COMMENT_SHARE[person.age] * 1.5):
        return None
    chosen = rng.choice(answered or fits)
    used.add(chosen)
    return chosen


def _when(comment: Comment | None, spot: Spot, rng: Random) -> str | None:
    """The answer to "when is it like that", given by most and in accord with the comment."""
    if comment and comment.when:
        return comment.when if rng.random() < 0.8 else None
    if rng.random() > 0.58:
        return None
    night = spot.night_share
    if spot.category == "safe":
        night *= 0.5
    return rng.choices(("night", "day", "always"), (night, (1 - night) * 0.4, (1 - night) * 0.6))[0]


def _position(spot: Spot, blur_m: float, town: Town, rng: Random) -> Point:
    """Where the pin lands: strayed from the place's line by its spread and the finger, never in the water."""
    water, inside = prep(town.water), prep(town.boundary.buffer(-30))
    streets = [line for street, line in town.streets if street.houses or street.sort != "main"]
    while True:
        if spot.place == "kdekoli":
            line = rng.choices(streets, [street.length for street in streets])[0]
            start, spread = line.interpolate(rng.random(), normalized=True), 7.0
        else:
            start, spread = _along(spot, rng), spot.spread_m * 0.6
        strayed = math.hypot(spread, blur_m)
        where = Point(rng.gauss(start.x, strayed), rng.gauss(start.y, strayed))
        if inside.contains(where) and not water.contains(where):
            return where


def _along(spot: Spot, rng: Random) -> Point:
    if len(spot.points) == 1:
        return Point(spot.points[0])
    # every leg alike, so that a bend drawn with more points draws more pins
    leg = rng.randrange(len(spot.points) - 1)
    return LineString(spot.points[leg : leg + 2]).interpolate(rng.random(), normalized=True)
