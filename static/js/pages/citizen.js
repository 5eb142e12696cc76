/** The citizen's page: puts state, sheet, map and server together. */

import { createDeeds } from "#js/citizen/deeds.js";
import { Scene } from "#js/citizen/scene.js";
import { aboutScreen } from "#js/citizen/screens/about.js";
import { commentScreen } from "#js/citizen/screens/comment.js";
import { infoScreen } from "#js/citizen/screens/info.js";
import { mineScreen } from "#js/citizen/screens/mine.js";
import { otherScreen } from "#js/citizen/screens/other.js";
import { editScreen, ownScreen } from "#js/citizen/screens/own.js";
import { placeScreen } from "#js/citizen/screens/place.js";
import { joinScreen, receiptScreen } from "#js/citizen/screens/receipt.js";
import { searchScreen } from "#js/citizen/screens/search.js";
import { startScreen } from "#js/citizen/screens/start.js";
import { thanksScreen } from "#js/citizen/screens/thanks.js";
import { withdrawScreen } from "#js/citizen/screens/withdraw.js";
import { searchButton } from "#js/citizen/search_button.js";
import { Sheet } from "#js/citizen/sheet.js";
import { depth, initialState, obstacle, screen, update } from "#js/citizen/state.js";
import { followHistory } from "#js/citizen/steps.js";
import { readData } from "#js/lib/dom.js";
import { newId, openStore } from "#js/lib/store.js";
import { toast } from "#js/lib/toast.js";
import { _ } from "#js/lib/words.js";
import { createMap } from "#js/map/map.js";

const SCREENS = {
  start: startScreen,
  place: placeScreen,
  search: searchScreen,
  comment: commentScreen,
  thanks: thanksScreen,
  mine: mineScreen,
  own: ownScreen,
  edit: editScreen,
  other: otherScreen,
  about: aboutScreen,
  receipt: receiptScreen,
  join: joinScreen,
  withdraw: withdrawScreen,
  info: infoScreen,
};

/** One visit of the page. */
class CitizenPage {
  #state;
  #shown = null;
  #view = null;
  #voice = document.getElementById("voice");

  constructor(config) {
    this.config = config;
    this.store = openStore(config.slug);
    this.#state = {
      ...initialState(config),
      aboutDone: this.store.get("aboutDone", false),
      supported: this.store.get("supported", []),
      receipt: this.store.get("receipt"),
      answersSeen: this.store.get("answersSeen", ""),
    };
    this.dispatch = this.dispatch.bind(this);
    this.deeds = createDeeds({ config, state: () => this.#state, dispatch: this.dispatch }, this.store);
    this.mapElement = document.getElementById("map");
  }

  state() {
    return this.#state;
  }

  lasting() {
    return this.store.lasting;
  }

  /** Says something to those who listen rather than look. */
  say(words) {
    this.#voice.textContent = words;
  }

  /** Shows and says a short message. */
  tell(words) {
    toast(words);
  }

  async begin() {
    const town = await createMap(this.mapElement, { ...mapConfig(this.config), padding: coveredAtFirst() });
    this.scene = new Scene(this, town);
    this.search = searchButton(this);
    this.sheet = new Sheet(document.getElementById("sheet"), (padding) => {
      town.view.setPadding(padding);
      this.scene.coverChanged();
    });
    this.steps = followHistory({
      history: window.history,
      target: window,
      depthNow: () => depth(this.#state),
      onBack: (count) => this.dispatch({ type: "backTo", depth: count }),
    });
    document.addEventListener("keydown", (event) => this.#escape(event));
    window.addEventListener("pagehide", () => this.#keepDraft());
    this.#render({ takeFocus: false });
    document.documentElement.dataset.page = "ready";
    await this.reload();
    this.#resume();
  }

  /** Reads again what is this person's own. */
  reload() {
    return this.deeds.load();
  }

  choose(category) {
    this.dispatch({ type: "choose", category, id: newId() });
  }

  /** Places the draft under the crosshair, unless something stands in the way. */
  here() {
    if (screen(this.#state).name !== "place") return;
    this.dispatch({ type: "settle", ...this.scene.position() });
    if (obstacle(this.#state)) return;
    if (this.#state.draft.mode === "move") this.deeds.moveHere();
    else this.dispatch({ type: "here" });
  }

  dispatch(event) {
    const before = this.#state;
    this.#state = update(before, event);
    if (this.#state === before) return;
    this.#render({ takeFocus: true });
    this.steps?.follow();
  }

  #render({ takeFocus }) {
    const state = this.#state;
    const now = screen(state);
    const reborn = now.name === "start" && this.#view?.pins !== state.pins.length;
    if (now !== this.#shown || reborn) {
      const arrived = now !== this.#shown;
      this.scene.remember();
      this.#shown = now;
      this.#view = { ...SCREENS[now.name](this, state), pins: state.pins.length };
      this.sheet.show({ name: now.name, ...this.#view }, { takeFocus: takeFocus && arrived });
    }
    this.scene.render(state);
    this.#view.update?.(state);
    this.search.update(state);
  }

  #escape(event) {
    if (event.key !== "Escape" || event.defaultPrevented || depth(this.#state) < 2) return;
    event.preventDefault();
    this.dispatch({ type: "back" });
  }

  /** What was written and not sent is kept on this device until the page comes back. */
  #keepDraft() {
    const { draft } = this.#state;
    const written = draft?.mode === "new" && screen(this.#state).name === "comment" && draft.comment.trim();
    if (written) this.store.set("draft", draft);
  }

  #resume() {
    const draft = this.store.get("draft");
    this.store.remove("draft");
    const sentAlready = draft && this.#state.pins.some(({ id }) => id === draft.id);
    if (!draft || sentAlready || screen(this.#state).name !== "start") return;
    this.dispatch({ type: "resume", draft });
    if (this.#state.draft) toast(_("Your unsent pin is here again."));
  }
}

function mapConfig({ bounds, boundaryUrl, basemap, lang, title }) {
  const keys = _("Arrow keys move the map, plus and minus zoom.");
  return { bounds, boundary: boundaryUrl, basemap, lang, label: `${title}. ${keys}` };
}

/** What the sheet that the server sent along covers, so that the map begins where it will be seen. */
function coveredAtFirst() {
  const box = document.getElementById("sheet").getBoundingClientRect();
  const head = document.querySelector(".citizen-head").getBoundingClientRect();
  const atSide = matchMedia("(min-width: 56rem)").matches;
  return atSide ? { left: box.right } : { bottom: window.innerHeight - box.top, top: head.bottom };
}

async function connect() {
  const config = readData("config");
  if (!config) return;
  const page = new CitizenPage(config);
  document.getElementById("map").addEventListener("map:tilesmissing", () => {
    if (config.basemap.kind !== "none")
      toast(_("The map’s background can’t be reached just now. You can mark places all the same."), {
        seconds: 8,
      });
  });
  await page.begin();
}

connect();
