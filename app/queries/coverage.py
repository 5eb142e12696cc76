"""Who took part against who lives in the town: answers about persons counted, and put beside the census."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import exists, func, select
from sqlalchemy.orm import Session

from app.models import Pin, QuestionType, Respondent
from app.queries.maps import MapRecord, QuestionRecord
from gis.analysis.coverage import (
    CensusGroup,
    Coverage,
    GroupShare,
    age_coverage,
    cross_coverage,
    sex_coverage,
)
from gis.analysis.groups import AgeRange, Option, Sex, age_options, sex_options


@dataclass(frozen=True)
class AskedGroups:
    """How many people chose each option of one question about the person."""

    question: QuestionRecord
    people: Mapping[str, int]
    """By option, in the order of the question."""
    silent: int
    """People who did not answer it (of an anonymised map also those of groups too small to be kept)."""

    @property
    def answered(self) -> int:
        """People in any option; of a question with several answers each counts once an option."""
        return sum(self.people.values())


@dataclass(frozen=True)
class Groups:
    """Who took part, as far as they said."""

    people: int
    asked: Sequence[AskedGroups]
    answers: Sequence[tuple[Mapping[str, Any], int]] | None
    """The answers of one person with how many gave the same; None once the map has been anonymised."""


@dataclass(frozen=True)
class Compared:
    """The groups of one question against the census."""

    asked: AskedGroups
    coverage: Coverage
    ages: Mapping[str, AgeRange]
    sexes: Mapping[str, Sex]

    @property
    def otherwise(self) -> int:
        """People who answered with an option that is no group of the census."""
        return self.asked.answered - self.coverage.answered


@dataclass(frozen=True)
class PyramidRow:
    """One age group of both sexes."""

    key: str
    ages: AgeRange
    women: GroupShare
    men: GroupShare


@dataclass(frozen=True)
class TownCoverage:
    """What can be compared with the census; None where the map does not ask for it."""

    source: str
    age: Compared | None
    sex: Compared | None
    pyramid: Sequence[PyramidRow]
    """Ages by sex from the youngest; empty where not both are asked or known together."""

    @property
    def is_enough(self) -> bool:
        """Whether anything may be said about shares."""
        return any(one is not None and one.coverage.is_enough for one in (self.age, self.sex))

    @property
    def missing(self) -> list[tuple[Compared, GroupShare]]:
        """The groups that are missing by more than chance, by age first, the largest gap first."""
        return [
            (one, group)
            for one in (self.age, self.sex)
            if one is not None and one.coverage.is_enough
            for group in one.coverage.missing
        ]


def count_groups(session: Session, the_map: MapRecord, event: str | None = None) -> Groups:
    """Who took part by their own answers, whatever became of their pins; of an anonymised map as it was kept.

    With `event` only those who pinned there: of an anonymised map nobody knows any more who that was.
    """
    if event is not None and the_map.anonymised_at:
        return Groups(0, [], None)
    kept = the_map.final_summary if the_map.anonymised_at else None
    if kept is not None:
        people = int((kept.get("office") or kept).get("people") or 0)
        groups: Mapping[str, Mapping[str, int]] = kept.get("groups") or {}
        asked = [_asked(question, groups.get(question.key, {}), people) for question in _chosen_from(the_map)]
        return Groups(people, asked, None)
    here = exists().where(Pin.map_id == Respondent.map_id, Pin.respondent_id == Respondent.id)
    if event is not None:
        here = here.where(Pin.event == event)
    rows = session.execute(
        select(Respondent.about, func.count())
        .where(Respondent.map_id == the_map.id, here)
        .group_by(Respondent.about)
    )
    answers = [(dict(row[0]), int(row[1])) for row in rows]
    people = sum(count for _, count in answers)
    asked = [_asked(question, *_tally(answers, question, people)) for question in _chosen_from(the_map)]
    return Groups(people, asked, answers)


def compare(groups: Groups, census: Mapping[str, Any] | None) -> TownCoverage | None:
    """The groups against the town's census; None where there is no census or nothing to compare."""
    residents = census_groups(census)
    age, sex = _age(groups, residents), _sex(groups, residents)
    if not residents or (age is None and sex is None):
        return None
    pyramid = _pyramid(groups, residents, age, sex) if age and sex else []
    return TownCoverage(str((census or {}).get("source") or ""), age, sex, pyramid)


def census_groups(census: Mapping[str, Any] | None) -> list[CensusGroup]:
    """The groups of a town's stored census (models/town.py)."""
    return [
        CensusGroup(AgeRange(int(group["from"]), group["to"]), Sex(group["sex"]), int(group["people"]))
        for group in (census or {}).get("groups", ())
    ]


def _chosen_from(the_map: MapRecord) -> list[QuestionRecord]:
    return [question for question in the_map.about if question.options and question.type != QuestionType.TEXT]


def _tally(
    answers: Sequence[tuple[Mapping[str, Any], int]], question: QuestionRecord, people: int
) -> tuple[Mapping[str, int], int, int]:
    """People by option; all people; those who gave an answer."""
    counted: Counter[str] = Counter()
    spoke = 0
    for about, count in answers:
        value = about.get(question.key)
        chosen = value if isinstance(value, list) else [] if value is None else [value]
        spoke += count if chosen else 0
        for one in chosen:
            counted[str(one)] += count
    return counted, people, spoke


def _asked(
    question: QuestionRecord, counted: Mapping[str, int], people: int, spoke: int | None = None
) -> AskedGroups:
    keys = [str(option["key"]) for option in question.options]
    by_option = {key: int(counted.get(key, 0)) for key in keys}
    known = sum(by_option.values()) if spoke is None else spoke
    return AskedGroups(question, by_option, max(0, people - known))


def _age(groups: Groups, census: Sequence[CensusGroup]) -> Compared | None:
    for asked in groups.asked:
        question = asked.question
        if question.type != QuestionType.SINGLE:
            continue
        ages = age_options(question.key, list(question.label.values()), _options(question))
        if ages:
            return Compared(asked, age_coverage(census, ages, asked.people), ages, {})
    return None


def _sex(groups: Groups, census: Sequence[CensusGroup]) -> Compared | None:
    for asked in groups.asked:
        if asked.question.type != QuestionType.SINGLE:
            continue
        sexes = sex_options(_options(asked.question))
        if sexes:
            return Compared(asked, sex_coverage(census, sexes, asked.people), {}, sexes)
    return None


def _pyramid(groups: Groups, census: Sequence[CensusGroup], age: Compared, sex: Compared) -> list[PyramidRow]:
    if groups.answers is None:
        return []
    seen: Counter[tuple[str, str]] = Counter()
    for about, count in groups.answers:
        pair = (about.get(age.asked.question.key), about.get(sex.asked.question.key))
        if pair[0] in age.ages and pair[1] in sex.sexes:
            seen[str(pair[0]), str(pair[1])] += count
    shares = cross_coverage(census, age.ages, sex.sexes, seen)
    women, men = (next(key for key, one in sex.sexes.items() if one is wanted) for wanted in Sex)
    youngest_first = sorted(age.ages.items(), key=lambda item: item[1].least)
    return [PyramidRow(key, ages, shares[key, women], shares[key, men]) for key, ages in youngest_first]


def _options(question: QuestionRecord) -> list[Option]:
    return [Option(str(option["key"]), list((option.get("label") or {}).values())) for option in question.options]
