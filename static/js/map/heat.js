/**
 * The heat of a category over the map, from the server's own tiles or one picture. While another category is being
 * fetched the old picture stays, so that the map never goes blank between two thoughts.
 */

import * as L from "leaflet";

/** Zoom beyond which the smooth surface is only enlarged: at 17 a pixel is under a metre. */
const NATIVE_ZOOM = 17;

/** Ensures the pane in which heat lies: above the base, below boundary and pins. */
function heatPane(map) {
  if (map.getPane("heat")) return;
  const pane = map.createPane("heat");
  pane.style.zIndex = 250;
  pane.style.pointerEvents = "none";
}

/** The URL template with its query written out; empty values are left out. */
export function heatUrl(url, query = {}) {
  const asked = new URLSearchParams();
  for (const [key, value] of Object.entries(query)) if (value !== undefined && value !== null && value !== "") asked.set(key, value);
  const text = asked.toString();
  return text ? `${url}${url.includes("?") ? "&" : "?"}${text}` : url;
}

export const HeatLayer = L.Layer.extend({
  options: { opacity: 0.75 },

  initialize({ url, query = {}, ...options }) {
    L.setOptions(this, options);
    this._url = url;
    this._query = { ...query };
  },

  onAdd(map) {
    heatPane(map);
    this._change();
  },

  onRemove() {
    this._old?.remove();
    this._now?.remove();
    this._old = this._now = undefined;
  },

  /** Shows another category. */
  setCategory(category) {
    return this.setQuery({ ...this._query, category });
  },

  /** Asks for another surface: {category, bandwidth, weight, …}. */
  setQuery(query) {
    if (heatUrl(this._url, query) === heatUrl(this._url, this._query)) return this;
    this._query = { ...query };
    if (this._map) this._change();
    return this;
  },

  setOpacity(opacity) {
    this.options.opacity = opacity;
    this._now?.setOpacity(opacity);
    return this;
  },

  _change() {
    this._old?.remove();
    this._old = this._now;
    const next = L.tileLayer(heatUrl(this._url, this._query), {
      pane: "heat",
      className: "map-heat",
      opacity: this.options.opacity,
      maxZoom: 20,
      maxNativeZoom: NATIVE_ZOOM,
      bounds: this.options.bounds && L.latLngBounds(this.options.bounds),
    });
    let missing = false;
    next.on("tileerror", () => {
      if (missing) return;
      missing = true;
      this.fire("heatmissing");
    });
    next.once("load", () => {
      // Overtaken by a later choice: this layer is the old one itself, and Leaflet is not done with it yet.
      if (this._now !== next) return;
      this._old?.remove();
      this._old = undefined;
      if (!missing) this.fire("heatready");
    });
    this._now = next.addTo(this._map);
  },
});

/**
 * Heat as tiles.
 * @param {{url: string, query?: {category?: string, bandwidth?: number, weight?: string}, opacity?: number}} options
 */
export function heatLayer(options) {
  return new HeatLayer(options);
}

/** Heat as one picture over [west, south, east, north]. */
export function heatImage({ url, bounds: [west, south, east, north], opacity = 0.75 }) {
  const layer = L.imageOverlay(url, [[south, west], [north, east]], { opacity, className: "map-heat", pane: "heat" });
  const add = layer.onAdd;
  layer.onAdd = function onAdd(map) {
    heatPane(map);
    return add.call(this, map);
  };
  return layer;
}
