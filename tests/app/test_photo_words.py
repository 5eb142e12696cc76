"""Refused photos in words, and what somebody says of one by hand."""

from __future__ import annotations

import io
import re

import pytest

from app.errors import InvalidInput
from app.i18n import language
from app.inputs.photo_files import (
    CORNERS,
    MOST_FILE_BYTES,
    parse_by_hand,
    parse_photo_rule,
    read_photo_file,
    shown_name,
)
from app.inputs.photo_words import WORDS, told_refusal
from gis.paper.serial import make_serial, shown_serial
from gis.scan.failure import Reason

SERIAL = make_serial()
SQUARE = {"top_left": (10, 20), "top_right": (410, 25), "bottom_right": (420, 330), "bottom_left": (5, 300)}


def corners(**said: tuple[float, float]) -> dict[str, str]:
    return {
        f"{name}_{axis}": str(value) for name, at in said.items() for axis, value in zip("xy", at, strict=True)
    }


@pytest.mark.parametrize("reason", list(Reason))
def test_every_reason_says_what_is_wrong_and_what_to_do(reason: Reason) -> None:
    assert reason in WORDS
    for code in ("cs", "en"):
        told = told_refusal(reason, {}, language(code))
        assert told.what.endswith((".", "!"))
        assert told.do.endswith(".")
        assert "%(" not in told.what + told.do


def test_a_reason_of_another_version_still_says_something() -> None:
    assert told_refusal("made_up_later", {}, language("en")).do


def test_hidden_markers_are_named_by_their_sides() -> None:
    evidence = {"found": [1, 2, 3], "of": 22, "sides": ["left", "top", "nowhere"]}
    more = told_refusal(Reason.MARKERS_HIDDEN, evidence, language("en")).more
    assert more == "3 of 22 squares can be seen. Hidden: at the top, on the left."


def test_a_bent_sheet_says_by_how_many_millimetres() -> None:
    assert "2,4" in told_refusal(Reason.NOT_FLAT, {"error_mm": 2.41}, language("cs")).more


def test_another_serial_than_was_typed_is_told() -> None:
    other = make_serial()
    more = told_refusal(Reason.UNKNOWN_SHEET, {"typed": SERIAL, "serial": other}, language("en")).more
    assert shown_serial(SERIAL) in more
    assert shown_serial(other) in more


@pytest.mark.parametrize(
    "evidence", [{"sides": "top"}, {"error_mm": "far"}, {"serial": ["x"]}, {"found": 3, "of": "x"}]
)
def test_evidence_of_a_wrong_kind_breaks_nothing(evidence: dict[str, object]) -> None:
    for reason in Reason:
        told_refusal(reason, evidence, language("cs"))


@pytest.mark.parametrize(
    "head", [b"\xff\xd8\xff\xe0", b"\x89PNG\r\n\x1a\n", b"%PDF-1.7", b"\x00\x00\x00\x18ftypheic"]
)
def test_what_begins_like_a_photo_is_taken(head: bytes) -> None:
    assert read_photo_file(io.BytesIO(head + b"rest"), "IMG.jpg").content.endswith(b"rest")


@pytest.mark.parametrize("content", [b"", b"<html>", b"PK\x03\x04", b"GIF89a", b"MZ", b"<svg xmlns="])
def test_what_does_not_is_refused_at_once(content: bytes) -> None:
    with pytest.raises(InvalidInput):
        read_photo_file(io.BytesIO(content), "foto.jpg")


def test_a_file_is_not_read_beyond_the_limit() -> None:
    class Endless(io.RawIOBase):
        given = 0

        def read(self, size: int = -1) -> bytes:
            assert 0 < size <= MOST_FILE_BYTES + 1
            self.given += size
            return b"\xff\xd8\xff" + b"x" * (size - 3)

    with pytest.raises(InvalidInput, match="40 MB"):
        read_photo_file(Endless(), "foto.jpg")  # type: ignore[arg-type]


def test_a_files_name_is_kept_without_its_folders_and_tricks() -> None:
    assert shown_name("C:\\Users\\jana\\IMG_1.jpg") == "IMG_1.jpg"
    assert shown_name("../../etc/passwd") == "passwd"
    assert shown_name("a\u202egpj.exe\x00") == "agpj.exe"
    assert shown_name("") == "?"


def test_a_serial_is_typed_in_any_manner_and_corners_may_be_left_out() -> None:
    hand = parse_by_hand({"serial": f" {shown_serial(SERIAL).lower()} "})
    assert (hand.serial, hand.corners) == (SERIAL, None)


def test_four_corners_clockwise_are_taken_whichever_way_up_the_sheet_lies() -> None:
    names = list(CORNERS)
    for turned in range(4):
        said = {name: SQUARE[names[(n + turned) % 4]] for n, name in enumerate(names)}
        assert parse_by_hand({"serial": SERIAL} | corners(**said)).corners == tuple(said.values())


@pytest.mark.parametrize(
    "said",
    [
        {name: at for name, at in SQUARE.items() if name != "top_left"},
        SQUARE | {"top_left": SQUARE["bottom_right"], "bottom_right": SQUARE["top_left"]},
        SQUARE | {"top_left": SQUARE["top_right"], "top_right": SQUARE["top_left"]},
        SQUARE | {"top_left": (float("nan"), 3)},
        SQUARE | {"top_left": (-5, 3)},
        dict.fromkeys(SQUARE, (1, 1)),
    ],
)
def test_corners_that_are_no_quadrangle_are_refused(said: dict[str, tuple[float, float]]) -> None:
    with pytest.raises(InvalidInput):
        parse_by_hand({"serial": SERIAL} | corners(**said))


def test_a_mistyped_serial_is_noticed() -> None:
    wrong = SERIAL[:-1] + ("2" if SERIAL[-1] != "2" else "3")
    with pytest.raises(InvalidInput, match="nine signs"):
        parse_by_hand({"serial": wrong})


@pytest.mark.parametrize("days", ["", "-1", "1.5", "x", "99999999999", "٣"])
def test_days_are_a_whole_number(days: str) -> None:
    with pytest.raises(InvalidInput, match=re.escape("0 to 3650")):
        parse_photo_rule({"days": days})


def test_a_rule_of_no_days_is_one() -> None:
    assert parse_photo_rule({"days": "0", "whole": "yes"}).days == 0


def test_a_pdf_may_begin_with_a_little_of_something_else() -> None:
    assert read_photo_file(io.BytesIO(b"\n" * 900 + b"%PDF-1.4"), "scan.pdf").filename == "scan.pdf"
    with pytest.raises(InvalidInput):
        read_photo_file(io.BytesIO(b"\n" * 1024 + b"%PDF-1.4"), "scan.pdf")
