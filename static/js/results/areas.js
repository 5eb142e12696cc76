/** Answered places on a map: an outline whose colour says how far the town is; beside it the page says it in words. */

import * as L from "leaflet";
import { polygonsOf } from "#js/map/geometry.js";

const latLngs = (ring) => ring.map(([lon, lat]) => [lat, lon]);

/**
 * The outline of one area; by mouse, finger and keyboard it can be picked.
 * @param {object} area GeoJSON
 * @param {{status: string, name?: string, quiet?: boolean, onPick?: () => void}} options
 */
export function areaLayer(area, { status, name = "", quiet = false, onPick = null }) {
  const layer = L.polygon(
    polygonsOf(area).map((rings) => rings.map(latLngs)),
    {
      className: `answer-area answer-area-${status}${quiet ? " answer-area-quiet" : ""}`,
      interactive: Boolean(onPick),
      bubblingMouseEvents: false,
      smoothFactor: 1,
    },
  );
  if (onPick) layer.on("click", onPick);
  layer.on("add", () => {
    const path = layer.getElement();
    // The colours come from the style sheet, so that a page in the dark has its own.
    for (const attribute of ["stroke", "stroke-width", "stroke-opacity", "fill", "fill-opacity"]) path?.removeAttribute(attribute);
    if (!path || !onPick) return;
    path.setAttribute("tabindex", "0");
    path.setAttribute("role", "button");
    if (name) path.setAttribute("aria-label", name);
    path.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" && event.key !== " ") return;
      event.preventDefault();
      onPick();
    });
  });
  return layer;
}
