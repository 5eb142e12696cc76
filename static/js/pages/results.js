/** The results page: the live map in place of its picture, what it shows, and what a pin on it says. */

import { createMap } from "#js/map/map.js";
import { heatLayer } from "#js/map/heat.js";
import { onThemeChange, pageTheme } from "#js/map/tones.js";
import { request } from "#js/lib/api.js";
import { h, icon, readData, replace, shapeIcon, typeset } from "#js/lib/dom.js";
import { _, day } from "#js/lib/words.js";
import { areaLayer } from "#js/results/areas.js";
import { answerWords, statusWord } from "#js/citizen/answer.js";
import { keepForOffline } from "#js/offline/register.js";
import { addScale, enlargeable } from "#js/results/cooperation.js";
import { Marks, NEAR_ZOOM } from "#js/results/marks.js";

const ALL = "all";
const PATIENCE_MS = 1500;
/** Of heat under single marks, so that street names can be read again. */
const FADED = 0.55;

class ResultsMap {
  #config;
  #town;
  #heat;
  #marks = null;
  #areas = new Map();
  #controls = document.getElementById("controls");
  #card = document.getElementById("pin");

  async begin(config) {
    this.#config = config;
    const element = document.getElementById("map");
    this.#town = await createMap(element, {
      bounds: config.bounds,
      boundary: config.boundaryUrl,
      basemap: config.basemap,
      label: `${config.title}. ${_("Arrow keys move the map, plus and minus zoom.")}`,
    });
    this.#town.view.fit(config.focus, { animate: false });
    addScale(this.#town.map);
    this.#layHeat();
    this.#reveal();
    onThemeChange(() => this.#layHeat());
    if (config.pinsUrl) this.#addMarks();
    this.#addAnswers();
    this.#enlarge();
    for (const element of [this.#controls, document.getElementById("weight")]) element.classList.remove("needs-script");
    // The switch of what to count stands by the legend, outside the form it belongs to.
    document.getElementById("story-map").addEventListener("change", () => this.#show());
    for (const link of document.querySelectorAll("[data-place]")) link.addEventListener("click", () => this.#go(link.dataset));
    this.#controls.addEventListener("submit", (event) => event.preventDefault());
    this.#show();
  }

  get #asked() {
    const { category, weight } = Object.fromEntries(new FormData(this.#controls));
    return { category, weight };
  }

  get #query() {
    const { category, weight } = this.#asked;
    return { category: category === ALL ? null : category, weight: weight === "people" ? null : weight };
  }

  /** Moves the map to a place of the story and shows the feeling it is told under. */
  #go({ place, of }) {
    const choice = [...this.#controls.elements.category].find(({ value }) => value === of);
    if (choice) choice.checked = true;
    this.#show();
    this.#town.view.centreOn(place.split(" ").map(Number), NEAR_ZOOM);
    this.#town.map.getContainer().focus({ preventScroll: true });
  }

  #show() {
    const { category, weight } = this.#asked;
    this.#heat.setQuery(this.#query);
    this.#marks?.show(category === ALL ? null : category);
    this.#closeCard();
    let legends = 0;
    for (const legend of document.querySelectorAll(".legend")) {
      legend.hidden = legend.dataset.category !== category || legend.dataset.weight !== weight;
      legends += legend.hidden ? 0 : 1;
    }
    document.getElementById("legend-none").hidden = legends > 0;
  }

  /** Heat is drawn for one ground: a page that turns dark gets other inks. */
  #layHeat() {
    this.#heat?.remove();
    const url = this.#config.heatUrl[pageTheme() === "dark" ? "dark" : "light"];
    this.#heat = heatLayer({ url, query: this.#query, opacity: 1 }).addTo(this.#town.map);
  }

  /** The live map replaces its picture with its first heat; where that is long in coming, without. */
  #reveal() {
    const frame = document.getElementById("map-frame");
    const show = () => frame.classList.add("is-live");
    this.#heat.once("heatready heatmissing", show);
    setTimeout(show, PATIENCE_MS);
  }

  #addMarks() {
    const { pinsUrl: url, categories } = this.#config;
    this.#marks = new Marks({ town: this.#town, url, categories, onPick: (hit) => this.#open(hit) });
    const fade = () => this.#heat.setOpacity(this.#marks.shown ? FADED : 1);
    this.#town.map.on("zoomend", fade);
    document.getElementById("closer").hidden = false;
  }

  /** The answered places: picked on the map they are read in words, named in words they are shown on the map. */
  #addAnswers() {
    const areas = new Map();
    // The newest last, so that where places overlap the one that is heard lies on top.
    for (const place of [...(this.#config.answers ?? [])].reverse()) {
      const { id, area, status, name } = place;
      areas.set(id, areaLayer(area, { status, name, onPick: () => this.#openPlace(id) }).addTo(this.#town.map));
    }
    for (const link of document.querySelectorAll("[data-answered]")) {
      const area = areas.get(link.dataset.answered);
      link.addEventListener("click", () => {
        if (area) this.#town.map.fitBounds(area.getBounds().pad(1), { maxZoom: NEAR_ZOOM });
        this.#openPlace(link.dataset.answered);
      });
    }
    this.#areas = areas;
  }

  /** What the town says about a place, in the words of the page. */
  #openPlace(id) {
    const told = document.getElementById(`place-${id}`);
    if (!told) return;
    const copy = told.cloneNode(true);
    const words = [...copy.children].slice(1);
    const name = h("p", {}, h("strong", {}, copy.querySelector("h3").textContent));
    replace(this.#card, this.#closeButton(), name, ...words);
    this.#card.hidden = false;
    for (const [other, area] of this.#areas) area.getElement()?.classList.toggle("is-shown", other === id);
  }

  #enlarge() {
    const button = document.getElementById("enlarge");
    button.parentElement.hidden = false;
    enlargeable({ figure: document.getElementById("story-map"), button, map: this.#town.map });
  }

  async #open(hit) {
    this.#marks.highlight(hit.index);
    const category = this.#config.categories[hit.category];
    let feature = null;
    try {
      feature = await request("GET", this.#config.itemUrl + hit.id);
    } catch {
      // It may have been taken back a moment ago.
    }
    replace(this.#card, this.#closeButton(), ...this.#said(category, feature?.properties));
    this.#card.hidden = false;
  }

  #said(category, pin) {
    const head = h("p.tag", { "data-category": category.key }, shapeIcon(category.shape), h("span", {}, category.word));
    if (!pin) return [head, h("p", {}, _("This pin is not there any more."))];
    return [
      head,
      h(pin.comment ? "p" : "p.soft", {}, pin.comment ? typeset(pin.comment) : _("Without a comment.")),
      pin.answer && h("div.story-answer", {}, h("p", {}, h("strong", {}, _("The town answers:")), " ", statusWord(pin.status)), answerWords(pin.answer)),
      h("p.small.soft", {}, day(pin.created_at)),
    ];
  }

  #closeButton() {
    const close = () => this.#closeCard();
    return h("button.button.button-quiet.button-icon", { type: "button", "aria-label": _("Close"), onclick: close }, icon("close"));
  }

  #closeCard() {
    this.#card.hidden = true;
    this.#marks?.highlight(null);
    for (const area of this.#areas.values()) area.getElement()?.classList.remove("is-shown");
  }
}

const config = readData("config");
if (config) {
  await new ResultsMap().begin(config);
  keepForOffline(config.root);
}
