/**
 * The citizen's page in simple steps, for children: larger, with pictures, one thing at a time, nothing about the
 * person. The state, the deeds and all other screens are the page's own; only these four look and speak otherwise.
 */

import { commentField, problemPlace, prose, questionField } from "#js/citizen/pieces.js";
import { plainWays } from "#js/citizen/plain_ways.js";
import { placeScreen } from "#js/citizen/screens/place.js";
import { eventGreeting, startScreen } from "#js/citizen/screens/start.js";
import { feelings, drawing, stepHeading, stepsOf, way } from "#js/citizen/simple/pieces.js";
import { categoryOf, charactersLeft, pinOf, screen } from "#js/citizen/state.js";
import { waitingLine } from "#js/citizen/waiting.js";
import { h, typeset } from "#js/lib/dom.js";
import { _ } from "#js/lib/words.js";

/** First: what it is like there. */
function feelingScreen(page, state) {
  const { config } = page;
  if (!config.open) return startScreen(page, state);
  const title = h("h2.sheet-title.start-title", { tabindex: "-1" }, _("What do you want to show?"));
  const waits = waitingLine(page);
  const children = [
    config.eventUnknown && notice(_("We do not know this code. You can go on all the same.")),
    title,
    help(_("Think of a place. Tap the picture that fits.")),
    feelings(page),
    waits.element,
    plainWays(page, state),
    h(
      "div.simple-ways",
      {},
      state.pins.length > 0 && way("list", _("My places"), () => open(page, "mine")),
      way("info", _("For the teacher"), () => open(page, "teacher")),
    ),
  ];
  return { children, focus: title, update: waits.update };
}

const help = (words) => h("p.simple-help", {}, typeset(words));

const notice = (words) => h("div.notice.notice-warn", {}, h("p", {}, typeset(words)));

const open = (page, name) => page.dispatch({ type: "open", screen: { name } });

/** Second: where it is; the map, the buttons and what is said are those of the page. */
function whereScreen(page, state) {
  const { draft } = state;
  const base = placeScreen(page, state);
  const category = categoryOf(state, draft.category);
  const steps = stepsOf(state, draft.category);
  const counted = draft.mode === "new" ? { step: 0, of: steps.length } : {};
  const { rows } = stepHeading(page, _("Where is it?"), { category, ...counted });
  const kept = base.children.filter((child) => !child?.classList?.contains("sheet-head"));
  return { ...base, children: [rows, help(_("Move the map. The dot in the middle must be on the place.")), kept] };
}

/** Then: what to say to it, and each question; the last of them sends. */
function wordsScreen(page, state) {
  const { draft } = state;
  const { step = 0 } = screen(state);
  const steps = stepsOf(state, draft.category);
  const question = steps[step + 1];
  const isLast = step + 2 >= steps.length;
  const category = categoryOf(state, draft.category);
  const words = step === 0 ? _("Do you want to write something about it?") : question.label;
  const { rows, title } = stepHeading(page, words, { category, step: step + 1, of: steps.length });
  const refusal = problemPlace();
  const next = h("button.button.button-primary.button-block.next", { type: "submit" });
  const field = step === 0 ? writing(page, draft, words) : asking(page, draft, question);
  const isFilled = ({ comment, answers }) => (step === 0 ? comment.trim() : answers[question.key]?.length > 0);
  const form = h(
    "form.simple-step",
    {
      novalidate: true,
      onsubmit: (event) => {
        event.preventDefault();
        if (isTooLong(page)) page.tell(_("That is too long. Make it shorter, please."));
        else if (isLast) page.deeds.send();
        else page.dispatch({ type: "step" });
      },
    },
    field,
    step === 0 && page.config.publishPins && help(_("Others can read it. Do not write names.")),
    refusal.element,
    next,
  );
  const update = (now) => {
    next.disabled = now.sending;
    next.textContent = nextWord(now, isLast, now.draft && isFilled(now.draft));
    refusal.show(now.problem);
  };
  update(state);
  return { children: [rows, form], focus: title, update };
}

const isTooLong = (page) => (charactersLeft(page.state().draft.comment, page.config.maxComment) ?? 0) < 0;

