/** The list of pins: one of them is chosen and open; it and its place on the map belong together. */

import { toast } from "#js/lib/toast.js";
import { queryOf } from "#js/office/filter.js";
import { piece } from "#js/office/server.js";

const ITEM = "[data-pin]";

/** In the table an open pin lies in a row of its own, under the row that says it in short. */
const OPEN_ROW = "office-row-open";
const isRow = (item) => item.localName === "tr";

/** The row under this one with the open pin, if there is one. */
const openRowOf = (row) => (row.nextElementSibling?.classList.contains(OPEN_ROW) ? row.nextElementSibling : null);

/** Lays an open pin under its row, and lets the row say the state it has now. */
function openUnder(row, item) {
  const cell = document.createElement("td");
  cell.colSpan = row.cells.length;
  const list = document.createElement("ul");
  list.className = "office-pins";
  list.append(item);
  cell.append(list);
  const under = document.createElement("tr");
  under.className = OPEN_ROW;
  under.append(cell);
  openRowOf(row)?.remove();
  row.after(under);
  row.dataset.state = item.dataset.state;
  row.querySelector("th .label")?.remove();
  const label = item.querySelector(".office-pin-head .label");
  if (label) row.querySelector("th").append(label.cloneNode(true));
}

/**
 * Connects the side panel.
 * @param {{side: HTMLElement, page: string, onChoose: (item: HTMLElement|null, how: object) => void,
 *   onHover: (item: HTMLElement|null) => void, onItems: (root: HTMLElement) => void, onFound: (list: HTMLElement) => void}} options
 */
