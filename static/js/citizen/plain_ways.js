/** Ways around the map for those who don't use one: the page in words, and the pins around as a list. */

import { screen, showsOthers } from "#js/citizen/state.js";
import { h } from "#js/lib/dom.js";
import { _ } from "#js/lib/words.js";

/** A quiet row of ways under a screen; with a category the page in words begins with it. */
export function plainWays(page, state, { category = null } = {}) {
  const { config } = page;
  const lists = showsOthers(state) || state.pins.length > 0;
  return h(
    "p.plain-ways",
    {},
    config.open && h("a", { href: writeAddress(config, category) }, _("Without the map, in words")),
    lists &&
      screen(state).name !== "near" &&
      h("button.link-button", { type: "button", onclick: () => page.dispatch({ type: "open", screen: { name: "near" } }) }, _("Pins as a list")),
  );
}

function writeAddress({ writeUrl, event }, category) {
  const address = new URL(writeUrl, location.href);
  if (event) address.searchParams.set("event", event.code);
  if (category) address.searchParams.set("category", category);
  return address.href;
}
