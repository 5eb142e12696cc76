/**
 * One's own pins: a few large markers that can be tabbed to, chosen and – where allowed – dragged.
 */

import * as L from "leaflet";
import { shapeSvg } from "#js/map/shapes.js";
import { reducedMotion } from "#js/map/view.js";

/** Side of the touch target, and of the shape in it. */
const TARGET_PX = 48;
const SHAPE_PX = 22;

export const OwnPins = L.Layer.extend({
  options: { categories: [], draggable: false, onPick: null, onMove: null },

  initialize(options) {
    L.setOptions(this, options);
    this._pins = new Map();
  },

  onAdd() {
    for (const pin of this._pins.values()) this._show(pin, { falling: false });
  },

  onRemove() {
    for (const { marker } of this._pins.values()) marker.remove();
  },

  /** Adds a pin or changes the one with that id: {id, lon, lat, category, label}. */
  put(pin) {
    const before = this._pins.get(pin.id);
    const next = { ...before, ...pin };
    before?.marker?.remove();
    this._pins.set(pin.id, next);
    if (this._map) this._show(next, { falling: !before });
    return this;
  },

  remove(id) {
    if (id === undefined) return L.Layer.prototype.remove.call(this);
    this._pins.get(id)?.marker?.remove();
    this._pins.delete(id);
    return this;
  },

  clear() {
    for (const id of [...this._pins.keys()]) this.remove(id);
    return this;
  },

  get(id) {
    const pin = this._pins.get(id);
    return pin ? { id: pin.id, lon: pin.lon, lat: pin.lat, category: pin.category, label: pin.label } : null;
  },

  ids() {
    return [...this._pins.keys()];
  },

  focus(id) {
    this._pins.get(id)?.marker?.getElement()?.focus({ preventScroll: true });
    return this;
  },

  /** Gives one pin weight over the others, or none with null. */
  choose(id) {
    for (const pin of this._pins.values()) {
      pin.chosen = pin.id === id;
      pin.marker?.getElement()?.classList.toggle("is-chosen", pin.chosen);
      pin.marker?.setZIndexOffset(pin.chosen ? 1000 : 0);
    }
    return this;
  },

  setDraggable(draggable) {
    this.options.draggable = draggable;
    for (const { marker } of this._pins.values()) marker?.dragging?.[draggable ? "enable" : "disable"]();
    return this;
  },

  _category(wanted) {
    const { categories } = this.options;
    return (typeof wanted === "number" ? categories[wanted] : categories.find(({ key }) => key === wanted)) ?? {};
  },

  _show(pin, { falling }) {
    const { color, shape } = this._category(pin.category);
    const body = document.createElement("span");
    body.className = "map-own-body";
    body.append(shapeSvg(shape, { size: SHAPE_PX, fill: color, haloWidth: 3.2 }));
    const marker = L.marker([pin.lat, pin.lon], {
      icon: L.divIcon({ html: body, className: "map-own", iconSize: [TARGET_PX, TARGET_PX] }),
      draggable: this.options.draggable,
      autoPanOnFocus: false,
      riseOnHover: true,
    }).addTo(this._map);
    pin.marker = marker;
    const element = marker.getElement();
    element.setAttribute("aria-label", pin.label ?? "");
    element.classList.toggle("is-chosen", Boolean(pin.chosen));
    if (falling && !reducedMotion()) element.classList.add("is-falling");
    this._listen(pin, marker, element);
  },

  /** Moves the map when the pin that keys have come to lies beyond its edge, or under a sheet. */
  _bringIntoSight(marker) {
    const { x, y } = this._map.getSize();
    const style = getComputedStyle(this._map.getContainer());
    const [top, right, bottom, left] = ["top", "right", "bottom", "left"].map(
      (side) => Number.parseFloat(style.getPropertyValue(`--map-pad-${side}`)) || 0,
    );
    const at = this._map.latLngToContainerPoint(marker.getLatLng());
    const half = TARGET_PX / 2;
    const seen = at.x > left + half && at.x < x - right - half && at.y > top + half && at.y < y - bottom - half;
    if (!seen) this._map.panBy([at.x - (left + x - right) / 2, at.y - (top + y - bottom) / 2], { animate: false });
  },

  _listen(pin, marker, element) {
    const pick = () => this.options.onPick?.(pin.id);
    marker.on("click", (event) => {
      L.DomEvent.stopPropagation(event);
      pick();
    });
    element.addEventListener("focus", () => {
      if (element.matches(":focus-visible")) this._bringIntoSight(marker);
    });
    element.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" && event.key !== " ") return;
      event.preventDefault();
      event.stopPropagation();
      pick();
    });
    marker.on("dragend", () => {
      const { lng, lat } = marker.getLatLng();
      Object.assign(pin, { lon: lng, lat });
      this.options.onMove?.(pin.id, { lon: lng, lat });
    });
  },
});

/**
 * A layer for one's own pins.
 * @param {{categories: object[], draggable?: boolean, onPick?: (id: string) => void,
 *   onMove?: (id: string, place: {lon: number, lat: number}) => void}} options
 */
export function ownPins(options) {
  return new OwnPins(options);
}
