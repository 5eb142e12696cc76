/* What axe-core can't see; gives `pocitLook(checks, within)`, a sentence for each thing that is wrong. */

const MOST_STOPS = 80;
const SLACK = 2; // pixels that rounding and the drawing of letters may take
const HELD = "a[href], button, input:not([type=hidden]), select, textarea, summary, [tabindex='0'], iframe";

/** A short way to find the element again. */
function nameOf(element) {
  const own = element.id ? `#${element.id}` : [...element.classList].map((name) => `.${name}`).join("");
  const field = element.getAttribute("name") ? `[name=${element.getAttribute("name")}]` : "";
  const said = (element.textContent ?? "").trim().replace(/\s+/g, " ").slice(0, 40);
  const within = element.parentElement?.closest("[id], [class]");
  const where = within && within !== document.body ? `${within.id ? `#${within.id}` : `.${within.classList[0]}`} ` : "";
  return `${where}${element.localName}${own}${field} “${said}”`;
}

function isSeen(element) {
  if (!element.checkVisibility({ opacityProperty: false, visibilityProperty: true })) return false;
  if (element.closest("[inert], details:not([open]) > :not(summary)")) return false;
  const box = element.getBoundingClientRect();
  return box.width > 1 && box.height > 1 && !element.closest(".visually-hidden, .skip-link, noscript");
}

/** Whether a map draws it: its own tiles, names and pins move under whatever lies over them. */
const isDrawn = (element) => Boolean(element.closest(".leaflet-pane, svg, canvas"));

function* texts(root) {
  const walk = document.createTreeWalker(root, NodeFilter.SHOW_TEXT);
  for (let node = walk.nextNode(); node; node = walk.nextNode()) {
    const element = node.parentElement;
    if (!node.data.trim() || !element || isDrawn(element) || element.closest("script, style, option, title")) continue;
    if (!isSeen(element)) continue;
    const range = document.createRange();
    range.selectNodeContents(node);
    for (const box of range.getClientRects()) if (box.width > 1 && box.height > 1) yield { element, box };
  }
}

/** A box that scrolls both ways to be read: not a table, a code or a row of ways, which may be wider than the page. */
function isPushed(box) {
  if (box.scrollWidth <= box.clientWidth + SLACK || box.closest(".leaflet-container, [aria-hidden=true]")) return false;
  const style = getComputedStyle(box);
  if (!["auto", "scroll"].includes(style.overflowX) || !isSeen(box)) return false;
  return !box.matches("pre, .table-wrap, .tabs, .office-ways ul, textarea, input, select, [tabindex='0']");
}

/** The page must be pushed sideways to be read. */
function sideways() {
  const page = document.scrollingElement;
  const over = page.scrollWidth - page.clientWidth;
  if (over <= 0) return [...document.body.querySelectorAll("*")].filter(isPushed).map((box) => `sideways within: ${nameOf(box)}`);
  const guilty = [...document.body.querySelectorAll("*")].filter((element) => {
    if (element.getBoundingClientRect().right <= page.clientWidth + SLACK || !isSeen(element)) return false;
    for (let up = element.parentElement; up && up !== document.body; up = up.parentElement) {
      if (getComputedStyle(up).overflowX !== "visible") return false;
    }
    return true;
  });
  const last = guilty.filter((element) => !guilty.some((other) => other !== element && element.contains(other)));
  return [`sideways: ${over} px too wide: ${last.slice(0, 3).map(nameOf).join("; ")}`];
}

