"""Values that nobody means well, and good ones spoiled: texts, bytes, JSON documents and forms, by a seed."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator, Mapping, Sequence
from random import Random
from typing import Any, Final, TypeVar

from hypothesis import strategies as st

T = TypeVar("T")

NASTY: Final = (
    "", " ", "\x00", "a\x00b", "\ud800", "\udfff\ud800", "\x0b\x0c\x1b", "\x7f", "\ufeff", "\u202e\u2066x",
    "\u200b", "\r\n",
    "a\r\nSet-Cookie: x=1", "\u2028", "é" * 50, "e\u0301" * 300, "x" * 300, "x" * 1001, "x" * 70_000,
    "👨‍👩‍👧‍👦" * 40,
    "0", "-0", "-1", "1", "2", "²", "٣", "Ⅷ", "1_000", "+5", " 7 ", "007", "0x10", "1e3", "1e400", "-1e400",
    "1e-400", "nan",
    "NaN", "inf", "-Infinity", "9" * 19, "9" * 40, "9" * 5000, "2147483648", "9223372036854775808",
    "-9223372036854775809",
    "3.5", "1,5", "0.1.2", "1e", ".", "-", "true", "null", "None", "[]", "{}", '""', "undefined",
    "2026-02-30", "0000-00-00", "0001-01-01", "9999-12-31", "2026-W53-7", "20261121", "2026-11-21T20:18", "24:00",
    "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00", "2026-11-21T20:18:60Z",
    "2026-11-21T20:18:00.123456789Z",
    "2026-11-21T25:00:00Z", "2026-11-21 20:18:00+99:99", "2026-11-21/2026-11-20", "../..", "/..", "..",
    "2026-11-21/..",
    "00000000-0000-0000-0000-000000000000", "{12345678-1234-4234-8234-123456789abc}", "urn:uuid:1-2",
    "12345678123442348234123456789abc", "ffffffff-ffff-ffff-ffff-ffffffffffff",
    "'", '"', "\\", "%", "%00", "%zz", "%s%n", "%(x)s", "{0}", "{{7*7}}", "${x}", "<script>alert(1)</script>",
    "]]>", "<!--",
    "'; DROP TABLE pin; --", "=1+1", "@SUM(A1)", "../../../../etc/passwd", "..\\..\\x",
    "/vsicurl/http://127.0.0.1/",
    "file:///etc/passwd", "http://[", "http://[::1", "https://127.0.0.1:1/", "//evil.example",
    "javascript:alert(1)",
    "http://a@b@c/", "https://příklad.cz/{z}/{x}/{y}.png", "http://" + "a" * 300 + ".cz/", "a@b",
    "a@b.cz\nBcc: c@d.cz",
    "((((((((", "[" * 400, "{" * 400, '{"a":' * 400, "*", ".*", "(a+)+$", "\\p{L}", "& ", "| !", "a & ! | b", ":*",
    "POINT (NaN NaN)", "POLYGON ((0 0, 1 1, 0 0))", "POINT EMPTY", "EPSG:5514", "EPSG:0", "EPSG:999999", "5514",
    "http://www.opengis.net/def/crs/EPSG/0/5514", "http://www.opengis.net/def/crs/OGC/1.3/CRS84",
    "safe", "unsafe", "improve", "cs", "en", "xx", "yes", "on", "web", "visible", "pending", "hidden", "people",
    "pins",
    "day", "night", "vzorov", "vzorov ", "VZOROV", "vzorov/..", "con", "ı", "İ", "ß", "ﬃ", "𝟙", "\u0661\u0662",
)  # fmt: skip
"""Texts that have broken somebody's program before."""

PLAUSIBLE: Final = (
    "15.52", "49.62", "15.5,49.6,15.54,49.63", "2026-11-21", "2026-11-21T10:00:00Z", "75", "100", "5", "12",
    "Lípa", "#ff0000",
    "urad@vzorov.example", "https://vzorov.example/", "Tady se bojím.", "8-14", "00006947", "a4", "A3", "5000",
    "FORUM1",
    "12345678-1234-4234-8234-123456789abc", "safe,unsafe", "2026-01-01T00:00:00Z/..", "category = 'safe'",
)  # fmt: skip

