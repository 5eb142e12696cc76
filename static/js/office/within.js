/** The area that narrows the filter: drawn, taken from what the map shows, shown on the map, and taken away again. */

import * as L from "leaflet";
import { areaPolygon, areaText, boxPolygon } from "#js/office/address.js";
import { drawArea } from "#js/office/draw.js";
import { _ } from "#js/lib/words.js";
import { toast } from "#js/lib/toast.js";

/** More corners than that make an address too long for some servers. */
const MOST_CORNERS = 100;

/** How close one comes to a small area: its surroundings tell where it is. */
const CLOSEST_ZOOM = 17;

/** The outline of the area on the map: it can't be pressed, so pins under it can. */
function outline(map) {
  const shown = L.polygon([], { interactive: false, className: "office-area-shape", fillOpacity: 1 });
  return (polygon) => {
    if (!polygon) {
      shown.remove();
      return;
    }
    shown.setLatLngs(polygon.coordinates[0].map(([lon, lat]) => [lat, lon]));
    shown.addTo(map);
  };
}

/**
 * Connects the word "the whole map" of the filter with the map.
 * @param {{town: object, form: HTMLFormElement, place: HTMLElement, onArea: (text: string) => void}} options
 */
export function connectArea({ town, form, place, onArea }) {
  const word = form.querySelector('[data-word="area"]');
  const show = outline(town.map);
  let drawing = null;

  const now = () => areaPolygon(form.elements.area.value);
  const container = town.map.getContainer();

  function take(polygon) {
    onArea(areaText(polygon));
    show(polygon);
  }

  /** Who opens the page with an area wants to see that one. */
  function lookAt(polygon) {
    if (!polygon) return;
    const [lons, lats] = [0, 1].map((axis) => polygon.coordinates[0].map((corner) => corner[axis]));
    town.view.fit([Math.min(...lons), Math.min(...lats), Math.max(...lons), Math.max(...lats)], { maxZoom: CLOSEST_ZOOM });
  }

  function begin() {
    word.open = false;
    show(null);
    place.hidden = false;
    drawing = drawArea(town, {
      initial: now(),
      maxPoints: MOST_CORNERS,
      panel: place.querySelector("[data-draw-panel]"),
      onChange: (polygon) => polygon && onArea(areaText(polygon)),
    });
    place.scrollIntoView({ block: "nearest" });
    container.focus({ preventScroll: true });
  }

  function end() {
    if (!drawing) return;
    const polygon = drawing.get();
    drawing.stop();
    drawing = null;
    place.hidden = true;
    take(polygon);
    word.querySelector("summary").focus();
  }

  form.querySelector("[data-area-tools]").hidden = false;
  form.querySelector("[data-area-draw]").addEventListener("click", () => (drawing ? end() : begin()));
  form.querySelector("[data-area-view]").addEventListener("click", () => {
    end();
    const bounds = town.map.getBounds();
    word.open = false;
    take(boxPolygon([bounds.getWest(), bounds.getSouth(), bounds.getEast(), bounds.getNorth()]));
    toast(_("Only what the map showed just now."), { action: _("The whole map again"), onAction: () => take(null) });
  });
  form.querySelector("[data-area-clear]").addEventListener("click", (event) => {
    event.preventDefault();
    if (drawing) drawing.clear();
    end();
    word.open = false;
    take(null);
    word.querySelector("summary").focus();
  });
  place.querySelector("[data-draw-done]").addEventListener("click", end);
  place.addEventListener("keydown", (event) => {
    if (event.key === "Escape") end();
  });
  container.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && drawing) end();
  });
  show(now());
  lookAt(now());
  return { isDrawing: () => drawing !== null };
}
