/** The brush of a page without a worker; fetched only where it is needed, with all that painting takes. */

import { Atlas } from "#js/map/atlas.js";
import { GroundPainter } from "#js/map/ground_painter.js";

/** The page paints: at once, in the frame in which it is asked. */
class OwnBrush {
  #painter;

  constructor(atlas) {
    this.#painter = new GroundPainter(atlas);
  }

  look(look) {
    this.#painter.look(look);
  }

  paint(canvas, coords, tileSize) {
    this.#painter.paint(canvas, coords, tileSize);
  }

  end() {}
}

/** The brush for a FeatureCollection of the basemap schema, made in slices. */
export async function ownBrush(geojson) {
  return new OwnBrush(await Atlas.inSlices(geojson));
}
