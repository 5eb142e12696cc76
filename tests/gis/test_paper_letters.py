"""Letters on printed sheets: where lines break, how small they get, and where names stand."""

from __future__ import annotations

from math import hypot

import numpy as np
import pytest
import shapely

from gis.paper.lettering import Room, along, boxes_along, broken
from gis.paper.pen import Face
from gis.paper.prose import prose_height, shrunk, wrapped

FACE = Face(3.0)
TEXT = "Kde je vám dobře a\u00a0kde se necítíte bezpečně v\u00a0noci i ve dne"


@pytest.mark.parametrize("width", [12.0, 20.0, 33.0, 60.0, 200.0])
def test_no_line_is_wider_than_its_room_and_no_letter_is_lost(width):
    lines = wrapped(TEXT, FACE, width)
    assert all(FACE.width(line) <= width for line in lines)
    assert "".join(lines).replace(" ", "") == TEXT.replace(" ", "")
    assert prose_height(TEXT, FACE, width) == pytest.approx(len(lines) * 3.0 * 1.28)


def test_a_bound_preposition_stays_with_its_word():
    assert all(not line.endswith(("a", "v")) for line in wrapped(TEXT, FACE, 40.0))


def test_a_long_address_breaks_after_a_slash():
    assert wrapped("mapa.nejaky-urad.example/m/pocitova-mapa", FACE, 40.0)[0].endswith("/")


def test_a_text_that_is_too_long_shrinks_and_only_then_is_cut():
    assert shrunk("krátký", FACE, 60.0, 2.0) == ("krátký", FACE)
    text, smaller = shrunk(TEXT, FACE, 0.8 * FACE.width(TEXT), 2.0)
    assert text == TEXT
    assert 2.0 < smaller.size < 2.41
    text, least = shrunk(TEXT, FACE, 0.3 * FACE.width(TEXT), 2.0)
    assert least.size == 2.0
    assert text.endswith("…")
    assert least.width(text) <= 0.3 * FACE.width(TEXT)


def test_names_in_two_lines_do_not_end_a_line_with_a_preposition():
    assert broken("Kostel sv. Jakuba") == ["Kostel", "sv. Jakuba"]
    assert broken("Zahrádky u Trati") == ["Zahrádky", "u Trati"]
    assert broken("Radnice") == ["Radnice"]


def _widths(text: str) -> list[float]:
    return [FACE.width(sign) for sign in text]


def test_a_name_on_a_straight_street_is_one_piece_that_reads_from_left_to_right():
    eastwards = shapely.LineString([(0, 0), (100, 10)])
    for line in (eastwards, eastwards.reverse()):
        (letter,) = along(line, line.length / 2, "Tyršova", _widths("Tyršova"), 3.0)
        assert letter.text == "Tyršova"
        assert (letter.x, letter.y) == pytest.approx((50, 5))
        assert letter.angle == pytest.approx(np.arctan2(10, 100))


def test_a_name_on_a_bend_follows_it_letter_by_letter():
    turns = np.linspace(np.pi, 2 * np.pi, 60)
    bend = shapely.LineString(np.column_stack([16 * np.cos(turns), 16 * np.sin(turns)]))
    letters = along(bend, bend.length / 2, "Na Vyhlídce", _widths("Na Vyhlídce"), 3.0)
    assert "".join(letter.text for letter in letters) == "NaVyhlídce"
    assert all(abs(hypot(letter.x, letter.y) - 16) < 0.5 for letter in letters)
    assert letters[0].x < letters[-1].x


def test_a_name_is_not_written_around_a_sharp_corner_nor_on_a_line_that_is_too_short():
    corner = shapely.LineString([(0, 0), (10, 0), (10, 10)])
    assert along(corner, 10, "Nádražní", _widths("Nádražní"), 3.0) == []
    assert along(shapely.LineString([(0, 0), (8, 0)]), 4, "Nádražní", _widths("Nádražní"), 3.0) == []


def test_two_names_never_share_their_room():
    room = Room((0, 0, 100, 100))
    (letter,) = along(shapely.LineString([(0, 50), (100, 50)]), 50, "Tyršova", _widths("Tyršova"), 3.0)
    boxes = boxes_along([letter], FACE.width("Tyršova"), 3.0)
    assert room.free(boxes)
    room.take("Tyršova", (50, 50), boxes)
    assert not room.free([(48, 47, 52, 60)])
    assert room.free([(48, 60, 52, 66)])
    assert not room.free([(90, 60, 101, 66)])
    assert room.near("Tyršova", 60, 50, 20)
    assert not room.near("Jiná", 60, 50, 20)
