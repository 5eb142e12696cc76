"""The mailed map asks nobody anything, and what people wrote stays text."""

from __future__ import annotations

import json
import re
from dataclasses import fields
from html.parser import HTMLParser

import numpy as np
import pytest

from gis.analysis.scale import class_breaks
from gis.formats.folium_map import Assets, Layer, StandaloneMap, Words, standalone_map

EVIL = (
    "</script><script>alert(1)</script> {{ 7 * 7 }} {% raw %} `${alert(2)}` "
    "<img src=x onerror=alert(3)> \u2028 '\"\\"
)
LEAFLET = Assets(
    script='/* https://leaflet.example */ window.L="<a href=\\"https://leaflet.example\\">";'
    ' "</script>"; "http://www.w3.org/2000/svg"\n//# sourceMappingURL=leaflet.js.map',
    style="@import url(https://x.example/a.css);.a{color:red;background:url(images/layers.png)}"
    ".b{background:url('http://x.example/b')} /* see https://bugs.example */",
)


def words(**changes):
    said = dict.fromkeys(field.name for field in fields(Words)) | {
        "lang": "cs",
        "title": "Pocitová mapa",
        "summary": "1 člověk",
        "unit": "lidí na hektar",
        "method": ["25 m"],
        "decimal_comma": True,
    }
    return Words(**(said | changes))


def a_layer(town, **changes):
    surface = town.surface()
    said = {
        "label": "Bojím se",
        "fill": "#D55E00",
        "shape": "triangle",
        "count": "1",
        "lon": np.array([15.78, 15.79]),
        "lat": np.array([49.94, 49.95]),
        "surface": surface,
        "breaks": class_breaks(surface),
    }
    return Layer(**(said | changes))


def page(town, layers, **changes):
    basemap = changes.pop("basemap", None)
    return standalone_map(StandaloneMap(words(**changes), town.boundary_wgs84(), layers, LEAFLET, basemap))


class Elements(HTMLParser):
    """Tags, their attributes, and the text of scripts and styles."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[tuple[str, str]] = []
        self.inside = ""
        self.feed(html)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        self.inside = tag

    def handle_endtag(self, tag):
        self.inside = ""

    def handle_data(self, data):
        self.texts.append((self.inside, data))


def test_no_element_and_no_style_asks_for_anything_outside(town):
    html = page(town, [a_layer(town)])
    found = Elements(html)
    for tag, attributes in found.tags:
        for name in ("src", "href", "data", "action", "poster", "srcset"):
            assert (attributes.get(name) or "data:").startswith("data:"), (tag, attributes)
        assert tag not in {"link", "iframe", "object", "base"}
    styles = "".join(text for tag, text in found.texts if tag == "style")
    assert "@import" not in styles
    assert not re.search(r"url\((?!['\"]?data:)", styles)
    assert "color:red" in styles
    assert set(re.findall(r"https?://[\w.]+", html)) <= {"http://www.w3.org"}
    assert "sourceMappingURL" not in html


def test_a_policy_forbids_every_request(town):
    policies = [
        a["content"]
        for tag, a in Elements(page(town, [])).tags
        if a.get("http-equiv", "").startswith("Content-Sec")
    ]
    assert len(policies) == 1
    assert "default-src 'none'" in policies[0]


@pytest.mark.parametrize("where", ["comment", "label", "title", "summary", "count", "basemap"])
def test_what_people_wrote_is_never_markup_nor_template(town, where):
    layer = {"comments": {0: EVIL}} if where == "comment" else {where: EVIL} if where in {"label", "count"} else {}
    said = {where: EVIL} if where in {"title", "summary"} else {}
    if where == "basemap":
        name = {"type": "Feature", "properties": {"kind": "place", "name": EVIL}, "geometry": None}
        said["basemap"] = {"type": "FeatureCollection", "features": [name]}
    calm, stirred = (
        Elements(page(town, [a_layer(town)])),
        Elements(page(town, [a_layer(town, **layer)], **said)),
    )
    assert [tag for tag, _ in calm.tags] == [tag for tag, _ in stirred.tags]
    story = next(text for tag, text in stirred.texts if tag == "script" and "tellTheMap(map_" in text)
    assert "</" not in story.split("tellTheMap(map_")[1]
    assert "49 {% raw" not in story
    assert json.dumps(EVIL)[-8:-1].strip('"') in story or where == "title"


def test_data_comes_through_unchanged(town):
    html = page(town, [a_layer(town, comments={1: EVIL})])
    story = html.rsplit("tellTheMap(map_", 1)[1]
    data = json.JSONDecoder().raw_decode(story[story.index('{"words"') :])[0]
    layer = data["layers"][0]
    assert layer["comments"] == {"1": EVIL}
    assert layer["pins"] == [[49.94, 15.78], [49.95, 15.79]]
    assert layer["legend"][-1][1].endswith("+")
    assert data["words"]["unit"] == "lidí na hektar"


def test_heat_travels_as_a_picture_inside_the_file(town):
    html = page(town, [a_layer(town), a_layer(town, surface=None, breaks=())])
    assert html.count("data:image/png;base64,") == 1
    assert re.search(r"tellTheMap\(map_\w+, \[image_overlay_\w+, null\]", html)


def test_the_page_names_its_language_and_may_be_enlarged(town):
    html = page(town, [], lang="en", title="Ústí & <Labe>")
    assert '<html lang="en">' in html
    assert "<title>Ústí &amp; &lt;Labe&gt;</title>" in html
    assert "user-scalable" not in html


def test_twenty_three_thousand_pins_stay_a_small_file(town):
    lon, lat = np.random.default_rng(1).uniform([15.77, 49.94], [15.80, 49.95], (23_000, 2)).T
    comments = dict.fromkeys(range(0, 23_000, 4), "Tady je večer tma a nikdo tu nesvítí, bojím se tudy chodit.")
    assert len(page(town, [a_layer(town, lon=lon, lat=lat, comments=comments)]).encode()) < 4_000_000
