/** The pins around the middle of the map as a list: what the eye finds on the map, for keys and for ears. */

import { heading } from "#js/citizen/pieces.js";
import { showsOthers } from "#js/citizen/state.js";
import { wayWords } from "#js/citizen/where.js";
import { h, shapeIcon } from "#js/lib/dom.js";
import { _, ngettext } from "#js/lib/words.js";

/** Bit of a pin's flags that says it has a comment (see #js/map/pins.js). */
const HAS_COMMENT = 1;

export function nearScreen(page, state) {
  const from = page.scene.view.position();
  const near = page.scene.nearest(from.lon, from.lat);
  const { row, title } = heading(page, near ? _("Pins around: %(place)s", { place: near }) : _("Pins around the middle of the map"));
  const box = h("div.near-pins", { "aria-busy": "true" });
  page.scene.pinsAround(from).then((pins) => {
    box.removeAttribute("aria-busy");
    box.append(...list(page, state, pins));
  });
  return { children: [row, box], focus: title };
}

function list(page, state, pins) {
  const hidden = !showsOthers(state) && state.config.publishPins && state.config.showOthers !== "never";
  const later = hidden && h("p.soft", {}, _("You will see pins of others once you have placed one."));
  if (!pins.length && later) return [later];
  if (!pins.length) return [h("p", {}, _("There are no pins within a kilometre."))];
  const count = ngettext("%(n)s pin, the nearest first", "%(n)s pins, the nearest first", pins.length);
  return [h("p.soft", {}, count), h("ul.near-list", {}, pins.map((pin) => h("li", {}, entry(page, state, pin)))), later].filter(Boolean);
}

function entry(page, { config }, pin) {
  const category = config.categories[pin.category];
  const near = page.scene.nearest(pin.lon, pin.lat);
  const about = [wayWords(pin), near, pin.flags & HAS_COMMENT && _("with a comment")].filter(Boolean).join(", ");
  const next = pin.isOwn
    ? { name: "own", id: pin.id }
    : { name: "other", id: pin.id, category: category.key, at: { lon: pin.lon, lat: pin.lat } };
  return h(
    "button.near-pin",
    { type: "button", "data-category": category.key, onclick: () => page.dispatch({ type: "open", screen: next }) },
    shapeIcon(category.shape),
    h("span.near-words", {}, h("strong", {}, pin.isOwn ? _("Your pin: %(word)s", { word: category.label }) : category.label), " ", h("span.soft", {}, about)),
  );
}
