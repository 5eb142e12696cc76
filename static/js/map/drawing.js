/**
 * Draws one tile of the town map on a canvas: land, green, water, buildings, streets, rails, lamps and trees.
 * Names are laid over it by lettering.js. Everything is drawn from the same town-wide order, so tiles meet without a seam.
 */

/** Streets from the humblest to the main; each: metres wide, least pixels wide by zoom (12 … 20), first zoom shown. */
const STREETS = {
  track: { metres: 2.4, least: [0, 0.8, 1, 1.2, 1.6, 2, 2.4, 3, 4], from: 13, dash: [6, 3] },
  path: { metres: 1.7, least: [0, 0, 0.8, 1, 1.3, 1.7, 2, 2.6, 3], from: 14, dash: [2.2, 2.2] },
  cycleway: { metres: 2, least: [0, 0.8, 1, 1.2, 1.6, 2, 2.4, 3, 4], from: 13, dash: [5, 2.5] },
  steps: { metres: 2.2, least: [0, 0, 0, 1.4, 2, 3, 4, 5, 6], from: 15, dash: [1.1, 1.3] },
  lane: { metres: 4.6, least: [0.7, 1, 1.3, 1.9, 3, 4.2, 6, 8, 10], from: 12 },
  street: { metres: 7.5, least: [1, 1.4, 2, 3, 4.6, 6, 8, 10, 12], from: 11 },
  main: { metres: 11, least: [1.8, 2.6, 3.4, 4.6, 6.2, 8, 10, 12, 14], from: 11 },
};

/** Order in which carriageways are laid: what comes later lies above. */
const CARRIAGEWAYS = ["lane", "street", "main"];
const FOOTWAYS = ["track", "path", "cycleway", "steps"];

/** The tone of a class, or of its kind when the palette has none for the class. */
function toneOf(tones, kind, sort, part = "") {
  return tones[`${kind}-${sort}${part}`] ?? tones[`${kind}${part}`] ?? tones.land;
}

/** Streets of a class the palette does not know look like any street. */
const streetTone = (tones, sort, part = "") => tones[`street-${sort}${part}`] ?? tones[`street-street${part}`];

/** What a house throws on the ground at the closest zooms. */
const SHADOW = "rgb(50 40 25 / 0.16)";

/** Pixels beyond the tile's edge within which a line still matters: half the widest street and its casing. */
const MARGIN = 40;

/** A canvas context that draws world units of one tile. */
class Pen {
  constructor(ctx, tile) {
    this.ctx = ctx;
    this.zoom = tile.zoom;
    this.size = tile.size;
    this.scale = 2 ** tile.zoom;
    this.x = tile.x;
    this.y = tile.y;
    this.box = [
      (tile.x - MARGIN) / this.scale,
      (tile.y - MARGIN) / this.scale,
      (tile.x + tile.size + MARGIN) / this.scale,
      (tile.y + tile.size + MARGIN) / this.scale,
    ];
  }

  /** Adds a polygon's rings to the path. */
  rings(rings, dx = 0, dy = 0) {
    const { ctx, scale } = this;
    for (const ring of rings) {
      ctx.moveTo(ring[0] * scale - this.x + dx, ring[1] * scale - this.y + dy);
      for (let i = 2; i < ring.length; i += 2) ctx.lineTo(ring[i] * scale - this.x + dx, ring[i + 1] * scale - this.y + dy);
      ctx.closePath();
    }
  }

  /** Adds to the path those runs of a line that come near the tile; gives the pixels along it where the first begins. */
  line(item) {
    const { ctx, scale, box } = this;
    const line = item.rings[0];
    let begun = -1;
    let down = false;
    for (let i = 2; i < line.length; i += 2) {
      const [ax, ay, bx, by] = [line[i - 2], line[i - 1], line[i], line[i + 1]];
      const near = Math.max(ax, bx) >= box[0] && Math.min(ax, bx) <= box[2] && Math.max(ay, by) >= box[1] && Math.min(ay, by) <= box[3];
      if (near && !down) {
        ctx.moveTo(ax * scale - this.x, ay * scale - this.y);
        if (begun < 0) begun = item.lengths[i / 2 - 1] * scale;
      }
      if (near) ctx.lineTo(bx * scale - this.x, by * scale - this.y);
      down = near;
    }
    return begun;
  }

