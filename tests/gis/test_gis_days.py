"""Days that hide who sat together: joined until two pins of one are hardly one person's."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from gis.privacy import joined_days, same_person_chance

DAYS = st.lists(st.dictionaries(st.integers(0, 12), st.integers(1, 9), max_size=8), max_size=20)


def test_one_person_is_always_the_same_and_many_with_one_pin_never() -> None:
    assert same_person_chance({"a": 9}) == 1
    assert same_person_chance({"a": 1, "b": 1, "c": 1}) == 0
    assert same_person_chance({"a": 1}) == 0
    assert same_person_chance({}) == 0


def test_a_busy_day_stays_alone_and_a_quiet_one_joins_what_follows() -> None:
    busy = dict.fromkeys(range(12), 2)
    assert joined_days([busy, {"x": 8}, busy, busy]) == [(1, 2)]


def test_the_last_quiet_day_joins_those_before() -> None:
    busy = dict.fromkeys(range(12), 2)
    assert joined_days([busy, busy, {"x": 3}]) == [(1, 2)]


def test_days_with_one_pin_of_each_are_left_alone() -> None:
    assert joined_days([{n: 1} for n in range(8)]) == []


def test_fewer_than_k_people_are_hidden_by_nothing() -> None:
    assert joined_days([{"a": 5}, {"b": 5}, {"c": 5}]) == []


@given(DAYS, st.integers(2, 6))
def test_no_span_tells_more_than_one_in_k_or_than_the_whole(days: list[dict[int, int]], k: int) -> None:
    everybody = Counter[int]()
    for day in days:
        everybody.update(day)
    spans = joined_days(days, k)
    if len(everybody) < k:
        assert spans == []
        return
    joined = {n for first, last in spans for n in range(first, last + 1)}
    alone = [(n, n) for n in range(len(days)) if n not in joined]
    most = max(1 / k, same_person_chance(everybody))
    for first, last in [*spans, *alone]:
        people = Counter[int]()
        for day in days[first : last + 1]:
            people.update(day)
        assert same_person_chance(people) <= most + 1e-12
    assert all(a[1] < b[0] for a, b in pairwise(spans))
