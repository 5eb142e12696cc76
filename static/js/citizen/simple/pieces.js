/** What the simple steps are made of: drawings, the heading with its dots, large ways. */

import { questionsFor } from "#js/citizen/state.js";
import { h, icon, shapeIcon, typeset } from "#js/lib/dom.js";
import { _ } from "#js/lib/words.js";
import { svgElement } from "#js/map/shapes.js";

/** A category as a picture: its face where we have drawn one, else its shape; the words beside it speak. */
export function drawing(category) {
  const id = `drawing-${category.key}`;
  if (!document.getElementById(id)) return shapeIcon(category.shape);
  const picture = svgElement("svg", {
    class: "drawing",
    viewBox: "0 0 120 100",
    "aria-hidden": "true",
    focusable: "false",
  });
  picture.append(svgElement("use", { href: `#${id}` }));
  return picture;
}

/** The feelings as pictures with their sentences, one under the other. */
export function feelings(page) {
  const { categories } = page.config;
  return h(
    `div.feelings${categories.length > 3 ? ".feelings-many" : ""}`,
    {},
    categories.map((category) =>
      h(
        "button.feeling",
        { type: "button", "data-category": category.key, onclick: () => page.choose(category.key) },
        drawing(category),
        h("span", {}, typeset(category.label)),
      ),
    ),
  );
}

/** The steps of a mark after its feeling: where, what, then each question by itself. */
export const stepsOf = (state, category) => ["where", "what", ...questionsFor(state, category)];

/** The dots, the way back and the heading of one step; who can't see the dots hears the count with the heading. */
export function stepHeading(page, words, { category, step = null, of = 0 }) {
  const title = h(
    "h2.sheet-title.simple-title",
    { tabindex: "-1", "data-category": category.key },
    drawing(category),
    h(
      "span",
      {},
      step !== null && h("span.visually-hidden", {}, _("Step %(n)s of %(all)s.", { n: step + 1, all: of }), " "),
      typeset(words),
    ),
  );
  const back = h(
    "button.button.button-quiet.button-icon.sheet-back",
    { type: "button", "aria-label": _("Back"), onclick: () => page.dispatch({ type: "back" }) },
    icon("back"),
  );
  return { title, rows: [step !== null && dots(step, of), h("div.sheet-head", {}, back, title)] };
}

function dots(step, of) {
  const one = (_unused, n) => h(n < step ? "li.is-done" : n === step ? "li.is-now" : "li");
  return h("ol.steps", { "aria-hidden": "true" }, Array.from({ length: of }, one));
}

/** A large way to elsewhere. */
export function way(name, words, onclick) {
  return h("button.foot-way", { type: "button", onclick }, icon(name), h("span", {}, words));
}