/** Letters cut off by a box that can't be scrolled. */
function clipped(root) {
  const found = new Map();
  for (const { element, box } of texts(root)) {
    for (let up = element; up && up !== document.body; up = up.parentElement) {
      const style = getComputedStyle(up);
      const edge = up.getBoundingClientRect();
      // A line that ends in "…" and is a way to the whole, or says it when asked.
      if (style.textOverflow === "ellipsis" && up.closest("a, button, [title]")) break;
      const cutX = ["hidden", "clip"].includes(style.overflowX);
      const cutY = ["hidden", "clip"].includes(style.overflowY) && style.webkitLineClamp === "none";
      if ((cutX && (box.right > edge.right + SLACK || box.left < edge.left - SLACK))
        || (cutY && (box.bottom > edge.bottom + SLACK + 2 || box.top < edge.top - SLACK - 2))) {
        found.set(element, up);
      }
      // What scrolls brings its letters into sight; what stands on the glass hangs in no box.
      if (["auto", "scroll"].includes(style.overflowY) && ["auto", "scroll"].includes(style.overflowX)) break;
      if (style.position === "fixed") break;
    }
  }
  return [...found].map(([element, by]) => `clipped: ${nameOf(element)} by ${nameOf(by).slice(0, 60)}`);
}

/** The nearest thing that floats over the page rather than lying in it. */
function layerOf(element) {
  for (let up = element; up; up = up.parentElement) {
    if (["fixed", "sticky", "absolute"].includes(getComputedStyle(up).position)) return up;
  }
  return null;
}

/** Letters over other letters, in one layer. */
function overlaps(root) {
  const all = [...texts(root)]
    .map(({ element, box }) => ({ element, box: shownPart(element, box), layer: layerOf(element) }))
    .filter(({ box }) => box.right > box.left && box.bottom > box.top);
  all.sort((a, b) => a.box.top - b.box.top);
  const found = new Set();
  for (let i = 0; i < all.length; i++) {
    for (let j = i + 1; j < all.length && all[j].box.top < all[i].box.bottom; j++) {
      const [a, b] = [all[i], all[j]];
      if (a.layer !== b.layer || a.element.contains(b.element) || b.element.contains(a.element)) continue;
      const wide = Math.min(a.box.right, b.box.right) - Math.max(a.box.left, b.box.left);
      const high = Math.min(a.box.bottom, b.box.bottom) - Math.max(a.box.top, b.box.top);
      const low = Math.min(a.box.bottom - a.box.top, b.box.bottom - b.box.top);
      if (wide > SLACK && high > Math.max(SLACK, low / 3)) {
        found.add(`overlaps: ${nameOf(a.element)} and ${nameOf(b.element)}`);
      }
    }
  }
  return [...found];
}

/** The part of a line that the boxes around it, which cut or scroll, show now. */
function shownPart(element, { left, right, top, bottom }) {
  const part = { left, right, top, bottom };
  for (let up = element; up && up !== document.body; up = up.parentElement) {
    const style = getComputedStyle(up);
    if (style.overflowY === "visible" && style.overflowX === "visible") continue;
    const edge = up.getBoundingClientRect();
    part.left = Math.max(part.left, edge.left);
    part.right = Math.min(part.right, edge.right);
    part.top = Math.max(part.top, edge.top);
    part.bottom = Math.min(part.bottom, edge.bottom);
  }
  return part;
}

/** What can hold the focus by Tab, each radio group once. */
function tabStops(root) {
  const groups = new Set();
  return [...root.querySelectorAll(HELD)].filter((element) => {
    if (element.disabled || element.tabIndex < 0 || !element.checkVisibility() || element.closest("[inert]")) return false;
    if (element.closest("fieldset:disabled")) return false;
    if (element.type !== "radio") return true;
    const group = `${element.form?.id ?? ""} ${element.name}`;
    if (groups.has(group)) return false;
    groups.add(group);
    return true;
  });
}

const LOOKS = ["outlineStyle", "outlineWidth", "outlineColor", "boxShadow", "borderTopColor", "backgroundColor", "textDecorationLine", "stroke", "strokeWidth"];
const lookOf = (element) => {
  const style = getComputedStyle(element);
  const looks = LOOKS.map((name) => style[name]);
  // An outline that is not drawn has a colour all the same.
  if (style.outlineStyle === "none") looks[1] = looks[2] = "";
  return looks.join("|");
};

/** What may show the focus of this element: itself or what it is drawn by. */
function drawnBy(element) {
  const found = [];
  for (let up = element; up && up !== document.body && found.length < 6; up = up.parentElement) found.push(up);
  return found;
}

