/** The map's side of the page: crosshair, own marks and other people's, always what the state says. */

import { request } from "#js/lib/api.js";
import { _ } from "#js/lib/words.js";
import { createCrosshair } from "#js/map/crosshair.js";
import { nameList, nearestName } from "#js/map/names.js";
import { ownPins } from "#js/map/ownpins.js";
import { pinLayer } from "#js/map/pins.js";
import { categoryOf, LEAST_ZOOM, pinOf, screen, showsOthers } from "#js/citizen/state.js";
import { nearestOf, way, whereWords } from "#js/citizen/where.js";

/** Zoom to which a search, a tap from afar and "where I am" bring the map: houses can be told apart. */
const CLOSE_ZOOM = 17;

/** From this zoom the step to placing is small enough to be made for the person. */
const NEARLY_ZOOM = 12;

/** Pixels from the edge of what is visible within which a mark counts as hidden. */
const EDGE_PX = 44;

/** Pins in the list of those around. */
const MOST_LISTED = 25;

/** Degrees within which the crosshair stands on what was looked up. */
const AT_DEGREES = 0.00012;

/** Screens on which a tap on the map opens a mark rather than sets a place. */
const LOOKING = new Set(["start", "thanks", "mine", "own", "other", "near"]);

/** Screens that are only looked at before one goes on placing. */
const BESIDE = new Set(["search", "near", "keys", "own", "other"]);

/** The scene of one page on a town map made by #js/map/map.js. */
export class Scene {
  #page;
  #town;
  #own;
  #cross;
  #others = null;
  #othersWanted = false;
  #othersRead = null;
  #names = null;
  #seen = null;
  #drawn = new Map();
  #looked = null;
  #found = null;
  #isAimed = false;
  #columns = null;
  #left = null;
  #saidZoom = null;
  #spoken = 0;

