/** Elements made from names and texts; texts are always text, never markup. */

import { clinging, tongueOf } from "#js/lib/words.js";
import { shapePath, svgElement } from "#js/map/shapes.js";

/**
 * An element: h("button.button", {type: "button", onclick}, "text", child, …).
 * Properties that are functions become listeners, false and null are left out, true is an empty attribute.
 * A text of the map that is not in the page's language is marked with its own, for those who have it read aloud.
 */
export function h(name, attributes = {}, ...children) {
  const [tag, ...classes] = name.split(".");
  const element = document.createElement(tag || "div");
  if (classes.length) element.className = classes.join(" ");
  for (const [key, value] of Object.entries(attributes)) {
    if (typeof value === "function") element.addEventListener(key.replace(/^on/, ""), value);
    else if (value === true) element.setAttribute(key, "");
    else if (value !== false && value !== null && value !== undefined) element.setAttribute(key, value);
  }
  element.append(...shown(element, children));
  return element;
}

function shown(element, children) {
  const given = children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false);
  if (given.length !== 1) return given.map(spoken);
  const tongue = typeof given[0] === "string" && tongueOf(given[0]);
  if (tongue && !element.lang) element.lang = tongue;
  return given;
}

function spoken(child) {
  const tongue = typeof child === "string" && tongueOf(child);
  return tongue ? h("span", { lang: tongue }, child) : child;
}

/** The element with these children instead of those it had. */
export function replace(element, ...children) {
  element.replaceChildren(...shown(element, children));
  return element;
}

/** The data that the server put into the page under this id. */
export function readData(id) {
  const block = document.getElementById(id);
  return block ? JSON.parse(block.textContent) : null;
}

/** A category's shape as a small picture; decoration beside its word. */
export function shapeIcon(shape, className = "") {
  const picture = svgElement("svg", {
    viewBox: "-0.8 -0.8 1.6 1.6",
    class: `shape ${className}`.trim(),
    "aria-hidden": "true",
    focusable: "false",
  });
  picture.append(svgElement("path", { d: shapePath(shape, 1.18) }));
  return picture;
}

/* Drawn on a 24 px grid with a 1.8 px line. */
const ICONS = {
  camera: "M4 8h3.2l1.5-2.5h6.6L16.8 8H20v11.5H4V8ZM15.3 13.4a3.3 3.3 0 1 1-6.6 0 3.3 3.3 0 0 1 6.6 0Z",
  back: "M14.5 5.5 8 12l6.5 6.5",
  close: "M6 6l12 12M18 6 6 18",
  search: "M15.6 15.6 20 20M17 10.5a6.5 6.5 0 1 1-13 0 6.5 6.5 0 0 1 13 0Z",
  locate:
    "M12 2.5v3.2M12 18.3v3.2M2.5 12h3.2M18.3 12h3.2M18.3 12a6.3 6.3 0 1 1-12.6 0 6.3 6.3 0 0 1 12.6 0ZM12 12h.01",
  plus: "M12 5v14M5 12h14",
  minus: "M5 12h14",
  trash: "M4.5 7h15M9.5 7V4.8h5V7M6.5 7l.8 12.2h9.4L17.5 7M10 10.5v5.5M14 10.5v5.5",
  move: "M12 3v18M3 12h18M9.3 5.6 12 3l2.7 2.6M9.3 18.4 12 21l2.7-2.6M5.6 9.3 3 12l2.6 2.7M18.4 9.3 21 12l-2.6 2.7",
  edit: "M4.5 19.5l.8-4L16 4.8a1.6 1.6 0 0 1 2.3 0l.9.9a1.6 1.6 0 0 1 0 2.3L8.5 18.7l-4 .8ZM14 6.8l3.2 3.2",
  list: "M9 6.5h11M9 12h11M9 17.5h11M4.5 6.5h.01M4.5 12h.01M4.5 17.5h.01",
  heart: "M12 19.5C6 15.5 3.7 12.3 3.7 9.2A4.3 4.3 0 0 1 12 7.6a4.3 4.3 0 0 1 8.3 1.6c0 3.1-2.3 6.3-8.3 10.3Z",
  info: "M12 11v5.5M12 7.7h.01M21 12a9 9 0 1 1-18 0 9 9 0 0 1 18 0Z",
  key: "M14.8 13.2a4.6 4.6 0 1 0-4-4L3.5 16.5v4h4v-2.6h2.6v-2.6l2-2M16.3 7.8h.01",
  check: "M5 12.8l4.4 4.4L19 7.3",
  person: "M12 11.5a3.8 3.8 0 1 0 0-7.6 3.8 3.8 0 0 0 0 7.6ZM4.5 20c.6-3.7 3.6-5.5 7.5-5.5s6.9 1.8 7.5 5.5",
  cloud: "M7.2 18.5a4.2 4.2 0 0 1-.6-8.4 5.8 5.8 0 0 1 11.2 1 3.8 3.8 0 0 1-.4 7.4M12 19.5v-7M9.3 14.9l2.7-2.7 2.7 2.7",
  map: "M9 4.5 3.5 7v12.5L9 17l6 2.5 5.5-2.5V4.5L15 7 9 4.5ZM9 4.5V17M15 7v12.5",
  chart: "M4.5 20h15M7 16.5v-5M12 16.5v-10M17 16.5v-7",
  eye: "M2.8 12S6.2 5.8 12 5.8 21.2 12 21.2 12 17.8 18.2 12 18.2 2.8 12 2.8 12ZM14.6 12a2.6 2.6 0 1 1-5.2 0 2.6 2.6 0 0 1 5.2 0Z",
  copy: "M9 9h10.5v10.5H9zM15 9V4.5H4.5V15H9",
  print: "M7 9V4h10v5M7 17.5H4V9h16v8.5h-3M7 14.5h10V20H7z",
  share: "M12 15V4M8 7.5 12 3.5l4 4M7 11H5.5v9h13v-9H17",
  more: "M5.5 12h.01M12 12h.01M18.5 12h.01",
};

/** One of our line drawings, the size of a letter and a half. */
export function icon(name) {
  const picture = svgElement("svg", {
    viewBox: "0 0 24 24",
    width: 24,
    height: 24,
    class: `icon icon-${name}`,
    "aria-hidden": "true",
    focusable: "false",
    fill: "none",
    stroke: "currentColor",
    "stroke-width": "1.9",
    "stroke-linecap": "round",
    "stroke-linejoin": "round",
  });
  picture.append(svgElement("path", { d: ICONS[name] ?? ICONS.info }));
  return picture;
}

/** A text kept from breaking after one-letter prepositions, in languages that have them. */
export function typeset(text) {
  return clinging(text);
}
