/** One's own mark: what it says, what became of it, and everything one may do with it. */

import { answersInWords, heading, problemPlace, townAnswer } from "#js/citizen/pieces.js";
import { ownPhoto } from "#js/citizen/photo_slot.js";
import { questionFields, wordsForm } from "#js/citizen/screens/comment.js";
import { stateLabel } from "#js/citizen/screens/mine.js";
import { categoryOf, fittingAnswers, pinOf, screen } from "#js/citizen/state.js";
import { waitingWords } from "#js/citizen/waiting.js";
import { h, icon, replace, shapeIcon, typeset } from "#js/lib/dom.js";
import { _, day, ngettext, number } from "#js/lib/words.js";

export function ownScreen(page, state) {
  const { id } = screen(state);
  const pin = pinOf(state, id);
  const box = h("div.own");
  const { row, title } = heading(page, categoryOf(state, pin.category)?.label ?? _("My pin"), {
    category: categoryOf(state, pin.category),
  });
  let photo = null;
  let drawnFor = null;
  /* What is being chosen stays while something else of the mark changes. */
  const photoOf = (current) => {
    const mark = JSON.stringify([current.picture, Boolean(current.waiting)]);
    if (mark !== drawnFor) photo = ownPhoto(page, current);
    drawnFor = mark;
    return photo;
  };
  const update = (now) => {
    const current = pinOf(now, id);
    if (current) replace(box, words(page, current, photoOf(current)), actions(page, current));
  };
  update(state);
  return { children: [row, box], focus: title, update };
}

function words(page, pin, photo) {
  const near = page.scene.nearest(pin.lon, pin.lat);
  const said = answersInWords(page, pin);
  const support =
    pin.supports > 0 &&
    ngettext("%(n)s other person feels the same", "%(n)s other people feel the same", pin.supports);
  return [
    waitingWords(page, pin),
    near && h("p.sheet-place", {}, near),
    pin.precisionM > 0 && h("p.soft", {}, _("The place is named: within about %(m)s m", { m: number(Math.round(pin.precisionM)) })),
    pin.comment && h("blockquote.quote", { "data-category": pin.category }, h("p", {}, typeset(pin.comment))),
    said.length > 0 && h("p.soft", {}, said.join(" · ")),
    photo,
    h(
      "p.quote-meta",
      {},
      [pin.createdAt && _("Marked %(day)s", { day: day(pin.createdAt) }), support].filter(Boolean).join(" · "),
      " ",
      // What the town does is said with its answer below.
      pin.state !== "visible" && !pin.waiting && stateLabel(pin),
    ),
    pin.state === "hidden" &&
      h(
        "div.notice.notice-warn",
        {},
        h(
          "p",
          {},
          pin.hiddenReason
            ? _(
                "The town office hid it from others: %(reason)s If you change your words, it will be read again.",
                { reason: sentence(pin.hiddenReason) },
              )
            : _("The town office hid it from others. If you change your words, it will be read again."),
        ),
      ),
    pin.state === "pending" && h("p.soft", {}, _("Others will see it once the town office has read it.")),
    townAnswer(pin),
  ];
}

const sentence = (text) => (/[.!?…]$/.test(text.trim()) ? text.trim() : `${text.trim()}.`);

function actions(page, pin) {
  if (!page.config.open) return h("p.soft", {}, _("The map is closed, so pins can no longer be changed here."));
  const act = (name, word, onclick, extra = "") =>
    h(`button.button${extra}`, { type: "button", onclick }, icon(name), h("span", {}, word));
  return h(
    "div.own-actions",
    {},
    act("edit", _("Change"), () => page.dispatch({ type: "change", id: pin.id })),
    act("move", _("Move"), () => page.dispatch({ type: "move", id: pin.id })),
    act("trash", _("Delete"), () => page.deeds.remove(pin.id), ".button-danger"),
  );
}

/** Changing the feeling, the words and the answers of a mark. */
export function editScreen(page, state) {
  const { draft } = state;
  const { row, title } = heading(page, _("Change my pin"));
  const refusal = problemPlace();
  const save = h("button.button.button-primary.button-block", { type: "submit" }, _("Save"));
  const questions = h("div", {}, questionFields(page, state, draft.category));
  const form = wordsForm(page, state, { onSubmit: () => page.deeds.save(), refusal, send: save, questions });
  const pick = (key) => {
    page.dispatch({ type: "recategorise", category: key });
    const now = page.state();
    replace(
      questions,
      questionFields(
        page,
        { ...now, draft: { ...now.draft, answers: fittingAnswers(now, key, now.draft.answers) } },
        key,
      ),
    );
    form.querySelector("label[for=comment]").textContent =
      categoryOf(now, key).prompt || _("Do you want to add something?");
  };
  const kinds = page.config.categories.map((category) => {
    const input = h("input", {
      type: "radio",
      name: "kind",
      value: category.key,
      onchange: () => pick(category.key),
    });
    input.checked = category.key === draft.category;
    return h(
      "label.chip.chip-category",
      { "data-category": category.key },
      input,
      shapeIcon(category.shape),
      h("span", {}, category.word),
    );
  });
  const update = (now) => {
    save.disabled = now.sending;
    refusal.show(now.problem);
  };
  return {
    children: [
      row,
      h("fieldset.field", {}, h("legend.visually-hidden", {}, _("What the pin says")), h("div.chips", {}, kinds)),
      form,
    ],
    focus: title,
    update,
  };
}
