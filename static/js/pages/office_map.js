/** The office's page of one map: filter, map and list put together. */

import { readData } from "#js/lib/dom.js";
import { toast } from "#js/lib/toast.js";
import { _, distance } from "#js/lib/words.js";
import { nearestFinder } from "#js/map/names.js";
import { connectDecisions } from "#js/office/decide.js";
import { connectFacts } from "#js/office/facts.js";
import { connectFilter, connectWords, pinParams, queryOf } from "#js/office/filter.js";
import { connectKeys } from "#js/office/keys.js";
import { connectList } from "#js/office/list.js";
import { connectScene } from "#js/office/scene.js";
import { connectArea } from "#js/office/within.js";

const data = readData("scene");
const side = document.querySelector("[data-side]");
const desk = document.querySelector(".office-desk");
const mapElement = document.querySelector("[data-map]");

/** Finds the street or place of a pin, once the map's own layer is there. */
let nearest = null;
let scene = null;
let area = null;
let followed = null;

const placeOf = (item) => ({ lon: Number(item.dataset.lon), lat: Number(item.dataset.lat) });

function nameItems(root) {
  if (!nearest) return;
  const items = root.matches("[data-pin]") ? [root] : root.querySelectorAll("[data-pin]");
  for (const item of items) {
    const { lon, lat } = placeOf(item);
    const found = nearest(lon, lat);
    if (!found) continue;
    item.querySelector("[data-near]").textContent = found.name;
    const long = item.querySelector("[data-near-long]");
    if (long) long.textContent = found.distance_m > 15 ? `${found.name}, ${distance(found.distance_m)}` : found.name;
  }
}

function failed(failure) {
  if (failure.name === "AbortError") return;
  if (failure.status === 401) signedOut();
  else toast(failure.message);
}

function signedOut() {
  toast(_("You have been signed out."), { action: _("Sign in"), onAction: () => location.assign(data.signIn), seconds: 600 });
}

function carry(params) {
  const query = queryOf(pinParams(params));
  const heat = queryOf(new URLSearchParams([...pinParams(params), ...(scene?.layers.fileParams() ?? [])]));
  const isShareOfAll = scene?.layers.fileParams().get("measure") === "share" && !params.get("category");
  for (const link of document.querySelectorAll("[data-carries]")) {
    const asked = [link.dataset.own, link.dataset.carries === "heat" ? heat : query].filter(Boolean).join("&");
    link.href = link.href.split("?")[0] + (asked ? `?${asked}` : "");
    // Of all feelings together there is no share, so there is no file of it.
    if (link.hasAttribute("data-one-feeling")) link.closest("li").hidden = isShareOfAll;
  }
}

/** Says in the address what list and map show, so that a colleague who opens it sees the same. */
function say(params) {
  const query = queryOf(new URLSearchParams([...params, ...(scene?.layers.address() ?? [])]));
  history.replaceState(null, "", query ? `?${query}` : location.pathname);
  carry(params);
}

function follow(params) {
  const query = queryOf(params);
  if (query === followed) return; // a field that is left says "change" once more
  followed = query;
  desk.classList.toggle("is-table", params.get("view") === "table");
  say(params);
  const again = (failure) => {
    if (failure.name !== "AbortError") followed = null; // the same may be asked once more
    failed(failure);
  };
  list.follow(params).catch(again);
  scene?.follow(params).catch(again);
}

connectWords();
const filter = connectFilter(side.querySelector("[data-filter]"), follow);
const list = connectList({
  side,
  page: data.page,
  onChoose: (item, { fromMap }) => scene?.point(item?.dataset.pin, item && placeOf(item), { move: !fromMap }),
  onHover: (item) => {
    const shown = item ?? list.chosen;
    scene?.point(shown?.dataset.pin, shown && placeOf(shown));
  },
  onItems: nameItems,
  onFound: (found) => {
    filter.setCounts(JSON.parse(found.dataset.counts));
    carry(filter.params()); // the table brings a link of its own
  },
});
connectDecisions({
  side,
  page: data.page,
  onDecided(item, old) {
    if (old) list.put(item, old);
    scene?.redraw(item.dataset.pin, item.dataset.state);
    if (filter.params().get("state") === "pending" && item.dataset.state !== "pending") list.step(1);
    else item.focus({ preventScroll: true });
  },
  onSignedOut: signedOut,
});

side.addEventListener("click", (event) => {
  const person = event.target.closest("[data-person]");
  const everybody = event.target.closest("[data-everybody]");
  if (!person && !everybody) return;
  event.preventDefault();
  filter.setPerson(person?.dataset.person ?? null);
});

/** Presses what a key stands for in the open pin. */
const press = (selector) => () => list.open?.querySelector(selector)?.requestSubmit();
connectKeys(side.querySelector("[data-keys]"), {
  j: () => list.step(1),
  k: () => list.step(-1),
  a: press('form[data-do="approve"]'),
  s: press('form[data-do="show"]'),
  h() {
    const box = list.open?.querySelector("[data-hide]");
    if (!box) return;
    box.open = true;
    box.querySelector('[name="ready"]').focus({ preventScroll: true });
  },
  "/": () => filter.focusWords(),
  escape() {
    const box = list.open?.querySelector("[data-hide][open]");
    if (!box) return;
    box.open = false;
    list.open.focus({ preventScroll: true });
  },
});
// Escape also leaves the reason's own field.
side.addEventListener("keydown", (event) => {
  const box = event.key === "Escape" && event.target.closest("[data-hide]");
  if (!box) return;
  box.open = false;
  box.closest("[data-pin]").focus({ preventScroll: true });
});

followed = queryOf(filter.params());
carry(filter.params());
mapElement.addEventListener("map:tilesmissing", () => {
  if (data.basemap.kind === "xyz" || typeof data.basemap.url === "string") {
    toast(_("The base map could not be loaded; the pins are where they belong."));
  }
});
scene = await connectScene({
  element: mapElement,
  panel: document.querySelector("[data-layers]"),
  data,
  params: filter.params(),
  onPick: (id) => !area?.isDrawing() && list.chooseById(id, { fromMap: true }),
  onLayers: () => say(filter.params()),
});
connectFacts({ town: scene.town, panel: document.querySelector("[data-facts]"), onFailed: failed });
const layersPanel = document.querySelector("[data-layers]");
/** How much of the map lies under the panel; on a phone that one stands below the map. */
const covered = () =>
  layersPanel.open && getComputedStyle(layersPanel).position === "absolute" ? layersPanel.offsetLeft + layersPanel.offsetWidth : 0;
const pointed = new URLSearchParams(location.search).get("pin");
// The panel may not cover what it speaks of: the town, an area and the crosshair of the keyboard come beside it.
const clearPanel = () => scene.town.view.setPadding({ left: covered() });
clearPanel();
layersPanel.addEventListener("toggle", clearPanel);
globalThis.addEventListener("resize", clearPanel);
if (covered() && !pointed) scene.town.view.fit(data.bounds);
area = connectArea({
  town: scene.town,
  form: side.querySelector("[data-filter]"),
  place: side.querySelector("[data-draw]"),
  onArea: filter.setArea,
});
carry(filter.params()); // now that it is known what the panel asks of heat
if (scene.town.data) nearest = nearestFinder(scene.town.data);
nameItems(side);
await Promise.all([scene.follow(filter.params()).catch(failed), scene.ready]);
if (pointed) await list.chooseById(pointed);
document.documentElement.dataset.office = "ready";
