/** The magnifier on the map: the way to the search from wherever one only looks. */

import { screen } from "#js/citizen/state.js";
import { h, icon } from "#js/lib/dom.js";
import { _ } from "#js/lib/words.js";

/** Screens beside which the map is free; the crosshair's own has the button in its row. */
const SHOWN_ON = new Set(["start", "thanks", "mine", "own", "other"]);

/** Puts the button on the map, where there is something to find; what it gives is told every change of the screens. */
export function searchButton(page) {
  if (!page.scene.canSearch) return { update: () => {} };
  const words = _("Find a street or place");
  const button = h(
    "button.button.button-icon.map-search",
    {
      type: "button",
      "aria-label": words,
      title: words,
      onclick: () => page.dispatch({ type: "open", screen: { name: "search" } }),
    },
    icon("search"),
  );
  page.mapElement.after(button);
  return {
    update: (state) => {
      button.hidden = !SHOWN_ON.has(screen(state).name);
    },
  };
}
