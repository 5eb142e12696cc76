/** The straightened photo as a picture that can be pulled and enlarged; its coordinates are millimetres of the page. */

import * as L from "leaflet";
import { _ } from "#js/lib/words.js";

/** How large a millimetre gets at most, in pixels. */
const MOST_PX_PER_MM = 32;

/** Where a millimetre is smaller than this, numbers of marks would cover the marks. */
const NUMBERS_PX_PER_MM = 3;

/** Page millimetres, y downwards, as places of the picture's map. */
export const toLatLng = ([x, y]) => L.latLng(-y, x);
export const toMillimetres = ({ lat, lng }) => [lng, -lat];

/**
 * Builds the picture in an element.
 * @param {HTMLElement} element
 * @param {{frame: number[], pictures: string[]}} sheet
 */
export function photoMap(element, { frame, pictures }) {
  const [left, top, width, height] = frame;
  const bounds = L.latLngBounds(toLatLng([left, top + height]), toLatLng([left + width, top]));
  element.style.setProperty("--tall", height / width);
  const map = L.map(element, {
    crs: L.CRS.Simple,
    attributionControl: false,
    zoomControl: false,
    // Arrows move the chosen mark.
    keyboard: false,
    // Two clicks put a mark.
    doubleClickZoom: false,
    zoomSnap: 0.25,
    zoomDelta: 0.5,
    wheelPxPerZoomLevel: 120,
    maxZoom: Math.log2(MOST_PX_PER_MM),
    minZoom: -4,
    maxBounds: bounds.pad(0.6),
    maxBoundsViscosity: 0.7,
    trackResize: false,
    zoomAnimation: false,
    fadeAnimation: false,
  });
  element.setAttribute("role", "application");
  element.setAttribute("aria-label", _("Photo of the sheet"));
  if (!globalThis.matchMedia?.("(pointer: coarse)").matches) {
    L.control.zoom({ position: "bottomright", zoomInTitle: _("Zoom in"), zoomOutTitle: _("Zoom out") }).addTo(map);
  }
  const far = () => element.classList.toggle("is-far", 2 ** map.getZoom() < NUMBERS_PX_PER_MM);
  map.on("zoomend", far);
  const fit = () => map.fitBounds(bounds, { padding: [6, 6], animate: false });
  fit();
  const overlay = L.imageOverlay(pictures[0], bounds, { className: "sheet-picture", alt: "" }).addTo(map);
  // Until somebody has come closer, the whole sheet stays in sight, however the window changes.
  let touched = false;
  for (const kind of ["pointerdown", "wheel"]) element.addEventListener(kind, () => (touched = true), { passive: true });
  new ResizeObserver(() => {
    map.invalidateSize({ animate: false });
    if (!touched) fit();
  }).observe(element);
  return { map, show: (n) => overlay.setUrl(pictures[n]), loaded: new Promise((resolve) => overlay.once("load error", resolve)) };
}
