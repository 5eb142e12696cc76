"""What QGIS makes of the live API, as one JSON object: run by the system's Python, where PyQGIS is.

Its one argument is a JSON object with what to read; test_qgis.py makes it.
"""

from __future__ import annotations

import json
import sys
from typing import Any

from qgis.core import (
    Qgis,
    QgsApplication,
    QgsCoordinateReferenceSystem,
    QgsCoordinateTransform,
    QgsCsException,
    QgsDatumTransform,
    QgsFeatureRequest,
    QgsMapRendererSequentialJob,
    QgsMapSettings,
    QgsProject,
    QgsRasterLayer,
    QgsRectangle,
    QgsVectorLayer,
    QgsVectorTileBasicRenderer,
    QgsVectorTileLayer,
)
from qgis.PyQt.QtCore import QSize
from qgis.PyQt.QtGui import QColor

SJTSK = "EPSG:5514"
SEVEN_PARAMETERS = "S-JTSK to WGS 84 (5)"
"""EPSG:5239: what our page on connecting tells to choose in the project's transformations."""
HALF_WORLD_M = 20037508.342789244
FIRST_WITH_SYSTEMS = 33000
"""The first version that reads OGC API – Features part 2."""
PAPER = QColor(255, 255, 255)


def opened(asked: dict[str, Any], name: str, **options: object) -> QgsVectorLayer:
    """A map's pins as a layer of the OGC API."""
    wanted = {"url": asked["api"], "typename": name, "pageSize": asked["page_size"], **options}
    layer = QgsVectorLayer(" ".join(f"{key}='{value}'" for key, value in wanted.items()), name, "OAPIF")
    if not layer.isValid():
        sys.exit(f"QGIS does not open {name}")
    return layer


def choose_transformation() -> None:
    """Let the project turn into S-JTSK by the seven parameters, as a person chooses it from QGIS's list.

    By itself QGIS 3.22 takes the three parameters, which are 2 to 11 m off.
    """
    degrees, metres = QgsCoordinateReferenceSystem("EPSG:4326"), QgsCoordinateReferenceSystem(SJTSK)
    [chosen] = [one for one in QgsDatumTransform.operations(degrees, metres) if SEVEN_PARAMETERS in one.name]
    context = QgsProject.instance().transformContext()
    context.addCoordinateOperation(degrees, metres, chosen.proj)
    QgsProject.instance().setTransformContext(context)


def ids(layer: QgsVectorLayer, request: QgsFeatureRequest | None = None) -> list[str]:
    """The ids of the features of a request."""
    return [feature["id"] for feature in layer.getFeatures(request or QgsFeatureRequest())]


def whole(asked: dict[str, Any]) -> dict[str, Any]:
    """The layer as a person sees it first, and all its features."""
    layer = opened(asked, asked["map"])
    extent = layer.extent()
    return {
        "count": layer.featureCount(),
        "crs": layer.crs().authid(),
        "fields": {field.name(): field.typeName() for field in layer.fields()},
        "extent": [extent.xMinimum(), extent.yMinimum(), extent.xMaximum(), extent.yMaximum()],
        "ids": ids(layer),
        "comments": {feature["id"]: feature["comment"] or None for feature in layer.getFeatures()},
    }


def in_boxes(asked: dict[str, Any]) -> dict[str, Any]:
    """What lies in a box of degrees, and in one of S-JTSK as of a project in it."""
    layer = opened(asked, asked["map"], restrictToRequestBBOX="1")
    here = QgsFeatureRequest().setFilterRect(QgsRectangle(*asked["box"]))
    context = QgsProject.instance().transformContext()
    there = QgsFeatureRequest().setDestinationCrs(QgsCoordinateReferenceSystem(SJTSK), context)
    there.setFilterRect(QgsRectangle(*asked["sjtsk_box"]))
    moved = {feature["id"]: feature.geometry().asPoint() for feature in layer.getFeatures(there)}
    return {"degrees": ids(layer, here), "metres": {one: [point.x(), point.y()] for one, point in moved.items()}}


def since(asked: dict[str, Any]) -> dict[str, Any]:
    """The layer with a filter by time and by category."""
    by_time = opened(asked, asked["map"])
    by_time.setSubsetString(f"\"created_at\" >= '{asked['since']}'")
    by_category = opened(asked, asked["map"])
    by_category.setSubsetString("\"category\" = 'unsafe'")
    return {"time": ids(by_time), "category": ids(by_category)}


