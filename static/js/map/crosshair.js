/**
 * The crosshair: the map moves beneath a pin that hovers over the visible middle, lifts while it moves and lands when it rests.
 */

import { shapeSvg } from "#js/map/shapes.js";

/** Pixels an arrow key moves the map; with Shift for the fine end of it. */
const STEP_PX = 48;
const FINE_PX = 6;

/** Milliseconds of rest after which the pin has settled; keys and flings come in bursts. */
const REST_MS = 120;

/** Milliseconds a phone shakes when the pin is let go. */
const BUZZ_MS = 12;

const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

function span(className, ...children) {
  const element = document.createElement("span");
  element.className = className;
  element.append(...children);
  return element;
}

/** The hovering pin over one map. */
export class Crosshair {
  #town;
  #options;
  #element;
  #head;
  #resting;
  #plain;
  #keyboardWas;
  #byKey = false;
  #stop = [];

  constructor(town, options = {}) {
    this.#town = town;
    this.#options = options;
    this.#head = span("map-crosshair-head");
    this.#element = span("map-crosshair", span("map-crosshair-shadow"), span("map-crosshair-point"), this.#head);
    this.#element.setAttribute("aria-hidden", "true");
    this.#element.hidden = true;
    town.map.getContainer().append(this.#element);
    this.shown = false;
  }

  /** Raises the pin of a category over the map. */
  show(category) {
    this.setCategory(category);
    if (!this.shown) this.#take();
    this.#place();
    this.#settleSoon();
  }

  /** Changes what the pin says. */
  setCategory({ shape, color }) {
    this.#head.replaceChildren(shapeSvg(shape, { size: 26, fill: color, haloWidth: 4 }));
    this.#element.style.setProperty("--crosshair-color", color);
  }

  hide() {
    if (!this.shown) return;
    this.shown = false;
    this.#element.hidden = true;
    clearTimeout(this.#resting);
    this.#stop.forEach((stop) => stop());
    this.#stop = [];
    this.#giveBack();
  }

  /** Where the pin would stand now. */
  position() {
    const place = this.#town.view.position();
    return { ...place, inside: this.#town.boundary?.contains(place.lon, place.lat) ?? true };
  }

  /** Lets the pin fall: a landing for the eye, a short shake for the hand. */
  drop() {
    this.#element.classList.remove("is-lifted", "is-dropped");
    void this.#element.offsetWidth; // restarts the landing when two pins fall in a row
    this.#element.classList.add("is-dropped");
    try {
      navigator.vibrate?.(BUZZ_MS);
    } catch {
      // Browsers refuse before the first touch; the landing is seen anyway.
    }
  }

  destroy() {
    this.hide();
    this.#element.remove();
  }

  #take() {
    const { map } = this.#town;
    this.shown = true;
    this.#element.hidden = false;
    this.#listen(map, { movestart: () => this.#lift(), moveend: () => this.#settleSoon(), zoomend: () => this.#settleSoon() });
    this.#listen(map, { resize: () => this.#place(), visiblepadding: () => this.#onPadding() });
    const onKey = (event) => this.#key(event);
    map.getContainer().addEventListener("keydown", onKey);
    this.#stop.push(() => map.getContainer().removeEventListener("keydown", onKey));
    this.#keyboardWas = map.keyboard?.enabled() ?? false;
    map.keyboard?.disable();
    // Wheel, double click and buttons zoom about the pin, not about the pointer: the place under it must stay.
    this.#plain = { setZoomAround: map.setZoomAround, setZoom: map.setZoom };
    map.setZoomAround = (_, zoom, options) => this.#plain.setZoomAround.call(map, this.#town.view.centrePoint(), zoom, options);
    map.setZoom = (zoom, options) => this.#plain.setZoomAround.call(map, this.#town.view.centrePoint(), zoom, options);
  }

  #giveBack() {
    const { map } = this.#town;
    if (this.#keyboardWas) map.keyboard?.enable();
    // The map's own methods live on its prototype; what hid them goes.
    delete map.setZoomAround;
    delete map.setZoom;
  }

  #listen(map, handlers) {
    map.on(handlers);
    this.#stop.push(() => map.off(handlers));
  }

  #place() {
    const { x, y } = this.#town.view.centrePoint();
    this.#element.style.transform = `translate(${x}px, ${y}px)`;
  }

  #onPadding() {
    this.#place();
    this.#settleSoon();
  }

  #lift() {
    clearTimeout(this.#resting);
    this.#element.classList.remove("is-dropped");
    this.#element.classList.add("is-lifted");
    this.#options.onLift?.();
  }

  #settleSoon() {
    clearTimeout(this.#resting);
    this.#resting = setTimeout(() => this.#settle(), REST_MS);
  }

  #settle() {
    if (!this.shown) return;
    const place = this.position();
    this.#element.classList.remove("is-lifted");
    this.#element.classList.toggle("is-outside", !place.inside);
    this.#options.onSettle?.(place, this.#byKey);
    this.#byKey = false;
  }

  #key(event) {
    if (event.altKey || event.ctrlKey || event.metaKey || event.target !== this.#town.map.getContainer()) return;
    const arrow = ARROWS[event.key];
    if (arrow) {
      const step = event.shiftKey ? FINE_PX : STEP_PX;
      this.#town.view.panBy(arrow[0] * step, arrow[1] * step);
    } else if (event.key === "+" || event.key === "=") {
      this.#town.view.zoomBy(1);
    } else if (event.key === "-" || event.key === "_") {
      this.#town.view.zoomBy(-1);
    } else {
      return;
    }
    this.#byKey = true;
    event.preventDefault();
    event.stopPropagation();
  }
}

/**
 * A crosshair over a town map.
 * @param {{map: object, view: import("#js/map/view.js").View, boundary?: {contains: (lon: number, lat: number) => boolean}}} town
 * @param {{onSettle?: (place: {lon: number, lat: number, zoom: number, inside: boolean}, byKey: boolean) => void, onLift?: () => void}} [options]
 */
export function createCrosshair(town, options) {
  return new Crosshair(town, options);
}
