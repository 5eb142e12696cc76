/** "About you": a few optional questions, once, after the first mark. */

import { heading, problemPlace, questionField } from "#js/citizen/pieces.js";
import { h, typeset } from "#js/lib/dom.js";
import { _ } from "#js/lib/words.js";

export function aboutScreen(page, state) {
  const { row, title } = heading(page, _("About you"));
  const answers = { ...state.about };
  const refusal = problemPlace();
  const save = h("button.button.button-primary", { type: "submit" }, _("Save"));
  const skip = () => {
    page.deeds.skipAbout();
    page.dispatch({ type: "back" });
  };
  const form = h(
    "form.words",
    {
      onsubmit: (event) => {
        event.preventDefault();
        page.deeds.saveAbout(answers);
      },
    },
    h(
      "p.soft",
      {},
      typeset(
        _("Each answer is optional. They help to see whose voice is missing, and are never published one by one."),
      ),
    ),
    page.config.about.map((question) =>
      questionField(
        question,
        answers[question.key],
        (value) => {
          answers[question.key] = value;
        },
        "about",
      ),
    ),
    refusal.element,
    h("div.form-ways", {}, save, h("button.button.button-quiet", { type: "button", onclick: skip }, _("Skip"))),
  );
  const update = (now) => {
    save.disabled = now.sending;
    refusal.show(now.problem);
  };
  return { children: [row, form], focus: title, update };
}
