/** Finding a street, an address or a place by its name, without a map; what does the finding is loaded when asked for. */

import { heading } from "#js/citizen/pieces.js";
import { h } from "#js/lib/dom.js";
import { _ } from "#js/lib/words.js";

export function searchScreen(page) {
  const { row } = heading(page, _("Find a street or place"));
  const list = h("ul.finds", { id: "seek-list", role: "listbox", "aria-label": _("What was found"), hidden: true });
  const note = h("p.field-help", { id: "seek-note", role: "status" });
  const source = h("p.finds-source.small.soft", { hidden: true }, "© ČÚZK, RÚIAN");
  const input = h("input.input", {
    id: "seek",
    type: "search",
    role: "combobox",
    "aria-autocomplete": "list",
    "aria-expanded": "false",
    "aria-controls": "seek-list",
    autocomplete: "off",
    spellcheck: "false",
    enterkeyhint: "search",
    maxlength: "80",
    "aria-describedby": "seek-note",
  });
  // The field has the focus at once, which phones answer with their keyboard only within the tap itself.
  const early = { enter: false };
  const hear = (event) => {
    if (event.key === "Enter") early.enter = true;
  };
  input.addEventListener("keydown", hear);
  import("#js/citizen/search.js").then(({ connectSearch }) => {
    input.removeEventListener("keydown", hear);
    if (input.isConnected) connectSearch(page, { input, list, note, source, eager: early.enter });
  });
  return {
    children: [
      row,
      h(
        "div.field",
        {},
        h("label.visually-hidden", { for: "seek" }, _("Name of a street or place")),
        input,
        note,
      ),
      list,
      source,
    ],
    focus: input,
  };
}
