/** One-letter keys, which can be switched off for those whose voice or hand types letters by chance. */

import { openStore } from "#js/lib/store.js";
import { _ } from "#js/lib/words.js";

/** Whether the key goes into a field. */
function isTyping(target) {
  return target.closest?.("input:not([type=radio], [type=checkbox], [type=range]), textarea, select") !== null;
}

/**
 * @param {HTMLElement} bar The line with the hints and the switch.
 * @param {Record<string, () => void>} actions
 */
export function connectKeys(bar, actions) {
  const store = openStore("office");
  const button = bar.querySelector("[data-keys-switch]");
  let on = store.get("keys", true);
  const say = () => {
    button.setAttribute("aria-pressed", String(on));
    button.textContent = on ? _("Keys on") : _("Keys off");
    document.body.classList.toggle("keys-off", !on);
  };
  button.addEventListener("click", () => {
    on = !on;
    store.set("keys", on);
    say();
  });
  document.addEventListener("keydown", (event) => {
    if (!on || event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented || isTyping(event.target)) return;
    const action = actions[event.key.toLowerCase()];
    if (!action) return;
    event.preventDefault();
    action();
  });
  bar.hidden = false;
  say();
}
