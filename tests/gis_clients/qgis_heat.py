"""What QGIS makes of points by its own heatmap, as one JSON object: run by the system's Python, where PyQGIS is.

Its one argument is a JSON object: `points` (a file of points in metres), `radius_m`, `cell_m`, `output` (where the
raster goes), `ours` (a GeoTIFF to read as a person would open it).
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

sys.path.append("/usr/share/qgis/python/plugins")

from qgis.core import QgsApplication, QgsRasterBandStats, QgsRasterLayer, QgsVectorLayer


def heatmap(asked: dict[str, Any]) -> dict[str, Any]:
    """The heatmap of the points, made by the algorithm of QGIS's toolbox."""
    import processing
    from processing.core.Processing import Processing

    Processing.initialize()
    points = QgsVectorLayer(asked["points"], "points", "ogr")
    if not points.isValid():
        sys.exit("QGIS does not open the points")
    processing.run(
        "qgis:heatmapkerneldensityestimation",
        {
            "INPUT": points,
            "RADIUS": asked["radius_m"],
            "PIXEL_SIZE": asked["cell_m"],
            "KERNEL": 0,  # quartic, as it is set unless somebody changes it
            "DECAY": 0,
            "OUTPUT_VALUE": 0,  # raw: sums of hills of height 1
            "OUTPUT": asked["output"],
        },
    )
    return {"points": points.featureCount(), "crs": points.crs().authid(), "made": Path(asked["output"]).exists()}


def opened(asked: dict[str, Any]) -> dict[str, Any]:
    """Our own surface as QGIS reads it."""
    layer = QgsRasterLayer(asked["ours"], "heat")
    provider = layer.dataProvider()
    found = provider.bandStatistics(1, QgsRasterBandStats.All)
    return {
        "valid": layer.isValid(),
        "crs": layer.crs().authid(),
        "cell_m": [layer.rasterUnitsPerPixelX(), layer.rasterUnitsPerPixelY()],
        "sum": found.sum,
        "highest": found.maximumValue,
        "has_nodata": provider.sourceHasNoDataValue(1),
    }


if __name__ == "__main__":
    the_asked = json.loads(sys.argv[1])
    app = QgsApplication([], False)
    app.initQgis()
    print(json.dumps({"heatmap": heatmap(the_asked), "opened": opened(the_asked)}))
    sys.stdout.flush()
    app.exitQgis()
