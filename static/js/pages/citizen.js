/** The citizen's page: puts state, sheet, map and server together. */

import { createDeeds } from "#js/citizen/deeds.js";
import { Scene } from "#js/citizen/scene.js";
import { aboutScreen } from "#js/citizen/screens/about.js";
import { commentScreen } from "#js/citizen/screens/comment.js";
import { infoScreen } from "#js/citizen/screens/info.js";
import { keysScreen } from "#js/citizen/screens/keys.js";
import { mineScreen } from "#js/citizen/screens/mine.js";
import { nearScreen } from "#js/citizen/screens/near.js";
import { otherScreen } from "#js/citizen/screens/other.js";
import { editScreen, ownScreen } from "#js/citizen/screens/own.js";
import { placeScreen } from "#js/citizen/screens/place.js";
import { joinScreen, receiptScreen } from "#js/citizen/screens/receipt.js";
import { searchScreen } from "#js/citizen/screens/search.js";
import { startScreen } from "#js/citizen/screens/start.js";
import { thanksScreen } from "#js/citizen/screens/thanks.js";
import { withdrawScreen } from "#js/citizen/screens/withdraw.js";
import { searchButton } from "#js/citizen/search_button.js";
import { AT_SIDE, Sheet } from "#js/citizen/sheet.js";
import { depth, initialState, obstacle, screen, update } from "#js/citizen/state.js";
import { followHistory } from "#js/citizen/steps.js";
import { proveWith } from "#js/lib/api.js";
import { breath } from "#js/lib/breath.js";
import { readData } from "#js/lib/dom.js";
import { keepToFrame } from "#js/lib/frame.js";
import { newId, openStore } from "#js/lib/store.js";
import { toast } from "#js/lib/toast.js";
import { _ } from "#js/lib/words.js";
import { createMap } from "#js/map/map.js";
import { keepForOffline } from "#js/offline/register.js";

// Asked for in a flood only: it comes when it is needed.
proveWith(async (...sum) => (await import("#js/citizen/challenge/beside.js")).proveBeside(...sum));

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
  near: nearScreen,
  keys: keysScreen,
};

/** After so long without a letter what is being written is kept. */
const KEEP_AFTER_MS = 400;

/** One visit of the page. */
class CitizenPage {
  #state;
  #shown = null;
  #view = null;
  #voice = document.getElementById("voice");
  #keeping = null;

  constructor(config, screens) {
    this.config = config;
    this.screens = screens;
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
    await breath();
    this.scene = new Scene(this, town);
    this.search = searchButton(this);
    await breath();
    // From here to its first screen without a pause: an empty sheet would be seen.
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
    document.addEventListener("visibilitychange", () => document.hidden && this.#keepDraft());
    this.#render({ takeFocus: false });
    document.documentElement.dataset.page = "ready";
    await this.reload();
    await this.#resume();
    await this.deeds.post.begin();
    keepForOffline(this.config.root, [this.config.writeUrl, this.config.privacyUrl]);
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
    this.#draftChanged(before.draft, this.#state.draft);
    if (before.pins !== this.#state.pins) this.deeds.keepOwn();
    if (before.offline && !this.#state.offline) this.#catchUp();
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
      this.#view = { ...this.screens[now.name](this, state), pins: state.pins.length };
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

  /** The net is back: what others and the town have said meanwhile. */
  #catchUp() {
    this.reload();
    this.scene?.refreshOthers();
  }

  /** A draft is kept a moment after the last letter, and let go when it was sent or given up. */
  #draftChanged(before, now) {
    if (before === now) return;
    clearTimeout(this.#keeping);
    if (now) this.#keeping = setTimeout(() => this.#keepDraft(), KEEP_AFTER_MS);
    else if (before.mode === "new") this.deeds.dropDraft();
  }

  /** What was written and not sent is kept on this device: a phone may kill the page without a word. */
  #keepDraft() {
    const { draft } = this.#state;
    const isBegun = draft?.mode === "new" && draft.lon !== null && screen(this.#state).name === "comment";
    if (isBegun && (draft.comment.trim() || draft.photo)) this.deeds.keepDraft(draft);
  }

  async #resume() {
    const draft = await this.deeds.takeDraft();
    const sentAlready = draft && this.#state.pins.some(({ id }) => id === draft.id);
    if (sentAlready) this.deeds.dropDraft();
    if (!draft || sentAlready || screen(this.#state).name !== "start") return;
    this.dispatch({ type: "resume", draft });
    if (this.#state.draft) toast(_("Your unsent pin is here again."));
  }
}

function mapConfig({ bounds, boundaryUrl, basemap, title }) {
  const keys = [
    _("Arrow keys move the map, plus and minus zoom."),
    _("W says where you are, N lists the pins around, the question mark shows all keys."),
  ].join(" ");
  return { bounds, boundary: boundaryUrl, basemap, label: `${title}. ${keys}` };
}

/** What the sheet that the server sent along covers, so that the map begins where it will be seen. */
function coveredAtFirst() {
  const box = document.getElementById("sheet").getBoundingClientRect();
  const head = document.querySelector(".citizen-head").getBoundingClientRect();
  const atSide = matchMedia(AT_SIDE).matches;
  return atSide ? { left: box.right } : { bottom: window.innerHeight - box.top, top: head.bottom };
}

/** The screens of the simple steps, where they are asked for. */
async function simpleSteps({ simple }) {
  return simple ? (await import("#js/citizen/simple/screens.js")).simpleScreens : {};
}

async function connect() {
  const config = readData("config");
  if (!config) return;
  await breath();
  if (config.embed) keepToFrame();
  const page = new CitizenPage(config, { ...SCREENS, ...(await simpleSteps(config)) });
  document.getElementById("map").addEventListener("map:tilesmissing", () => {
    if (config.basemap.kind !== "none")
      toast(_("The map’s background can’t be reached just now. You can mark places all the same."), {
        seconds: 8,
      });
  });
  await page.begin();
}

connect();
