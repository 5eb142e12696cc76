/** The desk's map: one place that is being written down, by click or crosshair, among those that are written already. */

import * as L from "leaflet";
import { createCrosshair } from "#js/map/crosshair.js";
import { createMap } from "#js/map/map.js";
import { metresPerPixel } from "#js/map/mercator.js";
import { nameList, nearestName } from "#js/map/names.js";
import { shapeSvg } from "#js/map/shapes.js";

/** How exactly a hand with a mouse points; the server reckons with the same (app/inputs/desk.py). */
const EXACT_PX = 6;

const SIZE_PX = 18;
const DRAFT_PX = 30;
const CLOSE_ZOOM = 17;

const ARROWS = new Set(["ArrowLeft", "ArrowRight", "ArrowUp", "ArrowDown"]);

/**
 * @param {HTMLElement} element
 * @param {object} scene
 * @param {{category: () => object, onPlace: (place: object|null) => void, onOutside: () => void}} options
 *   `onPlace` hears of the place that Enter would store: of a click, or under the crosshair.
 */
export async function connectDeskMap(element, scene, { category, onPlace, onOutside }) {
  const town = await createMap(element, {
    bounds: scene.bounds, boundary: scene.boundary, basemap: scene.basemap, label: scene.title, minZoom: 8,
  });
  const { map } = town;
  const byKey = Object.fromEntries(scene.categories.map((one) => [one.key, one]));
  const written = L.layerGroup().addTo(map);
  let draft = null;
  let marker = null;
  let names = null;
  map.doubleClickZoom.disable();

  const cross = createCrosshair(town, {
    onLift: () => onPlace(null),
    onSettle: (place) => onPlace(place.inside ? place : null),
  });

  function icon({ shape, color }, size, className) {
    const body = document.createElement("span");
    body.append(shapeSvg(shape, { size, fill: color, haloWidth: 3 }));
    return L.divIcon({ html: body, className, iconSize: [size, size] });
  }

  /** Takes the place of a click, of a stored draft, or of a pin taken back. */
  function place(at) {
    cross.hide();
    draft = at;
    marker?.remove();
    marker = at && L.marker([at.lat, at.lon], { icon: icon(category(), DRAFT_PX, "desk-draft"), keyboard: false, draggable: true }).addTo(map);
    marker?.on("dragend", () => click(marker.getLatLng()));
    onPlace(draft);
  }

  function click({ lng, lat }) {
    if (town.boundary.contains(lng, lat)) {
      place({ lon: lng, lat, zoom: map.getZoom() });
      return;
    }
    onOutside();
    if (marker) place(draft);
  }

  /** The crosshair over the middle, beginning at the place that was clicked. */
  function aim() {
    if (draft) town.view.centreOn([draft.lon, draft.lat], map.getZoom(), { animate: false });
    draft = null;
    marker?.remove();
    marker = null;
    if (!cross.shown) cross.show(category());
  }

  map.on("click", ({ latlng }) => click(latlng));
  element.addEventListener(
    "keydown",
    (event) => {
      if (ARROWS.has(event.key) && event.target === element && !cross.shown) aim();
    },
    { capture: true },
  );

  return {
    town,
    ready: town.ready,
    place,
    /** What Enter would store; null where nothing is placed, or outside the map. */
    current() {
      if (!cross.shown) return draft;
      const at = cross.position();
      return at.inside ? { lon: at.lon, lat: at.lat, zoom: at.zoom } : null;
    },
    get isAiming() {
      return cross.shown;
    },
    /** The pin in the hand says something else now. */
    recolour() {
      if (cross.shown) cross.setCategory(category());
      marker?.setIcon(icon(category(), DRAFT_PX, "desk-draft"));
    },
    /** The place is stored: the crosshair stays for the next one, a clicked mark goes. */
    done() {
      if (cross.shown) cross.drop();
      else place(null);
    },
    leave() {
      cross.hide();
      place(null);
    },
    show(pins) {
      written.clearLayers();
      for (const { lon, lat, category: key, waits } of pins) {
        const className = `desk-written${waits ? " is-waiting" : ""}`;
        L.marker([lat, lon], { icon: icon(byKey[key] ?? category(), SIZE_PX, className), interactive: false, keyboard: false }).addTo(written);
      }
    },
    focus() {
      element.focus({ preventScroll: true });
    },
    /** Hands the arrow keys to the map wherever the focus was. */
    takeArrow(event) {
      if (!ARROWS.has(event.key)) return false;
      element.focus({ preventScroll: true });
      aim();
      return true;
    },
    goTo(at) {
      const near = Math.max(map.getZoom(), CLOSE_ZOOM);
      if (at.inside === false) return town.view.centreOn([at.lon, at.lat], near);
      draft = null;
      place(null);
      town.view.centreOn([at.lon, at.lat], near, { animate: false });
      element.focus({ preventScroll: true });
      return aim();
    },
    get names() {
      names ??= town.data ? nameList(town.data) : [];
      return names;
    },
    near: ({ lon, lat }) => nearestName(names ?? (names = town.data ? nameList(town.data) : []), lon, lat)?.name ?? "",
    exact_m: ({ lat, zoom }) => EXACT_PX * metresPerPixel(lat, zoom),
    inside: (lon, lat) => town.boundary.contains(lon, lat),
  };
}
