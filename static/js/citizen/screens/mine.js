/** Everything this person marked, and the ways to have it on another device. */

import { statusWord } from "#js/citizen/answer.js";
import { frameWords, keptWords } from "#js/citizen/kept_words.js";
import { footWays, heading } from "#js/citizen/pieces.js";
import { categoryOf, isAnswered, listed } from "#js/citizen/state.js";
import { waitingLabel, waitingLine } from "#js/citizen/waiting.js";
import { h, icon, replace, shapeIcon, typeset } from "#js/lib/dom.js";
import { _ } from "#js/lib/words.js";

export function mineScreen(page, state) {
  const { row, title } = heading(page, _("My pins"));
  const box = h("div.mine");
  const waits = waitingLine(page);
  let drawn = null;
  const update = (now) => {
    waits.update(now);
    if (drawn?.pins === now.pins && drawn.loaded === now.loaded) return;
    drawn = now;
    replace(box, marks(page, now), receiptWays(page, now));
    // Once the list stands: what it shows has been seen.
    queueMicrotask(() => page.deeds.sawAnswers());
  };
  update(state);
  const children = [row, keptWords(page), waits.element, box, frameWords(page, state), !page.config.open && footWays(page, state, ["results"])];
  return { children, focus: title, update };
}

/** The list, or what stands in its place: the grey before it, the failure, the emptiness. */
function marks(page, state) {
  const rows = listed(state).map((pin) => markRow(page, state, pin));
  const list = rows.length > 0 && h("ul.marks", {}, rows);
  if (state.loaded === "failed") return [notLoaded(page), list];
  if (state.loaded) return list || emptyWords(page);
  return (
    list ||
    h(
      "div",
      { "aria-busy": "true" },
      h("div.skeleton.skeleton-line"),
      h("div.skeleton.skeleton-line.skeleton-short"),
    )
  );
}

function receiptWays(page, state) {
  const way = (name, picture, words) =>
    h(
      "button.foot-way",
      { type: "button", onclick: () => page.dispatch({ type: "open", screen: { name } }) },
      icon(picture),
      h("span", {}, words),
    );
  return h(
    "div.receipt-ways",
    {},
    state.pins.length > 0 && way("receipt", "key", _("Take them to another device")),
    !page.config.anonymised && way("join", "copy", _("I have a code from another device")),
    !page.config.anonymised &&
      (state.pins.length > 0 || Object.keys(state.about).length > 0) &&
      way("withdraw", "trash", _("Delete everything of mine")),
  );
}

function markRow(page, state, pin) {
  const category = categoryOf(state, pin.category);
  const near = page.scene.nearest(pin.lon, pin.lat);
  return h(
    "li",
    {},
    h(
      "button.mark-row",
      {
        type: "button",
        "data-category": pin.category,
        "data-id": pin.id,
        onclick: () => page.dispatch({ type: "open", screen: { name: "own", id: pin.id } }),
      },
      shapeIcon(category?.shape),
      h(
        "span.mark-words",
        {},
        h("span.mark-title", {}, near || category?.word || ""),
        h("span.mark-comment", {}, typeset(pin.comment || category?.label || "")),
      ),
      stateLabel(pin),
    ),
  );
}

/** What became of a mark in one word, when there is something to say. */
export function stateLabel(pin) {
  if (pin.waiting) return waitingLabel(pin);
  if (pin.state === "hidden") return h("span.label.label-bad", {}, _("hidden from others"));
  if (pin.state === "pending") return h("span.label.label-warn", {}, _("waits to be read"));
  if (isAnswered(pin)) return statusWord(pin.status);
  return null;
}

function notLoaded(page) {
  return h(
    "div.notice",
    {},
    h("p", {}, _("Your pins could not be read just now.")),
    h("button.link-button", { type: "button", onclick: () => page.reload() }, _("Try again")),
  );
}

function emptyWords(page) {
  if (page.config.anonymised) {
    return h(
      "div.empty",
      {},
      h(
        "p",
        {},
        _(
          "This map ended a while ago, and we have deleted what tied its pins to persons. Whose they are nobody can find out any more, not even we.",
        ),
      ),
    );
  }
  return h(
    "div.empty",
    {},
    h("p", {}, _("Nothing yet. What you mark will be here, and you can change it or take it back at any time.")),
    page.config.open &&
      h("button.button", { type: "button", onclick: () => page.dispatch({ type: "home" }) }, _("Mark a place")),
  );
}
