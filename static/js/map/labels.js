/**
 * Where the names of the town stand at one zoom: placed once for the whole town, so no tile cuts or repeats them.
 * Pure: how wide a text is comes from outside. Positions are pixels of the zoom (world units × 2^zoom).
 *
 * Names are placed in order of weight; each keeps its room in a grid and the next must find another spot or stay out.
 */

import { pointAlong, roomInside } from "#js/map/geometry.js";
import { BoxGrid } from "#js/map/grid.js";

/**
 * Places: weight among names, and the first zoom with a sign and with its name.
 * A `ground` place has no sign: its name lies on its own square, green or water.
 */
const PLACES = {
  townhall: { weight: 11, sign: 15, name: 16 },
  square: { weight: 10, name: 14, ground: "label-ink" },
  station: { weight: 10, sign: 14, name: 14 },
  hospital: { weight: 9, sign: 14, name: 15 },
  church: { weight: 8, sign: 15, name: 16 },
  castle: { weight: 8, sign: 15, name: 16 },
  park: { weight: 7, name: 15, ground: "green-label" },
  pond: { weight: 7, name: 15, ground: "water-label" },
  school: { weight: 6, sign: 15, name: 16 },
  culture: { weight: 6, sign: 16, name: 16 },
  library: { weight: 6, sign: 16, name: 16 },
  kindergarten: { weight: 5, sign: 16, name: 17 },
  police: { weight: 5, sign: 16, name: 16 },
  sport: { weight: 5, sign: 16, name: 16 },
  swimming: { weight: 5, sign: 16, name: 16 },
  cemetery: { weight: 5, name: 15, ground: "green-label" },
  post: { weight: 4, sign: 16, name: 17 },
  shop: { weight: 4, sign: 16, name: 17 },
  bus: { weight: 2, sign: 16, name: 17 },
};
const OTHER_PLACE = { weight: 3, sign: 17, name: 17 };

/** First zoom at which a street of this class is named. */
const STREET_NAMES = { main: 14, street: 15, lane: 16, cycleway: 17, path: 17, steps: 17, track: 17 };

/** Pixels between two showings of one street's name. */
const REPEAT_PX = 560;

/** How far a line may stray from straight under a name, in parts of the letter height. */
const SAG = 0.32;

const letters = (size, { weight = "400", style = "normal" } = {}) => ({ size, weight, style });

/** Letter size by zoom, growing gently. */
const grown = (base, zoom, from) => base + Math.max(0, Math.min(3, (zoom - from) * 0.75));

/** Text broken in two near its middle when it is long. */
export function wrapped(text, longest = 15) {
  if (text.length <= longest || !text.includes(" ")) return [text];
  let best = null;
  for (let i = text.indexOf(" "); i >= 0; i = text.indexOf(" ", i + 1)) {
    // A one-letter preposition must not end a line.
    if (/(^|\s)\S$/u.test(text.slice(0, i))) continue;
    const worse = Math.max(i, text.length - i - 1);
    if (!best || worse < best.worse) best = { i, worse };
  }
  return best ? [text.slice(0, best.i), text.slice(best.i + 1)] : [text];
}

/** Room that is taken: upright boxes, found again by a coarse hash. */
class Room {
  constructor() {
    this.cells = new Map();
    this.shown = new Map();
  }

