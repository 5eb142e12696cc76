"""The standalone map: one HTML file, made with folium, that opens offline in any browser.

It carries Leaflet, the heat of every category as a picture, the pins with their comments, a legend and the
method in words. What people wrote travels as JSON and is set as text, never as markup; a content security
policy in the file forbids any request. Leaflet's own text is passed in: this module knows no folders.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from html import escape
from pathlib import Path
from typing import Any, Final, cast

import folium
import numpy as np
from branca.element import Element, Figure, MacroElement
from folium.raster_layers import ImageOverlay
from jinja2 import Template
from numpy.typing import NDArray
from shapely.geometry import MultiPolygon, Polygon

from gis.analysis.density import Surface
from gis.analysis.scale import Breaks, legend_labels
from gis.analysis.share import WHOLE_PERCENT, Share
from gis.formats.heat_png import town_picture
from gis.geojson import geometry_json
from gis.mercator import lon_lat_bounds
from gis.palette import css_variables, palette, shades
from gis.ramp import ramp, swatches
from gis.shapes import outline, svg_path

HEAT_PIXELS: Final = 1600
PIN_DECIMALS: Final = 5  # about a metre: what a thumb can mean
_POLICY: Final = "default-src 'none'; img-src data:; style-src 'unsafe-inline'; script-src 'unsafe-inline'"


@dataclass(frozen=True, slots=True)
class Assets:
    """Leaflet's own text: `script` is its UMD build (`dist/leaflet.js`), `style` is `dist/leaflet.css`."""

    script: str
    style: str


@dataclass(frozen=True, slots=True)
class Words:
    """Every word of the page that is not data, in one language."""

    lang: str
    title: str
    summary: str  # who took part, in a sentence: people, pins, days, channels
    heat_heading: str  # "Kde to lidé cítí"
    heat_off: str  # "bez hustoty"
    pins_heading: str  # "Špendlíky"
    unit: str  # "lidí na hektar"
    comment_hint: str  # "Špendlíky se světlým středem mají komentář, klepněte na ně."
    method_heading: str
    method: Sequence[str]  # paragraphs
    made: str  # "Vytvořeno 3. 5. 2026"
    zoom_in: str
    zoom_out: str
    close: str
    nothing: str  # said instead of a legend where there is too little to show
    decimal_comma: bool = True


@dataclass(frozen=True, slots=True)
class Layer:
    """One category: its heat (if any), and its pins as arrays with the comments of some of them by index."""

    label: str
    fill: str
    shape: str
    count: str  # "412 lidí, 1 204 špendlíků"
    lon: NDArray[np.float64]
    lat: NDArray[np.float64]
    comments: Mapping[int, str] = field(default_factory=dict)
    surface: Surface | Share | None = None
    breaks: Breaks = ()


@dataclass(frozen=True, slots=True)
class StandaloneMap:
    """All that the page shows; `basemap` is a FeatureCollection of our vector layer, in WGS 84."""

    words: Words
    boundary: MultiPolygon | Polygon
    layers: Sequence[Layer]
    assets: Assets
    basemap: Mapping[str, Any] | None = None


class _Page(Figure):
    """folium's figure with a language and an escaped title."""

    _template = Template(
        '<!DOCTYPE html>\n<html lang="{{ this.lang|e }}">\n<head>\n'
        "{{ this.header.render(**kwargs) }}\n<title>{{ this.title|e }}</title>\n</head>\n"
        "<body>\n{{ this.html.render(**kwargs) }}\n"
        "<script>\n{{ this.script.render(**kwargs) }}\n</script>\n</body>\n</html>\n"
    )

    def __init__(self, lang: str, title: str) -> None:
        super().__init__(title=title)
        self.lang = lang


class _OfflineMap(folium.Map):
    """folium's map without its ten outside scripts and styles."""

    default_js: list[tuple[str, str]] = []  # noqa: RUF012  # folium declares it so; nothing adds to ours
    default_css: list[tuple[str, str]] = []  # noqa: RUF012


class _Verbatim(Element):
    """Markup as it is: folium would read `{{` in it as a template."""

    _template = Template("{{ this.markup }}")

    def __init__(self, markup: str) -> None:
        super().__init__()
        self.markup = markup


class _Story(MacroElement):
    """The call that lays pins, legend and choices over the map.

    Not a macro: folium reads what a macro gives as a template once more, and people do write `{{`.
    """

    def __init__(self, chart: _OfflineMap, heats: Sequence[ImageOverlay | None], data: str) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self._name = "Story"
        names = ", ".join("null" if heat is None else heat.get_name() for heat in heats)
        self.call = f"tellTheMap({chart.get_name()}, [{names}], {data});"

    def render(self, **_kwargs: object) -> str:
        """Put the call after the map's own script."""
        page = cast("Figure", self.get_root())
        page.script.add_child(_Verbatim(self.call), name=self.get_name())
        return ""


