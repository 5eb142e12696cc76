"""How a layer opens: QGIS's own style (QML), the same as an OGC SLD for other programs, and QGIS's metadata."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final
from xml.etree import ElementTree as ET

from gis.formats.layer import Kind, Layer, Look, Paint

QGIS_VERSION: Final = "3.22.0"
"""The long-term release whose form of styles this is; later ones read it."""
QGIS_METADATA: Final = "http://mrcc.com/qgis.dtd"
MARKERS: Final = {"cross": "cross_fill"}
"""Our shapes that QGIS calls otherwise."""
SLD_MARKS: Final = {"circle", "square", "triangle", "star", "cross"}
"""The shapes that SLD 1.0 knows; the others become circles there."""
MARK_MM: Final = 2.8
MARK_PX: Final = 10
FILL_OPACITY: Final = 0.55
"""Streets show through squares and areas …"""
LONE_OPACITY: Final = 0.15
"""… and one tone over everything, such as a boundary's, is hardly there."""
EDGE: Final = "#ffffff"
SLD: Final = "http://www.opengis.net/sld"
OGC: Final = "http://www.opengis.net/ogc"
OTHERS: Final = Paint("", "", "#7a6a55", "circle")
"""What has a value that no paint names."""


def qml(layer: Layer) -> str:
    """The style of a layer that has a look, as QGIS writes it."""
    root = ET.Element("qgis", version=QGIS_VERSION, styleCategories="Symbology")
    renderer = ET.SubElement(root, "renderer-v2", _renderer(layer), symbollevels="0", forceraster="0")
    symbols = ET.Element("symbols")
    if _look(layer).field:
        categories = ET.SubElement(renderer, "categories")
        for n, paint in enumerate(_paints(layer)):
            ET.SubElement(
                categories,
                "category",
                {"symbol": str(n), "value": paint.value, "type": _value_type(layer), "label": paint.label},
                render="true",
            )
    for n, paint in enumerate(_paints(layer)):
        symbols.append(_symbol(layer, str(n), paint))
    renderer.append(symbols)
    return "<!DOCTYPE qgis PUBLIC 'http://mrcc.com/qgis.dtd' 'SYSTEM'>\n" + ET.tostring(root, "unicode")


def sld(layer: Layer) -> str:
    """The same as a StyledLayerDescriptor 1.0."""
    root = ET.Element("StyledLayerDescriptor", {"version": "1.0.0", "xmlns": SLD, "xmlns:ogc": OGC})
    named = ET.SubElement(root, "NamedLayer")
    ET.SubElement(named, "Name").text = layer.name
    style = ET.SubElement(ET.SubElement(named, "UserStyle"), "FeatureTypeStyle")
    look = _look(layer)
    for paint in look.paints:
        rule = ET.SubElement(style, "Rule")
        ET.SubElement(rule, "Name").text = paint.label
        if look.field:
            equal = ET.SubElement(ET.SubElement(rule, "ogc:Filter"), "ogc:PropertyIsEqualTo")
            ET.SubElement(equal, "ogc:PropertyName").text = look.field
            ET.SubElement(equal, "ogc:Literal").text = paint.value
        rule.append(_sld_point(paint) if _is_point(layer) else _sld_area(paint, _opacity(layer)))
        if not look.field:
            break
    return ET.tostring(root, "unicode")


def qgis_metadata(layer: Layer) -> str:
    """What QGIS shows as the layer's information: title and abstract."""
    root = ET.Element("qgis", version=QGIS_VERSION)
    ET.SubElement(root, "identifier").text = layer.name
    ET.SubElement(root, "type").text = "dataset"
    ET.SubElement(root, "title").text = layer.title
    ET.SubElement(root, "abstract").text = layer.description
    return "<!DOCTYPE qgis PUBLIC 'http://mrcc.com/qgis.dtd' 'SYSTEM'>\n" + ET.tostring(root, "unicode")


def _look(layer: Layer) -> Look:
    if layer.look is None:
        msg = f"layer {layer.name} has no look"
        raise ValueError(msg)
    return layer.look


