/**
 * Very many pins as canvas tiles: each tile holds few enough to be drawn within a frame of a slow phone, and a map
 * that is pulled on draws only the tiles that come into sight.
 */

import * as L from "leaflet";
import { drawShape } from "#js/map/shapes.js";

/** Bits of a pin's flags. */
export const FLAG = { COMMENT: 1, ANSWERED: 2, QUIET: 4 };

const TILE_PX = 256;

/** Pixels beyond the view that are drawn in advance, so that a pull shows pins at once. */
const BEYOND_PX = 96;

/** Sharper than this a pin does not look, and the canvas grows with the square. */
const MOST_SHARP = 2;

/**
 * Pins stamped, and tiles shown, in one frame. Browsers paint what was stamped when the frame ends, where no clock of
 * ours counts it, so these are limited as well as the time: a device whose frames come late gets fewer.
 */
const ROOM = { brisk: { stamps: 400, tiles: 3 }, slow: { stamps: 180, tiles: 1 } };

/** Milliseconds from frame to frame of a device that keeps up. */
const BRISK_MS = 22;

/** Milliseconds of one frame that may go into choosing and stamping. */
const FRAME_BUDGET_MS = 5;

/** Pins stamped between two looks at the clock. */
const BATCH = 65;

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

/**
 * The tiles of one pin layer; `pins` has the columns xs, ys (of the world, 0 to 256), category and flags, the grid
 * over them, and shows(index).
 */
