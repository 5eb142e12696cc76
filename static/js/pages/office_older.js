/** The look at an older map's points: those inside, and those that will be left out. */

import * as L from "leaflet";
import { readData } from "#js/lib/dom.js";
import { createMap } from "#js/map/map.js";

const LEAST_ZOOM = 5;
const DOT_RADIUS = 4;
const SQUARE_PX = 8;

const scene = readData("scene");
const element = document.getElementById("map");

const tone = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

async function start() {
  const town = await createMap(element, {
    bounds: scene.bounds,
    boundary: scene.boundary,
    basemap: scene.basemap,
    label: scene.title,
    // Points may lie anywhere by mistake: then one looks for them.
    minZoom: LEAST_ZOOM,
  });
  town.map.setMaxBounds(null);
  const canvas = L.canvas({ padding: 0.3 });
  const dot = { renderer: canvas, radius: DOT_RADIUS, weight: 1, color: tone("--paper-raised"), interactive: false };
  for (const [lon, lat] of scene.outside) squareAt(lon, lat).addTo(town.map);
  for (const [lon, lat] of scene.inside) {
    L.circleMarker([lat, lon], { ...dot, fillColor: tone("--accent"), fillOpacity: 0.9 }).addTo(town.map);
  }
  element.dataset.points = String(scene.inside.length + scene.outside.length);

  /** Squares, so that colour is not all that tells them from the others. */
  function squareAt(lon, lat) {
    const Square = L.CircleMarker.extend({
      _updatePath() {
        if (!this._renderer._drawing || this._empty()) return;
        const { x, y } = this._point;
        const context = this._renderer._ctx;
        context.beginPath();
        context.rect(x - SQUARE_PX / 2, y - SQUARE_PX / 2, SQUARE_PX, SQUARE_PX);
        this._renderer._fillStroke(context, this);
      },
    });
    return new Square([lat, lon], { ...dot, fillColor: tone("--danger"), fillOpacity: 1 });
  }
}

start();
