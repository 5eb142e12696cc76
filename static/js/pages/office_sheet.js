/** The page of a sheet: photo, map and form show the same marks; what one of them changes, the others follow. */

import { readData } from "#js/lib/dom.js";
import { toast } from "#js/lib/toast.js";
import { _, ngettext, number } from "#js/lib/words.js";
import { containsPoint } from "#js/map/geometry.js";
import { createMap } from "#js/map/map.js";
import { sheetGround } from "#js/office/sheet_ground.js";
import { connectSheetKeys } from "#js/office/sheet_keys.js";
import { markLayer } from "#js/office/sheet_marker.js";
import { photoMap, toLatLng, toMillimetres } from "#js/office/sheet_photo.js";
import { connectRows } from "#js/office/sheet_rows.js";

const scene = readData("scene");
const form = document.querySelector("[data-form]");
const told = document.querySelector("[data-told]");
const adding = document.querySelector("[data-add]");
const ground = sheetGround(scene);
const shapes = Object.fromEntries(scene.categories.map(({ key, shape }) => [key, shape]));
const words = Object.fromEntries(scene.categories.map(({ key, label }) => [key, label]));

/** How much the town's map prefers being cut off to being small. */
const CLOSER = 0.3;

const layers = [];
let chosen = null;
let category = scene.categories[0].key;
let isAdding = false;

const rows = connectRows(form, {
  onChange(ids) {
    ids.map(rows.get).forEach((mark) => layers.forEach((layer) => layer.put(mark)));
    count();
  },
  onList() {
    const marks = rows.all();
    layers.forEach((layer) => layer.setAll(marks));
    if (chosen && !rows.get(chosen)) chosen = null;
    document.querySelector("[data-empty]").hidden = marks.length > 0;
    count();
  },
});

const say = (text) => (told.textContent = text);

/** Chooses a mark everywhere; `from` is where one did it: that part need not move to it. */
function choose(id, { from = "", field = "" } = {}) {
  const before = chosen ? rows.get(chosen) : null;
  if (before) rows.lineOf(before.id).classList.remove("is-chosen");
  chosen = id;
  const mark = id ? rows.get(id) : null;
  for (const layer of layers) {
    layer.choose(mark?.id ?? null, before, mark);
    if (mark && layer.name !== from) layer.look(mark.id);
  }
  if (!mark) return;
  const line = rows.lineOf(id);
  line.classList.add("is-chosen");
  if (from !== "list") line.scrollIntoView({ block: "nearest" });
  const wanted = field && line.querySelector(`[name="${field}"]`);
  if (wanted) {
    wanted.focus({ preventScroll: true });
    wanted.select?.();
  } else if (from !== "list") {
    document.activeElement?.blur();
  }
  say(_("Mark %(n)s: %(what)s.", { n: mark.n, what: words[mark.category] ?? mark.category }));
}

/** The mark before or after the chosen one, as the lines stand. */
function go(by, field = "") {
  const marks = rows.all();
  if (!marks.length) return;
  const at = marks.findIndex(({ id }) => id === chosen);
  const next = at < 0 ? (by > 0 ? 0 : marks.length - 1) : at + by;
  if (next >= marks.length) {
    choose(chosen);
    document.querySelector("[data-store]").focus();
    return;
  }
  choose(marks[Math.max(0, next)].id, { field });
}

/** The next mark that a photo was not sure of, and that nobody has looked at on this page. */
function goUnsure() {
  const open = unsure();
  if (!open.length) return;
  const at = open.findIndex(({ id }) => id === chosen);
  choose(open[(at + 1) % open.length].id);
}

const outside = () => rows.all().filter((mark) => mark.outside && !mark.dropped);

const unsure = () => rows.all().filter((mark) => mark.unsure && !mark.dropped && !rows.isChanged(mark.id));

function move(dx, dy) {
  const { x, y } = rows.get(chosen);
  const [newX, newY] = ground.held([x + dx, y + dy]);
  rows.change(chosen, { x: newX, y: newY });
  layers.forEach((layer) => layer.look(chosen));
}

