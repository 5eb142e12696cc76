/** Pieces that several screens are made of. */

import { answerWords, statusWord } from "#js/citizen/answer.js";
import { AT_SIDE } from "#js/citizen/sheet.js";
import { hasNews, isAnswered } from "#js/citizen/state.js";
import { h, icon, shapeIcon, typeset } from "#js/lib/dom.js";
import { passOn } from "#js/lib/share.js";
import { _, day, ngettext } from "#js/lib/words.js";

/** A screen's heading with the way back; the heading takes the focus when the screen comes. */
export function heading(page, text, { back = true, category = null } = {}) {
  const title = h(
    "h2.sheet-title",
    { tabindex: "-1", "data-category": category?.key },
    category && shapeIcon(category.shape),
    h("span", {}, typeset(text)),
  );
  const row = h(
    "div.sheet-head",
    {},
    back &&
      h(
        "button.button.button-quiet.button-icon.sheet-back",
        { type: "button", "aria-label": _("Back"), onclick: () => page.dispatch({ type: "back" }) },
        icon("back"),
      ),
    title,
  );
  return { row, title };
}

/** The map's categories as large choices: colour, shape and word. */
export function choices(page, { label = _("What do you want to mark?") } = {}) {
  const { categories } = page.config;
  const longest = Math.max(...categories.map(({ word }) => word.length));
  const wide = categories.length > 3 || longest > 12;
  // Polish "Niebezpiecznie" would break within the word in half a phone's width.
  const part = Math.max(...categories.flatMap(({ word }) => word.split(/[\s-]/).map(({ length }) => length)));
  return h(
    // Whole sentences get a line each: no word is to be cut in two.
    `div.choices${wide ? ".choices-wide" : ""}${longest > 18 || (longest > 12 && part > 11) ? ".choices-long" : ""}`,
    { role: "group", "aria-label": label },
    categories.map((category) =>
      h(
        "button.choice",
        { type: "button", "data-category": category.key, onclick: () => page.choose(category.key) },
        shapeIcon(category.shape),
        h("span.choice-word", {}, category.word),
        category.label !== category.word && h("span.choice-label", {}, typeset(category.label)),
      ),
    ),
  );
}

/** Ways to elsewhere at the foot of a screen. */
export function footWays(page, state, names) {
  const { config } = page;
  const ways = {
    mine: () =>
      h(
        "button.foot-way",
        { type: "button", onclick: () => page.dispatch({ type: "open", screen: { name: "mine" } }) },
        icon("list"),
        h("span", {}, _("My pins")),
        state.pins.length > 0 &&
          h("span.count", { "aria-label": countWords(state.pins.length) }, String(state.pins.length)),
        hasNews(state) && h("span.news", {}, h("span.visually-hidden", {}, _("the town has answered"))),
      ),
    results: () => h("a.foot-way", { href: config.resultsUrl }, icon("chart"), h("span", {}, _("Results"))),
    info: () =>
      h(
        "button.foot-way",
        { type: "button", onclick: () => page.dispatch({ type: "open", screen: { name: "info" } }) },
        icon("info"),
        h("span", {}, _("About")),
      ),
    share: () =>
      h(
        "button.foot-way",
        { type: "button", onclick: () => passOn({ title: config.title, url: config.shareUrl }) },
        icon("share"),
        h("span", {}, _("Pass it on")),
      ),
  };
  return h(
    "nav.foot-ways",
    { "aria-label": _("More") },
    names.map((name) => ways[name]()),
  );
}

/** "3 marks". */
export const countWords = (n) => ngettext("%(n)s pin", "%(n)s pins", n);

/** A sentence about what went wrong, read out at once; empty while all is well. */
export function problemPlace() {
  const element = h("div.problem-place", { role: "alert" });
  const show = (problem) => {
    const text = problem?.text ?? "";
    if (element.textContent === text) return;
    element.replaceChildren(...(text ? [h("div.notice.notice-bad", {}, h("p", {}, text))] : []));
  };
  return { element, show };
}

/** A text of the town, which the server made into safe HTML in the template of this id. */
export function prose(id) {
  const words = document.getElementById(id).content.cloneNode(true);
  const texts = document.createTreeWalker(words, NodeFilter.SHOW_TEXT);
  while (texts.nextNode()) texts.currentNode.data = typeset(texts.currentNode.data);
  return words;
}

/** Characters that a phone shows of a folded text, about. */
const FOLDED_CHARACTERS = 130;

