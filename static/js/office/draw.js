/**
 * Drawing one area on a town map: by clicks or taps, by arrow keys and Enter, or by typing its corners.
 *
 *   const drawing = drawArea(town, { onChange: (polygon) => …, initial, maxPoints, panel });
 *   drawing.get() · drawing.set(geojson) · drawing.clear() · drawing.stop()
 *
 * `onChange` gets a GeoJSON Polygon, or null while the corners make none (too few, or sides that cross).
 * The page links css/office_draw.css. The panel (what was set, corners as a table) goes into `panel`, or after the map.
 */

import { cornersOf, nearestSide, polygonOf, rounded } from "#js/office/area.js";
import { drawKeys } from "#js/office/draw_keys.js";
import { drawLayer } from "#js/office/draw_layer.js";
import { drawPanel } from "#js/office/draw_panel.js";
import { _ } from "#js/lib/words.js";

const MOST_POINTS = 300;

/** A click this near the last corner is the second half of a double click. */
const SAME_PX = 9;

class Drawing {
  #town;
  #options;
  #corners = [];
  /** Closed: clicks on the map add no more corners at the end. */
  #closed = false;
  #chosen = null;
  #layer;
  #panel;
  #keys;
  #undo = [];
  #doubleClickWas;

  constructor(town, options) {
    this.#town = town;
    this.#options = { maxPoints: MOST_POINTS, onChange: () => {}, ...options };
    const { map } = town;
    this.#layer = drawLayer(map, {
      onMove: (index, corner) => this.#moved(index, corner),
      onMoveStart: () => this.#remember(),
      onMoveEnd: () => this.#changed(),
      onPick: (index) => this.#picked(index),
      onInsert: (index, corner) => this.#insert(index, corner),
    });
    this.#panel = drawPanel({
      onUndo: () => this.undo(),
      onClose: () => this.#close(),
      onClear: () => this.clear(),
      onRemove: (index) => this.#remove(index),
      onType: (index, corner) => this.#typed(index, corner),
      onAdd: (corner) => this.#addTyped(corner),
      onChoose: (index) => this.#choose(index),
    });
    this.#keys = drawKeys(town, { onSet: (corner) => this.#set(corner), onUndo: () => this.#back(), onRemove: () => this.#removeChosen() });
    this.#doubleClickWas = map.doubleClickZoom.enabled();
    map.doubleClickZoom.disable();
    map.on("click", this.#onClick, this);
    const place = this.#options.panel;
    if (place) place.append(this.#panel.element);
    else map.getContainer().after(this.#panel.element);
    map.getContainer().classList.add("is-drawing");
    this.#show(cornersOf(this.#options.initial));
  }

  /** The area as a GeoJSON Polygon, or null. */
  get() {
    return polygonOf(this.#corners);
  }

  /** Shows this polygon instead (its outer ring); says nothing to onChange. */
  set(geojson) {
    this.#remember();
    this.#show(cornersOf(geojson));
  }

  /** Takes all corners away. */
  clear() {
    if (!this.#corners.length) return;
    this.#remember();
    this.#corners = [];
    this.#closed = false;
    this.#chosen = null;
    this.#changed();
  }

  /** As it was before the last change. */
  undo() {
    const before = this.#undo.pop();
    if (!before) return;
    [this.#corners, this.#closed] = before;
    this.#chosen = null;
    this.#changed();
  }

  /** Takes the tool off the map. */
  stop() {
    const { map } = this.#town;
    map.off("click", this.#onClick, this);
    if (this.#doubleClickWas) map.doubleClickZoom.enable();
    map.getContainer().classList.remove("is-drawing");
    this.#keys.stop();
    this.#layer.remove();
    this.#panel.element.remove();
  }

  #show(corners) {
    this.#corners = corners;
    this.#closed = corners.length >= 3;
    this.#chosen = null;
    this.#draw();
  }

  #remember() {
    this.#undo.push([this.#corners.map((corner) => [...corner]), this.#closed]);
    if (this.#undo.length > 100) this.#undo.shift();
  }

  #changed() {
    this.#draw();
    this.#options.onChange(this.get());
  }

  #draw() {
    const state = { corners: this.#corners, closed: this.#closed, chosen: this.#chosen, canUndo: this.#undo.length > 0 };
    this.#layer.draw(state);
    this.#panel.draw(state);
  }

  #onClick(event) {
    if (this.#closed) {
      this.#choose(null);
      return;
    }
    this.#set([event.latlng.lng, event.latlng.lat]);
  }

  /** A corner from the pointer or from the crosshair. */
  #set(corner) {
    const points = this.#pixels();
    const at = this.#pixel(corner);
    const near = (index) => points[index] && Math.hypot(points[index][0] - at[0], points[index][1] - at[1]) < SAME_PX;
    if (!this.#closed && (near(points.length - 1) || near(0))) {
      this.#close();
      return;
    }
    this.#insert(this.#closed ? nearestSide(points, at) + 1 : this.#corners.length, corner);
  }

  /** Whether there was room for one more. */
  #insert(index, corner) {
    if (this.#corners.length >= this.#options.maxPoints) {
      this.#panel.say(_("There are %(n)s corners already; more can’t be drawn here.", { n: this.#corners.length }));
      return false;
    }
    this.#remember();
    this.#corners.splice(index, 0, rounded(corner));
    this.#chosen = this.#closed ? index : null;
    this.#panel.say(_("Corner %(n)s is set.", { n: index + 1 }));
    this.#changed();
    return true;
  }

  #close() {
    if (this.#closed || this.#corners.length < 3) return;
    this.#remember();
    this.#closed = true;
    this.#panel.say(_("The area is closed. Drag its corners to mend it."));
    this.#changed();
  }

  #moved(index, corner) {
    this.#corners[index] = rounded(corner);
    this.#chosen = index;
    this.#layer.outline(this.#corners, this.#closed);
  }

  #picked(index) {
    if (!this.#closed && index === 0 && this.#corners.length >= 3) this.#close();
    else this.#choose(index);
  }

  #choose(index) {
    if (this.#chosen === index) return;
    this.#chosen = index;
    this.#draw();
  }

  #remove(index) {
    this.#remember();
    this.#corners.splice(index, 1);
    if (this.#corners.length < 3) this.#closed = false;
    this.#chosen = null;
    this.#panel.say(_("Corner %(n)s is gone.", { n: index + 1 }));
    this.#changed();
  }

  #back() {
    if (this.#corners.length) this.#remove(this.#corners.length - 1);
  }

  #removeChosen() {
    if (this.#chosen !== null) this.#remove(this.#chosen);
  }

  #typed(index, corner) {
    this.#remember();
    this.#corners[index] = rounded(corner);
    this.#chosen = index;
    this.#changed();
    this.#bringInto(corner);
  }

  #addTyped(corner) {
    this.#insert(this.#corners.length, corner ?? this.#keys.position());
  }

  #bringInto([lon, lat]) {
    if (!this.#town.map.getBounds().contains([lat, lon])) this.#town.view.centreOn([lon, lat]);
  }

  #pixel([lon, lat]) {
    const { x, y } = this.#town.map.latLngToContainerPoint([lat, lon]);
    return [x, y];
  }

  #pixels() {
    return this.#corners.map((corner) => this.#pixel(corner));
  }
}

/**
 * The drawing tool over a town map.
 * @param {{map: object, view: import("#js/map/view.js").View}} town what createMap gives
 * @param {{onChange?: (polygon: object|null) => void, initial?: object, maxPoints?: number, panel?: HTMLElement}} [options]
 * @returns {{clear: () => void, set: (geojson: object|null) => void, get: () => object|null, undo: () => void, stop: () => void}}
 */
export function drawArea(town, options = {}) {
  return new Drawing(town, options);
}