def known_points(asked: dict[str, Any]) -> dict[str, list[float]]:
    """The known points in S-JTSK, as QGIS turns them."""
    layer = opened(asked, asked["control"])
    project = QgsProject.instance()
    turn = QgsCoordinateTransform(layer.crs(), QgsCoordinateReferenceSystem(SJTSK), project)
    found = {}
    for feature in layer.getFeatures():
        try:
            point = turn.transform(feature.geometry().asPoint())
        except QgsCsException as failure:
            sys.exit(str(failure))
        found[feature["comment"]] = [point.x(), point.y()]
    return found


def turned_by_the_server(asked: dict[str, Any]) -> dict[str, list[float]] | None:
    """The known points in S-JTSK as the server gives them; None for a QGIS that can't ask for it."""
    if FIRST_WITH_SYSTEMS > Qgis.QGIS_VERSION_INT:
        return None
    layer = opened(asked, asked["control"], srsname=SJTSK)
    points = {feature["comment"]: feature.geometry().asPoint() for feature in layer.getFeatures()}
    return {name: [point.x(), point.y()] for name, point in points.items()}


def official(asked: dict[str, Any]) -> dict[str, Any]:
    """The same map with an official's token."""
    layer = opened(asked, asked["map"], username="gis", password=asked["token"])
    return {"fields": layer.fields().names(), "states": [feature["state"] for feature in layer.getFeatures()]}


def style(asked: dict[str, Any]) -> dict[str, Any]:
    """How the GeoPackage's pins are drawn by themselves."""
    layer = QgsVectorLayer(f"{asked['geopackage']}|layername=pins", "pins", "ogr")
    renderer = layer.renderer()
    if renderer.type() != "categorizedSymbol":
        return {"type": renderer.type()}
    return {
        "type": renderer.type(),
        "field": renderer.classAttribute(),
        "count": layer.featureCount(),
        "crs": layer.crs().authid(),
        "categories": {
            category.value(): [
                category.label(),
                category.symbol().color().name(),
                category.symbol().symbolLayer(0).properties().get("name"),
            ]
            for category in renderer.categories()
        },
    }


def tiles(asked: dict[str, Any]) -> dict[str, Any]:
    """Vector tiles and heat as QGIS fetches and draws them."""
    template = f"{asked['api']}/collections/{asked['map']}/tiles/WebMercatorQuad/%7Bz%7D/%7By%7D/%7Bx%7D"
    vector = QgsVectorTileLayer(f"type=xyz&url={template}&zmin=0&zmax=22", "pins")
    renderer = QgsVectorTileBasicRenderer()
    renderer.setStyles(QgsVectorTileBasicRenderer.simpleStyleWithRandomColors())
    vector.setRenderer(renderer)
    template = f"{asked['server']}/m/{asked['map']}/heat/%7Bz%7D/%7Bx%7D/%7By%7D.png"
    heat = QgsRasterLayer(f"type=xyz&url={template}&zmin=0&zmax=22", "heat", "wms")
    zoom, row, col = asked["tile"]
    return {
        "valid": [vector.isValid(), heat.isValid()],
        "drawn_by_tiles": drawn(vector, asked["tile"]),
        "drawn_by_heat": drawn(heat, asked["tile"]),
        "drawn_elsewhere": [drawn(layer, [zoom, row - 100, col]) for layer in (vector, heat)],
    }


def drawn(layer: Any, tile: list[int]) -> int:
    """How many pixels of a tile's place a layer colours."""
    zoom, row, col = tile
    side = 2 * HALF_WORLD_M / 2**zoom
    west, north = col * side - HALF_WORLD_M, HALF_WORLD_M - row * side
    settings = QgsMapSettings()
    settings.setLayers([layer])
    settings.setDestinationCrs(QgsCoordinateReferenceSystem("EPSG:3857"))
    settings.setExtent(QgsRectangle(west, north - side, west + side, north))
    settings.setOutputSize(QSize(256, 256))
    settings.setBackgroundColor(PAPER)
    job = QgsMapRendererSequentialJob(settings)
    job.start()
    job.waitForFinished()
    image = job.renderedImage()
    return sum(image.pixelColor(x, y) != PAPER for x in range(0, 256, 4) for y in range(0, 256, 4))


def main() -> None:
    """Print what was seen."""
    asked = json.loads(sys.argv[1])
    application = QgsApplication([], False)
    application.initQgis()
    choose_transformation()
    parts = (whole, in_boxes, since, known_points, turned_by_the_server, official, style, tiles)
    seen = {part.__name__: part(asked) for part in parts}
    print(json.dumps({"version": Qgis.QGIS_VERSION, **seen}))
    sys.stdout.flush()
    application.exitQgis()


if __name__ == "__main__":
    main()
