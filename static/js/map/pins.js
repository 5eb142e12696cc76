/**
 * Very many pins on one canvas, larger than the view: drawn when the map rests, carried along while it moves.
 * A new picture is drawn behind the shown one, a few milliseconds a frame, and takes its place when it is whole.
 */

import * as L from "leaflet";
import { PointGrid } from "#js/map/grid.js";
import { latOf, lonOf, worldX, worldY } from "#js/map/mercator.js";
import { drawShape, shapeSvg } from "#js/map/shapes.js";
import { onThemeChange, pageTheme } from "#js/map/tones.js";

/** Bits of a pin's flags. */
export const FLAG = { COMMENT: 1, ANSWERED: 2, QUIET: 4 };

/** Pixels around a fingertip within which a pin is meant. */
const REACH_PX = 22;

/** Share of the view that the canvas reaches beyond it on each side, and the most of it in pixels. */
const BEYOND = 0.5;
const BEYOND_MOST_PX = 240;

/** Sharper than this a pin does not look, and the canvas grows with the square. */
const MOST_SHARP = 2;

/** Milliseconds of one frame that may go into stamping pins. */
const FRAME_BUDGET_MS = 7;

/** Pins stamped between two looks at the clock. */
const BATCH = 150;

/** Diameter of a pin by zoom: dots from afar, shapes from 14 up. */
export function pinSize(zoom) {
  if (zoom <= 13) return [2.6, 3.2, 4][Math.max(0, zoom - 11)];
  return [8, 11, 13, 15, 17, 18, 19][Math.min(6, zoom - 14)];
}

/**
 * Side of the square, in parts of the pin, in which one pin a category is enough: from afar a crowd is thinned,
 * close up all that can be told apart is shown.
 */
function thinning(zoom) {
  return [0.8, 0.6, 0.5, 0.4, 0.25][Math.max(0, Math.min(4, zoom - 13))];
}

/** A canvas off the page; phones before 2023 know only the plain kind. */
function blankCanvas(pixels) {
  if (globalThis.OffscreenCanvas) return new OffscreenCanvas(pixels, pixels);
  return Object.assign(document.createElement("canvas"), { width: pixels, height: pixels });
}

/** A picture of one kind of pin, ready to be stamped. */
function sprite({ shape, color }, flags, size, sharp, halo) {
  const side = Math.ceil(size * 1.6 + 4);
  const pixels = Math.ceil(side * sharp);
  const canvas = blankCanvas(pixels);
  const ctx = canvas.getContext("2d");
  ctx.scale(pixels / side, pixels / side);
  const small = size <= 5;
  if (flags & FLAG.QUIET) ctx.globalAlpha = 0.38;
  drawShape(ctx, small ? "circle" : shape, side / 2, side / 2, size, {
    fill: color,
    halo,
    haloWidth: small ? 0.5 : Math.max(1.1, size / 10),
  });
  if (flags & FLAG.COMMENT && size >= 11) drawShape(ctx, "circle", side / 2, side / 2, size * 0.26, { fill: "#fff" });
  if (flags & FLAG.ANSWERED && size >= 11) {
    ctx.beginPath();
    ctx.arc(side / 2, side / 2, size * 0.78, 0, 2 * Math.PI);
    ctx.strokeStyle = color;
    ctx.lineWidth = 1.4;
    ctx.stroke();
  }
  // A bitmap is stamped several times faster than a canvas.
  return { image: canvas.transferToImageBitmap?.() ?? canvas, side };
}

