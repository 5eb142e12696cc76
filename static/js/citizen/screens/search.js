/** Finding a street or a place by its name, without a map. */

import { heading } from "#js/citizen/pieces.js";
import { h, icon, replace } from "#js/lib/dom.js";
import { _, ngettext } from "#js/lib/words.js";
import { search } from "#js/map/names.js";

const MOST = 8;

/** What a find is, in a word; places say what they are for. */
const KINDS = {
  street: () => _("street"),
  district: () => _("quarter"),
  water: () => _("water"),
  green: () => _("greenery"),
  square: () => _("square"),
  school: () => _("school"),
  station: () => _("station"),
  church: () => _("church"),
  hospital: () => _("hospital"),
  shop: () => _("shop"),
  park: () => _("park"),
  sport: () => _("sports ground"),
  bus: () => _("stop"),
  townhall: () => _("town hall"),
  cemetery: () => _("cemetery"),
};

const kindWord = ({ kind, class: sort }) => (kind === "place" ? KINDS[sort] : KINDS[kind])?.() ?? _("place");

/** Two ends of one stop, or a building and its label, are one find. */
function distinct(entries) {
  const seen = new Set();
  return entries.filter((entry) => {
    const same = `${entry.folded}|${kindWord(entry)}`;
    return !seen.has(same) && seen.add(same);
  });
}

export function searchScreen(page) {
  const { row } = heading(page, _("Find a street or place"));
  const list = h("ul.finds");
  const note = h("p.field-help", { role: "status" });
  const input = h("input.input", {
    id: "seek",
    type: "search",
    autocomplete: "off",
    spellcheck: "false",
    enterkeyhint: "search",
    "aria-describedby": "seek-note",
    oninput: () => show(),
    onkeydown: (event) => onKey(event),
  });
  note.id = "seek-note";

  const choose = ({ lon, lat }) => {
    page.dispatch({ type: "back" });
    page.scene.goTo(lon, lat);
  };
  const finds = () => distinct(search(page.scene.names, input.value, 3 * MOST)).slice(0, MOST);
  const onKey = (event) => {
    if (event.key === "ArrowDown") list.querySelector("button")?.focus();
    else if (event.key === "Enter") {
      const [first] = finds();
      if (first) choose(first);
    } else return;
    event.preventDefault();
  };
  const onListKey = (event) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (!step) return;
    event.preventDefault();
    const buttons = [...list.querySelectorAll("button")];
    const next = buttons.indexOf(document.activeElement) + step;
    (next < 0 ? input : buttons[Math.min(next, buttons.length - 1)]).focus();
  };
  list.addEventListener("keydown", onListKey);

  const show = () => {
    const found = input.value.trim() ? finds() : [];
    replace(
      list,
      found.map((entry) =>
        h(
          "li",
          {},
          h(
            "button.find",
            { type: "button", onclick: () => choose(entry) },
            icon(entry.kind === "street" ? "map" : "locate"),
            h("span.find-name", {}, entry.name),
            h("span.find-kind", {}, kindWord(entry)),
          ),
        ),
      ),
    );
    if (!input.value.trim()) note.textContent = _("For example the name of your street, school or stop.");
    else
      note.textContent = found.length
        ? ngettext("%(n)s find", "%(n)s finds", found.length)
        : _("Nothing of that name. Try only the beginning of it.");
  };
  show();
  return {
    children: [
      row,
      h("div.field", {}, h("label.visually-hidden", { for: "seek" }, _("Name of a street or place")), input, note),
      list,
    ],
    focus: input,
  };
}
