"""What a text typed into the search field looks for."""

from __future__ import annotations

import random

import pytest

from app.inputs.search import MOST_CHARACTERS, parse_search


def beginnings(text: str) -> set[str]:
    search = parse_search(text)
    assert search is not None
    return {form.text for forms in search.words for form in forms}


@pytest.mark.parametrize(
    ("word", "stem"),
    [
        ("lavička", "lavick"),
        ("lavičkami", "lavick"),
        ("přechodech", "prechod"),
        ("osvětlení", "osvetlen"),
        ("ulicí", "ulic"),
        ("chodník", "chodnik"),
        ("LAMPU", "lamp"),
    ],
)
def test_long_word_loses_accents_capitals_and_ending(word: str, stem: str) -> None:
    assert stem in beginnings(word)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("lavička", "lavičce"),
        ("lavička", "laviček"),
        ("světlo", "světel"),
        ("chodec", "chodci"),
        ("Praha", "Praze"),
    ],
)
def test_inflected_words_share_a_beginning(one: str, other: str) -> None:
    assert beginnings(one) & beginnings(other)


def test_short_word_is_looked_for_in_its_forms_and_not_in_everything_that_begins_so() -> None:
    search = parse_search("voda")
    assert search is not None
    whole = {form.text for form in search.words[0] if form.is_whole}
    begun = {form.text for form in search.words[0] if not form.is_whole}
    assert {"vodu", "vodou", "vod"} <= whole
    assert begun == {"voda"}


def test_quotes_of_every_kind_make_phrases() -> None:
    for text in ('lampa "u školy"', "lampa „u školy“", "lampa “u školy”"):
        search = parse_search(text)
        assert search is not None
        assert search.phrases == ("u školy",)
        assert len(search.words) == 1


def test_quote_that_never_ends_is_no_phrase() -> None:
    search = parse_search('lampa "u školy')
    assert search is not None
    assert search.phrases == ()
    assert len(search.words) == 3


def test_text_without_letters_is_looked_for_as_it_is() -> None:
    search = parse_search("🙂")
    assert search is not None
    assert (search.sign, search.words) == ("🙂", ())


@pytest.mark.parametrize("text", ["", "   ", "\t\n"])
def test_nothing_looks_for_nothing(text: str) -> None:
    assert parse_search(text) is None


def test_no_text_breaks_it() -> None:
    chance = random.Random(2026)  # noqa: S311 - the same every time
    letters = "aěščřžýáíéúů AZ09'\"\\&|!():*<>-_.,;%$„“🙂ŉßłĄ\u00a0\u0301"
    for _ in range(3000):
        text = "".join(chance.choice(letters) for _ in range(chance.randrange(150)))
        search = parse_search(text)
        assert search is None or search.words or search.phrases or search.sign
        assert search is None or len(search.text) <= MOST_CHARACTERS
