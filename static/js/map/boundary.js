/**
 * The map's boundary: a calm outline, with what lies outside it dimmed. Colours come from CSS, so themes just work.
 */

import * as L from "leaflet";
import { boxAround, boxOf, containsPoint, nearestOnLine, polygonsOf } from "#js/map/geometry.js";

/** Degrees by which the dimmed ground reaches beyond the boundary on all sides. */
const DIMMED_DEG = 6;

const latLngs = (ring) => ring.map(([lon, lat]) => [lat, lon]);

export const BoundaryLayer = L.LayerGroup.extend({
  initialize(geojson, options) {
    L.LayerGroup.prototype.initialize.call(this, [], options);
    const polygons = polygonsOf(geojson);
    this.contains = containsPoint(geojson);
    this.bounds = boxAround(polygons.map(([outer]) => boxOf(outer.flatMap(([lon, lat]) => [lon, lat]))));
    this._rings = polygons.flat().map(latLngs);
  },

  /** The place on the border that is nearest to a place. */
  nearest(lon, lat) {
    const flatten = Math.cos((lat * Math.PI) / 180);
    let best = null;
    for (const ring of this._rings) {
      const line = ring.flatMap(([y, x]) => [(x - lon) * flatten, y - lat]);
      const { x, y } = nearestOnLine(line, 0, 0);
      if (!best || Math.hypot(x, y) < Math.hypot(best.x, best.y)) best = { x, y };
    }
    return { lon: lon + best.x / flatten, lat: lat + best.y };
  },

  onAdd(map) {
    if (!map.getPane("outside")) {
      const pane = map.createPane("outside");
      pane.style.zIndex = 300;
      pane.style.pointerEvents = "none";
    }
    // Drawn a whole screen beyond the view, so that no undimmed edge shows while the map is pulled about.
    this._renderer ??= L.svg({ padding: 1, pane: "outside" });
    if (!this.getLayers().length) this._lay();
    return L.LayerGroup.prototype.onAdd.call(this, map);
  },

  _lay() {
    const [west, south, east, north] = this.bounds;
    const frame = [
      [south - DIMMED_DEG, west - DIMMED_DEG],
      [north + DIMMED_DEG, west - DIMMED_DEG],
      [north + DIMMED_DEG, east + DIMMED_DEG],
      [south - DIMMED_DEG, east + DIMMED_DEG],
    ];
    const quiet = { renderer: this._renderer, pane: "outside", interactive: false, smoothFactor: 1.5 };
    // Even–odd: the boundary's own holes are outside again.
    this.addLayer(L.polygon([frame, ...this._rings], { ...quiet, stroke: false, fillOpacity: 1, className: "map-outside" }));
    const lines = (className) => L.polygon(this._rings, { ...quiet, fill: false, className });
    this.addLayer(lines("map-boundary-band"));
    this.addLayer(lines("map-boundary-line"));
  },
});

/** The layer for a boundary (Feature, FeatureCollection or geometry); has contains(lon, lat) and bounds [w, s, e, n]. */
export function boundaryLayer(geojson) {
  return new BoundaryLayer(geojson);
}