function recolour(n) {
  const wanted = scene.categories[n];
  if (!wanted) return;
  category = wanted.key;
  if (!chosen) return;
  rows.change(chosen, { category: wanted.key });
  say(_("Mark %(n)s: %(what)s.", { n: rows.get(chosen).n, what: wanted.label }));
}

function drop(id = chosen) {
  if (!id) return;
  const { n } = rows.get(id);
  rows.drop(id);
  const mark = rows.get(id);
  say(!mark || mark.dropped ? _("Mark %(n)s is dropped.", { n }) : _("Mark %(n)s is back.", { n }));
}

function undo() {
  const id = rows.undo();
  if (id && rows.get(id)) choose(id);
}

function addAt(place, from) {
  if (!ground.contains(place)) {
    toast(_("This place is not on the sheet’s map."));
    return;
  }
  choose(rows.add(place, category), { from });
}

function setAdding(on) {
  isAdding = on;
  adding.setAttribute("aria-pressed", String(on));
  document.body.classList.toggle("is-adding", on);
  if (on) say(_("Click where the mark is. Escape ends it."));
}

/** What the button will do, and whether there is anything to take back. */
function count() {
  const marks = rows.all();
  const fresh = marks.filter(({ dropped, state, outside }) => !dropped && !outside && state !== "accepted").length;
  const changed = rows.changed().length > 0;
  const button = form.querySelector("[data-store]");
  if (fresh) button.textContent = ngettext("Store %(n)s pin", "Store %(n)s pins", fresh);
  else button.textContent = changed ? _("Save the changes") : _("The sheet is checked");
  form.querySelector("[data-undo]").disabled = rows.steps() === 0;
  const beyond = outside().length;
  document.querySelector("[data-outside-bar]").hidden = !beyond;
  document.querySelector("[data-outside-words]").textContent = ngettext("%(n)s mark lies outside the map.", "%(n)s marks lie outside the map.", beyond);
  const open = unsure().length;
  const bar = document.querySelector("[data-unsure-bar]");
  bar.hidden = !open;
  bar.querySelector("button").textContent = ngettext("%(n)s mark is not sure: look at it", "%(n)s marks are not sure: look at them", open);
}

function layerOn(name, map, options) {
  const hover = (id) => {
    layers.forEach((layer) => layer.hover(id));
    for (const line of form.querySelectorAll("[data-mark].is-hovered")) line.classList.remove("is-hovered");
    if (id) rows.lineOf(id)?.classList.add("is-hovered");
  };
  const layer = markLayer(map, { shapes, onPick: (id) => choose(id, { from: name }), onHover: hover, ...options });
  layer.name = name;
  layer.setAll(rows.all());
  layers.push(layer);
}

function connectPhoto() {
  const photo = photoMap(document.querySelector("[data-photo]"), scene);
  const { map } = photo;
  layerOn("photo", map, {
    rings: true,
    place: ({ x, y }) => toLatLng([x, y]),
    onMove(id, at) {
      const [x, y] = ground.held(toMillimetres(at));
      rows.change(id, { x, y });
    },
  });
  map.on("click", ({ latlng }) => (isAdding ? addAt(toMillimetres(latlng), "photo") : choose(null)));
  map.on("dblclick", ({ latlng }) => !isAdding && addAt(toMillimetres(latlng), "photo"));
  const buttons = [...document.querySelectorAll("[data-picture]")];
  for (const button of buttons) {
    button.addEventListener("click", () => {
      photo.show(Number(button.dataset.picture));
      for (const one of buttons) one.setAttribute("aria-pressed", String(one === button));
    });
  }
  document.querySelector("[data-photo-bar]").hidden = false;
  return photo;
}

