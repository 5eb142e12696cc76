"""What the queue notices in a text by itself, and what it leaves alone."""

from __future__ import annotations

from pathlib import Path

from app.models import FlagKind
from app.services.detectors import birth_numbers, find_all
from app.services.vulgar import built_in_words, vulgar_spans, word_list

HERE = Path(__file__).parent
WORDS = word_list()


def _lines(name: str) -> list[str]:
    text = (HERE / name).read_text(encoding="utf-8").replace("\\u200b", "\u200b")
    return [line for line in text.split("\n") if line and not line.startswith("#")]


TO_MARK = [tuple(line.split("|", 2)) for line in _lines("sentences_to_mark.txt")]
TO_PASS = _lines("sentences_to_pass.txt")


def test_every_sentence_that_should_be_marked_is_and_only_for_its_own_reason() -> None:
    wrong = []
    for kind, marked, sentence in TO_MARK:
        found = find_all(sentence, WORDS)
        spans = found.get(FlagKind(kind), [])
        said = [sentence[start:end] for start, end in spans]
        if found.keys() != {FlagKind(kind)} or marked not in said:
            wrong.append((sentence, {k.value: [sentence[a:b] for a, b in v] for k, v in found.items()}))
    assert wrong == []
    assert len(TO_MARK) >= 150


def test_nothing_is_marked_in_sentences_that_people_write_every_day() -> None:
    marked = {sentence: find_all(sentence, WORDS) for sentence in TO_PASS if find_all(sentence, WORDS)}
    assert marked == {}
    assert len(TO_PASS) >= 150


def test_places_are_those_of_the_text_as_it_was_written() -> None:
    """Decomposed letters and invisible characters shift nothing."""
    decomposed = "Žádná pi\u0301c\u030covina, ku\u200brva."
    said = [decomposed[start:end] for start, end in vulgar_spans(decomposed, WORDS)]
    assert said == ["pi\u0301c\u030covina", "ku\u200brva"]


def test_one_text_may_give_several_reasons_each_with_its_places() -> None:
    text = "Kurva, volejte 777 123 456 nebo 603 111 222, jan@novak.cz"
    found = {kind: [text[start:end] for start, end in spans] for kind, spans in find_all(text, WORDS).items()}
    assert found == {
        FlagKind.VULGAR: ["Kurva"],
        FlagKind.PHONE: ["777 123 456", "603 111 222"],
        FlagKind.EMAIL: ["jan@novak.cz"],
    }


def test_birth_number_needs_a_day_that_exists_and_the_right_sum() -> None:
    assert birth_numbers("855412/1235") == [(0, 11)]
    assert birth_numbers("855412/1236") == [], "the sum is wrong"
    assert birth_numbers("855431/1233") == [], "April has thirty days"
    assert birth_numbers("995412/123") == [], "nobody of that year has nine digits"


def test_town_adds_words_and_lets_others_pass() -> None:
    own = word_list(("pobud*", "čmoud"), ("hajzl*",))
    assert vulgar_spans("Pobudové a hajzlové, čmoud", own) == [(0, 8), (21, 26)]
    assert vulgar_spans("cmoud", own) == [], "written with diacritics it is meant with them"


def test_built_in_lists_are_clean() -> None:
    for code, entries in built_in_words().items():
        assert len(set(entries)) == len(entries), code
        assert all(entry == entry.strip().lower() for entry in entries), code
