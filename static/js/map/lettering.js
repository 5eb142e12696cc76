/**
 * Writes the names and signs of the town map onto a tile, and measures text for placing them.
 */

/** Stand-in when the page names no font. */
const SYSTEM_FONT = "system-ui, -apple-system, 'Segoe UI', Roboto, 'Noto Sans', sans-serif";

/** The CSS font of a label's letters. */
export function cssFont({ size, weight, style }, family = SYSTEM_FONT) {
  return `${style} ${weight} ${size}px ${family}`;
}

/** A function (text, font) → width in pixels, remembering what it measured. */
export function textMeasure(family) {
  const canvas = globalThis.document ? document.createElement("canvas") : new OffscreenCanvas(1, 1);
  const ctx = canvas.getContext("2d");
  const known = new Map();
  return (text, font) => {
    const css = cssFont(font, family);
    const key = `${css}|${text}`;
    if (!known.has(key)) {
      ctx.font = css;
      known.set(key, ctx.measureText(text).width);
    }
    return known.get(key);
  };
}

function write(ctx, lines, size, tones, role) {
  const step = size * 1.16;
  // Digits and capitals stand visually centred when the baseline lies a third of the size below the middle.
  const first = -((lines.length - 1) * step) / 2 + size * 0.34;
  ctx.lineJoin = "round";
  ctx.strokeStyle = tones["label-halo"];
  ctx.lineWidth = Math.max(2.6, size * 0.26);
  lines.forEach((line, i) => ctx.strokeText(line, 0, first + i * step));
  ctx.fillStyle = tones[role];
  lines.forEach((line, i) => ctx.fillText(line, 0, first + i * step));
}

/** Glyphs of places, drawn in a field of ±4 around the middle; each strokes or fills what it lays down. */
const GLYPHS = {
  church(ctx) {
    ctx.fillRect(-0.7, -3.8, 1.4, 7.6);
    ctx.fillRect(-2.6, -1.9, 5.2, 1.4);
  },
  hospital(ctx) {
    ctx.fillRect(-1.2, -3.4, 2.4, 6.8);
    ctx.fillRect(-3.4, -1.2, 6.8, 2.4);
  },
  school(ctx) {
    ctx.beginPath();
    ctx.moveTo(-4.2, -0.9);
    ctx.lineTo(0, -3);
    ctx.lineTo(4.2, -0.9);
    ctx.lineTo(0, 1.2);
    ctx.closePath();
    ctx.fill();
    ctx.fillRect(-2.3, 0.8, 4.6, 1.9);
  },
  station(ctx) {
    ctx.fillRect(-2.6, -3.4, 5.2, 5);
    ctx.beginPath();
    ctx.moveTo(-2.6, 3.6);
    ctx.lineTo(-1.2, 1.9);
    ctx.moveTo(2.6, 3.6);
    ctx.lineTo(1.2, 1.9);
    ctx.stroke();
  },
  bus(ctx) {
    ctx.fillRect(-3, -2.8, 6, 4.6);
    ctx.fillRect(-2.4, 1.6, 1.5, 1.3);
    ctx.fillRect(0.9, 1.6, 1.5, 1.3);
  },
  townhall(ctx) {
    ctx.beginPath();
    ctx.moveTo(-3.8, -1.2);
    ctx.lineTo(0, -3.8);
    ctx.lineTo(3.8, -1.2);
    ctx.closePath();
    ctx.fill();
    for (const x of [-3, -0.7, 1.6]) ctx.fillRect(x, -0.6, 1.4, 2.9);
    ctx.fillRect(-3.8, 2.3, 7.6, 1.1);
  },
  shop(ctx) {
    ctx.fillRect(-3, -1.2, 6, 4.4);
    ctx.beginPath();
    ctx.arc(0, -1.2, 1.7, Math.PI, 2 * Math.PI);
    ctx.stroke();
  },
  castle(ctx) {
    for (const x of [-3.4, -0.9, 1.6]) ctx.fillRect(x, -3.2, 1.8, 2);
    ctx.fillRect(-3.4, -1.8, 6.8, 5);
  },
  library(ctx) {
    for (const x of [-3.2, -1, 1.2]) ctx.fillRect(x, -3, 1.7, 6.2);
  },
  culture(ctx) {
    ctx.beginPath();
    ctx.arc(-1.6, 1.9, 1.5, 0, 2 * Math.PI);
    ctx.fill();
    ctx.fillRect(-0.9, -3.4, 1, 5.4);
    ctx.fillRect(-0.9, -3.4, 3.6, 1.5);
  },
  police(ctx) {
    ctx.beginPath();
    ctx.moveTo(-3, -3);
    ctx.lineTo(3, -3);
    ctx.lineTo(3, 0.6);
    ctx.lineTo(0, 3.6);
    ctx.lineTo(-3, 0.6);
    ctx.closePath();
    ctx.fill();
  },
  post(ctx) {
    ctx.strokeRect(-3.2, -2.2, 6.4, 4.6);
    ctx.beginPath();
    ctx.moveTo(-3.2, -2);
    ctx.lineTo(0, 0.6);
    ctx.lineTo(3.2, -2);
    ctx.stroke();
  },
  swimming(ctx) {
    for (const y of [-1.6, 1.4]) {
      ctx.beginPath();
      ctx.moveTo(-3.6, y);
      ctx.quadraticCurveTo(-1.8, y - 2, 0, y);
      ctx.quadraticCurveTo(1.8, y + 2, 3.6, y);
      ctx.stroke();
    }
  },
  sport(ctx) {
    ctx.beginPath();
    ctx.arc(0, 0, 3, 0, 2 * Math.PI);
    ctx.moveTo(-3, 0);
    ctx.lineTo(3, 0);
    ctx.moveTo(0, -3);
    ctx.lineTo(0, 3);
    ctx.stroke();
  },
};

