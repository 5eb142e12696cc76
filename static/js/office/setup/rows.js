/** Rows of a form: added, removed, moved by buttons or dragged. What the server does with the same buttons, at once. */

import { toast } from "#js/lib/toast.js";
import { _ } from "#js/lib/words.js";

/** A name that no row of the form has; the order of rows, not their names, is what counts. */
export function freshName(names, letter) {
  const numbers = names.map((name) => Number(name.replace(/^[a-z]+/, ""))).filter(Number.isFinite);
  return letter + (numbers.length ? Math.max(...numbers) + 1 : 0);
}

/** The row in whose place a dragged one belongs: the first whose middle lies below the pointer. */
export function placeFor(rows, y) {
  return rows.find(({ top, height }) => y < top + height / 2)?.row ?? null;
}

/** The content of a template with its placeholders filled. */
function filled(template, names) {
  const content = template.content.cloneNode(true);
  for (const element of content.querySelectorAll("*")) {
    for (const { name, value } of [...element.attributes]) {
      let said = value;
      for (const [placeholder, given] of Object.entries(names)) said = said.replaceAll(placeholder, given);
      if (said !== value) element.setAttribute(name, said);
    }
  }
  return content;
}

/** Lets the rows of this form be changed; each change is an `input` event of the form. */
export function connectRows(form) {
  const list = form.querySelector("[data-rows]");
  if (!list) return;
  const told = () => form.dispatchEvent(new Event("input", { bubbles: true }));

  const add = () => {
    const names = [...list.querySelectorAll("[data-row]")].map((row) => row.dataset.row);
    list.append(filled(form.querySelector("[data-row-template]"), { ROW: freshName(names, list.dataset.letter) }));
    const row = list.lastElementChild;
    ready(row);
    row.querySelector("input:not([type=hidden]), textarea").focus();
  };

  const addOption = (row) => {
    const options = row.querySelector("[data-options]");
    const names = [...options.children].map((option) => option.dataset.option);
    const template = form.querySelector("[data-option-template]");
    options.append(filled(template, { ROW: row.dataset.row, OPTION: freshName(names, "o") }));
    options.lastElementChild.querySelector("input:not([type=hidden])").focus();
  };

  const remove = (row) => {
    const place = row.nextElementSibling;
    const parent = row.parentElement;
    row.remove();
    (place ?? parent.lastElementChild ?? form.querySelector("[data-add]"))?.querySelector("button")?.focus();
    toast(_("Removed."), {
      action: _("Undo"),
      onAction() {
        parent.insertBefore(row, place?.parentElement === parent ? place : null);
        told();
      },
    });
  };

  const move = (row, button) => {
    const other = button.dataset.move === "up" ? row.previousElementSibling : row.nextElementSibling;
    if (!other) return;
    if (button.dataset.move === "up") other.before(row);
    else other.after(row);
    row.scrollIntoView({ block: "nearest" });
    button.focus();
  };

  form.addEventListener("click", (event) => {
    const button = event.target.closest("button[name=do]");
    if (!button) return;
    const row = button.closest("[data-option]") ?? button.closest("[data-row]");
    if (button.matches("[data-add]")) add();
    else if (button.matches("[data-add-option]")) addOption(row);
    else if (button.matches("[data-remove]")) remove(row);
    else if (button.matches("[data-move]")) move(row, button);
    else return;
    event.preventDefault();
    told();
  });

  form.addEventListener("input", (event) => {
    const row = event.target.closest?.("[data-row]");
    if (!row) return;
    if (event.target.matches("[data-type]")) showOptions(row);
    if (event.target.matches("[data-own]")) row.querySelector("input[value=own]").checked = true;
  });

  for (const row of list.children) ready(row);
  connectDrag(list, told);
}

/** What a row needs beyond its fields: a handle to drag it by, options only where there is something to choose. */
function ready(row) {
  row.querySelector("[data-grip]").hidden = false;
  showOptions(row);
}

function showOptions(row) {
  const box = row.querySelector("[data-options-box]");
  if (box) box.hidden = row.querySelector("[data-type]").value === "text";
}

function connectDrag(list, told) {
  let dragged = null;
  list.addEventListener("pointerdown", (event) => {
    const grip = event.target.closest("[data-grip]");
    if (!grip || event.button) return;
    event.preventDefault();
    dragged = grip.closest("[data-row]");
    dragged.classList.add("is-dragged");
    list.classList.add("is-sorting");
    grip.setPointerCapture(event.pointerId);
  });
  list.addEventListener("pointermove", (event) => {
    if (!dragged) return;
    const others = [...list.children].filter((row) => row !== dragged);
    const boxes = others.map((row) => ({ row, top: row.getBoundingClientRect().top, height: row.offsetHeight }));
    const before = placeFor(boxes, event.clientY);
    if (before !== dragged.nextElementSibling) list.insertBefore(dragged, before);
  });
  const drop = () => {
    if (!dragged) return;
    dragged.classList.remove("is-dragged");
    list.classList.remove("is-sorting");
    dragged = null;
    told();
  };
  list.addEventListener("pointerup", drop);
  list.addEventListener("pointercancel", drop);
}