  /** Strokes lines in one go. */
  strokeAll(items, color, width) {
    this.ctx.beginPath();
    for (const item of items) this.line(item);
    this.ctx.strokeStyle = color;
    this.ctx.lineWidth = width;
    this.ctx.stroke();
  }

  /** Strokes lines with dashes that run on over the edges of tiles. */
  strokeDashed(items, color, width, dash) {
    const { ctx } = this;
    ctx.strokeStyle = color;
    ctx.lineWidth = width;
    ctx.setLineDash(dash);
    for (const item of items) {
      ctx.beginPath();
      const begun = this.line(item);
      ctx.lineDashOffset = begun;
      if (begun >= 0) ctx.stroke();
    }
    ctx.setLineDash([]);
  }

  /** Fills polygons in one go. */
  fillAll(items, color, dx = 0, dy = 0) {
    if (!items.length) return;
    this.ctx.beginPath();
    for (const item of items) this.rings(item.rings, dx, dy);
    this.ctx.fillStyle = color;
    this.ctx.fill("evenodd");
  }
}

/** Width in pixels of a street of this class. */
export function streetWidth(sort, zoom, metresPerPixel) {
  const style = STREETS[sort] ?? STREETS.street;
  const least = style.least[Math.max(0, Math.min(8, zoom - 12))];
  return Math.max(least, style.metres / metresPerPixel);
}

/** Items by a key, in the order the keys first come. */
function grouped(items, keyOf) {
  const groups = new Map();
  for (const item of items) {
    const key = keyOf(item);
    if (groups.has(key)) groups.get(key).push(item);
    else groups.set(key, [item]);
  }
  return groups;
}

function drawAreas(pen, layers, tones) {
  const areas = layers.area.within(pen.box);
  for (const item of areas) pen.fillAll([item], toneOf(tones, "area", item.sort));
  const greens = layers.green.within(pen.box);
  for (const item of greens) {
    pen.fillAll([item], toneOf(tones, "green", item.sort));
    if (pen.zoom >= 15 && item.sort !== "field" && item.sort !== "meadow") {
      pen.ctx.beginPath();
      pen.rings(item.rings);
      pen.ctx.globalAlpha = 0.28;
      pen.ctx.strokeStyle = tones["green-label"];
      pen.ctx.lineWidth = 0.75;
      pen.ctx.stroke();
      pen.ctx.globalAlpha = 1;
    }
  }
  if (pen.zoom >= 15) greens.forEach((item) => drawTexture(pen, item, tones));
}

/** Sparse printed signs over woods, graveyards and meadows, set on one lattice for the whole town. */
function drawTexture(pen, item, tones) {
  if (!["forest", "cemetery"].includes(item.sort)) return;
  const { ctx } = pen;
  const step = item.sort === "cemetery" ? 18 : 26;
  ctx.save();
  ctx.beginPath();
  pen.rings(item.rings);
  ctx.clip("evenodd");
  ctx.strokeStyle = tones["green-label"];
  ctx.globalAlpha = 0.26;
  ctx.lineWidth = 1;
  const box = item.box.map((value) => value * pen.scale);
  const top = Math.floor(Math.max(box[1], pen.y) / step) - 1;
  const bottom = Math.ceil(Math.min(box[3], pen.y + pen.size) / step);
  const left = Math.floor(Math.max(box[0], pen.x) / step) - 1;
  const right = Math.ceil(Math.min(box[2], pen.x + pen.size) / step);
  ctx.beginPath();
  for (let row = top; row <= bottom; row += 1) {
    for (let column = left; column <= right; column += 1) {
      const x = column * step + (row % 2 ? step / 2 : 0) - pen.x;
      const y = row * step - pen.y;
      if (item.sort === "cemetery") {
        ctx.moveTo(x, y - 3);
        ctx.lineTo(x, y + 3);
        ctx.moveTo(x - 2, y - 1);
        ctx.lineTo(x + 2, y - 1);
      } else {
        ctx.moveTo(x, y + 3.4);
        ctx.lineTo(x, y + 1);
        ctx.moveTo(x + 2.6, y - 1.2);
        ctx.arc(x, y - 1.2, 2.6, 0, 2 * Math.PI);
      }
    }
  }
  ctx.stroke();
  ctx.restore();
}

