/**
 * The part of the map that people see: what sheets and panels cover is left out of "the centre" and of "fits".
 */

import * as L from "leaflet";

/** Whether the person asked for less motion. */
export function reducedMotion() {
  return globalThis.matchMedia?.("(prefers-reduced-motion: reduce)").matches ?? false;
}

/** Pixels kept free around what is fitted. */
const MARGIN_PX = 8;

/** Pixels between what covers the map in which a whole town can still be shown. */
const LEAST_ROOM_PX = 120;

const SIDES = ["top", "right", "bottom", "left"];

/** The visible part of one Leaflet map. */
export class View {
  #steps = 0;
  #zooming = false;
  #goal = null;
  #panning = false;

  /** @param {L.Map} map */
  constructor(map) {
    this.map = map;
    this.padding = { top: 0, right: 0, bottom: 0, left: 0 };
    map.on("moveend zoomstart dragstart", () => {
      // A new pan ends the one under way; that is no rest.
      if (!this.#panning) this.#goal = null;
    });
  }

  /** Says what is covered, in pixels; the map itself stays where it is. */
  setPadding(padding = {}) {
    const element = this.map.getContainer();
    for (const side of SIDES) {
      this.padding[side] = Math.max(0, Number(padding[side]) || 0);
      element.style.setProperty(`--map-pad-${side}`, `${this.padding[side]}px`);
    }
    this.map.fire("visiblepadding", { padding: this.padding });
  }

  /** The middle of what is visible, in container pixels. */
  centrePoint() {
    const { x, y } = this.map.getSize();
    const { top, right, bottom, left } = this.padding;
    return L.point(Math.round((left + x - right) / 2), Math.round((top + y - bottom) / 2));
  }

  /** The place in the middle of what is visible. */
  position() {
    const { lng, lat } = this.map.containerPointToLatLng(this.centrePoint());
    return { lon: lng, lat, zoom: this.map.getZoom() };
  }

  /** The map centre at which this place lies in the visible middle. */
  #mapCentreFor(latLng, zoom) {
    const off = this.centrePoint().subtract(this.map.getSize().divideBy(2));
    return this.map.unproject(this.map.project(latLng, zoom).subtract(off), zoom);
  }

  /** Brings a place into the visible middle. */
  centreOn([lon, lat], zoom = this.map.getZoom(), { animate = true } = {}) {
    const held = Math.max(this.map.getMinZoom(), Math.min(this.map.getMaxZoom(), zoom));
    const centre = this.#mapCentreFor(L.latLng(lat, lon), held);
    const moving = animate && !reducedMotion();
    this.map.setView(centre, held, moving ? { animate: true, duration: 0.2 } : { animate: false });
  }

  #margins() {
    const { top, right, bottom, left } = this.padding;
    const { x, y } = this.map.getSize();
    // A sheet that covers nearly all leaves too little to fit anything into: then the map beneath counts.
    const [across, down] = [x - left - right >= LEAST_ROOM_PX, y - top - bottom >= LEAST_ROOM_PX];
    return {
      paddingTopLeft: L.point((across ? left : 0) + MARGIN_PX, (down ? top : 0) + MARGIN_PX),
      paddingBottomRight: L.point((across ? right : 0) + MARGIN_PX, (down ? bottom : 0) + MARGIN_PX),
    };
  }

  /** The closest whole zoom at which the bounds fit the visible part. */
  fittingZoom(bounds) {
    const { paddingTopLeft, paddingBottomRight } = this.#margins();
    return this.map.getBoundsZoom(bounds, false, paddingTopLeft.add(paddingBottomRight));
  }

  /** Shows a whole box [west, south, east, north] in the visible part. */
  fit([west, south, east, north], { maxZoom = 18, animate = false } = {}) {
    this.map.fitBounds(L.latLngBounds([south, west], [north, east]), {
      ...this.#margins(),
      maxZoom,
      animate: animate && !reducedMotion(),
    });
  }

  /** Zooms by whole steps about the visible middle; steps asked for during a zoom follow after it. */
  zoomBy(steps) {
    this.#steps += steps;
    if (this.#zooming) return;
    const { map } = this;
    const { lon, lat, zoom } = this.position();
    const wanted = Math.max(map.getMinZoom(), Math.min(map.getMaxZoom(), zoom + this.#steps));
    this.#steps = 0;
    if (wanted === zoom) return;
    this.#zooming = true;
    map.once("zoomend", () =>
      requestAnimationFrame(() => {
        this.#zooming = false;
        this.zoomBy(0);
      }),
    );
    this.centreOn([lon, lat], wanted);
  }

  /** Moves the map under the eye by pixels; quick calls in a row add up exactly. */
  panBy(dx, dy) {
    const { map } = this;
    this.#goal ??= map.project(map.getCenter());
    this.#goal = this.#goal.add([dx, dy]);
    this.#panning = true;
    map.panTo(map.unproject(this.#goal), { animate: !reducedMotion(), duration: 0.12, easeLinearity: 0.6 });
    this.#panning = false;
  }
}
