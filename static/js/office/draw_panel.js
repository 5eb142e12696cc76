/** Beside the drawn area: what it is now, the way back, and its corners as a table that can be typed. */

import { area_m2, firstCrossing, isCorner, pastedCorner, typedDegrees } from "#js/office/area.js";
import { h, icon } from "#js/lib/dom.js";
import { _, ngettext, number } from "#js/lib/words.js";

/** Rows that one still types; more corners than that are moved on the map. */
const MOST_ROWS = 60;

/** "1,25 km²", or whole square metres for less than a hectare. */
export function areaWords(m2) {
  return m2 < 10_000 ? `${number(Math.round(m2))} m²` : `${number(m2 / 1e6, m2 < 1e6 ? 3 : 2)} km²`;
}

function stateWords({ corners, closed }) {
  if (!corners.length) return _("Click on the map to set the corners of the area.");
  const count = ngettext("%(n)s corner", "%(n)s corners", corners.length);
  if (corners.length < 3) return _("%(corners)s; an area needs at least three.", { corners: count });
  const size = areaWords(area_m2(corners));
  if (closed) return _("%(corners)s, %(area)s", { corners: count, area: size });
  return _("%(corners)s, %(area)s. A click on the first one closes it.", { corners: count, area: size });
}

class Panel {
  #do;
  #words = h("p.draw-words");
  #wrong = h("p.draw-crossing.field-error", { hidden: true });
  #voice = h("p.visually-hidden", { role: "status", "aria-live": "polite" });
  #rows = h("tbody");
  #more = h("p.small.soft", { hidden: true });
  #buttons;
  #fields = [];

  constructor(deeds) {
    this.#do = deeds;
    const button = (words, sign, onclick) => h("button.button.button-quiet", { type: "button", onclick }, icon(sign), h("span", {}, words));
    this.#buttons = {
      close: button(_("Close the area"), "check", deeds.onClose),
      undo: button(_("Back a step"), "back", deeds.onUndo),
      remove: button(_("Remove the corner"), "minus", () => deeds.onRemove(this.chosen)),
      clear: button(_("Clear all"), "trash", deeds.onClear),
    };
    this.element = h(
      "div.draw-panel",
      {},
      this.#words,
      this.#wrong,
      h("div.actions.draw-actions", {}, Object.values(this.#buttons)),
      h("p.small.soft.draw-keys", {}, _("By keyboard, on the map: arrows move the crosshair, Shift makes small steps, Enter sets a corner, Backspace takes the last one away.")),
      this.#table(),
      this.#voice,
    );
    this.chosen = null;
  }

  /** Says something to whoever does not see the map. */
  say(text) {
    this.#voice.textContent = text;
  }

  draw(state) {
    const { corners, closed, chosen, canUndo } = state;
    this.chosen = chosen;
    this.#words.textContent = stateWords(state);
    const crossing = corners.length > 2 && firstCrossing(corners);
    this.#wrong.hidden = !crossing;
    this.#wrong.textContent = crossing ? _("The outline crosses itself. Move or remove a corner.") : "";
    this.#buttons.close.hidden = closed || corners.length < 3;
    this.#buttons.undo.disabled = !canUndo;
    this.#buttons.remove.hidden = chosen === null;
    this.#buttons.clear.disabled = !corners.length;
    this.#drawRows(state);
  }

  #table() {
    const heading = (words) => h("th", { scope: "col" }, words);
    return h(
      "details.draw-corners",
      {},
      h("summary", {}, _("Corners in numbers")),
      h(
        "div.table-wrap",
        {},
        h("table.table", {}, h("thead", {}, h("tr", {}, heading("#"), heading(_("Latitude")), heading(_("Longitude")), heading(""))), this.#rows),
      ),
      this.#more,
      h(
        "button.button.button-quiet",
        {
          type: "button",
          onclick: () => {
            this.#do.onAdd(null);
            this.#fields.at(-1)?.lat.focus();
          },
        },
        icon("plus"),
        h("span", {}, _("Add a corner")),
      ),
      h("p.field-help", {}, _("WGS 84 degrees, as map sites show them: 49.62015, 15.52003. A whole pair can be pasted.")),
    );
  }

  /** Rows are kept and only filled anew: the field one is typing in must not go away. */
  #drawRows({ corners, chosen }) {
    const n = Math.min(corners.length, MOST_ROWS);
    while (this.#fields.length > n) this.#fields.pop().row.remove();
    while (this.#fields.length < n) this.#fields.push(this.#row(this.#fields.length));
    this.#fields.forEach(({ row, lat, lon }, i) => {
      fill(lat, corners[i][1]);
      fill(lon, corners[i][0]);
      row.classList.toggle("is-chosen", i === chosen);
    });
    const rest = corners.length - MOST_ROWS;
    this.#more.hidden = rest <= 0;
    this.#more.textContent = rest > 0 ? ngettext("and %(n)s more corner; move it on the map", "and %(n)s more corners; move them on the map", rest) : "";
  }

  #row(index) {
    const n = index + 1;
    const lat = this.#field(index, _("Latitude of corner %(n)s", { n }));
    const lon = this.#field(index, _("Longitude of corner %(n)s", { n }));
    const remove = _("Remove corner %(n)s", { n });
    const row = h(
      "tr",
      {},
      h("th", { scope: "row" }, String(n)),
      h("td", {}, lat),
      h("td", {}, lon),
      h(
        "td",
        {},
        h(
          "button.button.button-quiet.button-icon",
          { type: "button", "aria-label": remove, title: remove, onclick: () => this.#do.onRemove(index) },
          icon("close"),
        ),
      ),
    );
    this.#rows.append(row);
    return { row, lat, lon };
  }

  /** A number's field; without a name, so that a form around it does not send it. */
  #field(index, label) {
    const input = h("input.input.draw-number", { inputmode: "decimal", autocomplete: "off", "aria-label": label });
    input.addEventListener("focus", () => this.#do.onChoose(index));
    input.addEventListener("change", () => this.#read(index, input));
    input.addEventListener("keydown", (event) => {
      if (event.key !== "Enter") return;
      event.preventDefault(); // in a form it would send it
      this.#read(index, input);
    });
    return input;
  }

  #read(index, changed) {
    const { lat, lon } = this.#fields[index];
    const corner = pastedCorner(changed.value) ?? [typedDegrees(lon.value), typedDegrees(lat.value)];
    const isGood = isCorner(corner);
    for (const input of [lat, lon]) input.setAttribute("aria-invalid", String(!isGood && input === changed));
    if (!isGood) {
      this.say(_("This is not a place on Earth."));
      return;
    }
    for (const input of [lat, lon]) input.dataset.value = "";
    this.#do.onType(index, corner);
  }
}

/** Shows the number, unless it is there already and somebody is changing it. */
function fill(input, value) {
  const text = String(value);
  if (input.dataset.value === text) return;
  input.dataset.value = text;
  input.value = text;
  input.setAttribute("aria-invalid", "false");
}

/**
 * The panel of the drawing tool; `element` is to be put into the page.
 * @param {Record<string, Function>} deeds
 */
export function drawPanel(deeds) {
  return new Panel(deeds);
}