def standalone_map(content: StandaloneMap) -> str:
    """The whole page as one HTML text."""
    page = _Page(content.words.lang, content.words.title)
    west, south, east, north = content.boundary.bounds
    chart = _OfflineMap(
        location=((south + north) / 2, (west + east) / 2),
        tiles=None,
        prefer_canvas=True,
        zoom_control=False,
        attributionControl=False,
        zoomSnap=0.25,
        max_zoom=19,
    )
    page.add_child(chart)
    _dress(page, content)
    heats = [_heat(layer) for layer in content.layers]
    for heat in heats:
        if heat is not None:
            chart.add_child(heat)
    chart.add_child(_Story(chart, heats, _script_json(_data(content))))
    # folium forbids zooming the page itself; people who need larger letters do zoom.
    viewport = '<meta name="viewport" content="width=device-width, initial-scale=1" />'
    html: str = re.sub(r'<meta name="viewport"[^>]*>', viewport, page.render())
    return html


def _dress(page: _Page, content: StandaloneMap) -> None:
    """Head and body: policy, styles, Leaflet, and an empty panel for the story."""
    own_style = _beside("standalone.css")
    style = f"{_local_css(content.assets.style)}\n{css_variables({})}\n{own_style}".replace("</", "<\\/")
    page.header.add_child(
        _Verbatim(f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}" />'), name="policy"
    )
    page.header.add_child(_Verbatim(f"<style>{style}</style>"), name="styles")
    for name, script in (("leaflet", content.assets.script), ("story", _beside("standalone.js"))):
        page.header.add_child(_Verbatim(f"<script>{_local_js(script)}</script>"), name=name)
    panel = f'<main id="story" aria-label="{escape(content.words.title)}"></main>'
    page.html.add_child(_Verbatim(panel), name="panel")


def _heat(layer: Layer) -> ImageOverlay | None:
    if layer.surface is None or not layer.breaks:
        return None
    picture = town_picture(layer.surface, ramp(layer.fill), layer.breaks, longest_px=HEAT_PIXELS)
    west, south, east, north = lon_lat_bounds(picture.bounds)
    url = "data:image/png;base64," + base64.b64encode(picture.png).decode()
    return ImageOverlay(url, bounds=[[south, west], [north, east]], pixelated=False, show=False, control=False)


def _data(content: StandaloneMap) -> dict[str, Any]:
    """Everything the page's script needs, as plain data."""
    return {
        "words": asdict(content.words),
        "boundary": geometry_json(content.boundary),
        "basemap": content.basemap,
        "tones": dict(palette().light.map),
        "layers": [_layer_data(layer, content.words) for layer in content.layers],
    }


def _layer_data(layer: Layer, words: Words) -> dict[str, Any]:
    shade = shades(layer.fill)
    legend = swatches(ramp(layer.fill), layer.breaks)
    top = WHOLE_PERCENT if isinstance(layer.surface, Share) else None
    labels = legend_labels(layer.breaks, decimal_comma=words.decimal_comma, top=top)
    places = np.column_stack([np.asarray(layer.lat), np.asarray(layer.lon)]).round(PIN_DECIMALS)
    return {
        "label": layer.label,
        "count": layer.count,
        "fill": shade.fill,
        "ink": shade.ink,
        "path": svg_path(layer.shape, centre=(12, 12), radius=11),
        "outline": outline(layer.shape),
        "legend": [[swatch.css, label] for swatch, label in zip(legend, labels, strict=True)],
        "pins": places.tolist(),
        "comments": {str(index): text for index, text in layer.comments.items()},
    }


def _script_json(value: object) -> str:
    """JSON that stays data inside a script element, whatever people wrote."""
    text = json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    for sign in "<>&\u2028\u2029":
        text = text.replace(sign, f"\\u{ord(sign):04x}")
    return text


def _local_css(style: str) -> str:
    """A style sheet that asks for no file: Leaflet's names pictures of controls we don't have."""
    without_comments = re.sub(r"/\*.*?\*/", "", style, flags=re.DOTALL)
    without_imports = re.sub(r"@import[^;]*;", "", without_comments)
    return re.sub(r"[\w-]+\s*:\s*[^;{}]*url\((?!['\"]?data:)[^)]*\)[^;{}]*;?", "", without_imports)


def _local_js(script: str) -> str:
    """A script that can stand in a page: no source map, no outside link, no early end tag."""
    script = re.sub(r"//[#@]\s*sourceMappingURL=\S*", "", script)
    script = re.sub(r"(<a) href=\\?[\"']https?://[^\"']*[\"']", r"\1", script)
    script = re.sub(r"https?://(?!www\.w3\.org/)(?=[\w.-])", "", script)
    return re.sub(r"</(?=script)", r"<\\/", script, flags=re.IGNORECASE).replace("<!--", "<\\!--")


def _beside(name: str) -> str:
    return Path(__file__).with_name(name).read_text("utf-8")
