/** What the drawing tool shows on the map: the area, its outline, and handles on the corners and between them. */

import * as L from "leaflet";
import { firstCrossing } from "#js/office/area.js";

const PANE = "draw";
const TARGET_PX = 36;

/** More handles than this in sight would cover the outline they mend: then they wait for a closer look. */
const MOST_HANDLES = 160;

/** Between corners nearer than this there is no room for a handle. */
const ROOM_PX = 40;

const latLng = ([lon, lat]) => [lat, lon];
const cornerAt = (marker) => {
  const { lng, lat } = marker.getLatLng();
  return [lng, lat];
};

/** Handles lie over the lines, corners over what is between them, wherever on the map they are. */
function handle(className, above) {
  const icon = L.divIcon({ className: `draw-handle ${className}`, iconSize: [TARGET_PX, TARGET_PX], html: "" });
  // The table of corners is the way for keyboards: hundreds of tab stops on a map are none.
  return { icon, draggable: true, keyboard: false, pane: PANE, autoPan: true, zIndexOffset: above };
}

const DrawLayer = L.LayerGroup.extend({
  initialize(deeds) {
    L.LayerGroup.prototype.initialize.call(this);
    this._do = deeds;
    this._state = { corners: [], closed: false, chosen: null };
  },

  onAdd(map) {
    if (!map.getPane(PANE)) map.createPane(PANE).style.zIndex = 640;
    this._renderer ??= L.svg({ padding: 0.5, pane: PANE });
    const look = { renderer: this._renderer, pane: PANE, interactive: false, smoothFactor: 0 };
    this._area = L.polygon([], { ...look, stroke: false, fillOpacity: 1, className: "draw-area" });
    this._band = L.polyline([], { ...look, className: "draw-band" });
    this._line = L.polyline([], { ...look, className: "draw-line" });
    this._closing = L.polyline([], { ...look, className: "draw-closing" });
    this._wrong = L.polyline([], { ...look, className: "draw-wrong" });
    this._handles = L.layerGroup();
    [this._area, this._band, this._line, this._closing, this._wrong, this._handles].forEach((layer) => this.addLayer(layer));
    map.on("zoomend moveend", this._grip, this);
    return L.LayerGroup.prototype.onAdd.call(this, map);
  },

  onRemove(map) {
    map.off("zoomend moveend", this._grip, this);
    return L.LayerGroup.prototype.onRemove.call(this, map);
  },

  /** Shows the corners with handles. */
  draw(state) {
    this._state = state;
    this.outline(state.corners, state.closed);
    this._grip();
  },

  /** Only the shape, while a handle is under the finger. */
  outline(corners, closed) {
    const ring = corners.map(latLng);
    const whole = ring.length > 2;
    const crossing = whole ? firstCrossing(corners) : null;
    const side = (i) => [ring[i], ring[(i + 1) % ring.length]];
    const shown = closed && whole ? [...ring, ring[0]] : ring;
    this._area.setLatLngs(whole ? ring : []);
    this._band.setLatLngs(shown);
    this._line.setLatLngs(shown);
    this._closing.setLatLngs(whole && !closed ? [ring.at(-1), ring[0]] : []);
    this._wrong.setLatLngs(crossing ? crossing.map(side) : []);
  },

  _grip() {
    if (this._dragging || !this._map) return;
    this._handles.clearLayers();
    const { corners, closed } = this._state;
    const box = this._map.getBounds().pad(0.05);
    const inSight = corners.map((corner, i) => [corner, i]).filter(([corner]) => box.contains(latLng(corner)));
    if (inSight.length > MOST_HANDLES) return;
    if (closed && inSight.length * 2 <= MOST_HANDLES) inSight.forEach(([, i]) => this._gripBetween(i));
    inSight.forEach(([corner, i]) => this._gripCorner(corner, i));
  },

  _gripCorner(corner, index) {
    const { chosen, closed } = this._state;
    const kind = `draw-corner${index === chosen ? " is-chosen" : ""}${index === 0 && !closed ? " is-first" : ""}`;
    const marker = L.marker(latLng(corner), handle(kind, 20_000));
    marker.on({
      click: (event) => {
        L.DomEvent.stop(event);
        this._do.onPick(index);
      },
      dragstart: () => this._take(),
      drag: () => this._do.onMove(index, cornerAt(marker)),
      dragend: () => this._letGo(),
    });
    this._handles.addLayer(marker);
  },

  /** A faint handle in the middle of a side: touched or dragged it becomes a corner. */
  _gripBetween(index) {
    const { corners } = this._state;
    const [from, to] = [corners[index], corners[(index + 1) % corners.length]];
    const [a, b] = [from, to].map((corner) => this._map.latLngToContainerPoint(latLng(corner)));
    if (a.distanceTo(b) < ROOM_PX) return;
    const middle = this._map.containerPointToLatLng(a.add(b).divideBy(2));
    const marker = L.marker(middle, handle("draw-between", 10_000));
    let inserted = false;
    const insert = () => this._do.onInsert(index + 1, cornerAt(marker));
    marker.on({
      click: (event) => {
        L.DomEvent.stop(event);
        insert();
      },
      dragstart: () => {
        this._dragging = true;
        inserted = insert();
      },
      drag: () => inserted && this._do.onMove(index + 1, cornerAt(marker)),
      dragend: () => this._letGo(),
    });
    this._handles.addLayer(marker);
  },

  _take() {
    this._do.onMoveStart();
    this._dragging = true;
  },

  _letGo() {
    this._dragging = false;
    this._do.onMoveEnd();
  },
});

/**
 * The layer of the drawing tool, on the map.
 * @param {L.Map} map
 * @param {{onMove: Function, onMoveStart: Function, onMoveEnd: Function, onPick: Function, onInsert: Function}} deeds
 */
export function drawLayer(map, deeds) {
  return new DrawLayer(deeds).addTo(map);
}
