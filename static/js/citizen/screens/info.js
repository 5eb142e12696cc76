/** About the map: what it is for, what becomes of the marks, and what is kept of whom. */

import { heading, prose } from "#js/citizen/pieces.js";
import { h, icon } from "#js/lib/dom.js";
import { passOn } from "#js/lib/share.js";
import { _, day } from "#js/lib/words.js";

export function infoScreen(page) {
  const { config } = page;
  const { row, title } = heading(page, config.title);
  const privacy = document.getElementById("privacy-words");
  const until =
    config.open &&
    config.closes &&
    h("p.soft", {}, _("You can mark places until %(day)s.", { day: day(config.closes) }));
  return {
    children: [
      row,
      config.intro && h("div.prose", {}, prose("intro-words")),
      until,
      config.thanks && [h("h3", {}, _("What happens next")), h("div.prose", {}, prose("thanks-words"))],
      h(
        "p",
        {},
        h(
          "a.button.button-block",
          { href: config.resultsUrl },
          icon("chart"),
          h("span", {}, _("What people said")),
        ),
      ),
      h(
        "p",
        {},
        h(
          "button.button.button-block",
          { type: "button", onclick: () => passOn({ title: config.title, url: config.shareUrl }) },
          icon("share"),
          h("span", {}, _("Pass it on")),
        ),
      ),
      h("h3", {}, _("What we keep and what we don’t")),
      privacy && h("div.privacy", {}, privacy.content.cloneNode(true)),
      h(
        "p",
        {},
        h("a", { href: config.accessibilityUrl }, _("Accessibility")),
        config.open && !config.simple && [" · ", h("a", { href: config.otherStepsUrl }, _("For children: in simple steps"))],
      ),
    ],
    focus: title,
  };
}
