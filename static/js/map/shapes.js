/**
 * The shapes that stand for categories beside colour and word, on canvas and in SVG.
 * All are drawn to the same area, so that none shouts: the size is the diameter of the circle with that area.
 */

const SVG = "http://www.w3.org/2000/svg";

/** Radius of the circle in outlines that reach from −1 to 1; all shapes cover about its area. */
const CIRCLE_RADIUS = 0.74;

const polar = (radius, angle) => [radius * Math.sin(angle), -radius * Math.cos(angle)];

function regular(corners, radius, inner = radius) {
  const total = inner === radius ? corners : corners * 2;
  return Array.from({ length: total }, (_, i) => polar(i % 2 ? inner : radius, (i * 2 * Math.PI) / total));
}

function square(half) {
  return [[-half, -half], [half, -half], [half, half], [-half, half]];
}

function cross(arm, half) {
  const corner = [[half, -arm], [half, -half], [arm, -half], [arm, half], [half, half], [half, arm]];
  return [...corner, ...corner.map(([x, y]) => [-x, -y])];
}

function heart(points) {
  return Array.from({ length: points }, (_, i) => {
    const t = (i * 2 * Math.PI) / points;
    const y = 13 * Math.cos(t) - 5 * Math.cos(2 * t) - 2 * Math.cos(3 * t) - Math.cos(4 * t);
    return [(16 * Math.sin(t) ** 3) / 17.5, -(y + 2.5) / 17.5];
  });
}

/** The outlines that print and exports use too (gis/shapes.py), from −1 to 1, y down; the circle is drawn as one. */
export const OUTLINES = {
  triangle: [[0, -1], [1, 0.73], [-1, 0.73]],
  square: square(0.66),
  diamond: [[0, -0.98], [0.9, 0], [0, 0.98], [-0.9, 0]],
  star: regular(5, 1, 0.56),
  cross: cross(0.92, 0.27),
  pentagon: regular(5, 0.86),
  hexagon: regular(6, 0.82),
  heart: heart(48),
};

/** Names of the shapes a category may have. */
export const SHAPES = ["circle", ...Object.keys(OUTLINES)];

/** The outline of a shape by its diameter, or null for the circle and for what is not known. */
function outlineOf(shape, size) {
  const points = OUTLINES[shape === "plus" ? "cross" : shape];
  const scale = size / 2 / CIRCLE_RADIUS;
  return points?.map(([x, y]) => [x * scale, y * scale]) ?? null;
}

/** Lays the shape's outline into the canvas path; an unknown shape is a circle. */
function trace(ctx, shape, x, y, size) {
  const points = outlineOf(shape, size);
  ctx.beginPath();
  if (points) points.forEach(([px, py]) => ctx.lineTo(x + px, y + py));
  else ctx.arc(x, y, size / 2, 0, 2 * Math.PI);
  ctx.closePath();
}

/**
 * Draws a shape on a canvas with its middle at (x, y): halo, then fill, then stroke.
 * @param {CanvasRenderingContext2D} ctx
 * @param {{fill?: string, stroke?: string, halo?: string, strokeWidth?: number, haloWidth?: number}} ink
 */
export function drawShape(ctx, shape, x, y, size, ink) {
  const { fill, stroke, halo, strokeWidth = Math.max(1, size / 12), haloWidth = Math.max(1.25, size / 9) } = ink;
  ctx.lineJoin = "round";
  trace(ctx, shape, x, y, size);
  if (halo) {
    ctx.strokeStyle = halo;
    ctx.lineWidth = 2 * haloWidth + (stroke ? strokeWidth : 0);
    ctx.stroke();
  }
  if (fill) {
    ctx.fillStyle = fill;
    ctx.fill();
  }
  if (stroke) {
    ctx.strokeStyle = stroke;
    ctx.lineWidth = strokeWidth;
    ctx.stroke();
  }
}

const round = (value) => Math.round(value * 100) / 100;

/** SVG path data of a shape with its middle at 0, 0. */
export function shapePath(shape, size) {
  const points = outlineOf(shape, size);
  if (points) return `M${points.map(([x, y]) => `${round(x)} ${round(y)}`).join("L")}Z`;
  const r = round(size / 2);
  return `M0 ${-r}A${r} ${r} 0 1 1 0 ${r}A${r} ${r} 0 1 1 0 ${-r}Z`;
}

/** An SVG element of that name with these attributes. */
export function svgElement(name, attributes = {}) {
  const element = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  return element;
}

/**
 * The shape as an SVG picture; hidden from screen readers unless it has a title.
 * @param {string} shape
 * @param {{size?: number, fill?: string, stroke?: string, halo?: string, haloWidth?: number, title?: string}} [ink]
 */
export function shapeSvg(shape, ink = {}) {
  const { size = 24, fill = "currentColor", stroke = "", halo = "#fff", haloWidth = size / 10, title = "" } = ink;
  const half = round(size * 0.72 + (halo ? haloWidth : 0));
  const picture = svgElement("svg", {
    viewBox: `${-half} ${-half} ${2 * half} ${2 * half}`,
    width: 2 * half,
    height: 2 * half,
    class: "map-shape",
    focusable: "false",
  });
  if (title) {
    picture.setAttribute("role", "img");
    picture.appendChild(svgElement("title")).textContent = title;
  } else {
    picture.setAttribute("aria-hidden", "true");
  }
  const d = shapePath(shape, size);
  if (halo) {
    picture.appendChild(
      svgElement("path", { d, fill: halo, stroke: halo, "stroke-width": round(2 * haloWidth), "stroke-linejoin": "round" }),
    );
  }
  const inked = svgElement("path", { d, fill, "stroke-linejoin": "round" });
  if (stroke) {
    inked.setAttribute("stroke", stroke);
    inked.setAttribute("stroke-width", round(size / 12));
  }
  picture.appendChild(inked);
  return picture;
}