function nextWord({ sending, problem }, isLast, filled) {
  if (sending) return _("Sending…");
  if (problem) return _("Try again");
  if (isLast) return _("Send");
  return filled ? _("Next") : _("Skip");
}

/** The field for one's own words; its label is the heading. */
function writing(page, draft, label) {
  const { element, area } = commentField({
    id: "comment",
    label,
    value: draft.comment,
    most: page.config.maxComment,
    left: charactersLeft,
    onInput: (comment) => page.dispatch({ type: "write", comment }),
  });
  area.rows = 3;
  element.querySelector("label").classList.add("visually-hidden");
  return element;
}

function asking(page, draft, question) {
  const field = questionField(question, draft.answers[question.key], (value) =>
    page.dispatch({ type: "answer", key: question.key, value }),
  );
  field.querySelector("legend, label[for]").classList.add("visually-hidden");
  return field;
}

/** At the end: thanks, and the next place or the next child. */
function doneScreen(page, state) {
  const pin = pinOf(state, screen(state).id);
  const category = categoryOf(state, pin?.category);
  const words = pin?.waiting
    ? _("We have it. It goes out when there is a connection.")
    : pin?.state === "pending"
      ? _("We have it. Somebody in the town office reads it first.")
      : _("Your place is on the map now.");
  const title = h("h2.sheet-title", { tabindex: "-1" }, _("Thank you!"));
  const more = h(
    "button.button.button-primary.button-block",
    { type: "button", onclick: () => page.dispatch({ type: "home" }) },
    _("One more place"),
  );
  const children = [
    h(
      "div.simple-done",
      { "data-category": category?.key },
      category && drawing(category),
      h("div", {}, title, h("p", {}, typeset(words))),
    ),
    more,
    h(
      "div.simple-ways",
      {},
      way("list", _("My places"), () => open(page, "mine")),
      page.config.event && way("person", _("It is someone else’s turn"), () => open(page, "turn")),
    ),
  ];
  return { children, focus: title };
}

/** A tablet goes from hand to hand: the next child is another person. */
function turnScreen(page) {
  const { rows, title } = plainHeading(page, _("Is it someone else’s turn?"));
  const refusal = problemPlace();
  const go = async () => {
    if (!(await page.deeds.nextPerson())) refusal.show({ text: _("Wait a moment. Your places are not sent yet.") });
  };
  const children = [
    rows,
    h("p", {}, typeset(_("Your places stay on the map. But on this device you can not change them any more."))),
    refusal.element,
    h("button.button.button-primary.button-block", { type: "button", onclick: go }, _("Yes, it is their turn")),
  ];
  return { children, focus: title };
}

/** For the grown-up in the room: how to go about it with a class. */
function teacherScreen(page) {
  const { config } = page;
  const { rows, title } = plainHeading(page, _("For the teacher"));
  const hints = [
    _("Each child marks as many places as they like. Nobody signs in, and nobody can see who marked what."),
    _("Begin with a place that everybody knows, and do it together once."),
    config.event &&
      _(
        "Several children on one device: after each of them choose “It is someone else’s turn”. Otherwise they count as one person.",
      ),
    _("Please remind them: no names, neither of people nor of classmates."),
    _("A wrong place can be moved or deleted under “My places”."),
  ];
  const children = [
    rows,
    config.event && eventGreeting(config),
    h("ul", {}, hints.filter(Boolean).map((hint) => h("li", {}, typeset(hint)))),
    config.intro && h("div.prose", {}, prose("intro-words")),
    h("p", {}, h("a", { href: config.otherStepsUrl }, _("The map for grown-ups"))),
    h(
      "button.button.button-block",
      { type: "button", onclick: () => open(page, "info") },
      _("What we keep and what we don’t"),
    ),
  ];
  return { children, focus: title };
}

function plainHeading(page, words) {
  const { rows, title } = stepHeading(page, words, { category: { key: "", shape: "circle" } });
  title.querySelector("svg")?.remove();
  return { rows, title };
}

/** The screens that take the place of the page's own, by name, and two more. */
export const simpleScreens = {
  start: feelingScreen,
  place: whereScreen,
  comment: wordsScreen,
  thanks: doneScreen,
  turn: turnScreen,
  teacher: teacherScreen,
};