/** A text that folds to a few lines with a way to the rest. */
export function folded(words, onMore) {
  const paragraph = h("div.folded.prose", {}, words);
  // Guessed first, as templates/citizen/page.html does: what appears only after measuring would make the sheet jump.
  const isLong = paragraph.textContent.trim().length > FOLDED_CHARACTERS && !matchMedia(AT_SIDE).matches;
  const more = h(
    "button.link-button.folded-more",
    { type: "button", onclick: onMore, hidden: !isLong },
    _("Read on"),
  );
  // Then only where something is really cut off.
  new ResizeObserver(() => {
    more.hidden = paragraph.scrollHeight <= paragraph.clientHeight + 1;
  }).observe(paragraph);
  return h("div.folded-box", {}, paragraph, more);
}

/** One question as chips or a field; onChange gets the answer, null when it is taken back. */
export function questionField(question, value, onChange, name = "q") {
  if (question.type === "text") {
    const id = `${name}-${question.key}`;
    const input = h("input.input", {
      id,
      maxlength: 500,
      autocomplete: "off",
      oninput: () => onChange(input.value.trim() || null),
    });
    input.value = value ?? "";
    return h("div.field", {}, h("label", { for: id }, typeset(question.label)), input);
  }
  const many = question.type === "multiple";
  const chosen = new Set(many ? (value ?? []) : value ? [value] : []);
  const inputs = question.options.map((option) => {
    const input = h("input", {
      type: many ? "checkbox" : "radio",
      name: `${name}-${question.key}`,
      value: option.key,
    });
    input.checked = chosen.has(option.key);
    return [option, input];
  });
  const read = () => {
    const keys = inputs.filter(([, input]) => input.checked).map(([option]) => option.key);
    onChange(many ? keys : (keys[0] ?? null));
  };
  if (!many) inputs.forEach(([, input]) => makeReleasable(input, read));
  return h(
    "fieldset.field.question",
    { onchange: read },
    h("legend", {}, typeset(question.label)),
    h(
      "div.chips",
      {},
      inputs.map(([option, input]) => h("label.chip", {}, input, h("span", {}, option.label))),
    ),
  );
}

/** A second click on the chosen chip takes the answer back: every question is optional. */
function makeReleasable(input, onRelease) {
  let was = false;
  input.addEventListener("pointerdown", () => {
    was = input.checked;
  });
  input.addEventListener("click", (event) => {
    if (!was || event.detail === 0) return;
    was = false;
    input.checked = false;
    onRelease();
  });
}

/** A comment field of one line that grows, with a counter near the limit. */
export function commentField({ id, label, value, most, onInput, left }) {
  const area = h("textarea.input.comment", {
    id,
    rows: "1",
    autocomplete: "off",
    enterkeyhint: "done",
    "aria-describedby": `${id}-left`,
  });
  const counter = h("p.field-help.counter", { id: `${id}-left`, "aria-live": "polite" });
  const grow = () => {
    area.style.height = "auto";
    area.style.height = `${Math.min(area.scrollHeight + 2, 168)}px`;
  };
  const count = () => {
    const rest = left(area.value, most);
    const over = rest !== null && rest < 0;
    counter.textContent =
      rest === null
        ? ""
        : over
          ? ngettext("%(n)s character too many", "%(n)s characters too many", -rest)
          : ngettext("%(n)s character left", "%(n)s characters left", rest);
    counter.classList.toggle("is-over", over);
    area.setAttribute("aria-invalid", String(over));
  };
  area.value = value ?? "";
  area.addEventListener("input", () => {
    grow();
    count();
    onInput(area.value);
  });
  requestAnimationFrame(grow);
  count();
  return {
    element: h("div.field.comment-field", {}, h("label", { for: id }, typeset(label)), area, counter),
    area,
  };
}

/** The town's answer under a mark, or nothing. */
export function townAnswer(pin) {
  if (!isAnswered(pin)) return null;
  return h(
    "div.town-answer",
    {},
    h(
      "p.town-answer-head",
      {},
      h("strong", {}, _("The town answers")),
      statusWord(pin.status),
    ),
    pin.answer && answerWords(pin.answer),
    pin.answeredAt && h("p.quote-meta", {}, day(pin.answeredAt)),
  );
}

/** The answers of a mark in words, for reading. */
export function answersInWords(page, pin) {
  const said = [];
  for (const question of page.config.questions ?? []) {
    const value = pin.answers?.[question.key];
    if (value === undefined || value === null) continue;
    const keys = Array.isArray(value) ? value : [value];
    said.push(...keys.map((key) => question.options?.find((option) => option.key === key)?.label ?? key));
  }
  return said;
}