  #each(box, visit) {
    for (let x = Math.floor(box[0] / 64); x <= Math.floor(box[2] / 64); x += 1) {
      for (let y = Math.floor(box[1] / 64); y <= Math.floor(box[3] / 64); y += 1) {
        if (visit(x * 16777216 + y)) return true;
      }
    }
    return false;
  }

  /** Whether none of the boxes touches what is taken. */
  free(boxes) {
    return !boxes.some((box) =>
      this.#each(box, (key) =>
        this.cells.get(key)?.some((b) => b[0] < box[2] && b[2] > box[0] && b[1] < box[3] && b[3] > box[1]),
      ),
    );
  }

  take(boxes) {
    for (const box of boxes) {
      this.#each(box, (key) => {
        if (this.cells.has(key)) this.cells.get(key).push(box);
        else this.cells.set(key, [box]);
        return false;
      });
    }
  }

  /** Whether the same words already stand within so many pixels. */
  near(text, x, y, distance) {
    return this.shown.get(text)?.some(([px, py]) => Math.hypot(px - x, py - y) < distance) ?? false;
  }

  note(text, x, y) {
    if (this.shown.has(text)) this.shown.get(text).push([x, y]);
    else this.shown.set(text, [[x, y]]);
  }
}

/** Small boxes along a slanted text, together covering it. */
function slantedBoxes(x, y, angle, width, height) {
  const boxes = [];
  const count = Math.max(1, Math.ceil(width / height));
  const half = height * 0.62;
  for (let i = 0; i < count; i += 1) {
    const along = ((i + 0.5) / count - 0.5) * width;
    const [cx, cy] = [x + Math.cos(angle) * along, y + Math.sin(angle) * along];
    boxes.push([cx - half, cy - half, cx + half, cy + half]);
  }
  return boxes;
}

const around = (boxes, pad) => [
  Math.min(...boxes.map((b) => b[0])) - pad,
  Math.min(...boxes.map((b) => b[1])) - pad,
  Math.max(...boxes.map((b) => b[2])) + pad,
  Math.max(...boxes.map((b) => b[3])) + pad,
];

/**
 * A straight enough stretch of the line, so long, centred at a distance along it: its middle and its angle
 * (turned so that text reads from left to right), or null when the line bends too much there.
 */
export function straightStretch({ line, lengths }, centre, length, sag) {
  const from = pointAlong(line, lengths, centre - length / 2);
  const to = pointAlong(line, lengths, centre + length / 2);
  const chord = Math.hypot(to.x - from.x, to.y - from.y);
  if (chord < length * 0.97) return null;
  const [ux, uy] = [(to.x - from.x) / chord, (to.y - from.y) / chord];
  let low = 0;
  let high = 0;
  for (let i = from.segment + 1; i <= to.segment; i += 1) {
    const off = (line[2 * i] - from.x) * -uy + (line[2 * i + 1] - from.y) * ux;
    low = Math.min(low, off);
    high = Math.max(high, off);
  }
  if (high - low > 2 * sag) return null;
  // The text lies in the middle of the line's sway, not on the chord.
  const shift = (low + high) / 2;
  let angle = Math.atan2(uy, ux);
  if (angle > Math.PI / 2) angle -= Math.PI;
  if (angle <= -Math.PI / 2) angle += Math.PI;
  return { x: (from.x + to.x) / 2 - uy * shift, y: (from.y + to.y) / 2 + ux * shift, angle };
}

/** One placing of all names at one zoom. */
class Placing {
  constructor(atlas, zoom, measure) {
    this.atlas = atlas;
    this.zoom = zoom;
    this.scale = 2 ** zoom;
    this.measure = measure;
    this.room = new Room();
    this.labels = [];
  }

