/**
 * Raster tiles from our own server, on paper of our own: where a tile fails, a graticule shows instead of nothing.
 */

import * as L from "leaflet";

/** Tiles that must fail before it is worth words; one may simply lie beyond the layer's edge. */
const FAILURES_WORTH_WORDS = 3;

/** Text for the attribution control, which takes HTML: made harmless. */
export function plainAttribution(text = "") {
  const signs = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;" };
  return String(text).replace(/[&<>"']/g, (sign) => signs[sign]);
}

/** Paper with a fine graticule, drawn by the style sheet: nothing to paint while the map moves. */
export const PaperGraticule = L.GridLayer.extend({
  options: { tileSize: 256, minZoom: 0, maxZoom: 22, zIndex: 0, className: "map-paper" },

  createTile() {
    return L.DomUtil.create("div", "map-paper-tile");
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
