/**
 * A map within a page that scrolls: one finger and the wheel belong to the page until somebody means the map.
 * Enlarged over the whole screen the map has every gesture.
 */

import * as L from "leaflet";

/** Whether fingers are the first way to point here. */
const isTouch = () => globalThis.matchMedia?.("(pointer: coarse)").matches ?? false;

/** Leaves one-finger drags and the wheel to the page, two fingers and the keyboard to the map. */
export function shareGestures(map) {
  const container = map.getContainer();
  if (isTouch()) {
    map.dragging.disable();
    container.style.touchAction = "pan-x pan-y";
  }
  map.scrollWheelZoom.disable();
  const mean = () => map.scrollWheelZoom.enable();
  const leave = () => map.scrollWheelZoom.disable();
  container.addEventListener("pointerdown", mean);
  container.addEventListener("pointerleave", leave);
  return () => {
    container.removeEventListener("pointerdown", mean);
    container.removeEventListener("pointerleave", leave);
    container.style.touchAction = "";
    map.dragging.enable();
    map.scrollWheelZoom.enable();
  };
}

/** The scale in metres, which stays right at every zoom. */
export function addScale(map) {
  return L.control.scale({ imperial: false, maxWidth: 120, position: "bottomleft" }).addTo(map);
}

/**
 * The button that lays the map over the whole screen, and brings it back with the same button or Escape.
 * @param {{figure: HTMLElement, button: HTMLButtonElement, map: L.Map}} parts
 */
export function enlargeable({ figure, button, map }) {
  let giveBack = shareGestures(map);
  const set = (large) => {
    if (figure.classList.contains("is-large") === large) return;
    figure.classList.toggle("is-large", large);
    document.body.classList.toggle("has-large-map", large);
    // What lies under the map is out of reach for keyboard and screen reader as well.
    for (const other of figure.parentElement.children) if (other !== figure) other.inert = large;
    for (const other of document.querySelectorAll(".page-header, .page-footer")) other.inert = large;
    button.textContent = large ? button.dataset.close : button.dataset.open;
    button.setAttribute("aria-expanded", String(large));
    giveBack();
    giveBack = large ? () => {} : shareGestures(map);
    if (!large) figure.scrollIntoView({ block: "nearest" });
  };
  button.addEventListener("click", () => set(!figure.classList.contains("is-large")));
  figure.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || !figure.classList.contains("is-large")) return;
    set(false);
    button.focus();
  });
  return set;
}