NUMBERS: Final = (
    0, -0.0, -1, 1, 2**31, -(2**31) - 1, 2**63, 2**64, 10**30, 10**400, 1e308, -1e308, 5e-324, 1e-400,
    float("nan"), float("inf"), float("-inf"), 0.1, 180.0000001, -90.5, 15.5, 49.6, True, False,
)  # fmt: skip

Form = dict[str, str]


def texts() -> st.SearchStrategy[str]:
    """Nasty, plausible and random texts, and pieces of them put together."""
    one = drawn_from(NASTY + PLAUSIBLE)
    surrogates = st.text(st.characters(codec=None), max_size=30)
    return st.one_of(one, one, surrogates, st.lists(one, min_size=2, max_size=4).map("".join))


def documents() -> st.SearchStrategy[Any]:
    """Anything that JSON, or Python's reading of it, can hold."""
    leaf = st.one_of(st.none(), drawn_from(NUMBERS), texts(), st.integers(), st.floats())
    return st.recursive(
        leaf,
        lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts(), inner, max_size=4),
        max_leaves=12,
    )


def drawn_from(values: Sequence[T]) -> st.SearchStrategy[T]:
    """One of these; Hypothesis would write out all of them each time it names a strategy of `sampled_from`."""
    return st.integers(0, len(values) - 1).map(values.__getitem__)


def seeds() -> st.SearchStrategy[int]:
    """Numbers to spoil by."""
    return st.integers(0, 2**48)


def spoiled_texts(*good: str) -> st.SearchStrategy[str]:
    """These texts with something wrong in them, and now and then anything at all."""
    spoiled = st.builds(spoiled_text, drawn_from(good), seeds())
    return st.one_of(spoiled, spoiled, drawn_from(good), texts())


def spoiled_documents(*good: Any) -> st.SearchStrategy[Any]:
    """These documents with something wrong in them, and now and then anything at all."""
    spoiled = st.builds(spoiled_document, drawn_from(good), seeds())
    return st.one_of(spoiled, spoiled, spoiled, documents())


def spoiled_text(good: str, seed: int) -> str:
    """The text with one to three pieces cut, doubled, turned or replaced."""
    dice = Random(seed)
    text = good
    for _ in range(dice.choice((1, 1, 1, 2, 3))):
        start = dice.randint(0, len(text))
        end = min(len(text), start + dice.choice((0, 1, 1, 2, 5, 20)))
        middle = text[start:end]
        new = dice.choice((nasty(dice), middle * 2, middle[::-1], "", chr(dice.randint(1, 0x2FFF)), nasty(dice)))
        text = text[:start] + new + text[end:]
    return text


def spoiled_bytes(good: bytes, dice: Random) -> bytes:
    """The bytes with bits turned, pieces cut, moved, doubled or filled, or the end missing."""
    data = bytearray(good)
    for _ in range(dice.choice((1, 1, 2, 3, 8, 40))):
        if not data:
            break
        start = dice.randrange(len(data)) if dice.random() < 0.6 else dice.randrange(min(len(data), 512))
        size = dice.choice((1, 1, 2, 4, 16, 200, 3000))
        what = dice.randrange(9)
        if what <= 2:
            data[start] ^= 1 << dice.randrange(8)
        elif what == 3:
            data[start : start + 4] = dice.choice(WORDS_OF_FOUR)
        elif what == 4:
            del data[start : start + size]
        elif what == 5:
            data[start:start] = data[start : start + size]
        elif what == 6:
            data[start : start + size] = dice.randbytes(min(size, 64))
        elif what == 7:
            other = dice.randrange(len(data))
            data[start : start + size] = data[other : other + size]
        elif dice.random() < 0.3:
            del data[start:]
    return bytes(data)


WORDS_OF_FOUR: Final = (
    b"\x00\x00\x00\x00", b"\xff\xff\xff\xff", b"\x7f\xff\xff\xff", b"\xff\xff\xff\x7f", b"\x80\x00\x00\x00",
    b"\x00\x00\x00\x80", b"\x00\x01\x00\x00", b"\x00\x00\x01\x00", b"\x01\x00\x00\x00",
)  # fmt: skip
"""Lengths and numbers at which programs turn over."""


def spoiled_document(good: Any, seed: int) -> Any:
    """The document with one to three of its values replaced, dropped, doubled, spoiled or renamed."""
    dice = Random(seed)
    document = copy.deepcopy(good)
    for _ in range(dice.choice((1, 1, 2, 3))):
        document = _with_one_wrong(document, dice)
    return document