GLYPHS.kindergarten = GLYPHS.school;

function drawSign(ctx, label, zoom, tones) {
  const glyph = GLYPHS[label.sort];
  const radius = glyph ? (zoom >= 16 ? 6.8 : 5.6) : 2.2;
  const small = label.sort === "bus" ? 0.82 : 1;
  ctx.beginPath();
  ctx.arc(0, 0, radius * small + 1.3, 0, 2 * Math.PI);
  ctx.fillStyle = tones["label-halo"];
  ctx.fill();
  ctx.beginPath();
  ctx.arc(0, 0, radius * small, 0, 2 * Math.PI);
  ctx.fillStyle = label.sort === "bus" || label.sort === "station" ? tones["water-label"] : tones["label-soft"];
  ctx.fill();
  if (!glyph) return;
  ctx.save();
  ctx.scale((radius / 6.8) * small, (radius / 6.8) * small);
  ctx.fillStyle = tones["label-halo"];
  ctx.strokeStyle = tones["label-halo"];
  ctx.lineWidth = 1;
  glyph(ctx);
  ctx.restore();
}

/**
 * Writes all labels that touch the tile.
 * @param {CanvasRenderingContext2D} ctx scaled to CSS pixels
 * @param {object[]} labels from placeLabels
 * @param {{x: number, y: number, zoom: number}} tile
 */
export function drawLabels(ctx, labels, tile, tones, family) {
  for (const label of labels) {
    ctx.save();
    ctx.translate(label.x - tile.x, label.y - tile.y);
    ctx.font = cssFont(label.font, family);
    ctx.textAlign = label.align ?? "center";
    ctx.textBaseline = "alphabetic";
    if (label.type === "line") ctx.rotate(label.angle);
    if (label.type === "sign") {
      drawSign(ctx, label, tile.zoom, tones);
      ctx.translate(label.tx ?? 0, label.ty ?? 0);
    }
    if (label.lines.length) write(ctx, label.lines, label.font.size, tones, label.role);
    ctx.restore();
  }
}
