/** The list of the queue: one pin is current, some are ticked, further pages are appended. */

import { toast } from "#js/lib/toast.js";
import { _, ngettext } from "#js/lib/words.js";
import { piece } from "#js/office/server.js";
import { nextAfter } from "#js/office/queue/state.js";

const ITEM = "[data-pin]";

/**
 * Connects the list.
 * @param {{place: HTMLElement, onChoose: (item: HTMLElement|null) => void, onItems: (items: HTMLElement[]) => void}} options
 */
export function connectQueueList({ place, onChoose, onItems }) {
  let current = null;

  const items = () => [...place.querySelectorAll(ITEM)];
  const itemOf = (id) => place.querySelector(`[data-pin="${CSS.escape(id)}"]`);
  const ids = () => items().map((item) => item.dataset.pin);

  function choose(item, { focus = true } = {}) {
    current?.classList.remove("is-current");
    current?.removeAttribute("aria-current");
    current = item;
    if (item) {
      item.classList.add("is-current");
      item.setAttribute("aria-current", "true");
      if (focus) item.focus({ preventScroll: true });
      const calm = globalThis.matchMedia("(prefers-reduced-motion: reduce)").matches;
      item.scrollIntoView({ block: "nearest", behavior: calm ? "auto" : "smooth" });
    }
    onChoose(item);
  }

  async function step(by) {
    const all = items();
    const at = all.indexOf(current);
    const next = at < 0 ? all[by > 0 ? 0 : all.length - 1] : all[at + by];
    if (next) choose(next);
    else if (by > 0) {
      const [fresh] = await more();
      if (fresh) choose(fresh);
    }
  }

  /** Appends the next page; gives its items. */
  async function more() {
    const link = place.querySelector("[data-more]");
    if (!link || link.ariaBusy === "true") return [];
    link.ariaBusy = "true";
    try {
      const [list] = await piece(link.href, "queue");
      const fresh = [...list.querySelectorAll(ITEM)].filter((item) => !itemOf(item.dataset.pin));
      place.querySelector("[data-items]").append(...fresh);
      const next = list.querySelector("[data-more]");
      if (next) link.href = next.href;
      else link.parentElement.remove();
      onItems(items());
      return fresh;
    } catch (failure) {
      toast(failure.message);
      return [];
    } finally {
      link.ariaBusy = "false";
    }
  }

  /** Takes decided pins away, and stands on the next one. */
  function remove(gone) {
    const next = nextAfter(ids(), gone, current?.dataset.pin ?? null);
    const wasCurrent = current && gone.has(current.dataset.pin);
    for (const id of gone) itemOf(id)?.remove();
    onItems(items());
    if (wasCurrent || !current) choose(next ? itemOf(next) : null);
    sayTicked();
  }

  /** Shows another list in the place of this one, standing on this pin if it is there. */
  function show(list, id = null) {
    const found = id ?? current?.dataset.pin;
    place.replaceChildren(list);
    current = null;
    connect();
    const item = (found && itemOf(found)) || items()[0] || null;
    choose(item, { focus: Boolean(id) });
  }

  const ticks = () => [...place.querySelectorAll("[data-tick]")];

  function sayTicked() {
    const all = ticks();
    const n = all.filter((tick) => tick.checked).length;
    const whole = place.querySelector("[data-tick-all]");
    if (!whole) return;
    whole.checked = n > 0 && n === all.length;
    whole.indeterminate = n > 0 && n < all.length;
    place.querySelector("[data-ticked-words]").textContent = n ? ngettext("%(n)s selected", "%(n)s selected", n) : _("Select the page");
    place.querySelector("[data-bulk]").classList.toggle("has-ticked", n > 0);
  }

  function tick(item) {
    const box = item?.querySelector("[data-tick]");
    if (!box) return;
    box.checked = !box.checked;
    sayTicked();
  }

  function connect() {
    for (const hidden of place.querySelectorAll("[data-needs-script]")) hidden.hidden = false;
    place.querySelector("[data-bulk]")?.classList.add("is-scripted");
    onItems(items());
    sayTicked();
  }

  place.addEventListener("change", (event) => {
    if (event.target.matches("[data-tick-all]")) for (const box of ticks()) box.checked = event.target.checked;
    if (event.target.matches("[data-tick], [data-tick-all]")) sayTicked();
  });
  place.addEventListener("click", (event) => {
    const link = event.target.closest("[data-more]");
    if (link && !event.ctrlKey && !event.metaKey) {
      event.preventDefault();
      more();
      return;
    }
    const item = event.target.closest(ITEM);
    if (item && item !== current) choose(item, { focus: !event.target.closest("a, button, summary, label, input") });
  });
  connect();

  return {
    choose,
    step,
    remove,
    show,
    tick,
    itemOf,
    items,
    /** Whether somebody has ticked or opened something, or gone beyond the first pin. */
    get atWork() {
      return Boolean(place.querySelector("[data-tick]:checked, details[open]")) || items().indexOf(current) > 0;
    },
    get current() {
      return current?.isConnected ? current : null;
    },
  };
}