def _with_one_wrong(document: Any, dice: Random) -> Any:
    if not isinstance(document, dict | list) or not document or dice.random() < 0.12:
        return _wrong(document, dice)
    key: Any = dice.choice(list(document)) if isinstance(document, dict) else dice.randrange(len(document))
    deed = dice.random()
    if deed < 0.08:
        del document[key]
    elif deed < 0.14 and isinstance(document, dict):
        document[nasty(dice)] = document.pop(key)
    elif deed < 0.18 and isinstance(document, list):
        document.extend(copy.deepcopy(document[key]) for _ in range(dice.choice((1, 3, 200))))
    else:
        document[key] = _with_one_wrong(document[key], dice)
    return document


def _wrong(value: Any, dice: Random) -> Any:
    if isinstance(value, str) and dice.random() < 0.5:
        return spoiled_text(value, dice.getrandbits(40))
    if isinstance(value, int | float) and not isinstance(value, bool) and dice.random() < 0.4:
        return dice.choice((-value, value + 1, value * 1000, value - 0.5 if abs(value) < 1e300 else 0, [value]))
    return dice.choice(
        (nasty(dice), dice.choice(NUMBERS), None, [], {}, [value], {"cs": value}, [[]] * 3, nasty(dice), True)
    )


def nasty(dice: Random) -> str:
    """One of the texts that break programs."""
    return dice.choice(NASTY)


def as_json(document: Any) -> bytes:
    """The document as a careless client writes it: with NaN, and lone surrogates as they are."""
    return json.dumps(document, ensure_ascii=True).encode()


class Answers:
    """An answer to every field that is asked for: nasty ones, plausible ones, or none.

    It needs no list of a form's fields: it gives what the parser asks for, the same each time.
    """

    def __init__(self, seed: int, good: Mapping[str, str] | None = None) -> None:
        """Answer by this seed; of good values most are given as they are."""
        self._dice = Random(seed)
        self._good = dict(good or {})
        self._given: dict[str, list[str]] = {}
        self._missing = self._dice.choice((0.0, 0.1, 0.5))

    def to(self, key: str) -> list[str]:
        """The answers to this field."""
        if key not in self._given:
            self._given[key] = self._drawn(key)
        return self._given[key]

    def fields(self) -> list[str]:
        """The fields answered so far, and some that nobody would ask for."""
        return [*(key for key, found in self._given.items() if found), "x\x00", ""]

    def _drawn(self, key: str) -> list[str]:
        dice, good = self._dice, self._good.get(key)
        if good is not None and dice.random() < 0.75:
            return [good]
        if dice.random() < (0.93 if self._good and good is None else self._missing):
            return []
        if good is not None:
            return [spoiled_text(good, dice.getrandbits(40))]
        return [dice.choice((nasty(dice), dice.choice(PLAUSIBLE))) for _ in range(dice.choice((1, 1, 1, 2, 30)))]


class AnsweringForm(Mapping[str, str]):
    """A form of a browser that answers whatever it is asked."""

    def __init__(self, seed: int, good: Mapping[str, str] | None = None) -> None:
        """Answer by this seed."""
        self._answers = Answers(seed, good)
        for key in good or ():
            self._answers.to(key)

    def __getitem__(self, key: str) -> str:
        """The first answer; KeyError where none is given."""
        if not (found := self._answers.to(key)):
            raise KeyError(key)
        return found[0]

    def __iter__(self) -> Iterator[str]:
        """The fields there are."""
        return iter(key for key in self._answers.fields() if self._answers.to(key))

    def __len__(self) -> int:
        """How many there are."""
        return len(list(iter(self)))

    def getlist(self, key: str) -> list[str]:
        """All answers to one field."""
        return list(self._answers.to(key))


class AnsweringLists(Mapping[str, Sequence[str]]):
    """The same, each field with the list of its answers."""

    def __init__(self, seed: int, good: Mapping[str, str] | None = None) -> None:
        """Answer by this seed."""
        self._form = AnsweringForm(seed, good)

    def __getitem__(self, key: str) -> Sequence[str]:
        """The answers; KeyError where none is given."""
        if not (found := self._form.getlist(key)):
            raise KeyError(key)
        return found

    def __iter__(self) -> Iterator[str]:
        """The fields there are."""
        return iter(self._form)

    def __len__(self) -> int:
        """How many there are."""
        return len(self._form)
