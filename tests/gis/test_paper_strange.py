"""Sheets of strange towns: odd shapes, odd words, nothing at all."""

from __future__ import annotations

from dataclasses import replace

import pypdfium2
import pytest
import shapely

from gis.crs import KROVAK
from gis.paper.frame_picture import frame_picture
from gis.paper.ground import ground_of
from gis.paper.order import SheetWords
from gis.paper.pdf import sheets_pdf
from tests.gis.paper_orders import CZECH, WORDS, an_order, vzorov_boundary

MIDDLE = vzorov_boundary().centroid


def _feature(geometry: object, **properties: object) -> dict[str, object]:
    return {"type": "Feature", "properties": properties, "geometry": geometry}


def _around(*steps: tuple[float, float]) -> list[list[float]]:
    return [[MIDDLE.x + dx * 0.002, MIDDLE.y + dy * 0.001] for dx, dy in steps]


STRANGE = [
    _feature(None, kind="street"),
    _feature({"type": "Polygon", "coordinates": [_around((0, 0), (2, 2), (2, 0), (0, 2), (0, 0))]}, kind="area"),
    _feature({"type": "Polygon", "coordinates": []}, kind="green", name="Prázdno"),
    _feature({"type": "LineString", "coordinates": _around((0, 0), (0, 0))}, kind="street", name="Bod"),
    _feature({"type": "LineString", "coordinates": [[179.9, -89.9], [-179.9, 89.9]]}, kind="river", name="Svět"),
    _feature({"type": "MultiPoint", "coordinates": _around((1, 1), (2, 2))}, kind="place", name="Dvě místa"),
    _feature({"type": "LineString", "coordinates": [[*at, 250.0] for at in _around((-8, -8), (8, 8))]},
             kind="street", **{"class": "avenue"}, name="Třída s výškou a velmi dlouhým jménem"),
    _feature({"type": "GeometryCollection", "geometries": [
        {"type": "Polygon", "coordinates": [_around((-3, -3), (-2, -3), (-2, -2), (-3, -3))]},
        {"type": "Point", "coordinates": _around((0, 0))[0]}]}, kind="water", name="\u0000\u202eJez\u00ad\n"),
    _feature({"type": "Point", "coordinates": _around((3, 3))[0]}, kind="place", name="🙂 مرحبا", **{"class": 7}),
    _feature({"type": "Point", "coordinates": _around((4, 4))[0]}, kind="unheard of"),
]  # fmt: skip


def test_odd_shapes_of_a_layer_are_drawn_or_left_out_but_stop_nothing():
    order = an_order(ground=ground_of(STRANGE, vzorov_boundary(), KROVAK))
    picture = frame_picture(sheets_pdf(order), order.sheet)
    assert picture.std() > 0


def test_a_layer_of_nothing_that_is_printed_is_a_map_of_its_boundary():
    lamps = [_feature({"type": "MultiPoint", "coordinates": _around((1, 1))}, kind="lamp")]
    assert ground_of(lamps, vzorov_boundary(), KROVAK).features == ()


def test_a_boundary_of_several_parts_with_a_hole_and_beyond_the_frame():
    outer = shapely.box(MIDDLE.x - 1, MIDDLE.y - 1, MIDDLE.x + 1, MIDDLE.y + 1)
    hole = MIDDLE.buffer(0.002)
    boundary = shapely.MultiPolygon([shapely.difference(outer, hole), shapely.box(20, 49, 20.1, 49.1)])
    order = an_order(ground=ground_of((), boundary, KROVAK))
    picture = frame_picture(sheets_pdf(order), order.sheet).astype(int)
    middle = picture[picture.shape[0] // 2, picture.shape[1] // 2]
    assert middle.sum() > picture[60, picture.shape[1] // 3].sum()  # faded in the hole, full around it


@pytest.mark.parametrize(
    "said", ["", "a", "\n\t\u202e\ud800", "🙂" * 40, "x" * 3000, "dlouhé slovo " * 200, "</b>&amp;("]
)
def test_any_words_can_be_printed(said):
    text = replace(
        CZECH, title=said, lead=said, legend=said, categories={"safe": said, "unsafe": said}, steps=(said,) * 2,
        online=said, table=said, number=said[:3], comment=said, slip=said, slip_help=said,
    )  # fmt: skip
    words = SheetWords(texts=(text, text), event=said, serial=said, shown_address=said, north=said[:1])
    order = replace(an_order(words=words), copies=[replace(an_order().copies[0], receipt=said[:40])])
    order = replace(order, ground=replace(order.ground, features=(), attribution=said))
    document = pypdfium2.PdfDocument(sheets_pdf(order))
    assert len(document) == 1
    document.close()


def test_a_sheet_with_the_fewest_words_there_can_be():
    nothing = replace(CZECH, categories={}, steps=(), lead="", online="", slip="", slip_help="", table="")
    order = an_order("A4", with_slip=False, words=SheetWords(texts=(nothing,)), address="", shapes={})
    assert sheets_pdf(order).startswith(b"%PDF")


def test_three_languages_leave_room_for_the_table():
    third = replace(
        CZECH, language="uk", title="Емоційна карта", steps=("Наклейте наліпку там, де це відчуваєте.",) * 3
    )
    order = an_order("A4", words=replace(WORDS, texts=(CZECH, replace(CZECH, language="en"), third)))
    document = pypdfium2.PdfDocument(sheets_pdf(order))
    page = document[0].get_textpage()
    assert "Наклейте" in page.get_text_bounded()
    assert "\n6\r" in page.get_text_bounded()
    page.close()
    document.close()