function drawWater(pen, layers, tones, mpp) {
  const { ctx } = pen;
  ctx.lineCap = "round";
  const rivers = layers.river.within(pen.box);
  const width = (item) => Math.max(item.sort === "stream" ? 0.8 : 1.6, (item.widthM || (item.sort === "stream" ? 2 : 9)) / mpp);
  for (const item of rivers) if (width(item) > 3) pen.strokeAll([item], tones["water-line"], width(item) + 1.4);
  const waters = layers.water.within(pen.box);
  ctx.beginPath();
  for (const item of waters) pen.rings(item.rings);
  ctx.strokeStyle = tones["water-line"];
  ctx.lineWidth = 1.4;
  ctx.stroke();
  // Rivers and lakes flow into one another, so all fills come after all shores.
  for (const item of waters) pen.fillAll([item], tones.water);
  for (const item of rivers) pen.strokeAll([item], width(item) > 3 ? tones.water : tones["water-line"], width(item));
}

function drawBuildings(pen, layers, tones) {
  if (pen.zoom < 14) return;
  const { ctx } = pen;
  const smallest = 1.3 / pen.scale;
  const seen = layers.building.within(pen.box).filter(({ box }) => box[2] - box[0] + box[3] - box[1] > smallest);
  if (pen.zoom >= 17) {
    const away = Math.min(3, 0.8 * 2 ** (pen.zoom - 17));
    pen.fillAll(seen, SHADOW, away, away);
  }
  for (const [sort, items] of grouped(seen, (item) => item.sort)) {
    pen.fillAll(items, toneOf(tones, "building", sort));
    if (pen.zoom < 15) continue;
    ctx.strokeStyle = tones["building-line"];
    ctx.lineWidth = pen.zoom >= 17 ? 1 : 0.7;
    ctx.stroke();
  }
}

function drawFootways(pen, streets, tones, mpp) {
  const { ctx } = pen;
  for (const sort of FOOTWAYS) {
    const items = streets.get(sort);
    const style = STREETS[sort];
    if (!items || pen.zoom < style.from) continue;
    const width = streetWidth(sort, pen.zoom, mpp);
    const ink = Math.min(width, sort === "steps" ? 6 : 2.2);
    ctx.lineCap = "round";
    if (pen.zoom >= 16) pen.strokeAll(items, streetTone(tones, sort, "-casing"), Math.min(width, 9) + 1.6);
    ctx.lineCap = "butt";
    pen.strokeDashed(items, streetTone(tones, sort), ink, style.dash.map((part) => part * Math.max(1.2, Math.min(2, ink))));
  }
}

/** Carriageways: all casings first, then all fills, so that crossings flow together; bridges once more above. */
function drawCarriageways(pen, streets, tones, mpp) {
  const { ctx } = pen;
  const shown = CARRIAGEWAYS.filter((sort) => streets.has(sort) && pen.zoom >= STREETS[sort].from);
  const width = (sort) => streetWidth(sort, pen.zoom, mpp);
  const casing = (sort) => streetTone(tones, sort, "-casing");
  const fill = (sort) => streetTone(tones, sort);
  const edge = pen.zoom >= 16 ? 2 : 1.4;
  ctx.lineCap = "round";
  ctx.lineJoin = "round";
  for (const sort of shown) if (width(sort) > 1.2) pen.strokeAll(streets.get(sort), casing(sort), width(sort) + edge);
  for (const sort of shown) pen.strokeAll(streets.get(sort), width(sort) > 1.2 ? fill(sort) : casing(sort), width(sort));
}