async function connectTown() {
  const element = document.getElementById("map");
  const [west, south, east, north] = scene.bounds;
  const { map, ready } = await createMap(element, {
    bounds: scene.bounds, boundary: scene.boundary, basemap: scene.basemap, label: scene.title, minZoom: 8,
  });
  // The whole zoom that is nearest: the map goes to the chosen mark anyway, so its edges may be cut off.
  map.options.zoomSnap = 0;
  const near = Math.round(map.getBoundsZoom([[south, west], [north, east]]) + CLOSER);
  map.options.zoomSnap = 1;
  map.setZoom(near, { animate: false });
  map.doubleClickZoom.disable();
  layerOn("town", map, {
    place: ({ x, y }) => {
      const [lon, lat] = ground.toLonLat([x, y]);
      return [lat, lon];
    },
    onMove(id, { lng, lat }, done) {
      const [x, y] = ground.held(ground.toPage([lng, lat]));
      if (done || ground.contains([x, y])) rows.change(id, { x, y });
    },
  });
  const answer = await fetch(scene.boundary);
  const contains = containsPoint(await answer.json());
  rows.judge((place) => contains(...ground.toLonLat(place)));
  count();
  const pageOf = ({ latlng }) => ground.toPage([latlng.lng, latlng.lat]);
  map.on("click", (event) => (isAdding ? addAt(pageOf(event), "town") : choose(null)));
  map.on("dblclick", (event) => !isAdding && addAt(pageOf(event), "town"));
  await ready;
}

/** The photographed table in the stead of the map, for as long as comments are typed. */
function connectTable() {
  const bar = document.querySelector("[data-beside]");
  if (!bar) return () => {};
  const place = document.querySelector("[data-table]");
  let seen = false;
  const show = (table) => {
    document.body.classList.toggle("shows-table", table);
    // The table stands at the end, under the legend.
    if (table && !seen) place.scrollTop = place.scrollHeight;
    seen ||= table;
    for (const button of bar.querySelectorAll("[data-show]")) {
      button.setAttribute("aria-pressed", String((button.dataset.show === "table") === table));
    }
  };
  bar.hidden = false;
  bar.addEventListener("click", (event) => {
    const button = event.target.closest("[data-show]");
    if (button) show(button.dataset.show === "table");
  });
  return () => show(!document.body.classList.contains("shows-table"));
}

function connectForm() {
  let leaving = false;
  const about = form.querySelector(".sheet-about");
  let aboutChanged = false;
  about?.addEventListener("input", () => (aboutChanged = true));
  form.addEventListener("focusin", (event) => {
    const line = event.target.closest("[data-mark]");
    if (line && line.dataset.mark !== chosen && rows.get(line.dataset.mark)) choose(line.dataset.mark, { from: "list" });
  });
  form.addEventListener("click", (event) => {
    const button = event.target.closest("[data-n]");
    if (button) choose(button.closest("[data-mark]").dataset.mark, { from: "list" });
  });
  form.addEventListener("submit", (event) => {
    if (leaving) return event.preventDefault();
    leaving = true;
    // A pin that stays as it is need not travel: a wall of five hundred fits into one form.
    const sent = new Set(rows.changed());
    for (const { id, state } of rows.all()) {
      const line = rows.lineOf(id);
      if (state === "accepted" && !sent.has(line)) for (const one of line.querySelectorAll("[name]")) one.disabled = true;
    }
    return undefined;
  });
  window.addEventListener("pageshow", (event) => event.persisted && window.location.reload());
  window.addEventListener("beforeunload", (event) => {
    if (!leaving && (rows.changed().length || aboutChanged)) event.preventDefault();
  });
  const back = form.querySelector("[data-undo]");
  back.hidden = false;
  back.addEventListener("click", undo);
  document.querySelector("[data-outside-drop]").addEventListener("click", () => outside().forEach(({ id }) => rows.drop(id)));
  document.querySelector("[data-unsure-next]").addEventListener("click", goUnsure);
  adding.addEventListener("click", () => setAdding(!isAdding));
}

const store = () => form.requestSubmit(form.querySelector("[data-store]"));

async function start() {
  document.body.classList.add("is-live");
  connectForm();
  const photo = connectPhoto();
  const table = connectTable();
  connectSheetKeys(document.querySelector("[data-keys]"), {
    chosen: () => chosen,
    move,
    recolour,
    drop,
    go,
    undo,
    store,
    table,
    unsure: goUnsure,
    add: () => setAdding(!isAdding),
    comment: () => chosen && choose(chosen, { field: "comment" }),
    leave() {
      setAdding(false);
      document.activeElement?.blur();
    },
  });
  count();
  await Promise.all([connectTown(), photo.loaded]);
  document.querySelector("[data-photo]").dataset.ready = "true";
}

start();