def _paints(layer: Layer) -> Sequence[Paint]:
    """One symbol each: without a field the first only, with one also what none of them names."""
    look = _look(layer)
    return [*look.paints, OTHERS] if look.field else look.paints[:1]


def _renderer(layer: Layer) -> dict[str, str]:
    field = _look(layer).field
    return {"type": "categorizedSymbol", "attr": field} if field else {"type": "singleSymbol"}


def _value_type(layer: Layer) -> str:
    kinds = {field.name: field.kind for field in layer.fields}
    match kinds.get(_look(layer).field or ""):
        case Kind.INTEGER:
            return "long"
        case Kind.NUMBER:
            return "double"
        case _:
            return "string"


def _is_point(layer: Layer) -> bool:
    return layer.geometry_type.endswith("Point")


def _symbol(layer: Layer, name: str, paint: Paint) -> ET.Element:
    point = _is_point(layer)
    symbol = ET.Element(
        "symbol",
        {"name": name, "type": "marker" if point else "fill", "clip_to_extent": "1"},
        alpha="1",
        force_rhr="0",
    )
    drawn = ET.SubElement(
        symbol,
        "layer",
        {"class": "SimpleMarker" if point else "SimpleFill", "enabled": "1", "locked": "0"},
        **{"pass": "0"},
    )
    options = ET.SubElement(drawn, "Option", type="Map")
    for key, value in _marker(paint) if point else _area(paint, _opacity(layer)):
        ET.SubElement(options, "Option", name=key, type="QString", value=value)
        ET.SubElement(drawn, "prop", k=key, v=value)
    return symbol


def _marker(paint: Paint) -> Iterator[tuple[str, str]]:
    yield "name", MARKERS.get(paint.shape, paint.shape or "circle")
    yield "color", _rgba(paint.color)
    yield "outline_color", _rgba(EDGE)
    yield "outline_style", "solid"
    yield "outline_width", "0.3"
    yield "outline_width_unit", "MM"
    yield "size", str(MARK_MM)
    yield "size_unit", "MM"


def _opacity(layer: Layer) -> float:
    return FILL_OPACITY if _look(layer).field else LONE_OPACITY


def _area(paint: Paint, opacity: float) -> Iterator[tuple[str, str]]:
    yield "style", "solid"
    yield "color", _rgba(paint.color, opacity)
    yield "outline_color", _rgba(paint.color)
    yield "outline_style", "solid"
    yield "outline_width", "0.2"
    yield "outline_width_unit", "MM"


def _rgba(color: str, opacity: float = 1.0) -> str:
    red, green, blue = bytes.fromhex(color.removeprefix("#"))
    return f"{red},{green},{blue},{round(255 * opacity)}"


def _sld_point(paint: Paint) -> ET.Element:
    symbolizer = ET.Element("PointSymbolizer")
    graphic = ET.SubElement(symbolizer, "Graphic")
    mark = ET.SubElement(graphic, "Mark")
    ET.SubElement(mark, "WellKnownName").text = paint.shape if paint.shape in SLD_MARKS else "circle"
    _parameters(mark, "Fill", {"fill": paint.color})
    _parameters(mark, "Stroke", {"stroke": EDGE, "stroke-width": "1"})
    ET.SubElement(graphic, "Size").text = str(MARK_PX)
    return symbolizer


def _sld_area(paint: Paint, opacity: float) -> ET.Element:
    symbolizer = ET.Element("PolygonSymbolizer")
    _parameters(symbolizer, "Fill", {"fill": paint.color, "fill-opacity": str(opacity)})
    _parameters(symbolizer, "Stroke", {"stroke": paint.color, "stroke-width": "0.5"})
    return symbolizer


def _parameters(parent: ET.Element, name: str, values: dict[str, str]) -> None:
    element = ET.SubElement(parent, name)
    for key, value in values.items():
        ET.SubElement(element, "CssParameter", name=key).text = value
