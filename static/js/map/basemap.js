/**
 * The town's own vector layer as a Leaflet layer of canvas tiles: never blank, crisp on any screen, light or dark.
 */

import * as L from "leaflet";
import { WorkerBrush } from "#js/map/brushes.js";
import { onThemeChange, readTones } from "#js/map/tones.js";

/** Milliseconds of one frame that may go into painting tiles here; the rest belongs to the finger. */
const FRAME_BUDGET_MS = 6;

/** Tiles of one frame: what the browser does with them after us no clock of ours counts. */
const FRAME_TILES = 2;

/** Tiles that a worker may have in hand: few, so that those passed by meanwhile are never painted. */
const WORKER_TILES = 4;

/** Pixels of the screen for one of the page, at most. */
const FINEST = 3;

export const VectorBasemap = L.GridLayer.extend({
  options: { tileSize: 256, minZoom: 9, maxZoom: 20, keepBuffer: 2, updateWhenIdle: false, theme: "auto", className: "map-base" },

  initialize(brush, options) {
    L.setOptions(this, options);
    this._brush = brush;
    this._waiting = [];
  },

  onAdd(map) {
    const container = map.getContainer();
    this._brush.onLost = () => this._takeSpare();
    this._readLook(container);
    this._stopTheme = onThemeChange(() => {
      this._readLook(container);
      this._repaint();
    });
    return L.GridLayer.prototype.onAdd.call(this, map);
  },

  onRemove(map) {
    this._stopTheme();
    this._brush.end();
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

  /** Goes on painting here when the worker could not be had. */
  async _takeSpare() {
    this._brush = await this.options.spare();
    if (!this._map) return;
    this._readLook(this._map.getContainer());
    // New canvases: those that took a worker's picture can't be painted on.
    this.redraw();
  },

  _readLook(container) {
    const family = getComputedStyle(container).fontFamily;
    this._brush.look({ tones: readTones(container, this.options.theme), family });
  },

  _wake() {
    this._frame ??= requestAnimationFrame(() => this._work());
  },

  _work() {
    this._frame = undefined;
    if (!this._map) return;
    const aside = this._brush instanceof WorkerBrush;
    const began = performance.now();
    let room = aside ? WORKER_TILES - this._brush.busy : FRAME_TILES;
    while (this._waiting.length && room > 0 && performance.now() - began < FRAME_BUDGET_MS) {
      const tile = this._waiting.shift();
      // A tile that was passed by while it waited is not worth painting.
      if (!this._stands(tile)) continue;
      room -= 1;
      if (aside) this._ask(tile);
      else this._paint(tile);
    }
    // With a worker the next one is asked for when one comes back.
    if (this._waiting.length && !(aside && this._brush.busy)) this._wake();
  },

  _stands({ canvas, coords }) {
    return this._tiles[this._tileCoordsToKey(coords)]?.el === canvas;
  },

  _side() {
    return Math.round(this.options.tileSize * Math.min(FINEST, globalThis.devicePixelRatio || 1));
  },

  _paint({ canvas, coords, done }) {
    const side = this._side();
    if (canvas.width !== side) canvas.width = canvas.height = side;
    this._brush.paint(canvas, coords, this.options.tileSize);
    done?.(null, canvas);
  },

  _ask({ canvas, coords, done }) {
    const side = this._side();
    this._brush.ask({ coords, tileSize: this.options.tileSize, side }, (picture) => {
      this._wake();
      if (!picture || !this._map) return;
      Object.assign(canvas, { width: side, height: side });
      canvas.getContext("bitmaprenderer").transferFromImageBitmap(picture);
      done?.(null, canvas);
    });
  },

  /** Paints the present tiles again in their places, so that a change of theme does not blink. */
  _repaint() {
    const known = new Map(this._waiting.map((tile) => [tile.canvas, tile]));
    this._waiting = Object.values(this._tiles ?? {}).map(({ el, coords }) => known.get(el) ?? { canvas: el, coords });
    this._wake();
  },
});

/**
 * The layer for a basemap.
 * @param {import("#js/map/brushes.js").WorkerBrush | object} brush
 * @param {{attribution?: string, theme?: "auto"|"light"|"dark", maxZoom?: number, spare?: () => Promise<object>}} [options]
 *   `spare` gives the brush for when a worker's is lost
 */
export function vectorBasemap(brush, options = {}) {
  return new VectorBasemap(brush, options);
}