  #keep(label, boxes, words) {
    this.room.take(boxes);
    if (words) this.room.note(words, label.x, label.y);
    this.labels.push({ ...label, box: around(boxes, 4) });
    return true;
  }

  /** Names along a line, as often as there is room. */
  along(named, { font, role, repeat, spaced = false, sag = SAG }) {
    const text = spaced ? [...named.name].join("\u200a") : named.name;
    const width = this.measure(text, font) / this.scale;
    const whole = named.lengths[named.lengths.length - 1];
    if (whole < width * 1.02) return;
    const height = font.size * 1.05;
    const pieces = Math.max(1, Math.floor((whole * this.scale) / repeat));
    for (let piece = 0; piece < pieces; piece += 1) {
      // From the middle of each piece outwards: the first spot that is straight and free.
      for (const share of [0.5, 0.4, 0.6, 0.3, 0.7, 0.2, 0.8, 0.1, 0.9]) {
        const centre = (whole * (piece + share)) / pieces;
        if (centre < width / 2 || centre > whole - width / 2) continue;
        const stretch = straightStretch(named, centre, width, (font.size * sag) / this.scale);
        if (!stretch) continue;
        const [x, y] = [stretch.x * this.scale, stretch.y * this.scale];
        if (this.room.near(named.name, x, y, repeat * 0.6)) continue;
        const boxes = slantedBoxes(x, y, stretch.angle, width * this.scale + 6, height);
        if (!this.room.free(boxes)) continue;
        this.#keep({ type: "line", lines: [text], x, y, angle: stretch.angle, font, role }, boxes, named.name);
        break;
      }
    }
  }

  /** Text centred on a point, up to `nudge` pixels off. */
  centred(words, x, y, { font, role, lines = wrapped(words), nudge = 0, apart = 220 }) {
    if (this.room.near(words, x, y, apart)) return false;
    const width = Math.max(...lines.map((line) => this.measure(line, font)));
    const height = lines.length * font.size * 1.2;
    for (const [dx, dy] of [[0, 0], [0, -1], [0, 1], [-1, 0], [1, 0], [-1, -1], [1, 1]]) {
      const [cx, cy] = [x + dx * nudge, y + dy * nudge];
      const boxes = [[cx - width / 2 - 3, cy - height / 2 - 2, cx + width / 2 + 3, cy + height / 2 + 2]];
      if (this.room.free(boxes)) return this.#keep({ type: "text", lines, x: cx, y: cy, font, role, align: "center" }, boxes, words);
      if (!nudge) break;
    }
    return false;
  }

  /** A sign with its name to the right, left, below or above; the sign alone when only that has room. */
  signed(place, style, x, y) {
    const reach = this.zoom >= 16 ? 8 : 6;
    const sign = [x - reach, y - reach, x + reach, y + reach];
    if (!this.room.free([sign])) return false;
    const font = letters(grown(11, this.zoom, 16), { weight: style.weight >= 8 ? "600" : "500" });
    const words = place.name;
    const base = { type: "sign", sort: place.sort, x, y, font, role: "label-ink" };
    if (words && this.zoom >= style.name && !this.room.near(words, x, y, 160)) {
      const lines = wrapped(words);
      const width = Math.max(...lines.map((line) => this.measure(line, font)));
      const height = lines.length * font.size * 1.18;
      const spots = [
        ["left", x + reach + 3, y, [x + reach, y - height / 2, x + reach + width + 6, y + height / 2]],
        ["right", x - reach - 3, y, [x - reach - width - 6, y - height / 2, x - reach, y + height / 2]],
        ["center", x, y + reach + height / 2 + 1, [x - width / 2 - 2, y + reach, x + width / 2 + 2, y + reach + height]],
        ["center", x, y - reach - height / 2 - 1, [x - width / 2 - 2, y - reach - height, x + width / 2 + 2, y - reach]],
      ];
      for (const [align, tx, ty, box] of spots) {
        if (!this.room.free([box])) continue;
        return this.#keep({ ...base, lines, align, tx: tx - x, ty: ty - y }, [sign, box], words);
      }
    }
    return this.#keep({ ...base, lines: [] }, [sign], "");
  }

  places(least, most) {
    const { place } = this.atlas.layers;
    const wanted = place.items
      .map((item) => ({ item, style: PLACES[item.sort] ?? OTHER_PLACE }))
      .filter(({ style }) => style.weight >= least && style.weight < most)
      .sort((a, b) => b.style.weight - a.style.weight);
    for (const { item, style } of wanted) {
      const [x, y] = [item.rings[0][0] * this.scale, item.rings[0][1] * this.scale];
      if (style.ground) this.#groundName(item, style, x, y);
      else if (this.zoom >= style.sign) this.signed(item, style, x, y);
    }
  }

  #groundName(item, style, x, y) {
    if (this.zoom < style.name || !item.name) return;
    const square = style.ground === "label-ink";
    const font = square ? letters(grown(12, this.zoom, 14), { weight: "600" }) : letters(grown(11, this.zoom, 15), { style: "italic" });
    this.centred(item.name, x, y, { font, role: style.ground, nudge: square ? 20 : 12, apart: 300 });
  }

  districts() {
    if (this.zoom > 16) return;
    const font = letters(this.zoom <= 12 ? 10 : this.zoom === 13 ? 10.5 : 12, { weight: "600" });
    for (const item of this.atlas.layers.district.items) {
      if (!item.name) continue;
      const lines = wrapped(item.name.toLocaleUpperCase("cs"), 13).map((line) => [...line].join("\u2009"));
      const [x, y] = [item.rings[0][0] * this.scale, item.rings[0][1] * this.scale];
      this.centred(item.name, x, y, { font, role: "label-soft", lines, nudge: 16 });
    }
  }

  /** Names of lakes and greens that are roomy enough at this zoom. */
  areaNames(kind, font, role, from) {
    if (this.zoom < from) return;
    const roomy = this.atlas.layers[kind].items.filter((item) => item.name);
    for (const item of roomy) {
      const spot = roomInside(item.rings);
      const width = Math.max(...wrapped(item.name).map((line) => this.measure(line, font)));
      if (spot.width * this.scale < width * 0.9) continue;
      this.centred(item.name, spot.x * this.scale, spot.y * this.scale, { font, role, apart: 420 });
    }
  }

  rivers() {
    if (this.zoom < 13) return;
    const font = letters(grown(11.5, this.zoom, 15), { style: "italic" });
    for (const river of this.atlas.namedRivers) {
      const small = river.sort === "stream";
      if (small && this.zoom < 15) continue;
      this.along(river, { font, role: "water-label", repeat: 900, spaced: !small, sag: 0.55 });
    }
  }

  streets(sorts) {
    const shown = this.atlas.namedStreets.filter(({ sort }) => sorts.includes(STREET_NAMES[sort] ? sort : "street"));
    // Long streets first: they are what people know the way by.
    shown.sort((a, b) => b.lengths[b.lengths.length - 1] - a.lengths[a.lengths.length - 1]);
    for (const street of shown) {
      if (this.zoom < (STREET_NAMES[street.sort] ?? 15)) continue;
      const base = { main: 11.5, street: 10.5 }[street.sort] ?? 10;
      const font = letters(grown(base, this.zoom, 15), { weight: street.sort === "main" ? "600" : "500" });
      this.along(street, { font, role: "street-label", repeat: REPEAT_PX });
    }
  }
}

/**
 * All names of a town at one zoom.
 * @param {import("#js/map/atlas.js").Atlas} atlas
 * @param {number} zoom
 * @param {(text: string, font: {size: number, weight: string, style: string}) => number} measure pixels
 * @returns {{labels: object[], within: (box: number[]) => object[]}}
 */
export function placeLabels(atlas, zoom, measure) {
  const placing = new Placing(atlas, zoom, measure);
  const green = letters(grown(10.5, zoom, 15), { style: "italic" });
  placing.places(9, 99);
  placing.districts();
  placing.rivers();
  placing.areaNames("water", letters(grown(11, zoom, 15), { style: "italic" }), "water-label", 14);
  placing.streets(["main"]);
  placing.places(5, 9);
  placing.streets(["street"]);
  placing.areaNames("green", green, "green-label", 15);
  placing.streets(["lane"]);
  placing.places(0, 5);
  placing.streets(["path", "cycleway", "steps", "track"]);
  const grid = new BoxGrid(placing.labels.map((label) => label.box), 256);
  return { labels: placing.labels, within: (box) => grid.within(box).map((index) => placing.labels[index]) };
}
