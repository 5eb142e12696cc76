"""Run by the Python of an installed QGIS: opens a layer definition, draws it in S-JTSK, and says what is there."""

from __future__ import annotations

import json
import os
import sys

from qgis.core import (
    QgsApplication,
    QgsCoordinateReferenceSystem,
    QgsCoordinateTransform,
    QgsLayerDefinition,
    QgsMapRendererSequentialJob,
    QgsMapSettings,
    QgsProject,
    QgsRectangle,
)
from qgis.PyQt.QtCore import QSize
from qgis.PyQt.QtGui import QColor

GROUND = QColor("#eeeeee")
SIZE = QSize(400, 300)


def drawn(project: QgsProject, layer: object, bounds: list[float]) -> set[str]:
    """The colours of the layer's picture."""
    system = QgsCoordinateReferenceSystem("EPSG:5514")
    to_system = QgsCoordinateTransform(QgsCoordinateReferenceSystem("EPSG:4326"), system, project)
    settings = QgsMapSettings()
    settings.setLayers([layer])
    settings.setDestinationCrs(system)
    settings.setBackgroundColor(GROUND)
    settings.setOutputSize(SIZE)
    settings.setExtent(to_system.transformBoundingBox(QgsRectangle(*bounds)))
    job = QgsMapRendererSequentialJob(settings)
    job.start()
    job.waitForFinished()
    picture = job.renderedImage()
    return {QColor(picture.pixel(x, y)).name() for x in range(SIZE.width()) for y in range(SIZE.height())} - {
        GROUND.name()
    }


def main() -> None:
    """Print a JSON object: each layer by its name."""
    path, *bounds = sys.argv[1:]
    QgsApplication.setPrefixPath("/usr", True)
    running = QgsApplication([], True)
    running.initQgis()
    project = QgsProject.instance()
    loaded, problem = QgsLayerDefinition.loadLayerDefinition(path, project, project.layerTreeRoot())
    found = {"loaded": loaded, "problem": problem, "layers": {}}
    for node in project.layerTreeRoot().findLayers():
        layer = node.layer()
        told = {"valid": layer.isValid(), "shown": node.isVisible()}
        if hasattr(layer, "fields"):
            told |= {
                "pins": sum(1 for _ in layer.getFeatures()),
                "fields": [field.name() for field in layer.fields()],
                "words": [category.label() for category in layer.renderer().categories()],
            }
        told["colours"] = sorted(drawn(project, layer, [float(value) for value in bounds]))
        found["layers"][layer.name()] = told
    print(json.dumps(found), flush=True)
    os._exit(0)  # QGIS 3.22 may fall over itself while it ends


main()
