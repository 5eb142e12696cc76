/**
 * Suggestions under the search field, by the combobox pattern of the ARIA Authoring Practices: the focus stays in the
 * field, arrows choose among what was found, Enter goes there. Where the town has its addresses loaded, the server
 * finds; else, and without a connection, the names of the map's own layer do.
 */

import * as L from "leaflet";
import { request } from "#js/lib/api.js";
import { h, icon, replace } from "#js/lib/dom.js";
import { _, ngettext } from "#js/lib/words.js";
import { search } from "#js/map/names.js";

const MOST = 8;

/** Milliseconds of rest in typing after which the server is asked. */
const REST_MS = 130;

/** Milliseconds for which a found place is ringed. */
const RINGED_MS = 6000;

/** What a find is, in a word; places say what they are for. */
const KINDS = {
  address: () => _("address"),
  street: () => _("street"),
  district: () => _("quarter"),
  water: () => _("water"),
  green: () => _("greenery"),
  square: () => _("square"),
  school: () => _("school"),
  station: () => _("station"),
  church: () => _("church"),
  hospital: () => _("hospital"),
  shop: () => _("shop"),
  park: () => _("park"),
  sport: () => _("sports ground"),
  bus: () => _("stop"),
  townhall: () => _("town hall"),
  cemetery: () => _("cemetery"),
};

const kindWord = ({ kind, class: sort }) => (kind === "place" ? KINDS[sort] : KINDS[kind])?.() ?? _("place");

/** What the names of the map's own layer give; two ends of one stop, or a building and its label, are one find. */
export function nearbyFinds(names, text, most = MOST) {
  const seen = new Set();
  return search(names, text, 3 * most)
    .map((entry) => ({ label: entry.name, kind: entry.kind, word: kindWord(entry), lon: entry.lon, lat: entry.lat }))
    .filter(({ label, word }) => {
      const same = `${label.toLowerCase()}|${word}`;
      return !seen.has(same) && seen.add(same);
    })
    .slice(0, most);
}

/** Makes the field find; `eager` when Enter was pressed before this was here. */
export function connectSearch(page, { input, list, note, source, eager = false }) {
  let found = [];
  let active = -1;
  let asked = 0;
  let shownFor = null;
  let resting = 0;

  const find = async (text) => {
    const { placesUrl } = page.config;
    if (placesUrl) {
      try {
        const places = await request("GET", `${placesUrl}?q=${encodeURIComponent(text)}`);
        return places.map((place) => ({ ...place, word: kindWord(place), ofRegister: true }));
      } catch {
        // Without a connection the map's own names are still here.
      }
    }
    const own = nearbyFinds(page.scene.names, text);
    return own.map((place) => ({ ...place, inside: page.scene.inside(place.lon, place.lat) }));
  };

  const choose = (place) => {
    clearTimeout(resting);
    asked += 1;
    page.dispatch({ type: "back" });
    page.scene.showFound(place);
    ring(page.scene.map, place);
    page.say(
      place.inside === false
        ? _("%(place)s is here, outside the map.", { place: place.label })
        : _("The map is at %(place)s.", { place: place.label }),
    );
  };

  const activate = (index) => {
    active = index;
    [...list.children].forEach((option, n) => option.setAttribute("aria-selected", String(n === index)));
    const option = list.children[index];
    if (option) {
      input.setAttribute("aria-activedescendant", option.id);
      option.scrollIntoView({ block: "nearest" });
    } else input.removeAttribute("aria-activedescendant");
  };

  const draw = (text, places) => {
    found = places;
    shownFor = text;
    replace(list, found.map((place, n) => findOption(place, n, () => choose(place))));
    list.hidden = !found.length;
    input.setAttribute("aria-expanded", String(found.length > 0));
    source.hidden = !found.some(({ ofRegister }) => ofRegister);
    // The first one stands ready: Enter takes it.
    activate(found.length ? 0 : -1);
    if (!text) note.textContent = example(page);
    else
      note.textContent = found.length
        ? ngettext("%(n)s find", "%(n)s finds", found.length)
        : _("Nothing of that name. Try only the beginning of it.");
    if (eager && text) {
      eager = false;
      if (found[0]) choose(found[0]);
    }
  };

  const look = async () => {
    const text = input.value.trim();
    const mine = (asked += 1);
    const places = text ? await find(text) : [];
    if (mine === asked && input.isConnected) draw(text, places);
  };

  input.addEventListener("input", () => {
    eager = false;
    clearTimeout(resting);
    if (page.config.placesUrl && input.value.trim()) resting = setTimeout(look, REST_MS);
    else look();
  });
  input.addEventListener("keydown", (event) => {
    const isCurrent = shownFor === input.value.trim();
    if (event.key === "ArrowDown" && found.length) activate((active + 1) % found.length);
    else if (event.key === "ArrowUp" && found.length) activate((active - 1 + found.length) % found.length);
    else if (event.key === "Enter") {
      if (isCurrent && found[active]) choose(found[active]);
      else eager = !isCurrent;
    } else if (event.key === "Escape" && input.value) {
      input.value = "";
      look();
    } else return;
    event.preventDefault();
  });
  look();
}

/** What one may type, while nothing is typed. */
function example(page) {
  return page.config.placesUrl
    ? _("For example a street with a number, or the name of a school or stop.")
    : _("For example the name of your street, school or stop.");
}

/** One find; the pointer chooses it without taking the focus from the field. */
function findOption({ label, kind, word, inside }, n, onChoose) {
  return h(
    "li.find",
    {
      id: `find-${n}`,
      role: "option",
      "aria-selected": "false",
      onmousedown: (event) => event.preventDefault(),
      onclick: onChoose,
    },
    icon(kind === "street" ? "map" : "locate"),
    h("span.find-name", {}, label),
    h("span.find-kind", {}, inside === false ? _("%(kind)s, outside the map", { kind: word }) : word),
  );
}

/** A ring around what was found, until the map is moved or a while has passed. */
function ring(map, { lon, lat }) {
  const mark = L.circleMarker([lat, lon], { radius: 17, interactive: false, className: "found-ring" }).addTo(map);
  const remove = () => mark.remove();
  setTimeout(remove, RINGED_MS);
  // The way there is a movement too; the next one is the person's own.
  map.once("moveend", () => map.once("dragstart zoomstart", remove));
}
