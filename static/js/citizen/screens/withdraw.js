/** Taking everything back: what will be gone, said once before it is. */

import { heading, problemPlace } from "#js/citizen/pieces.js";
import { h, typeset } from "#js/lib/dom.js";
import { _, ngettext } from "#js/lib/words.js";

export function withdrawScreen(page, state) {
  const { row, title } = heading(page, _("Take everything back?"));
  const refusal = problemPlace();
  const n = state.pins.length;
  const gone = [
    n > 0 && ngettext("your %(n)s pin with its words", "your %(n)s pins with their words", n),
    state.supported.length > 0 && _("that you agreed with others"),
    Object.keys(state.about).length > 0 && _("what you said about yourself"),
    _("the code, and what ties this device to your pins"),
  ];
  const go = h(
    "button.button.button-danger.button-block",
    { type: "button", onclick: () => page.deeds.withdraw() },
    _("Delete everything of mine"),
  );
  const update = (now) => {
    go.disabled = now.sending;
    refusal.show(now.problem);
  };
  return {
    children: [
      row,
      h("p", {}, typeset(_("We will delete, at once and for good:"))),
      h("ul", {}, gone.filter(Boolean).map((words) => h("li", {}, words))),
      h("p.soft", {}, typeset(_("The town will no longer see what you wanted to tell it, and nobody can bring it back, not even we."))),
      refusal.element,
      h(
        "div.form-ways",
        {},
        go,
        h("button.button.button-block", { type: "button", onclick: () => page.dispatch({ type: "back" }) }, _("Keep it")),
      ),
    ],
    focus: title,
    update,
  };
}
