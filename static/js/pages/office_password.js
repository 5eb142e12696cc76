
/** A button beside each password that shows what was typed, until it is pressed again or the form is sent. */

import { h } from "#js/lib/dom.js";
import { _ } from "#js/lib/words.js";

for (const field of document.querySelectorAll('input[type="password"]')) {
  const button = h("button.link-button.password-show", { type: "button", "aria-controls": field.id });
  const show = (shown) => {
    field.type = shown ? "text" : "password";
    button.textContent = shown ? _("Hide the password") : _("Show the password");
  };
  button.addEventListener("click", () => show(field.type === "password"));
  // What browsers remember of a form shall stay a password.
  field.form?.addEventListener("submit", () => show(false));
  show(false);
  field.after(button);
}