/** The focus can't be seen: it changes nothing, or something else lies over all of it. */
async function focus(root) {
  const found = [];
  const before = document.activeElement;
  const start = [scrollX, scrollY];
  const stops = tabStops(root);
  // A long list is alike: its beginning and its end tell of the rest.
  const some = stops.length > MOST_STOPS ? [...stops.slice(0, MOST_STOPS - 20), ...stops.slice(-20)] : stops;
  for (const element of some) {
    document.activeElement?.blur?.();
    const without = drawnBy(element).map(lookOf);
    element.focus({ focusVisible: true });
    if (document.activeElement !== element) continue;
    const changed = drawnBy(element).some((one, n) => lookOf(one) !== without[n]);
    if (!changed) found.push(`focus not seen: ${nameOf(element)}`);
    // A map brings what has the focus into sight a moment later.
    if (covers(element)) await restOf();
    const over = covers(element);
    if (over) found.push(`focus covered: ${nameOf(element)} under ${nameOf(over)}`);
  }
  document.activeElement?.blur?.();
  before?.focus?.({ preventScroll: true });
  scrollTo({ left: start[0], top: start[1], behavior: "instant" });
  return found;
}

const restOf = () => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));

/** What lies over the whole of a focused element; null when some of it can be seen. */
function covers(element) {
  const seen = element.closest("label") ?? element;
  const box = element.getBoundingClientRect().width > 2 ? element.getBoundingClientRect() : seen.getBoundingClientRect();
  let over = null;
  const rows = Math.max(5, Math.min(60, Math.ceil(box.height / 12)));
  for (let row = 0; row < rows; row++) {
    const down = (row + 0.5) / rows;
    for (const across of [0.1, 0.5, 0.9]) {
      const top = document.elementFromPoint(box.left + box.width * across, box.top + box.height * down);
      if (top && (seen.contains(top) || top.contains(seen))) return null;
      over = top ?? over;
    }
  }
  return over ?? document.documentElement;
}

/** Too small for a finger: under 24 px, or under `--least` where a page says so for its main path. */
function targets(root) {
  const found = [];
  for (const element of root.querySelectorAll("[data-main-path], .choice, .sheet-actions .button")) {
    if (!isSeen(element) || element.closest("[aria-hidden=true]")) continue;
    const { width, height } = element.getBoundingClientRect();
    if (Math.min(width, height) < 47.5) found.push(`under 48 px (${Math.round(width)} × ${Math.round(height)}): ${nameOf(element)}`);
  }
  return found;
}

/** Where the system chooses the colours, a button or field without an edge is only a word. */
function edges(root) {
  const found = [];
  for (const element of root.querySelectorAll("button, .button, input:not([type=hidden], [type=checkbox], [type=radio], [type=range], [type=file]), select, textarea")) {
    if (!isSeen(element) || isDrawn(element)) continue;
    const style = getComputedStyle(element);
    const hasEdge = ["Top", "Bottom"].some((side) => style[`border${side}Style`] !== "none" && parseFloat(style[`border${side}Width`]) > 0);
    const isLink = [element, ...element.querySelectorAll("*")].some((one) => getComputedStyle(one).textDecorationLine.includes("underline"));
    const hasIcon = Boolean(element.querySelector("svg"));
    if (!hasEdge && !isLink && !hasIcon) found.push(`no edge: ${nameOf(element)}`);
  }
  return found;
}

const CHECKS = { sideways, clipped, overlaps, focus, targets, edges };

// What moves a moment is looked at where it comes to rest.
const still = new CSSStyleSheet();
still.replaceSync("*, *::before, *::after { transition: none !important; animation: none !important; }");
document.adoptedStyleSheets = [...document.adoptedStyleSheets, still];

window.pocitLook = async (checks, within) => {
  const root = (within && document.querySelector(within)) || document.body;
  const found = [];
  for (const check of checks) found.push(...new Set(await CHECKS[check](root)));
  return found;
};
