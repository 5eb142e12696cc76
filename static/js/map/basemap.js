/**
 * The town's own vector layer as a Leaflet layer of canvas tiles: never blank, crisp on any screen, light or dark.
 */

import * as L from "leaflet";
import { Atlas } from "#js/map/atlas.js";
import { drawGround } from "#js/map/drawing.js";
import { placeLabels } from "#js/map/labels.js";
import { drawLabels, textMeasure } from "#js/map/lettering.js";
import { onThemeChange, readTones } from "#js/map/tones.js";

/** Milliseconds of one frame that may go into drawing tiles; the rest belongs to the finger. */
const FRAME_BUDGET_MS = 9;

export const VectorBasemap = L.GridLayer.extend({
  options: { tileSize: 256, minZoom: 9, maxZoom: 20, keepBuffer: 2, updateWhenIdle: false, theme: "auto", className: "map-base" },

  initialize(geojson, options) {
    L.setOptions(this, options);
    this.atlas = new Atlas(geojson);
    this._names = new Map();
    this._waiting = [];
    this._paints = { tiles: 0, ms: 0, slowest: 0 };
  },

  onAdd(map) {
    const container = map.getContainer();
    this._readLook(container);
    this._stopTheme = onThemeChange(() => {
      this._readLook(container);
      this._repaint();
    });
    return L.GridLayer.prototype.onAdd.call(this, map);
  },

  onRemove(map) {
    this._stopTheme();
    this._waiting = [];
    return L.GridLayer.prototype.onRemove.call(this, map);
  },

  /** Shows the layer in another theme: "auto", "light" or "dark". */
  setTheme(theme) {
    this.options.theme = theme;
    if (!this._map) return;
    this._readLook(this._map.getContainer());
    this._repaint();
  },

  createTile(coords, done) {
    const canvas = document.createElement("canvas");
    this._waiting.push({ canvas, coords, done });
    this._wake();
    return canvas;
  },

  /** Tiles, milliseconds and the slowest tile since the layer was made. */
  paintFigures() {
    return { ...this._paints };
  },

  _readLook(container) {
    this._tones = readTones(container, this.options.theme);
    const family = getComputedStyle(container).fontFamily || undefined;
    if (family === this._family) return;
    this._family = family;
    this._measure = textMeasure(family);
    this._names.clear();
  },

  _wake() {
    this._frame ??= requestAnimationFrame(() => this._work());
  },

  _work() {
    this._frame = undefined;
    if (!this._map) return;
    const began = performance.now();
    while (this._waiting.length && performance.now() - began < FRAME_BUDGET_MS) {
      const { canvas, coords, done } = this._waiting.shift();
      // A tile that was passed by while it waited is not worth drawing.
      const still = this._tiles[this._tileCoordsToKey(coords)]?.el === canvas;
      if (still) this._paint(canvas, coords);
      if (still) done(null, canvas);
    }
    if (this._waiting.length) this._wake();
  },

  _paint(canvas, coords) {
    const began = performance.now();
    const { tileSize } = this.options;
    const side = Math.round(tileSize * Math.min(3, globalThis.devicePixelRatio || 1));
    if (canvas.width !== side) canvas.width = canvas.height = side;
    const ctx = canvas.getContext("2d", { alpha: false });
    ctx.setTransform(side / tileSize, 0, 0, side / tileSize, 0, 0);
    const tile = { x: coords.x * tileSize, y: coords.y * tileSize, size: tileSize, zoom: coords.z };
    drawGround(ctx, this.atlas, tile, this._tones);
    const box = [tile.x, tile.y, tile.x + tileSize, tile.y + tileSize];
    drawLabels(ctx, this._namesAt(coords.z).within(box), tile, this._tones, this._family);
    const ms = performance.now() - began;
    this._paints = { tiles: this._paints.tiles + 1, ms: this._paints.ms + ms, slowest: Math.max(this._paints.slowest, ms) };
  },

  _namesAt(zoom) {
    if (!this._names.has(zoom)) this._names.set(zoom, placeLabels(this.atlas, zoom, this._measure));
    return this._names.get(zoom);
  },

  /** Draws the present tiles again in their places, so that a change of theme does not blink. */
  _repaint() {
    for (const { el, coords } of Object.values(this._tiles ?? {})) {
      if (!this._waiting.some(({ canvas }) => canvas === el)) this._paint(el, coords);
    }
  },
});

/**
 * The layer for a basemap's GeoJSON.
 * @param {object} geojson FeatureCollection of the basemap schema
 * @param {{attribution?: string, theme?: "auto"|"light"|"dark", maxZoom?: number}} [options]
 */
export function vectorBasemap(geojson, options = {}) {
  return new VectorBasemap(geojson, options);
}
