/** Keys at the desk: figures say what, arrows say where, Enter stores, Backspace takes back. */

import { connectKeys } from "#js/office/keys.js";

/**
 * @param {HTMLElement} bar The line with the hints and the switch for letters.
 * @param {{category: (n: number) => void, comment: () => void, find: () => void, next: () => void, back: () => void, store: () => void,
 *   arrow: (event: KeyboardEvent) => boolean, leave: () => void}} deeds
 */
export function connectDeskKeys(bar, deeds) {
  const figures = Object.fromEntries(Array.from({ length: 9 }, (_unused, n) => [String(n + 1), () => deeds.category(n)]));
  connectKeys(bar, { ...figures, c: deeds.comment, f: deeds.find, n: deeds.next, z: deeds.back });

  document.addEventListener("keydown", (event) => {
    if (event.defaultPrevented || event.altKey || event.ctrlKey || event.metaKey || event.isComposing) return;
    if (handled(event)) event.preventDefault();
  });

  function handled(event) {
    const { target } = event;
    const isRadio = target.matches?.('input[type="radio"], input[type="checkbox"]') ?? false;
    const isField = !isRadio && target.matches?.("input, textarea, select");
    if (event.key === "Escape") {
      deeds.leave();
      return true;
    }
    if (event.key === "Enter") {
      // A new line in a comment; and what has its own Enter keeps it.
      if (event.shiftKey || target.matches?.("button, a, summary, select, #find")) return false;
      deeds.store();
      return true;
    }
    if (isField || target.matches?.("button, a, summary")) return event.key === "Backspace" && !isField ? taken() : false;
    if (event.key === "Backspace") return taken();
    return !isRadio && deeds.arrow(event);
  }

  function taken() {
    deeds.back();
    return true;
  }
}