export function connectList({ side, page, onChoose, onHover, onItems, onFound }) {
  const place = side.querySelector("[data-list-here]");
  const picked = side.querySelector("[data-picked]");
  let chosen = null;
  let opening = null;
  let listing = null;

  const items = () => [...place.querySelectorAll(ITEM)].filter((item) => !item.closest(`.${OPEN_ROW}`));
  const itemOf = (id) => side.querySelector(`[data-pin="${CSS.escape(id)}"]`);

  function close(item) {
    if (!item?.isConnected) return;
    item.classList.remove("is-open", "is-current");
    item.removeAttribute("aria-current");
    if (isRow(item)) {
      openRowOf(item)?.remove();
      return;
    }
    for (const more of item.querySelectorAll(".office-facts, .office-decide")) more.remove();
  }

  /** Puts a fresh item in the place of an older one of the same pin. */
  function put(item, old) {
    if (isRow(old)) openUnder(old, item);
    else old.replaceWith(item);
    const shown = isRow(old) ? old : item;
    shown.classList.add("is-current");
    shown.setAttribute("aria-current", "true");
    chosen = shown;
    onItems(item);
    return item;
  }

  /** Chooses a pin of the list, opens it, and gives it the focus when asked to. */
  async function choose(item, { focus = false, fromMap = false } = {}) {
    opening?.abort();
    opening = new AbortController();
    const { signal } = opening;
    if (chosen !== item) close(chosen);
    if (!item.closest("[data-picked]")) picked.hidden = true;
    chosen = item;
    item.classList.add("is-current");
    item.setAttribute("aria-current", "true");
    if (focus) item.focus({ preventScroll: true });
    show(item);
    onChoose(item, { fromMap });
    try {
      const [open] = await piece(`${page}/pins/${item.dataset.pin}`, "pin", { signal });
      const hadFocus = item.contains(document.activeElement);
      put(open, item);
      // A row stays where it is, and keeps the focus.
      if ((hadFocus || focus) && !isRow(item)) open.focus({ preventScroll: true });
      show(open);
    } catch (failure) {
      if (!signal.aborted) toast(failure.message);
    }
  }

  /** Opens a pin by its id: in the list where it is there, else over it. */
  async function chooseById(id, { fromMap = false } = {}) {
    const item = itemOf(id);
    if (item && !item.closest("[data-picked]")) return choose(item, { fromMap });
    close(chosen);
    const [open] = await piece(`${page}/pins/${id}`, "pin").catch((failure) => {
      toast(failure.message);
      return [];
    });
    if (!open) return undefined;
    picked.hidden = false;
    picked.replaceChildren(open);
    open.classList.add("is-current");
    chosen = open;
    onItems(open);
    show(open);
    onChoose(open, { fromMap });
    return undefined;
  }

  function step(by) {
    const all = items();
    if (!all.length) return;
    const at = all.indexOf(chosen);
    const next = at < 0 ? all[by > 0 ? 0 : all.length - 1] : all[at + by];
    if (next) choose(next, { focus: true });
    else if (by > 0) more().then((fresh) => fresh[0] && choose(fresh[0], { focus: true }));
  }

  /** Appends the next page; gives its items. */
  async function more() {
    const link = place.querySelector("[data-more]");
    if (!link || link.ariaBusy === "true") return [];
    link.ariaBusy = "true";
    try {
      const [list] = await piece(link.href, "list");
      const fresh = [...list.querySelectorAll(ITEM)].filter((item) => !itemOf(item.dataset.pin));
      place.querySelector("[data-pins-here]").append(...fresh);
      const next = list.querySelector("[data-more]");
      if (next) link.href = next.href;
      else link.parentElement.remove();
      for (const item of fresh) onItems(item);
      return fresh;
    } catch (failure) {
      toast(failure.message);
      return [];
    } finally {
      link.ariaBusy = "false";
    }
  }

  /** Shows the list of another filter. */
  async function follow(params) {
    listing?.abort();
    opening?.abort(); // its place goes away
    listing = new AbortController();
    const { signal } = listing;
    const waiting = setTimeout(() => place.classList.add("is-waiting"), 150);
    try {
      const [list] = await piece(`${page}?${queryOf(params)}`, "list", { signal });
      place.replaceChildren(list);
      picked.hidden = true;
      chosen = null;
      onItems(list);
      onFound(list);
      onChoose(null, {});
      side.scrollTop = 0;
    } finally {
      clearTimeout(waiting);
      if (!signal.aborted) place.classList.remove("is-waiting");
    }
  }

  function show(item) {
    const calm = globalThis.matchMedia("(prefers-reduced-motion: reduce)").matches;
    item.scrollIntoView({ block: "nearest", behavior: calm ? "auto" : "smooth" });
  }

  side.addEventListener("click", (event) => {
    const link = event.target.closest("[data-more]");
    if (link && !event.ctrlKey && !event.metaKey) {
      event.preventDefault();
      more();
      return;
    }
    const item = event.target.closest(ITEM);
    if (!item || item.closest(`.${OPEN_ROW}`) || event.ctrlKey || event.metaKey) return;
    const inner = event.target.closest("a, button, summary, label, input, textarea, form");
    if (inner && !inner.classList.contains("office-pin-link")) return;
    if (String(globalThis.getSelection())) return; // somebody copies a text
    event.preventDefault();
    if (item !== chosen || !(isRow(item) || item.classList.contains("is-open"))) choose(item, { focus: true });
    else if (isRow(item) && !openRowOf(item)) choose(item, { focus: true });
  });
  side.addEventListener(
    "toggle",
    (event) => {
      if (event.target.matches?.("[data-hide]") && event.target.open) event.target.scrollIntoView({ block: "nearest" });
    },
    true,
  );
  side.addEventListener("pointerover", (event) => {
    const item = event.target.closest(ITEM);
    if (item && event.pointerType === "mouse") onHover(item);
  });
  side.addEventListener("pointerleave", () => onHover(null));
  onItems(place);
  onFound(place.querySelector("[data-list]"));

  return {
    follow,
    step,
    chooseById,
    put,
    get chosen() {
      return chosen?.isConnected ? chosen : null;
    },
    /** The open pin with its forms: the chosen card itself, or what lies under the chosen row. */
    get open() {
      const here = chosen?.isConnected ? chosen : null;
      return here && isRow(here) ? (openRowOf(here)?.querySelector(ITEM) ?? null) : here;
    },
  };
}
