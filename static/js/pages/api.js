/** A page of pins of the API: a map beside the table; what is picked on one is shown on the other. */

import { createMap } from "#js/map/map.js";
import { pinLayer } from "#js/map/pins.js";
import { readData } from "#js/lib/dom.js";
import { _ } from "#js/lib/words.js";

/** From afar pins of one page may be larger than those of a whole town. */
const LEAST_SIZE = 11;
const NEAREST_ZOOM = 17;

/** West, south, east and north of the pins, or null without any. */
function extent({ lon, lat }) {
  if (!lon.length) return null;
  const ends = (values) => values.reduce(([low, high], value) => [Math.min(low, value), Math.max(high, value)], [Infinity, -Infinity]);
  const [[west, east], [south, north]] = [ends(lon), ends(lat)];
  return [west, south, east, north];
}

async function begin({ title, bounds, boundaryUrl, basemap, categories, pins }) {
  const frame = document.getElementById("map-frame");
  frame.hidden = false;
  const element = document.getElementById("map");
  const label = `${title}. ${_("Arrow keys move the map, plus and minus zoom.")}`;
  const town = await createMap(element, { bounds, boundary: boundaryUrl, basemap, label });
  let chosen = null;
  const mark = (row) => {
    chosen?.classList.remove("is-chosen");
    chosen = row;
    row?.classList.add("is-chosen");
  };
  const onPick = ({ id, index }) => {
    const row = document.getElementById(`pin-${id}`);
    layer.highlight(index);
    mark(row);
    row?.scrollIntoView({ block: "nearest" });
    row?.querySelector("a")?.focus({ preventScroll: true });
  };
  const layer = pinLayer({ categories, onPick, leastSize: LEAST_SIZE }).addTo(town.map);
  layer.once("painted", () => (frame.dataset.painted = pins.ids.length));
  layer.setData(pins);
  const around = extent(pins);
  if (around) town.view.fit(around, { maxZoom: NEAREST_ZOOM, animate: false });
  // From the table: the pin of the line that is pointed at or focused stands out on the map.
  const show = ({ target }) => {
    const row = target.closest?.("tr[id^=pin-]");
    if (!row || row === chosen) return;
    mark(row);
    layer.highlight(layer.indexOf(row.id.slice("pin-".length)));
  };
  document.querySelector(".api-items")?.addEventListener("focusin", show);
  document.querySelector(".api-items")?.addEventListener("pointerover", show);
}

const config = readData("config");
if (config) await begin(config);
