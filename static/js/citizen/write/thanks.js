/** What comes after sending: thanks, the code to come back with, another place. */

import { inWords } from "#js/citizen/deeds.js";
import { questionField } from "#js/citizen/pieces.js";
import { request } from "#js/lib/api.js";
import { h, replace } from "#js/lib/dom.js";
import { deviceToken } from "#js/lib/store.js";
import { _ } from "#js/lib/words.js";

/** Shows the thanks; `isWaiting` when the pin is still on this device only. */
export function showThanks({ config, store, isWaiting, onAnother }) {
  const section = document.getElementById("thanks");
  const after = document.getElementById("after");
  const told = isWaiting
    ? _("It is saved on this device and goes out by itself once there is a connection.")
    : _("Your pin is on the map.");
  const another = h("button.button.button-primary", { type: "button", onclick: onAnother }, _("Another place"));
  const mine = h("a.button.button-quiet", { href: `${config.root}m/${config.slug}` }, _("To my pins"));
  document.getElementById("told").textContent = told;
  replace(after, !isWaiting && codePart(config, store), !isWaiting && aboutPart(config, store), h("p.actions", {}, another, mine));
  section.hidden = false;
  document.getElementById("h-thanks").focus();
}

/** The few questions about the person, until they were answered once. */
function aboutPart(config, store) {
  if (!config.about.length || store.get("aboutDone", false)) return null;
  const answers = {};
  const said = h("div", { role: "status" });
  const save = async (event) => {
    event.preventDefault();
    try {
      await request("PUT", `${config.api}/respondent`, { body: answers, token: deviceToken(store) });
      store.set("aboutDone", true);
      replace(form, said);
      replace(said, h("p.lead", {}, _("Thank you, that helps.")));
    } catch (problem) {
      replace(said, h("p.field-error", {}, inWords(problem)));
    }
  };
  const form = h(
    "form.write-receipt",
    { onsubmit: save },
    h("h3", {}, _("A few words about you")),
    h("p", {}, _("Every answer is optional. Only the town office sees them, and only in sums are they ever shown.")),
    config.about.map((question) => questionField(question, null, (value) => (answers[question.key] = value), "about")),
    said,
    h("button.button", { type: "submit" }, _("Save")),
  );
  return form;
}

/** The way to the code, and the code once it is asked for. */
function codePart(config, store) {
  const place = h("div", { role: "status" });
  const ask = async (event) => {
    event.currentTarget.disabled = true;
    try {
      const { receipt } = await request("POST", `${config.api}/respondent/receipt`, { token: deviceToken(store) });
      store.set("receipt", receipt);
      replace(
        place,
        h(
          "div.write-shown",
          {},
          h("p.write-code", {}, receipt),
          h("p", {}, _("Write it down. With it you can come back to your pins from any device: read what the town says, change them or take everything back.")),
        ),
      );
      button.remove();
    } catch (problem) {
      button.disabled = false;
      replace(place, h("p.field-error", {}, inWords(problem)));
    }
  };
  const button = h("button.button", { type: "button", onclick: ask }, _("Show me my code"));
  return h(
    "div.write-receipt",
    {},
    h("h3", {}, _("Do you want to come back?")),
    h("p", {}, _("A code brings you back to your pins, from any device. Nobody needs to know your name.")),
    place,
    button,
  );
}
