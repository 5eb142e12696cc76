/** Keys over the sheet: arrows move the chosen mark, figures say what it says, Enter goes on. */

import { connectKeys } from "#js/office/keys.js";

const STEP_MM = 0.5;
const LONG_STEP_MM = 5;
const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

/** What has keys of its own: fields, buttons, links, and the town's map. */
const OTHERS = "input, textarea, select, button, a, summary, [data-map]";

/**
 * @param {HTMLElement} bar The line with the hints and the switch for letters.
 * @param {{chosen: () => string|null, move: (dx: number, dy: number) => void, recolour: (n: number) => void, drop: () => void,
 *   go: (by: number) => void, comment: () => void, table: () => void, unsure: () => void, undo: () => void, add: () => void, store: () => void, leave: () => void}} deeds
 */
export function connectSheetKeys(bar, deeds) {
  const figures = Object.fromEntries(Array.from({ length: 9 }, (_unused, i) => [String(i + 1), () => deeds.recolour(i)]));
  connectKeys(bar, { ...figures, c: deeds.comment, t: deeds.table, u: deeds.unsure, z: deeds.undo, a: deeds.add, s: deeds.store, j: () => deeds.go(1), k: () => deeds.go(-1) });

  document.addEventListener("keydown", (event) => {
    if (event.defaultPrevented || event.altKey) return;
    const done = event.ctrlKey || event.metaKey ? withControl(event) : plain(event);
    if (done) event.preventDefault();
  });

  function withControl(event) {
    if (event.key === "Enter") deeds.store();
    else if (event.key.toLowerCase() === "z" && !event.target.closest("input, textarea")) deeds.undo();
    else return false;
    return true;
  }

  function plain(event) {
    if (event.key === "Escape") {
      deeds.leave();
      return true;
    }
    if (event.target.closest(OTHERS)) return inLine(event);
    if (event.key in ARROWS && deeds.chosen()) {
      const step = event.shiftKey ? LONG_STEP_MM : STEP_MM;
      deeds.move(...ARROWS[event.key].map((way) => way * step));
    } else if (event.key === "Enter") deeds.go(event.shiftKey ? -1 : 1);
    else if ((event.key === "Delete" || event.key === "Backspace") && deeds.chosen()) deeds.drop();
    else return false;
    return true;
  }

  /** In the fields of a mark Enter goes to the same field of the next one: it never sends the form. */
  function inLine(event) {
    const line = event.target.closest("[data-mark]");
    if (event.key !== "Enter" || !line || !event.target.matches("input, select")) return false;
    deeds.go(event.shiftKey ? -1 : 1, event.target.name);
    return true;
  }
}
