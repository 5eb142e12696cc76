/** The first screen: what this is about, and the choices at once. */

import { choices, folded, footWays, prose } from "#js/citizen/pieces.js";
import { plainWays } from "#js/citizen/plain_ways.js";
import { waitingLine } from "#js/citizen/waiting.js";
import { h, typeset } from "#js/lib/dom.js";
import { _, day } from "#js/lib/words.js";

/** @returns {{children: Node[], focus: HTMLElement|null}} */
export function startScreen(page, state) {
  const { config } = page;
  const title = h(
    "h2.sheet-title.start-title",
    { tabindex: "-1" },
    config.open ? _("What do you want to mark?") : closedTitle(config),
  );
  const openInfo = () => page.dispatch({ type: "open", screen: { name: "info" } });
  // Who has already marked something knows what the map is about.
  const intro = state.pins.length === 0 && config.intro && folded(prose("intro-words"), openInfo);
  const waits = waitingLine(page);
  const children = config.open
    ? [eventGreeting(config), intro, title, choices(page), waits.element, plainWays(page, state), footWays(page, state, ["mine", "results", "info"])]
    : [title, closedWords(config), waits.element, intro, closedWays(page), plainWays(page, state), footWays(page, state, ["mine", "info"])];
  return { children, focus: title, update: waits.update };
}

export function eventGreeting({ event, eventUnknown }) {
  if (eventUnknown) {
    return h(
      "div.notice.notice-warn",
      {},
      h("p", {}, _("We don’t know the code of this event. You can mark places all the same.")),
    );
  }
  if (!event) return null;
  return h(
    "p.event-greeting",
    {},
    h("strong", {}, typeset(event.title)),
    event.place && h("span", {}, typeset(event.place)),
  );
}

function closedTitle({ isOver }) {
  return isOver ? _("This map is closed") : _("This map is not open yet");
}

function closedWords({ isOver, opens, closes }) {
  const words = isOver
    ? closes && _("People could mark places until %(day)s. Thank you to all who did.", { day: day(closes) })
    : opens && _("You can mark places from %(day)s.", { day: day(opens) });
  return words ? h("p", {}, typeset(words)) : null;
}

function closedWays({ config }) {
  return (
    config.isOver && h("a.button.button-primary.button-block", { href: config.resultsUrl }, _("What people said"))
  );
}
