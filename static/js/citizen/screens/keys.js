/** All that the keyboard can do on the map, in one list, with the same as buttons. */

import { heading } from "#js/citizen/pieces.js";
import { h } from "#js/lib/dom.js";
import { _ } from "#js/lib/words.js";

export function keysScreen(page) {
  const { row, title } = heading(page, _("Keys on the map"));
  const line = (keys, words) => h("div", {}, h("dt", {}, keys.map((key) => [h("kbd", {}, key), " "])), h("dd", {}, words));
  const list = h(
    "dl.keys-list",
    {},
    line(["←", "↑", "↓", "→"], _("move the map")),
    line([_("Shift"), "←"], _("move it a little")),
    line(["+", "−"], _("closer and farther")),
    line(["Enter"], _("place the pin under the cross")),
    line(["W"], _("say where the middle of the map is")),
    line(["N"], _("list the pins around")),
    line(["F"], _("find a street or place")),
    line(["?"], _("these keys")),
    line(["Esc"], _("one step back")),
  );
  return {
    children: [
      row,
      h("p.soft", {}, _("They work while the map is chosen: go to it with Tab.")),
      list,
      h("p", {}, h("a.button.button-quiet", { href: page.config.writeUrl }, _("Without the map, in words"))),
    ],
    focus: title,
  };
}
