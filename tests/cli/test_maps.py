"""`pocit map` and `pocit db`: folders become maps, and whatever is wrong in them is named."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import shapely
from shapely import Polygon, box
from sqlalchemy.orm import Session

from app.config import ROOT
from app.inputs.map_folder import slug_of
from app.queries.maps import read_map
from tests.builders import a_basemap, a_pin
from tests.cli.conftest import Said
from tests.layers import a_layer, in_krovak, zipped

Pocit = Callable[..., Said]
LEAST = {"title": {"cs": "Pocitová mapa Ostravy"}, "town": {"name": "Ostrava", "ruian": 554821}}
SQUARE = [[18.2, 49.8], [18.3, 49.8], [18.3, 49.9], [18.2, 49.9], [18.2, 49.8]]


def a_folder(
    tmp_path: Path, description: Any = None, boundary: Any = None, name: str = "ostrava", **files: str
) -> str:
    folder = tmp_path / name
    folder.mkdir(exist_ok=True)
    (folder / "map.json").write_text(json.dumps(LEAST if description is None else description))
    whole = boundary or {
        "type": "Feature",
        "properties": {},
        "geometry": {"type": "Polygon", "coordinates": [SQUARE]},
    }
    (folder / "boundary.geojson").write_text(json.dumps(whole))
    for file, content in files.items():
        (folder / f"{file}.geojson").write_text(content)
    return str(folder)


def test_the_least_folder_makes_a_whole_map(pocit: Pocit, live_session: Session, tmp_path: Path) -> None:
    said = pocit("map", "import", a_folder(tmp_path))
    assert said.status == 0, said.err
    the_map = read_map(live_session, "ostrava")
    assert [category.key for category in the_map.categories] == ["safe", "unsafe", "improve"]
    assert (the_map.metric_srid, the_map.k, the_map.publish_pins, the_map.moderation) == (5514, 5, True, "post")
    assert the_map.is_open()
    assert [question.key for question in the_map.about] == ["age", "gender", "relation"]
    assert pocit("map", "list").out.split("\t")[:2] == ["ostrava", "Ostrava"]


def test_importing_again_updates_and_keeps_the_pins(pocit: Pocit, live_session: Session, tmp_path: Path) -> None:
    pocit("map", "import", a_folder(tmp_path))
    before = read_map(live_session, "ostrava")
    a_pin(live_session, before, at=(18.25, 49.85))
    said = pocit("map", "import", a_folder(tmp_path, LEAST | {"closes": "2020-01-01", "title": {"cs": "Nová"}}))
    assert "updated" in said.err
    live_session.expire_all()
    after = read_map(live_session, "ostrava")
    assert (after.id, after.title, after.is_open()) == (before.id, {"cs": "Nová"}, False)
    assert after.version > before.version


def test_a_category_with_pins_can_not_be_left_out(pocit: Pocit, live_session: Session, tmp_path: Path) -> None:
    pocit("map", "import", a_folder(tmp_path))
    a_pin(live_session, read_map(live_session, "ostrava"), "unsafe", at=(18.25, 49.85))
    only_safe = LEAST | {"categories": [{"key": "safe", "label": {"cs": "Dobře"}}]}
    said = pocit("map", "import", a_folder(tmp_path, only_safe))
    assert said.status == 1
    assert "unsafe has pins" in said.err


def option(key: str) -> dict[str, Any]:
    return {"key": key, "label": {"cs": key}}


WRONG = {
    "unknown key": (LEAST | {"colour": "red"}, "colour: We don't know this key"),
    "unknown key within": (LEAST | {"publish": {"pin": True}}, "publish.pin: We don't know this key"),
    "unknown key of a category": (
        LEAST | {"categories": [{"key": "a", "label": {"cs": "a"}, "colour": "#ffffff"}]},
        "categories[0].colour",
    ),
    "no title": ({"town": LEAST["town"]}, "title: This is missing"),
    "empty title": (LEAST | {"title": {}}, "title"),
    "no town": ({"title": LEAST["title"]}, "town: This is missing"),
    "town is a text": (LEAST | {"town": "Ostrava"}, "town"),
    "no name": (LEAST | {"town": {"ruian": 554821}}, "town.name"),
    "short RÚIAN code": (LEAST | {"town": {"name": "Ostrava", "ruian": 12}}, "town.ruian"),
    "colour in words": (LEAST | {"categories": [{"key": "a", "label": {"cs": "a"}, "color": "red"}]}, "#rrggbb"),
    "unknown shape": (LEAST | {"categories": [{"key": "a", "label": {"cs": "a"}, "shape": "blob"}]}, "circle"),
    "no categories": (LEAST | {"categories": []}, "at least one category"),
    "category twice": (LEAST | {"categories": [{"key": "a", "label": {"cs": "a"}}] * 2}, "twice"),
    "taken question": (
        LEAST | {"questions": [{"key": "comment", "label": {"cs": "?"}, "options": [option("a")]}]},
        "taken",
    ),
    "question without options": (LEAST | {"questions": [{"key": "when", "label": {"cs": "?"}}]}, "options"),
    "question of no category": (
        LEAST | {"questions": [{"key": "q", "label": {"cs": "?"}, "options": [option("a")], "categories": ["x"]}]},
        "no category x",
    ),
    "closes before it opens": (LEAST | {"opens": "2026-02-01", "closes": "2026-01-01"}, "close after"),
    "time in words": (LEAST | {"opens": "tomorrow"}, "date and time"),
    "k of zero": (LEAST | {"publish": {"k": 0}}, "publish.k"),
    "tiles from a file": (LEAST | {"basemap": {"kind": "xyz", "url": "file:///etc/{z}/{x}/{y}"}}, "basemap.url"),
    "vector without a layer": (LEAST | {"basemap": {"kind": "vector"}}, "basemap.geojson is missing"),
    "a list": ([], "object"),
    "NUL": (LEAST | {"title": {"cs": "a\x00b"}}, "title.cs"),
}


@pytest.mark.parametrize(("description", "reason"), WRONG.values(), ids=WRONG)
def test_a_wrong_folder_is_refused_by_name(pocit: Pocit, tmp_path: Path, description: Any, reason: str) -> None:
    said = pocit("map", "import", a_folder(tmp_path, description))
    assert said.status == 1
    assert reason in said.err
    assert len(said.err.splitlines()) == 1
    assert pocit("map", "list").out == ""


BOUNDARIES = {
    "crossing itself": ([[[0, 0], [1, 1], [1, 0], [0, 1], [0, 0]]], "crosses itself"),
    "empty": ([], "no area"),
}


@pytest.mark.parametrize(("rings", "reason"), BOUNDARIES.values(), ids=BOUNDARIES)
def test_a_boundary_that_can_not_be_used_says_why(pocit: Pocit, tmp_path: Path, rings: Any, reason: str) -> None:
    said = pocit("map", "import", a_folder(tmp_path, boundary={"type": "Polygon", "coordinates": rings}))
    assert said.status == 1
    assert reason in said.err


@pytest.mark.parametrize(
    "broken", ["{", "[1]", '{"type": "FeatureCollection", "features": [{}]}', '{"features": 7}']
)
def test_a_broken_basemap_is_refused(pocit: Pocit, tmp_path: Path, broken: str) -> None:
    said = pocit("map", "import", a_folder(tmp_path, basemap=broken))
    assert said.status == 1
    assert "basemap.geojson" in said.err


def test_an_own_layer_becomes_the_basemap(pocit: Pocit, live_session: Session, tmp_path: Path) -> None:
    pocit("map", "import", a_folder(tmp_path, basemap=a_basemap()))
    the_map = read_map(live_session, "ostrava")
    assert the_map.basemap["kind"] == "vector"
    assert the_map.basemap_fingerprint


def test_a_missing_or_broken_map_json_is_said(pocit: Pocit, tmp_path: Path) -> None:
    folder = Path(a_folder(tmp_path))
    (folder / "map.json").write_text("{")
    assert "not valid JSON" in pocit("map", "import", str(folder)).err
    (folder / "map.json").unlink()
    assert "map.json" in pocit("map", "import", str(folder)).err


def test_a_folder_that_can_not_be_an_address_is_refused(pocit: Pocit, tmp_path: Path) -> None:
    assert "address" in pocit("map", "import", a_folder(tmp_path, name="Má mapa")).err


def test_categories_without_colours_are_told_apart(pocit: Pocit, live_session: Session, tmp_path: Path) -> None:
    named = [{"key": key, "label": {"cs": key}} for key in ("a", "b", "safe", "c", "d", "e")]
    pocit("map", "import", a_folder(tmp_path, LEAST | {"categories": named}))
    found = read_map(live_session, "ostrava").categories
    assert len({category.color for category in found}) == len(named)
    assert len({category.shape for category in found}) == len(named)


def test_a_town_that_gets_another_name_is_said(pocit: Pocit, tmp_path: Path) -> None:
    pocit("map", "import", a_folder(tmp_path))
    renamed = LEAST | {"town": {"name": "Nová Ostrava", "ruian": 554821}}
    assert (
        "Ostrava is now called Nová Ostrava"
        in pocit("map", "import", a_folder(tmp_path, renamed, name="druha")).err
    )


def test_a_czech_map_without_a_basemap_gets_the_states(
    pocit: Pocit, live_session: Session, tmp_path: Path
) -> None:
    pocit("map", "import", a_folder(tmp_path))
    assert read_map(live_session, "ostrava").basemap["attribution"]["cs"] == "© ČÚZK"


def test_two_towns_of_one_name_need_two_addresses(pocit: Pocit, tmp_path: Path) -> None:
    pocit("map", "import", a_folder(tmp_path))
    other = LEAST | {"town": {"name": "Ostrava", "ruian": 500_001}}
    said = pocit("map", "import", a_folder(tmp_path, other, name="jina"))
    assert said.status == 1
    assert "slug" in said.err


@pytest.mark.parametrize("folder", ["vzorov", "chrudim"])
def test_the_sample_maps_go_in_whole(pocit: Pocit, live_session: Session, folder: str) -> None:
    said = pocit("map", "import", str(ROOT / "sample_maps" / folder))
    assert said.status == 0, said.err
    assert "refused" not in said.err or " 0 refused" in said.err
    again = pocit("map", "import", str(ROOT / "sample_maps" / folder))
    assert again.status == 0
    assert " 0 stored" in again.err or "rows" not in again.err


def test_upgrading_twice_does_nothing(pocit: Pocit) -> None:
    assert pocit("db", "upgrade").status == 0


@pytest.mark.parametrize(
    "words", [[], ["map"], ["map", "import"], ["pins", "export"], ["heat"], ["official", "add"], ["db"]]
)
def test_every_command_has_help(pocit: Pocit, words: list[str]) -> None:
    said = pocit(*words, "--help")
    assert said.status == 0
    assert "Usage: pocit" in said.out


@pytest.mark.parametrize(
    "words", [["nonsense"], ["map", "nonsense"], ["map", "import"], ["pins", "export", "--bad"]]
)
def test_bad_usage_exits_with_2(pocit: Pocit, words: list[str]) -> None:
    assert pocit(*words).status == 2


def test_a_database_that_is_not_there_is_said_in_one_line(pocit: Pocit, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql://nobody@/nowhere?host=/nonexistent")
    said = pocit("map", "list")
    assert said.status == 1
    assert "does not answer" in said.err
    assert "Traceback" not in said.err


@pytest.mark.parametrize(
    ("name", "slug"), [("Valašské Meziříčí", "valasske-mezirici"), ("Ústí nad Labem", "usti-nad-labem")]
)
def test_a_name_makes_an_address(name: str, slug: str) -> None:
    assert slug_of(name) == slug


TOWN_AREA = Polygon([*SQUARE[:-1]])


@pytest.mark.parametrize("name", ["boundary.gpkg", "boundary.zip"])
@pytest.mark.parametrize("sign", [1, -1])
def test_a_layer_of_municipalities_in_krovak_may_stand_for_the_boundary(
    pocit: Pocit, live_session: Session, tmp_path: Path, name: str, sign: int
) -> None:
    folder = Path(a_folder(tmp_path))
    (folder / "boundary.geojson").unlink()
    shapes = [
        shapely.transform(in_krovak(area), lambda xy: sign * xy) for area in (box(15, 49, 15.1, 49.1), TOWN_AREA)
    ]
    fields = {"KOD": [571164, 554821], "NAZEV": ["Chrudim", "Ostrava"]}
    ending = ".gpkg" if name.endswith("gpkg") else ".shp"
    layer = a_layer(tmp_path / f"obce{ending}", shapes, "EPSG:5514", fields)
    (folder / name).write_bytes(layer.read_bytes() if ending == ".gpkg" else zipped(layer))
    said = pocit("map", "import", str(folder))
    assert said.status == 0, said.err
    assert "recognised as S-JTSK" in said.err or sign > 0
    assert shapely.hausdorff_distance(read_map(live_session, "ostrava").boundary, TOWN_AREA) < 1e-5


def test_a_layer_without_the_town_is_refused_in_one_line(
    pocit: Pocit, live_session: Session, tmp_path: Path
) -> None:
    folder = Path(a_folder(tmp_path))
    (folder / "boundary.geojson").unlink()
    fields = {"KOD": [1, 2], "NAZEV": ["Jedna", "Dvě"]}
    layer = a_layer(tmp_path / "obce.gpkg", [box(15, 49, 15.1, 49.1), box(16, 49, 16.1, 49.1)], fields=fields)
    (folder / "boundary.gpkg").write_bytes(layer.read_bytes())
    said = pocit("map", "import", str(folder))
    assert (said.status, len(said.err.splitlines())) == (1, 1)
    assert "town's code or name" in said.err


@pytest.mark.parametrize("sign", [1, -1])
def test_a_geojson_boundary_in_krovak_is_recognised_and_turned(
    pocit: Pocit, live_session: Session, tmp_path: Path, sign: int
) -> None:
    whole = json.loads(shapely.to_geojson(shapely.transform(in_krovak(TOWN_AREA), lambda xy: sign * xy)))
    said = pocit("map", "import", a_folder(tmp_path, boundary=whole))
    assert said.status == 0, said.err
    assert "recognised as S-JTSK" in said.err or sign > 0
    assert shapely.hausdorff_distance(read_map(live_session, "ostrava").boundary, TOWN_AREA) < 1e-5
