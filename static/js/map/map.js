/**
 * The town map put together: base, boundary, view and controls on one element.
 */

import * as L from "leaflet";
import { breath } from "#js/lib/breath.js";
import { _ } from "#js/lib/words.js";
import { vectorBasemap } from "#js/map/basemap.js";
import { boundaryLayer } from "#js/map/boundary.js";
import { workerBrush } from "#js/map/brushes.js";
import { groundOf } from "#js/map/ground.js";
import { PaperGraticule, plainAttribution, xyzBasemap } from "#js/map/tiles.js";
import { reducedMotion, View } from "#js/map/view.js";

/**
 * How many times its longer side the map may be pulled beyond the boundary. Wide enough that a small town in a tall window
 * can still stand above the sheet: where the whole world of the map is smaller than the window, Leaflet pins it to the middle.
 */
const SLACK = 6;

const MAX_ZOOM = 20;

async function textOf(address) {
  const answer = await fetch(address, { headers: { Accept: "application/geo+json, application/json" } });
  if (!answer.ok) throw new Error(`${address}: ${answer.status}`);
  return answer.text();
}

const geojsonOf = async (source) => (typeof source === "string" ? JSON.parse(await textOf(source)) : source);

const say = (element, name) => element.dispatchEvent(new CustomEvent(name, { bubbles: true }));

/** The ground over which the map may be pulled about. */
function pulledFar(bounds) {
  const { lat, lng } = bounds.getCenter();
  const shrink = Math.cos((lat * Math.PI) / 180);
  const side = Math.max(bounds.getNorth() - bounds.getSouth(), (bounds.getEast() - bounds.getWest()) * shrink);
  const reach = side * (SLACK + 0.5);
  return L.latLngBounds([lat - reach, lng - reach / shrink], [lat + reach, lng + reach / shrink]);
}

function leafletMap(element, config, bounds) {
  const calm = reducedMotion();
  const map = L.map(element, {
    zoomControl: false,
    attributionControl: false,
    fadeAnimation: !calm,
    zoomAnimation: !calm,
    markerZoomAnimation: !calm,
    inertia: !calm,
    keyboard: true,
    keyboardPanDelta: 80,
    maxZoom: MAX_ZOOM,
    maxBounds: pulledFar(bounds),
    maxBoundsViscosity: 0.5,
    wheelPxPerZoomLevel: 90,
    bounceAtZoomLimits: false,
    // The element is watched below, so that a sliding panel counts as well as a turned phone.
    trackResize: false,
  });
  element.setAttribute("role", "application");
  element.setAttribute("aria-label", config.label ?? _("Map"));
  L.control.attribution({ prefix: false, position: "bottomleft" }).addTo(map);
  const touch = globalThis.matchMedia?.("(pointer: coarse)").matches;
  if (!touch) L.control.zoom({ position: "bottomright", zoomInTitle: _("Zoom in"), zoomOutTitle: _("Zoom out") }).addTo(map);
  return map;
}

/**
 * Keeps the whole boundary reachable: the farthest zoom is the one at which it fits the visible part.
 * Never moves the map: when the view is farther out already (a turned phone), it may stay there.
 */
function holdLeastZoom(map, view, bounds, config) {
  const size = map.getSize();
  if (!size.x || !size.y) return;
  const fits = view.fittingZoom(bounds);
  const now = map._loaded ? map.getZoom() : MAX_ZOOM;
  map.setMinZoom(Math.max(0, Math.min(config.minZoom ?? MAX_ZOOM, fits, now)));
}

function watchSize(map, element, onSize) {
  const watcher = new ResizeObserver(() => {
    map.invalidateSize({ animate: false, debounceMoveend: true });
    onSize();
  });
  watcher.observe(element);
  return () => watcher.disconnect();
}

/** The base layer, and its data where it has any; falls back to paper when the layer can't be had. */
async function baseOf(config, element) {
  const { kind, url, attribution, maxZoom, painter } = config.basemap ?? {};
  if (kind === "none") return { layer: new PaperGraticule(), data: null };
  if (kind === "xyz") {
    const layer = xyzBasemap({ url, attribution, maxZoom });
    layer.on("tilesmissing", () => say(element, "map:tilesmissing"));
    layer.on("tilesback", () => say(element, "map:tilesback"));
    return { layer, data: null };
  }
  try {
    const text = await textOf(url);
    const worker = workerBrush(painter, text);
    const data = await groundOf(JSON.parse(text));
    const own = async () => (await import("#js/map/own_brush.js")).ownBrush(data);
    const options = { attribution: plainAttribution(attribution), theme: config.theme ?? "auto", spare: own };
    return { layer: vectorBasemap(worker ?? (await own()), options), data };
  } catch {
    // Whatever went wrong, the person needs a map to point at; the page says the rest in words.
    queueMicrotask(() => say(element, "map:tilesmissing"));
    return { layer: new PaperGraticule(), data: null };
  }
}

function firstPaint(layer) {
  return new Promise((resolve) => {
    layer.once("load", () => requestAnimationFrame(() => requestAnimationFrame(resolve)));
    // Tiles of a dead server may hang for minutes; the paper below is there at once.
    setTimeout(resolve, 8000);
  });
}

/**
 * Builds the map in an element.
 * @param {HTMLElement} element
 * @param {{bounds: number[], boundary: string|object, basemap: {kind: "vector"|"xyz", url: string, attribution?: string, maxZoom?: number},
 *   label?: string, padding?: object, theme?: string, initial?: {lon: number, lat: number, zoom: number}, minZoom?: number}} config
 */
export async function createMap(element, config) {
  delete element.dataset.ready;
  const [boundaryData, base] = await Promise.all([geojsonOf(config.boundary), baseOf(config, element)]);
  const boundary = boundaryLayer(boundaryData);
  await breath();
  const [west, south, east, north] = config.bounds ?? boundary.bounds;
  const bounds = L.latLngBounds([south, west], [north, east]);
  const map = leafletMap(element, config, bounds);
  const view = new View(map);
  view.setPadding(config.padding);
  holdLeastZoom(map, view, bounds, config);
  if (config.initial) {
    map.setView(bounds.getCenter(), config.initial.zoom, { animate: false });
    view.centreOn([config.initial.lon, config.initial.lat], config.initial.zoom, { animate: false });
  } else {
    view.fit([west, south, east, north]);
  }
  const stopWatching = watchSize(map, element, () => holdLeastZoom(map, view, bounds, config));
  await breath();
  const painted = firstPaint(base.layer);
  base.layer.addTo(map);
  await breath();
  boundary.addTo(map);
  const ready = painted.then(() => {
    element.dataset.ready = "true";
  });
  const destroy = () => {
    stopWatching();
    map.remove();
    delete element.dataset.ready;
  };
  return { map, view, boundary, basemap: base.layer, data: base.data, ready, destroy };
}