function drawBridges(pen, streets, tones, mpp) {
  if (pen.zoom < 15) return;
  const { ctx } = pen;
  for (const [sort, items] of streets) {
    const bridges = items.filter((item) => item.bridge);
    const style = STREETS[sort];
    if (!bridges.length || pen.zoom < style.from) continue;
    const width = style.dash ? Math.max(3, Math.min(8, streetWidth(sort, pen.zoom, mpp))) : streetWidth(sort, pen.zoom, mpp);
    ctx.lineCap = "butt";
    pen.strokeAll(bridges, tones["label-soft"], width + (pen.zoom >= 16 ? 2.4 : 1.6));
    ctx.lineCap = style.dash ? "butt" : "round";
    pen.strokeAll(bridges, tones["street-street"], width);
    if (style.dash) pen.strokeDashed(bridges, streetTone(tones, sort), Math.min(width, 2), style.dash.map((part) => part * 1.6));
  }
}

function drawRails(pen, layers, tones, mpp) {
  const { ctx } = pen;
  const rails = layers.rail.within(pen.box);
  if (!rails.length || pen.zoom < 12) return;
  const width = [1, 1.2, 1.7, 2.2, 2.8][Math.min(4, pen.zoom - 12)] ?? 2.8;
  const shown = Math.max(width, pen.zoom >= 17 ? 3.4 : 0, Math.min(7, 2.2 / mpp));
  ctx.lineCap = "butt";
  pen.strokeAll(rails, tones["rail-line"], shown);
  if (pen.zoom < 14) return;
  const dash = pen.zoom >= 16 ? 11 : 7;
  pen.strokeDashed(rails, tones["rail-tie"], shown - (pen.zoom >= 16 ? 1.5 : 1), [dash, dash]);
}

function drawDots(pen, layers, tones, mpp) {
  const { ctx } = pen;
  if (pen.zoom < 17) return;
  const dots = (kind, radius, tone, alpha) => {
    ctx.beginPath();
    for (const { rings } of layers[kind].within(pen.box)) {
      const [x, y] = [rings[0][0] * pen.scale - pen.x, rings[0][1] * pen.scale - pen.y];
      ctx.moveTo(x + radius, y);
      ctx.arc(x, y, radius, 0, 2 * Math.PI);
    }
    ctx.globalAlpha = alpha;
    ctx.fillStyle = tone;
    ctx.fill();
    ctx.globalAlpha = 1;
  };
  const crown = Math.min(16, Math.max(2.6, 2.6 / mpp));
  dots("tree", crown, tones.tree, 0.55);
  dots("tree", Math.max(0.8, crown * 0.2), tones["green-label"], 0.4);
  if (pen.zoom >= 18) dots("lamp", 3.8, tones.lamp, 0.22);
  dots("lamp", pen.zoom >= 18 ? 1.6 : 1.1, tones.lamp, pen.zoom >= 18 ? 1 : 0.8);
}

/**
 * Draws a tile's ground, without names.
 * @param {CanvasRenderingContext2D} ctx scaled to CSS pixels
 * @param {import("#js/map/atlas.js").Atlas} atlas
 * @param {{x: number, y: number, size: number, zoom: number}} tile its top left corner in pixels of that zoom
 * @param {Record<string, string>} tones
 */
export function drawGround(ctx, atlas, tile, tones) {
  const { layers } = atlas;
  const mpp = atlas.metresPerPixel(tile.zoom);
  ctx.fillStyle = tones.land;
  ctx.fillRect(0, 0, tile.size, tile.size);
  const pen = new Pen(ctx, tile);
  ctx.lineJoin = "round";
  drawAreas(pen, layers, tones);
  drawWater(pen, layers, tones, mpp);
  const barriers = tile.zoom >= 16 ? layers.barrier.within(pen.box) : [];
  if (barriers.length) pen.strokeAll(barriers, tones.barrier, 1);
  const streets = grouped(layers.street.within(pen.box), (item) => (STREETS[item.sort] ? item.sort : "street"));
  drawFootways(pen, streets, tones, mpp);
  drawBuildings(pen, layers, tones);
  drawRails(pen, layers, tones, mpp);
  drawCarriageways(pen, streets, tones, mpp);
  drawBridges(pen, streets, tones, mpp);
  drawDots(pen, layers, tones, mpp);
}