export const PinLayer = L.Layer.extend({
  options: { pane: "pins", categories: [], onPick: null },

  initialize(options) {
    L.setOptions(this, options);
    this._sprites = new Map();
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
    this._sprites.clear();
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
    this._theme = pageTheme();
    this._stopTheme = onThemeChange(() => {
      this._theme = pageTheme();
      this._sprites.clear();
      this._redraw();
    });
    this._begin();
    this.highlight(this._chosen);
  },

  onRemove() {
    this._stopTheme();
    this._marker?.remove();
    cancelAnimationFrame(this._frame);
    this._frame = this._job = undefined;
    this._shown?.canvas.remove();
    this._shown = undefined;
  },

  getEvents() {
    const events = { viewreset: this._redraw, moveend: this._settle, move: this._carry, zoom: this._scale, resize: this._redraw, click: this._pick };
    if (this._map.options.zoomAnimation) events.zoomanim = this._animate;
    return events;
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

  /** Has the picture drawn anew; one under way is given up. */
  _redraw() {
    if (!this._map) return this;
    cancelAnimationFrame(this._frame);
    this._job = undefined;
    this._frame = requestAnimationFrame(() => this._begin());
    return this;
  },

  /** After a rest: draws anew only when the zoom changed or the view nears the edge of what is drawn. */
  _settle() {
    const drawn = this._job ?? this._shown;
    if (drawn && (drawn.zoom !== this._map.getZoom() || !this._covers(drawn, 0.2))) this._redraw();
  },

  _carry() {
    const { _job: job, _shown: shown } = this;
    // What is under way is finished first, or a long pull would never see a new picture.
    if (!job && !this._map._animatingZoom && shown?.zoom === this._map.getZoom() && !this._covers(shown, 0.05)) this._redraw();
  },

  /** Whether a picture covers the view and so much of it more on all sides. */
  _covers({ corner, width, height }, share) {
    const size = this._map.getSize();
    const at = this._map.containerPointToLayerPoint([0, 0]).subtract(corner);
    const [spareX, spareY] = [size.x * share, size.y * share];
    return at.x >= spareX && at.y >= spareY && at.x + size.x <= width - spareX && at.y + size.y <= height - spareY;
  },

  _scale() {
    const zoom = this._map.getZoom();
    if (this._shown && zoom !== this._shown.zoom) this._transform(this._map.getCenter(), zoom);
  },

  _animate(event) {
    if (this._shown) this._transform(event.center, event.zoom);
  },

  _transform(centre, zoom) {
    const scale = this._map.getZoomScale(zoom, this._shown.zoom);
    const offset = this._map._latLngToNewLayerPoint(this._shown.cornerLatLng, zoom, centre);
    L.DomUtil.setTransform(this._shown.canvas, offset, scale);
  },

  _begin() {
    this._frame = undefined;
    if (!this._map) return;
    const began = performance.now();
    const job = this._layOut();
    job.order = this._choose(job);
    job.sprites = this._spritesFor(this._size(job.zoom), job.sharp);
    job.done = 0;
    job.ms = performance.now() - began;
    this._job = job;
    this._stamp();
  },

  /** A picture to be drawn over the view as it is now. */
  _layOut() {
    const map = this._map;
    const size = map.getSize();
    const beyond = L.point(...[size.x, size.y].map((side) => Math.min(BEYOND_MOST_PX, Math.ceil(side * BEYOND))));
    const corner = map.containerPointToLayerPoint(L.point(0, 0).subtract(beyond)).round();
    const cornerLatLng = map.layerPointToLatLng(corner);
    const [width, height] = [size.x + 2 * beyond.x, size.y + 2 * beyond.y];
    const zoom = map.getZoom();
    const sharp = Math.min(MOST_SHARP, globalThis.devicePixelRatio || 1);
    const canvas = this._freshCanvas(width, height, sharp);
    return { zoom, corner, cornerLatLng, width, height, sharp, canvas, ctx: canvas.getContext("2d"), origin: map.project(cornerLatLng, zoom) };
  },

  /** A clear canvas: the one that was shown before, or a new one. */
  _freshCanvas(width, height, sharp) {
    const [w, h] = [Math.round(width * sharp), Math.round(height * sharp)];
    if (!this._hidden) {
      this._hidden = L.DomUtil.create("canvas", "map-pins leaflet-zoom-animated");
      this._hidden.setAttribute("aria-hidden", "true");
    }
    const canvas = this._hidden;
    if (canvas.width === w && canvas.height === h) {
      canvas.getContext("2d").clearRect(0, 0, w, h);
      return canvas;
    }
    Object.assign(canvas, { width: w, height: h });
    Object.assign(canvas.style, { width: `${width}px`, height: `${height}px` });
    return canvas;
  },

  /** Few pins may be larger from afar than a town's thousands: `leastSize`. */
  _size(zoom) {
    return Math.max(this.options.leastSize ?? 0, pinSize(zoom));
  },

  /** The pins worth stamping, in the order they came, so that no category always lies on top. */
  _choose({ zoom, origin, width, height }) {
    const scale = 2 ** zoom;
    const size = this._size(zoom);
    // One bit a category for every few pixels: a pin right under another of its kind changes nothing to the eye.
    const cell = Math.max(2, size * thinning(zoom));
    const columns = Math.ceil((width + 2 * size) / cell) + 1;
    const taken = new Uint32Array(columns * (Math.ceil((height + 2 * size) / cell) + 1));
    const [left, top] = [origin.x - size, origin.y - size];
    const box = [left / scale, top / scale, (origin.x + width + size) / scale, (origin.y + height + size) / scale];
    const order = [];
    this._grid.eachWithin(box, (index) => {
      if (!this._shows(index)) return;
      const column = Math.floor((this._xs[index] * scale - left) / cell);
      const row = Math.floor((this._ys[index] * scale - top) / cell);
      const bit = 1 << (this._category[index] & 31);
      if (taken[row * columns + column] & bit) return;
      taken[row * columns + column] |= bit;
      order.push(index);
    });
    return Uint32Array.from(order).sort();
  },

  _stamp() {
    const job = this._job;
    if (!job || !this._map) return;
    const began = performance.now();
    const { ctx, order, origin, sprites, sharp } = job;
    const scale = 2 ** job.zoom;
    while (job.done < order.length && performance.now() - began < FRAME_BUDGET_MS) {
      for (const end = Math.min(order.length, job.done + BATCH); job.done < end; job.done += 1) {
        const index = order[job.done];
        const { image, side } = sprites(index);
        const x = (this._xs[index] * scale - origin.x - side / 2) * sharp;
        ctx.drawImage(image, Math.round(x), Math.round((this._ys[index] * scale - origin.y - side / 2) * sharp));
      }
    }
    job.ms += performance.now() - began;
    if (job.done < order.length) this._frame = requestAnimationFrame(() => this._stamp());
    else this._show(job);
  },

  /** Puts the finished picture in the place of the shown one. */
  _show(job) {
    this._frame = this._job = undefined;
    const before = this._shown;
    // A zoom began meanwhile: the old picture is being scaled, the new one would stand wrong.
    if (this._map._animatingZoom || job.zoom !== this._map.getZoom()) return;
    L.DomUtil.setTransform(job.canvas, job.corner, 1);
    this._map.getPane(this.options.pane).append(job.canvas);
    before?.canvas.remove();
    this._shown = job;
    this._hidden = before?.canvas;
    this.fire("painted", { ms: job.ms, drawn: job.order.length });
    this._carry();
  },

  _spritesFor(size, sharp) {
    const halo = this._theme === "dark" ? "rgba(250,248,243,0.92)" : "#ffffff";
    return (index) => {
      const key = `${this._category[index]}|${this._flags[index]}|${size}|${sharp}`;
      let made = this._sprites.get(key);
      if (!made) {
        const category = this.options.categories[this._category[index]] ?? { shape: "circle", color: "#555555" };
        made = sprite(category, this._flags[index], size, sharp, halo);
        this._sprites.set(key, made);
      }
      return made;
    };
  },
});

/**
 * A layer for many pins.
 * @param {{categories: {key: string, color: string, shape: string}[], onPick?: (hit: object) => void}} options
 */
export function pinLayer(options) {
  return new PinLayer(options);
}
