/** The marks of a sheet on a picture: a shape in the category's colour with its number, to be picked and moved. */

import * as L from "leaflet";
import { svgElement, shapePath } from "#js/map/shapes.js";

/** Side of what a finger can hold, and of the shape in it. */
const TARGET_PX = 36;
const SHAPE_PX = 13;

/** Half of what a mark without a known size measures on paper. */
const USUAL_RADIUS_MM = 3;

function picture(shape) {
  const svg = svgElement("svg", { viewBox: "-18 -18 36 36", width: TARGET_PX, height: TARGET_PX, "aria-hidden": "true" });
  const d = shapePath(shape, SHAPE_PX);
  svg.append(svgElement("path", { d, class: "sheet-halo" }), svgElement("path", { d, class: "sheet-shape" }));
  return svg;
}

/**
 * A layer of marks on one map, photo or town.
 * @param {L.Map} map
 * @param {{place: (mark: object) => L.LatLngExpression, shapes: Record<string, string>, rings?: boolean,
 *   onPick: (id: string) => void, onHover: (id: string|null) => void, onMove: (id: string, at: L.LatLng, done: boolean) => void}} options
 */
export function markLayer(map, { place, shapes, rings = false, onPick, onHover, onMove }) {
  const shown = new Map();
  const renderer = rings ? L.svg({ padding: 0.4 }) : null;
  let chosen = null;

  function show(mark) {
    const body = document.createElement("span");
    body.append(picture(shapes[mark.category]));
    const number = document.createElement("b");
    number.textContent = mark.n;
    body.append(number);
    const icon = L.divIcon({ html: body, className: "sheet-pin", iconSize: [TARGET_PX, TARGET_PX] });
    // The lines of the form are the way for keyboards: a hundred tab stops on a picture are none.
    const marker = L.marker(place(mark), { icon, draggable: true, keyboard: false, autoPan: true, riseOnHover: true });
    const ring = rings
      ? L.circle(place(mark), { renderer, radius: (mark.diameter ?? 2 * USUAL_RADIUS_MM) / 2, interactive: false, className: "sheet-ring" })
      : null;
    ring?.addTo(map);
    marker.addTo(map);
    marker.on({
      click: (event) => {
        L.DomEvent.stop(event);
        onPick(mark.id);
      },
      dblclick: (event) => L.DomEvent.stop(event),
      mouseover: () => onHover(mark.id),
      mouseout: () => onHover(null),
      dragstart: () => onPick(mark.id),
      drag: () => {
        ring?.setLatLng(marker.getLatLng());
        onMove(mark.id, marker.getLatLng(), false);
      },
      dragend: () => onMove(mark.id, marker.getLatLng(), true),
    });
    shown.set(mark.id, { marker, ring, look: lookOf(mark) });
    dress(mark);
  }

  const lookOf = (mark) => `${mark.category} ${mark.n}`;

  function dress(mark) {
    const { marker, ring } = shown.get(mark.id);
    for (const element of [marker.getElement(), ring?._path]) {
      if (!element) continue;
      element.dataset.category = mark.category;
      element.dataset.state = mark.state;
      element.toggleAttribute("data-dropped", mark.dropped);
      element.toggleAttribute("data-unsure", mark.unsure);
      element.classList.toggle("is-chosen", mark.id === chosen);
    }
    marker.setZIndexOffset(mark.id === chosen ? 10_000 : mark.dropped ? -10_000 : 0);
  }

  function hide(id) {
    shown.get(id).marker.remove();
    shown.get(id).ring?.remove();
    shown.delete(id);
  }

  /** Brings one mark to what it is now. */
  function put(mark) {
    const there = shown.get(mark.id);
    if (there && there.look !== lookOf(mark)) hide(mark.id);
    if (!shown.has(mark.id)) return show(mark);
    there.marker.setLatLng(place(mark));
    there.ring?.setLatLng(place(mark));
    return dress(mark);
  }

  return {
    put,
    /** Shows these marks and no others. */
    setAll(marks) {
      const wanted = new Set(marks.map(({ id }) => id));
      for (const id of [...shown.keys()]) if (!wanted.has(id)) hide(id);
      marks.forEach(put);
    },
    /** Lifts one mark out, or none. */
    choose(id, before, mark) {
      chosen = id;
      if (before && shown.has(before.id)) dress(before);
      if (mark && shown.has(mark.id)) dress(mark);
    },
    hover(id) {
      for (const [key, { marker, ring }] of shown) {
        marker.getElement()?.classList.toggle("is-hovered", key === id);
        ring?._path?.classList.toggle("is-hovered", key === id);
      }
    },
    /** Moves the view to the mark where it is not in sight. */
    look(id) {
      const there = shown.get(id);
      if (!there) return;
      const at = there.marker.getLatLng();
      if (!map.getBounds().pad(-0.08).contains(at)) map.panTo(at, { animate: false });
    },
  };
}
