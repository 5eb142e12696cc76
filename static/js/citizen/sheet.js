/** The sheet on a phone, the side panel on a desk: it shows one screen, moves with the thumb, and says what it covers. */

import { h, replace } from "#js/lib/dom.js";
import { _ } from "#js/lib/words.js";

/** Pixels a thumb must pull before the sheet changes its height. */
const PULL_PX = 48;

/** Pixels a thumb slips while it only presses. */
const SLIP_PX = 6;

/** Screens that may be pulled down to see the map beneath. */
const LOWERABLE = new Set(["start", "thanks", "own", "other", "mine", "info"]);

const DESK = "(min-width: 56rem)";

/** The sheet of one page. */
export class Sheet {
  #element;
  #body;
  #grip;
  #onCover;
  #desk = matchMedia(DESK);
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
    let from = null;
    let wasPull = false;
    const pulledBy = (event) => event.clientY - from;
    this.#grip.addEventListener("pointerdown", (event) => {
      from = event.clientY;
      wasPull = false;
      this.#grip.setPointerCapture(event.pointerId);
    });
    this.#grip.addEventListener("pointermove", (event) => {
      if (from === null || this.atSide || Math.abs(pulledBy(event)) < SLIP_PX) return;
      wasPull = true;
      const along = this.#low ? Math.min(0, pulledBy(event)) : Math.max(0, pulledBy(event));
      this.#element.classList.add("is-pulled");
      this.#element.style.transform = `translateY(${along}px)`;
    });
    const end = (event) => {
      if (from === null) return;
      const pulled = pulledBy(event);
      from = null;
      this.#element.style.transform = "";
      this.#element.classList.remove("is-pulled");
      if (event.type === "pointerup" && Math.abs(pulled) > PULL_PX) this.#lower(pulled > 0);
    };
    this.#grip.addEventListener("pointerup", end);
    this.#grip.addEventListener("pointercancel", end);
    // A pull ends with a click that nobody meant.
    this.#grip.addEventListener("click", () => {
      if (!wasPull) this.#lower(!this.#low);
      wasPull = false;
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
