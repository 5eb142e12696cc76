/** After a mark is stored: short thanks, what happens next, and the next one a tap away. */

import { choices, folded, footWays, prose } from "#js/citizen/pieces.js";
import { keptWords } from "#js/citizen/kept_words.js";
import { waitingLine } from "#js/citizen/waiting.js";
import { asksAbout, pinOf, screen, showsOthers } from "#js/citizen/state.js";
import { h, icon, typeset } from "#js/lib/dom.js";
import { _, ngettext } from "#js/lib/words.js";

export function thanksScreen(page, state) {
  const { id, first } = screen(state);
  const pin = pinOf(state, id);
  const n = state.pins.length;
  const title = h(
    "h2.sheet-title",
    { tabindex: "-1" },
    h("span.done-mark", {}, icon("check")),
    h(
      "span",
      {},
      pin?.waiting
        ? _("Thank you, it is saved on this device")
        : first
        ? pin?.state === "pending"
          ? _("Thank you, we have it")
          : _("Thank you, it is on the map")
        : ngettext("Thank you, that is your %(n)s pin", "Thank you, you now have %(n)s pins", n),
    ),
  );
  const openInfo = () => page.dispatch({ type: "open", screen: { name: "info" } });
  const edit = h(
    "button.link-button",
    { type: "button", onclick: () => page.dispatch({ type: "open", screen: { name: "own", id } }) },
    _("Change it"),
  );
  const waits = waitingLine(page);
  const children = [
    h("div.sheet-head", {}, title),
    first && page.config.thanks && folded(prose("thanks-words"), openInfo),
    keptWords(page),
    waits.element,
    pin?.state === "pending" && h("p.soft", {}, _("Others will see it once the town office has read it.")),
    h("div.another", {}, h("p", {}, _("Add another?")), edit),
    choices(page, { label: _("Add another?") }),
    first &&
      showsOthers(state) &&
      !state.offline &&
      page.config.showOthers !== "always" &&
      h(
        "p.others-hint",
        {},
        icon("eye"),
        h("span", {}, _("Now you can see what others marked. Tap a pin to read it.")),
      ),
    asksAbout(state) && aboutInvitation(page),
    footWays(page, state, ["mine", "results", "share"]),
  ];
  return { children, focus: title, update: waits.update };
}

function aboutInvitation(page) {
  const n = page.config.about.length;
  const refuse = (event) => {
    page.deeds.skipAbout();
    event.target.closest(".invitation")?.remove();
    page.sheet.focusHeading();
  };
  return h(
    "div.invitation",
    {},
    h(
      "button.invitation-way",
      { type: "button", onclick: () => page.dispatch({ type: "open", screen: { name: "about" } }) },
      h("strong", {}, ngettext("One short question about you", "%(n)s short questions about you", n)),
      h("span", {}, typeset(_("So that we see whose voice is missing."))),
    ),
    h(
      "button.button.button-quiet.button-icon",
      { type: "button", "aria-label": _("No, thank you"), title: _("No, thank you"), onclick: refuse },
      icon("close"),
    ),
  );
}
