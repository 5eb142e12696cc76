/** The marks of a sheet as they stand in the form: its fields are the only memory, the pictures show them. */

import { h } from "#js/lib/dom.js";
import { newId } from "#js/lib/store.js";
import { _ } from "#js/lib/words.js";

/** What undoing brings back, at most so many steps. */
const MOST_STEPS = 200;

/** Changes of one kind to one mark that follow each other as fast as this are one step. */
const ONE_STEP_MS = 900;

const LINE = "[data-mark]";
const FIELDS = ["category", "row", "comment", "x", "y"];

const field = (line, name) => line.querySelector(`[name="${name}"]`);

/** One line as a plain value; null for one whose pin its author took back. */
function read(line) {
  const category = field(line, "category");
  if (!category) return null;
  return {
    id: line.dataset.mark,
    n: line.dataset.n,
    category: category.value,
    x: Number(field(line, "x").value.replace(",", ".")),
    y: Number(field(line, "y").value.replace(",", ".")),
    row: field(line, "row").value.trim(),
    comment: field(line, "comment").value.trim(),
    dropped: field(line, "drop").checked,
    state: line.dataset.state,
    unsure: "unsure" in line.dataset,
    outside: "outside" in line.dataset,
    diameter: Number(line.dataset.diameter) || null,
  };
}

const valuesOf = (line) => [...FIELDS.map((name) => field(line, name).value), field(line, "drop").checked];

/**
 * @param {HTMLFormElement} form
 * @param {{onChange: (ids: string[]) => void, onList: () => void}} listeners `onList`: lines came or went.
 */
export function connectRows(form, { onChange, onList }) {
  let isInside = null;
  const list = form.querySelector("[data-marks]");
  const template = form.querySelector("[data-new]");
  const lines = () => [...list.querySelectorAll(LINE)].filter((line) => field(line, "category"));
  const lineOf = (id) => list.querySelector(`[data-mark="${CSS.escape(id)}"]`);
  const steps = [];
  let last = { key: "", at: 0 };

  function dress(line) {
    const mark = read(line);
    line.dataset.category = mark.category;
    line.toggleAttribute("data-dropped", mark.dropped);
    if (isInside) line.toggleAttribute("data-outside", mark.state !== "accepted" && !isInside([mark.x, mark.y]));
    const before = line.dataset.before ? JSON.parse(line.dataset.before) : null;
    line.toggleAttribute("data-changed", Boolean(before) && JSON.stringify(valuesOf(line)) !== line.dataset.before);
  }

  function number() {
    [...list.querySelectorAll(LINE)].forEach((line, index) => {
      const n = String(index + 1);
      line.dataset.n = n;
      line.querySelector("[data-n]").textContent = n;
      for (const named of line.querySelectorAll("[data-words]")) {
        named.setAttribute("aria-label", named.dataset.words.replace("%(n)s", n));
      }
    });
  }

  /** Remembers how a line is before it changes. */
  function remember(id, what) {
    const key = `${what} ${id}`;
    const now = performance.now();
    const follows = last.key === key && now - last.at < ONE_STEP_MS;
    last = { key, at: now };
    if (follows) return;
    const line = lineOf(id);
    steps.push({ id, values: line ? valuesOf(line) : null });
    if (steps.length > MOST_STEPS) steps.shift();
  }

  function fill(line, values) {
    FIELDS.forEach((name, i) => (field(line, name).value = values[i]));
    field(line, "drop").checked = values.at(-1);
    dress(line);
  }

  /** Changes what is named: {category, x, y, dropped}. */
  function change(id, changes) {
    const line = lineOf(id);
    if (!line || !field(line, "category")) return;
    remember(id, Object.keys(changes).join());
    for (const [name, value] of Object.entries(changes)) {
      if (name === "dropped") field(line, "drop").checked = value;
      else field(line, name).value = typeof value === "number" ? value.toFixed(2) : value;
    }
    dress(line);
    onChange([id]);
  }

  /** Puts a new mark on the sheet; its id. */
  function add([x, y], category) {
    const id = newId();
    const line = document.importNode(template.content, true).firstElementChild;
    line.dataset.mark = id;
    field(line, "mark").value = id;
    field(line, "drop").value = id;
    remember(id, "add");
    list.append(line);
    field(line, "x").value = x.toFixed(2);
    field(line, "y").value = y.toFixed(2);
    if (category) field(line, "category").value = category;
    dress(line);
    number();
    onList();
    return id;
  }

  /** A mark that was only just put there goes without a trace, one that a photo told is set aside. */
  function drop(id) {
    const line = lineOf(id);
    if (line?.dataset.state !== "new") {
      change(id, { dropped: !read(line).dropped });
      return;
    }
    steps.push({ id, values: valuesOf(line), gone: line, before: line.nextElementSibling });
    last = { key: "", at: 0 };
    line.remove();
    number();
    onList();
  }

  /** Takes the last step back; the id of its mark, or null when there is none. */
  function undo() {
    const step = steps.pop();
    if (!step) return null;
    last = { key: "", at: 0 };
    if (step.gone) list.insertBefore(step.gone, step.before?.isConnected ? step.before : null);
    else if (step.values) fill(lineOf(step.id), step.values);
    else lineOf(step.id)?.remove();
    number();
    onList();
    return step.id;
  }

  list.addEventListener("focusin", (event) => {
    const line = event.target.closest(LINE);
    // A field is remembered as it was when one came to it, however long one types.
    if (line && event.target.name) line.dataset.was = JSON.stringify(valuesOf(line));
  });
  list.addEventListener("input", (event) => {
    const line = event.target.closest(LINE);
    const key = `${event.target.name} ${line.dataset.mark}`;
    if (last.key !== key && line.dataset.was) {
      steps.push({ id: line.dataset.mark, values: JSON.parse(line.dataset.was) });
    }
    last = { key, at: performance.now() };
    line.dataset.was = JSON.stringify(valuesOf(line));
    dress(line);
    onChange([line.dataset.mark]);
  });

  for (const line of lines()) {
    line.dataset.before = JSON.stringify(valuesOf(line));
    const named = line.querySelector("[data-n]");
    named.replaceWith(h("button.sheet-mark-n", { type: "button", "data-n": "", title: _("Show it") }, named.textContent));
  }
  const blank = template.content.querySelector("[data-n]");
  blank.replaceWith(h("button.sheet-mark-n", { type: "button", "data-n": "", title: _("Show it") }));
  number();

  return {
    all: () => lines().map(read),
    get: (id) => (lineOf(id) ? read(lineOf(id)) : null),
    lineOf,
    change,
    add,
    drop,
    undo,
    /** How many steps can be taken back. */
    steps: () => steps.length,
    /** From now on lines say themselves whether the map takes a pin there. */
    judge(test) {
      isInside = test;
      lines().forEach(dress);
    },
    isChanged: (id) => "changed" in (lineOf(id)?.dataset ?? {}),
    /** Lines that differ from what the server has. */
    changed: () => lines().filter((line) => line.dataset.state === "new" || "changed" in line.dataset),
  };
}
