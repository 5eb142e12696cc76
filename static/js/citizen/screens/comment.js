/** The words to a mark: an optional comment, the questions of the map, and Send. */

import { commentField, heading, problemPlace, questionField } from "#js/citizen/pieces.js";
import { draftPhoto } from "#js/citizen/photo_slot.js";
import { categoryOf, charactersLeft, questionsFor } from "#js/citizen/state.js";
import { h } from "#js/lib/dom.js";
import { _ } from "#js/lib/words.js";

export function commentScreen(page, state) {
  const { draft } = state;
  const category = categoryOf(state, draft.category);
  const { row, title } = heading(page, category.label, { category });
  const near = page.scene.nearest(draft.lon, draft.lat);
  const refusal = problemPlace();
  const send = h("button.button.button-primary.button-block.send", { type: "submit" });
  const form = wordsForm(page, state, { onSubmit: () => page.deeds.send(), refusal, send });

  const update = (now) => {
    send.disabled = now.sending;
    send.textContent = now.sending ? _("Sending…") : now.problem ? _("Try again") : _("Send");
    refusal.show(now.problem);
  };
  update(state);
  return {
    children: [row, near && h("p.sheet-place", {}, _("Nearest: %(near)s", { near })), form],
    // On a phone the keyboard would cover what the sheet speaks of: it comes when it is asked for.
    focus: page.sheet.atSide ? form.querySelector("textarea") : title,
    update,
  };
}

/** The form with comment and questions of a draft, for a new mark and for changing one. */
export function wordsForm(page, state, { onSubmit, refusal, send, questions = null }) {
  const { draft } = state;
  const category = categoryOf(state, draft.category);
  const { element, area } = commentField({
    id: "comment",
    label: category?.prompt || _("Do you want to add something?"),
    value: draft.comment,
    most: page.config.maxComment,
    left: charactersLeft,
    onInput: (comment) => page.dispatch({ type: "write", comment }),
  });
  const asked = questions ?? h("div", {}, questionFields(page, state, draft.category));
  return h(
    "form.words",
    {
      novalidate: true,
      onsubmit: (event) => {
        event.preventDefault();
        if ((charactersLeft(area.value, page.config.maxComment) ?? 0) < 0) area.focus();
        else onSubmit();
      },
    },
    element,
    asked,
    draftPhoto(page, state),
    page.config.publishPins &&
      h("p.field-help", {}, _("Others can read it, so no names or phone numbers, please.")),
    refusal.element,
    send,
  );
}

/** The fields of the questions that go with a category. */
export function questionFields(page, state, category) {
  return questionsFor(state, category).map((question) =>
    questionField(question, state.draft.answers[question.key], (value) =>
      page.dispatch({ type: "answer", key: question.key, value }),
    ),
  );
}
