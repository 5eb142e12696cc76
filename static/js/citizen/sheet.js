/** The sheet on a phone, the side panel on a desk: it shows one screen, moves with the thumb, and says what it covers. */

import { h, replace } from "#js/lib/dom.js";
import { _ } from "#js/lib/words.js";

/** Pixels a thumb must pull before the sheet changes its height. */
const PULL_PX = 48;

/** Pixels a thumb slips while it only presses. */
const SLIP_PX = 6;

/** Milliseconds after which the click of a tap will not come any more. */
const SWALLOWED_MS = 150;

/** Screens that may be pulled down to see the map beneath. */
const LOWERABLE = new Set(["start", "thanks", "own", "other", "mine", "info"]);

/**
 * Where the sheet stands at the side of the map: on a desk, in a wide frame on another website, and on a phone lying
 * on its side (the same in css/citizen.css).
 */
export const AT_SIDE =
  "(min-width: 56rem), (min-width: 44rem) and (orientation: landscape), " +
  "(min-width: 36rem) and (max-height: 30rem) and (orientation: landscape)";

/** The sheet of one page. */
export class Sheet {
  #element;
  #body;
  #grip;
  #onCover;
  #desk = matchMedia(AT_SIDE);
  #low = false;
  #covered = "";

  /** @param {HTMLElement} element @param {(padding: object) => void} onCover told whenever the covered part changes */
  constructor(element, onCover) {
    this.#element = element;
    this.#onCover = onCover;
    this.#grip = h(
      "button.sheet-grip",
      { type: "button", "aria-expanded": "true" },
      h("span.visually-hidden", {}, _("Show or hide this panel")),
    );
    this.#body = h("div.sheet-body");
    replace(element, this.#grip, this.#body);
    this.#followThumb();
    new ResizeObserver(() => this.measure()).observe(element);
    this.#desk.addEventListener("change", () => this.measure());
    this.#followKeyboard();
  }

  /** Whether the sheet stands at the side of the map. */
  get atSide() {
    return this.#desk.matches;
  }

  /** Shows a screen: {name, children, focus}. */
  show({ name, children, focus = null }, { takeFocus }) {
    this.#element.dataset.screen = name;
    this.#grip.hidden = !LOWERABLE.has(name);
    this.#lower(false);
    replace(this.#body, ...children);
    this.#body.scrollTop = 0;
    this.measure();
    if (takeFocus) (focus ?? this.#body.querySelector("h2"))?.focus({ preventScroll: true });
  }

  /** Gives the focus to the screen's heading, when what had it is gone. */
  focusHeading() {
    this.#body.querySelector("h2")?.focus({ preventScroll: true });
  }

  /** Tells what the sheet covers of the map. */
  measure() {
    const box = this.#element.getBoundingClientRect();
    const padding = this.atSide
      ? { left: Math.round(box.right), top: 0, bottom: 0, right: 0 }
      : { bottom: Math.round(window.innerHeight - box.top), top: this.#headHeight(), left: 0, right: 0 };
    const said = JSON.stringify(padding);
    if (said === this.#covered) return;
    this.#covered = said;
    document.documentElement.style.setProperty("--toast-bottom", `${padding.bottom}px`);
    document.documentElement.style.setProperty("--toast-left", `${padding.left}px`);
    this.#onCover(padding);
  }

  #headHeight() {
    const head = document.querySelector(".citizen-head");
    return head ? Math.round(head.getBoundingClientRect().bottom) : 0;
  }

  #lower(low) {
    this.#low = low && !this.#grip.hidden && !this.atSide;
    this.#element.classList.toggle("is-low", this.#low);
    this.#body.inert = this.#low;
    this.#grip.setAttribute("aria-expanded", String(!this.#low));
  }

  #followThumb() {
    const toggle = () => this.#lower(!this.#low);
    let from = null;
    let pulled = 0;
    let waiting = 0;
    this.#grip.addEventListener("pointerdown", (event) => {
      from = event.clientY;
      pulled = 0;
      clearTimeout(waiting);
      this.#grip.setPointerCapture(event.pointerId);
    });
    this.#grip.addEventListener("pointermove", (event) => {
      if (from === null || this.atSide) return;
      const now = event.clientY - from;
      if (!pulled && Math.abs(now) < SLIP_PX) return;
      pulled = now;
      const along = this.#low ? Math.min(0, pulled) : Math.max(0, pulled);
      this.#element.classList.add("is-pulled");
      this.#element.style.transform = `translateY(${along}px)`;
    });
    const end = (event) => {
      if (from === null) return;
      from = null;
      this.#element.style.transform = "";
      this.#element.classList.remove("is-pulled");
      if (event.type !== "pointerup") return;
      if (Math.abs(pulled) > PULL_PX) this.#lower(pulled > 0);
      // Right after a pull browsers swallow the click of a tap: then the finger's lift counts, a little later,
      // so that a click that does come can't fall on what has risen under the finger.
      if (!pulled) waiting = setTimeout(toggle, SWALLOWED_MS);
    };
    this.#grip.addEventListener("pointerup", end);
    this.#grip.addEventListener("pointercancel", end);
    this.#grip.addEventListener("click", (event) => {
      clearTimeout(waiting);
      // A pull with a mouse ends with a click that nobody meant; keys and screen readers click without a pointer.
      if (!pulled || event.detail === 0) toggle();
      pulled = 0;
    });
  }

  /** On phones whose keyboard lies over the page, the sheet rises above it. */
  #followKeyboard() {
    const visual = window.visualViewport;
    if (!visual) return;
    const follow = () => {
      const hidden =
        visual.scale > 1.01 ? 0 : Math.max(0, Math.round(window.innerHeight - visual.height - visual.offsetTop));
      document.documentElement.style.setProperty("--keyboard", `${hidden}px`);
    };
    visual.addEventListener("resize", follow);
    visual.addEventListener("scroll", follow);
  }
}
