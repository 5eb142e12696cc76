/** Very many pins: their columns, what is under a finger, and the one that is lifted out of the crowd. */

import * as L from "leaflet";
import { PointGrid } from "#js/map/grid.js";
import { latOf, lonOf, worldX, worldY } from "#js/map/mercator.js";
import { PinTiles } from "#js/map/pintiles.js";
import { shapeSvg } from "#js/map/shapes.js";
import { onThemeChange, pageTheme } from "#js/map/tones.js";

export { FLAG, pinSize } from "#js/map/pintiles.js";

/** Pixels around a fingertip within which a pin is meant. */
const REACH_PX = 22;

export const PinLayer = L.Layer.extend({
  options: { pane: "pins", categories: [], onPick: null },

  initialize(options) {
    L.setOptions(this, options);
    this._visible = null;
    this._chosen = null;
    this.setData({ lon: [], lat: [], category: [] });
  },

  /** Takes pins as columns; category counts into the categories. */
  setData({ ids = null, lon, lat, category, flags = null }) {
    this._ids = ids;
    this._xs = Float64Array.from(lon, worldX);
    this._ys = Float64Array.from(lat, worldY);
    this._category = Uint8Array.from(category);
    this._flags = flags ? Uint8Array.from(flags) : new Uint8Array(this._xs.length);
    this._grid = new PointGrid(this._xs, this._ys);
    this.count = this._xs.length;
    this.highlight(null);
    return this._redraw();
  },

  setCategories(categories) {
    this.options.categories = categories;
    return this._redraw();
  },

  /** Shows only these categories (a Set of their numbers), or all with null. */
  setVisible(visible) {
    this._visible = visible;
    return this._redraw();
  },

  /** Lifts one pin out of the crowd, or none with null. */
  highlight(index) {
    this._chosen = index;
    this._marker?.remove();
    this._marker = undefined;
    if (index === null || !this._map) return this;
    const category = this.options.categories[this._category[index]] ?? {};
    const icon = document.createElement("span");
    icon.append(shapeSvg(category.shape, { size: 26, fill: category.color, haloWidth: 3 }));
    this._marker = L.marker(this._latLng(index), {
      icon: L.divIcon({ html: icon, className: "map-chosen", iconSize: [48, 48] }),
      interactive: false,
      keyboard: false,
      zIndexOffset: 500,
    }).addTo(this._map);
    return this;
  },

  indexOf(id) {
    return this._ids ? this._ids.indexOf(id) : -1;
  },

  /** The nearest visible pin to a container point, or null. */
  pinAt(point, radiusPx = REACH_PX) {
    return this.pinsAt(point, radiusPx)[0] ?? null;
  },

  /** All visible pins around a container point, nearest first. */
  pinsAt(point, radiusPx = REACH_PX) {
    const scale = 2 ** this._map.getZoom();
    const at = this._map.containerPointToLatLng(point);
    const [x, y] = [worldX(at.lng), worldY(at.lat)];
    const reach = radiusPx / scale;
    const hits = [];
    this._grid.eachWithin([x - reach, y - reach, x + reach, y + reach], (index) => {
      const distancePx = Math.hypot(this._xs[index] - x, this._ys[index] - y) * scale;
      if (distancePx <= radiusPx && this._shows(index)) hits.push({ ...this._pin(index), distancePx });
    });
    return hits.sort((a, b) => a.distancePx - b.distancePx || b.index - a.index);
  },

  onAdd(map) {
    if (!map.getPane(this.options.pane)) {
      const pane = map.createPane(this.options.pane);
      pane.style.zIndex = 450;
      pane.style.pointerEvents = "none";
    }
    this._stopTheme = onThemeChange(() => this._redraw());
    this._tiles = new PinTiles(this._columns(), { pane: this.options.pane, leastSize: this.options.leastSize });
    this._tiles.on("painted", () => this.fire("painted"));
    this._tiles.addTo(map);
    this.highlight(this._chosen);
  },

  onRemove() {
    this._stopTheme();
    this._marker?.remove();
    this._tiles.remove();
    this._tiles = undefined;
  },

  getEvents() {
    return { click: this._pick };
  },

  /** What the tiles draw from. */
  _columns() {
    return {
      xs: this._xs,
      ys: this._ys,
      category: this._category,
      flags: this._flags,
      grid: this._grid,
      categories: this.options.categories,
      halo: pageTheme() === "dark" ? "rgba(250,248,243,0.92)" : "#ffffff",
      shows: (index) => this._shows(index),
    };
  },

  _shows(index) {
    return !this._visible || this._visible.has(this._category[index]);
  },

  _latLng(index) {
    return L.latLng(latOf(this._ys[index]), lonOf(this._xs[index]));
  },

  _pin(index) {
    const { lat, lng } = this._latLng(index);
    return { index, id: this._ids?.[index] ?? null, lon: lng, lat, category: this._category[index] };
  },

  _pick(event) {
    if (!this.options.onPick || event.originalEvent?.defaultPrevented) return;
    const hit = this.pinAt(event.containerPoint);
    if (hit) this.options.onPick(hit);
  },

  _redraw() {
    this._tiles?.draw(this._columns());
    return this;
  },
});

/**
 * A layer for many pins.
 * @param {{categories: {key: string, color: string, shape: string}[], onPick?: (hit: object) => void}} options
 */
export function pinLayer(options) {
  return new PinLayer(options);
}
