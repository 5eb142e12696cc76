"""The coverage in sentences: who is missing, where to go and ask them, and what the comparison can't say."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil, floor, log10

from babel.numbers import format_decimal

from app.i18n import N_, Language, text_in
from app.queries.coverage import Compared, TownCoverage
from gis.analysis.coverage import GroupShare
from gis.analysis.groups import AgeRange, Sex

EXACT_BELOW = 20
CLASS = 20
"""Pupils of one class that take part."""
MOST_ADVICE = 2
ADULT, SETTLED, OLDER, OLD = 15, 25, 45, 60
"""Ages at which one goes elsewhere to find people: school, study, family, work, retirement."""

MISSING_UNDER = N_(
    "Children and young people under %(until)s make up %(town)s %% of the town and %(here)s %% of those who took"
    " part: about %(n)s are missing for them to be represented equally."
)
MISSING_BETWEEN = N_(
    "People from %(since)s to %(until)s make up %(town)s %% of the town and %(here)s %% of those who took part:"
    " about %(n)s are missing for them to be represented equally."
)
MISSING_OVER = N_(
    "People aged %(since)s and over make up %(town)s %% of the town and %(here)s %% of those who took part:"
    " about %(n)s are missing for them to be represented equally."
)
MISSING_SEX = {
    Sex.WOMAN: N_(
        "Women make up %(town)s %% of the town and %(here)s %% of those who took part:"
        " about %(n)s are missing for them to be represented equally."
    ),
    Sex.MAN: N_(
        "Men make up %(town)s %% of the town and %(here)s %% of those who took part:"
        " about %(n)s are missing for them to be represented equally."
    ),
}

ADVICE_PUPILS = N_(
    "Go to a school: a school forum of about %(classes)s classes would bring the pupils who are missing."
)
ADVICE_YOUNG = N_(
    "Go where young people are: secondary schools, a youth club, a stand at the station before lessons begin."
)
ADVICE_FAMILIES = N_(
    "Go where people with work and children are: kindergartens at pick-up time, playgrounds, a stand on Saturday."
)
ADVICE_WORKING = N_(
    "Go to clubs and companies, to allotments and parents’ evenings, and put a stand at the market."
)
ADVICE_SENIORS = N_(
    "Go to seniors’ clubs, the library and the doctors’ waiting rooms, with paper maps and large print: paper"
    " reaches those whom the web does not."
)

SAID_AGE = N_("Their age said %(n)s of %(people)s people who took part; of the others we don’t know it.")
SAID_SEX = N_("Whether they are women or men said %(n)s of %(people)s people who took part.")
SPLIT = N_("Where the age groups of the map cut across those of the census, its people were spread evenly.")
VISITORS = N_("Those who only work, study or visit here took part as well; the census counts only who lives here.")
CHANCE = N_(
    "A group counts as missing when its share is smaller by more than chance (95 per cent interval, Wilson 1927)."
    " How many are missing is said as if nobody else came any more."
)


@dataclass(frozen=True)
class Missing:
    """One sentence about a group that is missing, with where its members may be met."""

    text: str
    advice: str | None


def missing_words(coverage: TownCoverage, language: Language) -> list[Missing]:
    """Who is missing, the largest gap first; advice only for the largest gaps."""
    found = []
    advised = 0
    for compared, group in coverage.missing:
        ages = compared.ages.get(group.key)
        advice = _advice(ages, group, language) if ages and advised < MOST_ADVICE else None
        advised += advice is not None
        found.append(Missing(_sentence(compared, group, language), advice))
    return found


def group_label(compared: Compared, key: str, language: Language) -> str:
    """What the map itself calls the group."""
    options = compared.asked.question.options
    return next((text_in(option["label"], language.code) for option in options if option["key"] == key), key)


def limit_words(coverage: TownCoverage, people: int, language: Language) -> list[str]:
    """What has to be said beside the comparison: how many answered, what was split, whom the census leaves out."""
    found = []
    for compared, asked in ((coverage.age, SAID_AGE), (coverage.sex, SAID_SEX)):
        if compared:
            numbers = {"n": _number(compared.coverage.answered, language), "people": _number(people, language)}
            found.append(language.gettext(asked, numbers))
    if coverage.age and coverage.age.coverage.is_split:
        found.append(language.gettext(SPLIT))
    return [*found, language.gettext(VISITORS), language.gettext(CHANCE)]


def about(people: int) -> int:
    """A number of people as one says it: 8, 35, 180, 1 200.

    >>> [about(n) for n in (8, 33, 178, 1234)]
    [8, 35, 180, 1200]
    """
    if people < EXACT_BELOW:
        return people
    if people < 100:
        return round(people / 5) * 5
    step = int(10 ** (floor(log10(people)) - 1))
    return round(people / step) * step


def percent(share: float, language: Language) -> str:
    """A share in whole hundredths; below one with a decimal."""
    hundredths = share * 100
    return _number(round(hundredths) if hundredths >= 1 or hundredths == 0 else round(hundredths, 1), language)


def _sentence(compared: Compared, group: GroupShare, language: Language) -> str:
    data = {
        "town": percent(group.expected_share, language),
        "here": percent(group.seen_share, language),
        "n": _number(about(group.missing), language),
    }
    ages = compared.ages.get(group.key)
    if ages is None:
        return language.gettext(MISSING_SEX[compared.sexes[group.key]], data)
    if ages.most is None:
        return language.gettext(MISSING_OVER, data | {"since": ages.least})
    if ages.least == 0:
        return language.gettext(MISSING_UNDER, data | {"until": ages.most + 1})
    return language.gettext(MISSING_BETWEEN, data | {"since": ages.least, "until": ages.most})


def _advice(ages: AgeRange, group: GroupShare, language: Language) -> str:
    say = language.gettext
    middle = ages.least if ages.most is None else (ages.least + ages.most) / 2
    if middle < ADULT:
        return say(ADVICE_PUPILS, {"classes": ceil(group.missing / CLASS)})
    steps: Sequence[tuple[int, str]] = (
        (SETTLED, ADVICE_YOUNG),
        (OLDER, ADVICE_FAMILIES),
        (OLD, ADVICE_WORKING),
    )
    return say(next((words for until, words in steps if middle < until), ADVICE_SENIORS))


def _number(value: float, language: Language) -> str:
    return format_decimal(value, locale=language.locale)
