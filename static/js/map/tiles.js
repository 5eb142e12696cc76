/**
 * Raster tiles from our own server, on paper of our own: where a tile fails, a graticule shows instead of nothing.
 */

import * as L from "leaflet";
import { onThemeChange, readTones } from "#js/map/tones.js";

/** Tiles that must fail before it is worth words; one may simply lie beyond the layer's edge. */
const FAILURES_WORTH_WORDS = 3;

/** Text for the attribution control, which takes HTML: made harmless. */
export function plainAttribution(text = "") {
  const signs = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;" };
  return String(text).replace(/[&<>"']/g, (sign) => signs[sign]);
}

/** Paper with a fine graticule. */
export const PaperGraticule = L.GridLayer.extend({
  options: { tileSize: 256, minZoom: 0, maxZoom: 22, zIndex: 0, className: "map-paper" },

  onAdd(map) {
    this._tones = readTones(map.getContainer());
    this._stopTheme = onThemeChange(() => {
      this._tones = readTones(map.getContainer());
      for (const { el } of Object.values(this._tiles)) this._draw(el);
    });
    return L.GridLayer.prototype.onAdd.call(this, map);
  },

  onRemove(map) {
    this._stopTheme();
    return L.GridLayer.prototype.onRemove.call(this, map);
  },

  createTile() {
    const canvas = document.createElement("canvas");
    canvas.width = canvas.height = 256;
    this._draw(canvas);
    return canvas;
  },

  _draw(canvas) {
    const ctx = canvas.getContext("2d", { alpha: false });
    ctx.fillStyle = this._tones.land;
    ctx.fillRect(0, 0, 256, 256);
    ctx.fillStyle = this._tones.neutral;
    for (let at = 0; at < 256; at += 64) {
      const thick = at === 0 ? 1.5 : 0.75;
      ctx.fillRect(at, 0, thick, 256);
      ctx.fillRect(0, at, 256, thick);
    }
  },
});

export const XyzBasemap = L.LayerGroup.extend({
  initialize({ url, attribution = "", maxZoom = 19, tileSize = 256 }, options) {
    this._paper = new PaperGraticule();
    this._tiles = L.tileLayer(url, {
      attribution: plainAttribution(attribution),
      maxZoom: 20,
      maxNativeZoom: maxZoom,
      tileSize,
      className: "map-raster",
      keepBuffer: 2,
    });
    this._failed = 0;
    this._told = false;
    this._tiles.on("tileerror", this._onFailure, this);
    this._tiles.on("tileload", this._onSuccess, this);
    this._tiles.on("load", () => this.fire("load"));
    L.LayerGroup.prototype.initialize.call(this, [this._paper, this._tiles], options);
  },

  _onFailure({ tile }) {
    tile.classList.add("map-tile-missing");
    this._failed += 1;
    if (this._told || this._failed < FAILURES_WORTH_WORDS) return;
    this._told = true;
    this.fire("tilesmissing");
  },

  _onSuccess() {
    this._failed = 0;
    if (!this._told) return;
    this._told = false;
    this.fire("tilesback");
  },
});

/**
 * A raster basemap; fires `load`, and `tilesmissing` once when tiles can't be had, `tilesback` when they can again.
 * @param {{url: string, attribution?: string, maxZoom?: number, tileSize?: number}} options
 */
export function xyzBasemap(options) {
  return new XyzBasemap(options);
}
