/** What waits for a connection, and what came back, as a person sees it. */

import { kindWords } from "#js/citizen/post.js";
import { waitingCounts } from "#js/citizen/state.js";
import { h, icon, replace, typeset } from "#js/lib/dom.js";
import { _, ngettext } from "#js/lib/words.js";

/** A quiet line that is there only when there is something to say; follows the state by `update`. */
export function waitingLine(page) {
  const element = h("div.waiting-place", { role: "status" });
  let shown = "";
  const update = (state) => {
    const { waiting, refused } = waitingCounts(state);
    const mark = `${waiting} ${refused} ${state.offline}`;
    if (mark === shown) return;
    shown = mark;
    replace(
      element,
      refused > 0 && refusedLine(page, state, refused),
      waiting > 0 && waitsLine(page, state, waiting),
      waiting + refused === 0 && state.offline && h("p.waiting-line.soft", {}, icon("cloud"), h("span", {}, typeset(awayWords(page)))),
    );
  };
  update(page.state());
  return { element, update };
}

const awayWords = ({ config }) =>
  config.open
    ? _("There is no connection just now. You can mark places all the same.")
    : _("There is no connection just now.");

function waitsLine(page, { offline }, n) {
  const words = offline
    ? ngettext(
        "%(n)s pin waits on this device and goes out once there is a connection.",
        "%(n)s pins wait on this device and go out once there is a connection.",
        n,
      )
    : ngettext("%(n)s pin has not been sent yet.", "%(n)s pins have not been sent yet.", n);
  return h(
    "div.waiting-line",
    {},
    icon("cloud"),
    h("span", {}, typeset(words)),
    h("button.link-button", { type: "button", onclick: () => page.deeds.post.sendNow() }, _("Send now")),
  );
}

function refusedLine(page, state, n) {
  const first = state.pins.find((pin) => pin.waiting?.refused);
  const open = () => page.dispatch({ type: "open", screen: n === 1 ? { name: "own", id: first.id } : { name: "mine" } });
  return h(
    "div.waiting-line.is-refused",
    {},
    icon("info"),
    h(
      "span",
      {},
      typeset(
        ngettext(
          "%(n)s pin was not accepted. Your words are kept.",
          "%(n)s pins were not accepted. Your words are kept.",
          n,
        ),
      ),
    ),
    h("button.link-button", { type: "button", onclick: open }, _("Show it")),
  );
}

/** What became of a waiting mark in one word, for lists. */
export function waitingLabel({ waiting }) {
  if (!waiting) return null;
  return waiting.refused
    ? h("span.label.label-bad", {}, _("not accepted"))
    : h("span.label.label-warn", {}, _("not sent yet"));
}

/** Why a mark is not at the server, and the ways on: to send it again, to copy its words, to give it up. */
export function waitingWords(page, pin) {
  const { waiting } = pin;
  if (!waiting) return null;
  return waiting.refused ? refusedWords(page, pin) : waitsWords(page, pin);
}

function waitsWords(page, { id, waiting }) {
  const words = {
    add: _("It is saved on this device and goes out by itself once there is a connection."),
    change: _("Your change is saved on this device and goes out by itself once there is a connection."),
    photo: _("The pin is sent. Its photo follows once there is a connection."),
  };
  return h(
    "div.notice.waiting-notice",
    {},
    h("p", {}, typeset(words[waiting.deed] ?? words.add)),
    h(
      "div.actions",
      {},
      h("button.link-button", { type: "button", onclick: () => page.deeds.post.sendNow() }, _("Send now")),
      waiting.deed !== "add" &&
        h("button.link-button", { type: "button", onclick: () => page.deeds.giveUp(id) }, giveUpWord(waiting)),
    ),
  );
}

function refusedWords(page, { id, comment, waiting }) {
  const lead = {
    add: _("This pin was not accepted:"),
    change: _("Your change was not accepted:"),
    photo: _("The pin is sent, but its photo was not accepted:"),
  };
  const act = (word, onclick) => h("button.link-button", { type: "button", onclick }, word);
  const { status } = waiting.refused;
  return h(
    "div.notice.notice-bad.waiting-notice",
    {},
    h("p", {}, h("strong", {}, typeset(lead[waiting.deed] ?? lead.add)), " ", typeset(kindWords(waiting.refused))),
    h("p", {}, typeset(_("Nothing of it is lost. You can change it and send it again."))),
    h(
      "div.actions",
      {},
      act(_("Try again"), () => page.deeds.tryAgain(id)),
      // A page opened without a connection may be older than the map's rules.
      status === 422 && act(_("Reload the page"), () => location.reload()),
      comment && navigator.clipboard && act(_("Copy the words"), () => copy(page, comment)),
      // Below stands "Delete" by itself while the map is open.
      (waiting.deed !== "add" || !page.config.open) && act(giveUpWord(waiting), () => page.deeds.giveUp(id)),
    ),
  );
}

const giveUpWord = ({ deed }) =>
  ({ change: _("Drop my change"), photo: _("Leave the photo out") })[deed] ?? _("Delete");

async function copy(page, text) {
  await navigator.clipboard.writeText(text).then(
    () => page.tell(_("Copied.")),
    () => {},
  );
}
