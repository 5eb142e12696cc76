/** The small map beside the queue: where the pins of the list lie, and the current one among them. */

import { createMap } from "#js/map/map.js";
import { nearestFinder } from "#js/map/names.js";
import { pinLayer } from "#js/map/pins.js";

const LOOK_ZOOM = 17;

/** The dots' columns of these items. */
export function columnsOf(items, categories) {
  const place = new Map(categories.map((category, index) => [category.key, index]));
  return {
    count: items.length,
    ids: items.map((item) => item.dataset.pin),
    lon: items.map((item) => Number(item.dataset.lon)),
    lat: items.map((item) => Number(item.dataset.lat)),
    category: items.map((item) => place.get(item.dataset.category)),
    flags: items.map(() => 0),
  };
}

/**
 * Builds the map.
 * @param {{element: HTMLElement, data: object, onPick: (id: string) => void}} options
 */
export async function connectQueueMap({ element, data, onPick }) {
  const town = await createMap(element, { bounds: data.bounds, boundary: data.boundary, basemap: data.basemap, label: data.title });
  const dots = pinLayer({ categories: data.categories, onPick: (hit) => onPick(hit.id) }).addTo(town.map);
  const nearest = town.data ? nearestFinder(town.data) : null;
  return {
    ready: town.ready,
    /** Draws these items, and names the street or place of each. */
    draw(items) {
      dots.setData(columnsOf(items, data.categories));
      for (const item of nearest ? items : []) {
        const near = item.querySelector("[data-near]");
        if (!near.textContent) near.textContent = nearest(Number(item.dataset.lon), Number(item.dataset.lat))?.name ?? "";
      }
    },
    /** Lifts one item out of the others and goes to it. */
    point(item) {
      const index = item ? dots.indexOf(item.dataset.pin) : -1;
      dots.highlight(index < 0 ? null : index);
      if (index >= 0) town.view.centreOn([Number(item.dataset.lon), Number(item.dataset.lat)], Math.max(town.map.getZoom(), LOOK_ZOOM));
    },
  };
}
