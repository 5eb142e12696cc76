/** About the map: what it is for, what becomes of the marks, and what is kept of whom. */

import { heading, prose } from "#js/citizen/pieces.js";
import { h, icon } from "#js/lib/dom.js";
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
      h("h3", {}, _("What we keep and what we don’t")),
      privacy && h("div.privacy", {}, privacy.content.cloneNode(true)),
    ],
    focus: title,
  };
}