  constructor(page, town) {
    this.#page = page;
    this.#town = town;
    const { categories } = page.config;
    this.#own = ownPins({ categories, onPick: (id) => this.#pickOwn(id) }).addTo(town.map);
    this.#cross = createCrosshair(town, {
      onSettle: (place, byKey) => {
        page.dispatch({ type: "settle", ...place });
        if (byKey) this.#sayWhere(place);
      },
    });
    town.map.on("click", (event) => this.#tap(event));
    town.map.getContainer().addEventListener("keydown", (event) => this.#key(event));
    // Who moves the map by hand after a search looks at something else by now.
    for (const moved of ["mousedown", "touchmove", "wheel", "keydown"])
      town.map.getContainer().addEventListener(moved, () => (this.#isAimed = false), { passive: true });
  }

  get view() {
    return this.#town.view;
  }

  get map() {
    return this.#town.map;
  }

  /** Whether there is anything to be found by its name. */
  get canSearch() {
    return Boolean(this.#page.config.placesUrl) || Boolean(this.#town.data?.features.some(isNamed));
  }

  /** Names of streets and places to search in; empty where the map has no layer of its own. */
  get names() {
    this.#names ??= this.#town.data ? nameList(this.#town.data) : [];
    return this.#names;
  }

  /** What lies nearest to a place: its name, or an empty text. */
  nearest(lon, lat) {
    if (lon === null || lon === undefined) return "";
    // Who looked a place up knows it by what they looked for.
    if (this.#found && isAt(this.#found, lon, lat)) return this.#found.label;
    return nearestName(this.names, lon, lat)?.name ?? "";
  }

  /** A place as where.js tells it: the name near it, inside or outside, the way to the border, the zoom. */
  async around({ lon, lat, zoom }) {
    const near = await this.#near(lon, lat);
    const border = way({ lon, lat }, this.#town.boundary.nearest(lon, lat));
    return { near, inside: this.inside(lon, lat), border, zoom };
  }

  /** Says where the middle of the map is, all there is to say, for ears and eyes. */
  async tellWhere() {
    this.#page.tell(whereWords(await this.around(this.view.position()), { whole: true }));
  }

  /** The name near a place; where the map has no names of its own, the server's nearest address. */
  async #near(lon, lat) {
    if (this.#found && isAt(this.#found, lon, lat)) return { name: this.#found.label, distance_m: 0 };
    const { nearUrl } = this.#page.config;
    if (this.names.length || !nearUrl) return nearestName(this.names, lon, lat);
    return request("GET", `${nearUrl}?at=${lon.toFixed(5)},${lat.toFixed(5)}`).catch(() => null);
  }

  /** Own pins and those of others that may be seen, the nearest first: {id, lon, lat, category, flags, metres, bearing, isOwn}. */
  async pinsAround(from) {
    const state = this.#page.state();
    await this.#othersRead;
    const { categories } = state.config;
    const own = state.pins.map((pin) => ({ ...pin, category: categories.findIndex(({ key }) => key === pin.category) }));
    const column = (name) => own.map((pin) => pin[name]);
    const mine = { ids: column("id"), lon: column("lon"), lat: column("lat"), category: column("category") };
    const others = this.#columns && showsOthers(state) ? nearestOf(this.#columns, from) : [];
    const all = [...nearestOf(mine, from).map((pin) => ({ ...pin, isOwn: true })), ...others];
    return all.sort((a, b) => a.metres - b.metres).slice(0, MOST_LISTED);
  }

  /** What is heard after a step with the keys: shorter than all there is. */
  async #sayWhere(place) {
    const zoomed = this.#saidZoom !== place.zoom;
    this.#saidZoom = place.zoom;
    const mine = (this.#spoken += 1);
    const around = await this.around(place);
    if (mine !== this.#spoken) return;
    const words = whereWords(around, { zoomed });
    const isFar = place.inside && place.zoom < LEAST_ZOOM;
    this.#page.say(isFar ? [words, _("Press plus to come closer.")].join(" ") : words);
  }

  inside(lon, lat) {
    return this.#town.boundary.contains(lon, lat);
  }

  /** Brings a place under the crosshair, near enough to place a mark. */
  goTo(lon, lat, zoom = CLOSE_ZOOM) {
    this.view.centreOn([lon, lat], Math.max(this.#town.map.getZoom(), zoom));
  }

  /** Brings a place that was looked up under the crosshair, and calls it by its name as long as one stays there. */
  showFound(place) {
    this.#found = place;
    this.#isAimed = place.inside !== false;
    this.goTo(place.lon, place.lat);
  }

  /** Comes near enough to place a mark, about the crosshair. */
  comeCloser() {
    const { lon, lat, zoom } = this.view.position();
    this.view.centreOn([lon, lat], Math.max(zoom + 1, LEAST_ZOOM));
  }

  /** The whole town, for those who got lost. */
  wholeTown() {
    this.view.fit(this.#page.config.bounds, { animate: true });
  }

  focusMap() {
    this.#town.map.getContainer().focus({ preventScroll: true });
  }

  focusOwn(id) {
    this.#own.focus(id);
  }

  /** Notes what the eye rests on, before a sheet of another height shifts the middle. */
  remember() {
    this.#looked = this.view.position();
  }

  /** The sheet has grown: what it speaks of must stay in sight. */
  coverChanged() {
    const state = this.#page.state();
    const { name, id, at } = screen(state);
    if (name === "comment" && state.draft) this.#reveal(state.draft);
    else if (id && name !== "place") this.#revealAny(pinOf(state, id) ?? at);
  }

  /** Follows the state; called after the sheet stands, so that what it covers is known. */
  render(state) {
    const now = screen(state);
    this.#drawOwn(state);
    this.#toggleCrosshair(state, now);
    // A sheet of another height shifts the middle: who comes back to placing finds the place as it was.
    if (this.#seen?.name === "place" && BESIDE.has(now.name)) this.#left = this.#looked;
    else if (!BESIDE.has(now.name) && now.name !== "place") this.#left = null;
    if (this.#seen !== now) this.#arrive(state, now);
    if (now.name === "place") this.#left = null;
    this.#seen = now;
    this.#own.choose(now.name === "comment" ? state.draft?.id : (now.id ?? null));
    if (showsOthers(state)) this.#readOthers(state);
    else this.#others?.remove();
    this.#others?.highlight(
      now.name === "other" && this.#others.indexOf(now.id) >= 0 ? this.#others.indexOf(now.id) : null,
    );
  }

  /** Reads other people's marks anew, when some of them changed. */
  refreshOthers() {
    this.#othersWanted = false;
    this.#othersRead = null;
    if (showsOthers(this.#page.state())) this.#readOthers(this.#page.state());
  }

  #drawOwn(state) {
    const wanted = new Map(state.pins.map((pin) => [pin.id, pin]));
    const { draft } = state;
    const where = screen(state).name;
    if (draft && where === "comment") wanted.set(draft.id, draft);
    if (draft && where === "edit") wanted.set(draft.id, draft);
    if (draft?.mode === "move") wanted.delete(draft.id);
    for (const id of this.#own.ids()) {
      if (wanted.has(id)) continue;
      this.#own.remove(id);
      this.#drawn.delete(id);
    }
    for (const pin of wanted.values()) {
      const { id, lon, lat, category } = pin;
      const looks = `${lon},${lat},${category}`;
      if (lon === null || this.#drawn.get(id) === looks) continue;
      this.#drawn.set(id, looks);
      this.#own.put({ id, lon, lat, category, label: this.#label(state, pin) });
    }
  }

  #label(state, { category, lon, lat }) {
    const near = this.nearest(lon, lat);
    const word = categoryOf(state, category)?.label ?? category;
    return near ? _("Your pin: %(word)s, %(near)s", { word, near }) : _("Your pin: %(word)s", { word });
  }

  #toggleCrosshair(state, now) {
    if (now.name === "place" && state.draft) this.#cross.show(categoryOf(state, state.draft.category));
    else if (!BESIDE.has(now.name) || !state.draft) this.#cross.hide();
  }

  /** A new screen is here: the map turns to what it speaks of, and otherwise stays. */
  #arrive(state, now) {
    const { draft } = state;
    if (now.name === "place" && draft) {
      if (this.#left && this.#seen?.name !== "search") this.view.centreOn([this.#left.lon, this.#left.lat], this.#left.zoom);
      else if (draft.mode === "move" && this.#seen?.name !== "search") this.goTo(draft.lon, draft.lat);
      else if (draft.lon !== null && this.#seen?.name === "comment") this.view.centreOn([draft.lon, draft.lat]);
      else this.#comeNear();
    } else if (now.name === "comment" && draft) {
      if (this.#seen?.name === "place") this.#cross.drop();
      // An unsent mark of an earlier visit: the map has not been there yet.
      else this.goTo(draft.lon, draft.lat, draft.zoom);
      this.#reveal(draft);
    } else if (now.id) {
      this.#revealAny(pinOf(state, now.id) ?? now.at);
    }
  }

  #revealAny(place) {
    if (place) this.#reveal(place);
  }

  /** The last step to a zoom at which marks can be placed is made for the person; a longer way they choose. */
  #comeNear() {
    // Who looked a place up begins there, however high the sheet has become. A map that is still on its way there
    // hears nothing until it arrives, so it is told once more.
    if (this.#isAimed) {
      const aim = () => this.#isAimed && this.goTo(this.#found.lon, this.#found.lat);
      this.map.once("moveend", () => setTimeout(aim));
      aim();
      return;
    }
    const looked = this.#looked ?? this.view.position();
    const nearly = looked.zoom >= NEARLY_ZOOM && looked.zoom < LEAST_ZOOM;
    const lost = !this.inside(looked.lon, looked.lat);
    // Who looks beyond the border can't place anything there: the middle of the town is a better beginning.
    const [lon, lat] = lost ? this.#middle() : [looked.lon, looked.lat];
    if (nearly || lost) this.view.centreOn([lon, lat], nearly ? LEAST_ZOOM : looked.zoom);
  }

  #middle() {
    const [west, south, east, north] = this.#page.config.bounds;
    return [(west + east) / 2, (south + north) / 2];
  }

  /** Moves the map only when a place is not to be seen. */
  #reveal({ lon, lat }) {
    const { map } = this.#town;
    const { x, y } = map.latLngToContainerPoint([lat, lon]);
    const size = map.getSize();
    const { top, right, bottom, left } = this.view.padding;
    const seen =
      x > left + EDGE_PX && x < size.x - right - EDGE_PX && y > top + EDGE_PX && y < size.y - bottom - EDGE_PX;
    if (!seen) this.view.centreOn([lon, lat]);
  }

  #pickOwn(id) {
    const state = this.#page.state();
    if (LOOKING.has(screen(state).name) && pinOf(state, id))
      this.#page.dispatch({ type: "open", screen: { name: "own", id } });
  }

  #tap({ latlng, originalEvent }) {
    if (screen(this.#page.state()).name !== "place" || originalEvent?.defaultPrevented) return;
    const near = this.#town.map.getZoom() >= LEAST_ZOOM;
    this.view.centreOn([latlng.lng, latlng.lat], near ? this.#town.map.getZoom() : CLOSE_ZOOM - 1);
  }

  #key(event) {
    const { map } = this.#town;
    if (event.target !== map.getContainer() || event.altKey || event.ctrlKey || event.metaKey) return;
    const opens = this.#keyWay(event.key.toLowerCase());
    if (opens) {
      event.preventDefault();
      opens();
      return;
    }
    if (screen(this.#page.state()).name !== "place" || (event.key !== "Enter" && event.key !== " ")) return;
    event.preventDefault();
    // What lies under the crosshair at this very moment counts, not where it rested before.
    this.#page.dispatch({ type: "settle", ...this.#cross.position() });
    this.#page.here();
  }

  /** What a letter does on the map, besides moving and placing; they work only while the map has the focus. */
  #keyWay(key) {
    const open = (name) => () => this.#page.dispatch({ type: "open", screen: { name } });
    const ways = { w: () => this.tellWhere(), n: open("near"), "?": open("keys"), f: this.canSearch && open("search") };
    return ways[key] || null;
  }

  /** Where the crosshair stands at this moment. */
  position() {
    return this.#cross.position();
  }

  #readOthers(state) {
    const reading = this.#wantOthers(state);
    this.#othersRead ??= reading;
  }

  async #wantOthers(state) {
    if (this.#othersWanted) {
      if (this.#others && !this.#town.map.hasLayer(this.#others)) this.#others.addTo(this.#town.map);
      return;
    }
    this.#othersWanted = true;
    let columns;
    try {
      columns = await request("GET", state.config.pinsUrl);
    } catch {
      // Other people's marks are an extra: without them the page works, and the next visit has them.
      return;
    }
    this.#others ??= pinLayer({ categories: state.config.categories, onPick: (hit) => this.#pickOther(hit) });
    this.#columns = withoutOwn(columns, new Set(this.#page.state().pins.map(({ id }) => id)));
    this.#others.setData(this.#columns);
    if (!this.#town.map.hasLayer(this.#others)) this.#others.addTo(this.#town.map);
    document.documentElement.dataset.others = String(this.#others.count);
  }

  #pickOther({ id, lon, lat, category }) {
    if (!id || !LOOKING.has(screen(this.#page.state()).name)) return;
    const { key } = this.#page.config.categories[category];
    this.#page.dispatch({ type: "open", screen: { name: "other", id, category: key, at: { lon, lat } } });
  }
}

const isNamed = ({ properties }) => Boolean(properties?.name);

/** Whether a place is the one that was found, within some ten metres. */
const isAt = (found, lon, lat) => Math.abs(found.lon - lon) < AT_DEGREES && Math.abs(found.lat - lat) < AT_DEGREES;

/** Columns without one's own marks: those have their large markers. */
function withoutOwn(columns, own) {
  const kept = columns.ids.flatMap((id, index) => (own.has(id) ? [] : [index]));
  const pick = (values) => kept.map((index) => values[index]);
  return {
    ids: pick(columns.ids),
    lon: pick(columns.lon),
    lat: pick(columns.lat),
    category: pick(columns.category),
    flags: columns.flags ? pick(columns.flags) : null,
  };
}