export const PinTiles = L.GridLayer.extend({
  options: { pane: "pins", tileSize: TILE_PX, updateWhenIdle: false, updateWhenZooming: false, updateInterval: 60, keepBuffer: 1, noWrap: true },

  initialize(pins, options) {
    L.setOptions(this, options);
    this._pins = pins;
    this._jobs = [];
    this._sprites = new Map();
    this._worked = 0;
  },

  onRemove(map) {
    cancelAnimationFrame(this._frame);
    this._frame = undefined;
    this._jobs = [];
    return L.GridLayer.prototype.onRemove.call(this, map);
  },

  createTile(coords, done) {
    const element = L.DomUtil.create("div");
    element.setAttribute("aria-hidden", "true");
    this._queue({ element, coords, done });
    return element;
  },

  /** Draws what is shown anew, each tile in the place of the one before: nothing blinks. */
  draw(pins) {
    this._pins = pins;
    this._sprites.clear();
    const waiting = new Map(this._jobs.filter(({ done }) => done).map(({ element, done }) => [element, done]));
    this._jobs = [];
    for (const { el, coords } of Object.values(this._tiles ?? {}))
      this._queue({ element: el, coords, done: waiting.get(el) ?? null });
  },

  _queue(job) {
    this._jobs.push(job);
    this._frame ??= requestAnimationFrame(() => this._work());
  },

  /** Tiles a little beyond the view as well. */
  _getTiledPixelBounds(centre) {
    const { min, max } = L.GridLayer.prototype._getTiledPixelBounds.call(this, centre);
    return L.bounds(min.subtract([BEYOND_PX, BEYOND_PX]), max.add([BEYOND_PX, BEYOND_PX]));
  },

  /** Shown whole or not at all: Leaflet would fade each tile in, which costs a style of each in each frame. */
  _tileReady(coords, failure, tile) {
    const ours = this._tiles[this._tileCoordsToKey(coords)];
    if (!this._map || !ours || (tile && ours.el !== tile)) return;
    ours.loaded = Date.now();
    ours.active = true;
    L.DomUtil.addClass(ours.el, "leaflet-tile-loaded");
    this._pruneTiles();
    if (this._noTilesToLoad()) this._loading = false;
  },

  _work() {
    this._frame = undefined;
    if (!this._map) return;
    const now = performance.now();
    const room = { ...ROOM[now - this._worked < BRISK_MS ? "brisk" : "slow"], until: now + FRAME_BUDGET_MS };
    this._worked = now;
    while (this._jobs.length && room.tiles > 0 && room.stamps > 0 && performance.now() < room.until) {
      const job = this._jobs[0];
      // A tile that was passed by while it waited is not worth drawing.
      const still = this._tiles[this._tileCoordsToKey(job.coords)]?.el === job.element;
      if (!still || this._stamp(job, room)) this._jobs.shift();
    }
    if (this._jobs.length) this._frame = requestAnimationFrame(() => this._work());
    else this.fire("painted");
  },

  /** Stamps as many of a tile's pins as the frame has room for; whether the tile is whole. */
  _stamp(job, room) {
    job.picture ??= this._begin(job.coords);
    const { order, ctx, size, sharp, left, top } = job.picture;
    const { xs, ys } = this._pins;
    const scale = 2 ** job.coords.z;
    while (job.picture.done < order.length && room.stamps > 0 && performance.now() < room.until) {
      const end = Math.min(order.length, job.picture.done + Math.min(BATCH, room.stamps));
      room.stamps -= end - job.picture.done;
      for (let n = job.picture.done; n < end; n += 1) {
        const { image, side } = this._sprite(order[n], size, sharp);
        const x = Math.round((xs[order[n]] * scale - left - side / 2) * sharp);
        ctx.drawImage(image, x, Math.round((ys[order[n]] * scale - top - side / 2) * sharp));
      }
      job.picture.done = end;
    }
    if (job.picture.done < order.length) return false;
    job.element.replaceChildren(...(order.length ? [job.picture.canvas] : []));
    if (order.length) room.tiles -= 1;
    job.done?.(null, job.element);
    return true;
  },

  /** An empty picture of a tile, and what is to be stamped on it. */
  _begin(coords) {
    const sharp = Math.round(TILE_PX * Math.min(MOST_SHARP, globalThis.devicePixelRatio || 1)) / TILE_PX;
    const size = Math.max(this.options.leastSize ?? 0, pinSize(coords.z));
    const [left, top] = [coords.x * TILE_PX, coords.y * TILE_PX];
    const order = this._choose(left, top, size, coords.z);
    const picture = { order, done: 0, size, sharp, left, top };
    if (!order.length) return picture;
    const canvas = L.DomUtil.create("canvas", "map-pins");
    Object.assign(canvas, { width: TILE_PX * sharp, height: TILE_PX * sharp });
    return { ...picture, canvas, ctx: canvas.getContext("2d") };
  },

  /**
   * The pins worth stamping, in the order they came, so that no category always lies on top. The squares of the
   * thinning are the world's, not the tile's: neighbours choose alike where they meet.
   */
  _choose(left, top, size, zoom) {
    const { xs, ys, category, grid } = this._pins;
    const scale = 2 ** zoom;
    const cell = Math.max(2, size * thinning(zoom));
    // As far beyond the tile as the picture of a pin reaches, and on to whole squares.
    const reach = size * 0.8 + 2;
    const [column0, row0] = [Math.floor((left - reach) / cell), Math.floor((top - reach) / cell)];
    const columns = Math.ceil((left + TILE_PX + reach) / cell) - column0;
    const rows = Math.ceil((top + TILE_PX + reach) / cell) - row0;
    const taken = new Uint32Array(columns * rows);
    const box = [column0, row0, column0 + columns, row0 + rows].map((edge) => (edge * cell) / scale);
    const order = [];
    grid.eachWithin(box, (index) => {
      if (!this._pins.shows(index)) return;
      const column = Math.min(columns - 1, Math.max(0, Math.floor((xs[index] * scale) / cell) - column0));
      const row = Math.min(rows - 1, Math.max(0, Math.floor((ys[index] * scale) / cell) - row0));
      const bit = 1 << (category[index] & 31);
      if (taken[row * columns + column] & bit) return;
      taken[row * columns + column] |= bit;
      order.push(index);
    });
    return Uint32Array.from(order).sort();
  },

  _sprite(index, size, sharp) {
    const { category, flags, categories, halo } = this._pins;
    const key = `${category[index]}|${flags[index]}|${size}|${sharp}`;
    let made = this._sprites.get(key);
    if (!made) {
      const look = categories[category[index]] ?? { shape: "circle", color: "#555555" };
      made = sprite(look, flags[index], size, sharp, halo);
      this._sprites.set(key, made);
    }
    return made;
  },
});
