/**
 * What the citizen's page knows and how it changes: pure data in, pure data out.
 *
 * The screens lie on each other like cards: `screens` is the way back, the last one is seen. A draft is the mark being
 * placed, written or changed; it keeps its id through every retry, so that sending twice stores once.
 */

/** Zoom from which a mark is precise enough to be placed. */
export const LEAST_ZOOM = 15;

/** Before this many characters are left, nobody needs to count. */
const COUNT_FROM_LEFT = 120;

const START = Object.freeze({ name: "start" });

/**
 * @param {{categories: {key: string}[], questions?: object[], about?: object[], open: boolean, showOthers?: string,
 *   publishPins?: boolean, event?: {code: string}|null}} config
 */
export function initialState(config) {
  return {
    config,
    screens: [START],
    draft: null,
    sending: false,
    problem: null,
    pins: [],
    /** Whether the server has told what is this person's own: false, true or "failed". */
    loaded: false,
    about: {},
    aboutDone: false,
    supported: [],
    receipt: null,
    /** When the newest answer was given that this device has shown. */
    answersSeen: "",
    /** Whether the last try to reach the server failed. */
    offline: false,
  };
}

/** The screen that is seen. */
export const screen = (state) => state.screens[state.screens.length - 1];

/** How many steps the way back has. */
export const depth = (state) => state.screens.length;

/** The own mark of this id. */
export const pinOf = (state, id) => state.pins.find((pin) => pin.id === id) ?? null;

export const categoryOf = (state, key) => state.config.categories.find((category) => category.key === key) ?? null;

/** What stands in the way of placing here: nothing, or "closed", "unsettled", "far", "outside". */
export function obstacle(state) {
  const { draft, config } = state;
  if (!config.open) return "closed";
  if (!draft || draft.lon === null) return "unsettled";
  if (!draft.inside) return "outside";
  if (draft.zoom < LEAST_ZOOM) return "far";
  return null;
}

/** Whether other people's marks may be seen, by the map's rule. */
export function showsOthers({ config, pins }) {
  if (!config.publishPins || config.showOthers === "never") return false;
  return config.showOthers === "always" || !config.open || pins.length > 0;
}

/** Whether to ask about the person: there are questions, a mark was placed, and nobody answered or declined yet. */
export const asksAbout = ({ config, pins, aboutDone }) =>
  Boolean(config.about?.length) && pins.length > 0 && !aboutDone;

/** Whether the town has said something to a mark. */
export const isAnswered = ({ answer, answeredAt, status }) => Boolean(answer || answeredAt) || status !== "received";

/** When the newest answer was given; empty while there is none. */
export const newestAnswer = ({ pins }) => pins.map(({ answeredAt }) => answeredAt ?? "").reduce((a, b) => (a > b ? a : b), "");

/** Whether the town has answered since this person last looked at their marks. */
export const hasNews = (state) => newestAnswer(state) > state.answersSeen;

/** The own marks as they are listed: answered ones first, the newest answer on top; then the newest marks. */
export function listed({ pins }) {
  const newestFirst = [...pins].reverse();
  return newestFirst.sort((a, b) => (b.answeredAt ?? "").localeCompare(a.answeredAt ?? ""));
}

/** The questions that go with a category. */
export function questionsFor(state, category) {
  return (state.config.questions ?? []).filter(
    ({ categories }) => !categories?.length || categories.includes(category),
  );
}

/** How many characters are left, when that begins to matter; null before. */
export function charactersLeft(text, most) {
  const left = most - [...text.trim()].length;
  return left <= COUNT_FROM_LEFT ? left : null;
}

/** Answers without the questions that this category does not ask and without empty ones. */
export function fittingAnswers(state, category, answers) {
  const keys = new Set(questionsFor(state, category).map(({ key }) => key));
  return Object.fromEntries(Object.entries(answers).filter(([key, value]) => keys.has(key) && !isEmpty(value)));
}

const isEmpty = (value) =>
  value === null || value === undefined || value === "" || (Array.isArray(value) && !value.length);

/** The GeoJSON Feature of a draft or a mark, as the server takes it. */
export function featureOf(state, pin) {
  const properties = { category: pin.category, ...fittingAnswers(state, pin.category, pin.answers ?? {}) };
  const comment = (pin.comment ?? "").trim();
  if (comment) properties.comment = comment;
  if (Number.isFinite(pin.zoom)) properties.zoom = Math.max(0, Math.min(24, Math.round(pin.zoom)));
  // A place that was named and not pointed at says how far from there it may be.
  if (Number.isFinite(pin.precisionM)) properties.precision_m = pin.precisionM;
  if (pin.event) properties.event = pin.event;
  return {
    type: "Feature",
    id: pin.id,
    geometry: { type: "Point", coordinates: [rounded(pin.lon), rounded(pin.lat)] },
    properties,
  };
}

/** Seven decimals of a degree are a centimetre. */
const rounded = (degrees) => Math.round(degrees * 1e7) / 1e7;

/** A stored Feature as the page's own mark. */
export function pinFrom(feature, questions = []) {
  const { properties: said, geometry } = feature;
  const answers = Object.fromEntries(
    questions.map(({ key }) => [key, said[key]]).filter(([, value]) => !isEmpty(value)),
  );
  return {
    id: feature.id,
    lon: geometry.coordinates[0],
    lat: geometry.coordinates[1],
    category: said.category,
    comment: said.comment ?? "",
    answers,
    zoom: said.zoom ?? null,
    precisionM: said.precision_m ?? null,
    event: said.event ?? null,
    createdAt: said.created_at ?? null,
    supports: said.supports ?? 0,
    state: said.state ?? "visible",
    hiddenReason: said.hidden_reason ?? null,
    status: said.status ?? "received",
    answer: said.answer ?? null,
    answeredAt: said.answered_at ?? null,
    waiting: null,
    picture: pictureFrom(said),
  };
}

/** The photo of a pin: {state, alt, reason, url}, its address once everybody may see it; null where there is none. */
function pictureFrom({ photo, photo_state: state, photo_alt: alt, photo_reason: reason }) {
  if (!photo && !state) return null;
  return { state: state ?? "shown", alt: alt ?? "", reason: reason ?? null, url: photo ?? null };
}

/**
 * The marks with what waits in the outbox laid over them: not yet sent ones are there, changed ones as they shall be,
 * those to be deleted are not. `waiting` of a mark is null, or {deed, refused} with the words of a refusal.
 */
export function overlaid(pins, entries, questions = []) {
  const byId = new Map(entries.map((entry) => [entry.id, entry]));
  const laid = pins.flatMap((pin) => {
    const entry = byId.get(pin.id);
    if (entry) return entry.deed === "remove" ? [] : [over(pin, entry, questions)];
    if (!pin.waiting) return [pin];
    // A new mark that waits no longer and did not arrive was given up, here or in another tab.
    return pin.waiting.deed === "add" ? [] : [{ ...pin, waiting: null }];
  });
  const known = new Set(pins.map(({ id }) => id));
  const fresh = entries.filter(({ id, deed }) => deed !== "remove" && !known.has(id));
  const all = [...laid, ...fresh.map((entry) => over(null, entry, questions))];
  return all.length === pins.length && all.every((pin, i) => pin === pins[i]) ? pins : all;
}

function over(pin, { deed, feature, at, refused }, questions) {
  const waiting = { deed, refused: refused ?? null };
  if (deed === "photo" && pin) return { ...pin, waiting };
  const written = pinFrom(feature, questions);
  if (!pin) return { ...written, createdAt: at, waiting };
  const { lon, lat, category, comment, answers, zoom, precisionM } = written;
  return { ...pin, lon, lat, category, comment, answers, zoom, precisionM, waiting };
}

/** How many marks wait for a connection, and how many came back. */
export function waitingCounts({ pins }) {
  const waiting = pins.filter((pin) => pin.waiting);
  const refused = waiting.filter((pin) => pin.waiting.refused).length;
  return { waiting: waiting.length - refused, refused };
}

const withPin = (pins, pin) =>
  pins.some(({ id }) => id === pin.id) ? pins.map((old) => (old.id === pin.id ? pin : old)) : [...pins, pin];

const calm = { sending: false, problem: null };

const push = (state, next) => ({ ...state, ...calm, screens: [...state.screens, next] });

/** Back to a number of steps; a draft lives only as long as a screen works on it. */
function cut(state, count) {
  const screens = state.screens.slice(0, Math.max(1, count));
  const works = screens.some(({ name }) => name === "place" || name === "comment" || name === "edit");
  return { ...state, ...calm, screens, draft: works ? state.draft : null };
}

const change = (state, values) => (state.draft ? { ...state, draft: { ...state.draft, ...values } } : state);

/** Screens that speak of a mark that is gone are gone as well. */
function withoutScreensOf(state, id) {
  const screens = state.screens.filter((one) => one.id !== id);
  return cut({ ...state, screens: screens.length ? screens : [START] }, screens.length);
}

const HANDLERS = {
  /** A category was chosen: the crosshair rises. */
  choose: (state, { category, id }) =>
    state.config.open && categoryOf(state, category)
      ? push(
          {
            ...state,
            // The next mark begins a new way: back from it leads to the choices, not to the thanks before.
            screens: [START],
            draft: {
              id,
              mode: "new",
              category,
              lon: null,
              lat: null,
              zoom: null,
              inside: true,
              comment: "",
              answers: {},
              event: state.config.event?.code ?? null,
            },
          },
          { name: "place" },
        )
      : state,
  settle: (state, { lon, lat, zoom, inside }) =>
    screen(state).name === "place" ? change(state, { lon, lat, zoom, inside, precisionM: null }) : state,
  here: (state) =>
    screen(state).name === "place" && state.draft?.mode === "new" && !obstacle(state)
      ? push(state, { name: "comment" })
      : state,
  /** In simple steps: the next question of the draft, each a screen of its own. */
  step: (state) =>
    screen(state).name === "comment" && state.draft?.mode === "new"
      ? push(state, { name: "comment", step: (screen(state).step ?? 0) + 1 })
      : state,
  write: (state, { comment }) => change(state, { comment }),
  /** {blob, alt}, or null when it is taken away. */
  photo: (state, { photo }) => change(state, { photo }),
  answer: (state, { key, value }) =>
    state.draft ? change(state, { answers: { ...state.draft.answers, [key]: value } }) : state,
  recategorise: (state, { category }) => change(state, { category }),
  send: (state) => (state.draft && !state.sending ? { ...state, sending: true, problem: null } : state),
  failed: (state, { problem }) => ({ ...state, sending: false, problem }),
  renewId: (state, { id }) => change(state, { id }),
  sent: (state, { pin }) => ({
    ...state,
    ...calm,
    pins: withPin(state.pins, pin),
    draft: null,
    screens: [START, { name: "thanks", id: pin.id, first: !state.pins.some(({ id }) => id !== pin.id) }],
  }),
  saved: (state, { pin }) => {
    const known = { ...state, pins: withPin(state.pins, pin) };
    // An undo may arrive while the next mark is being placed: only the screen that worked on this one closes.
    return state.draft?.id === pin.id ? cut({ ...known, draft: null }, depth(state) - 1) : { ...known, ...calm };
  },
  change: (state, { id }) => {
    const pin = pinOf(state, id);
    return pin ? push({ ...state, draft: { ...pin, mode: "edit", inside: true } }, { name: "edit", id }) : state;
  },
  move: (state, { id }) => {
    const pin = pinOf(state, id);
    return pin ? push({ ...state, draft: { ...pin, mode: "move", inside: true } }, { name: "place", id }) : state;
  },
  removed: (state, { id }) => withoutScreensOf({ ...state, pins: state.pins.filter((pin) => pin.id !== id) }, id),
  restored: (state, { pin }) => ({ ...state, pins: withPin(state.pins, pin) }),
  loaded: (state, { pins, about }) => ({
    ...state,
    loaded: true,
    // A mark sent while these were on their way is not yet among them; what waits is as the person last wished it.
    pins: state.pins.reduce(
      (known, pin) => (pin.waiting || !known.some(({ id }) => id === pin.id) ? withPin(known, pin) : known),
      pins,
    ),
    about,
    aboutDone: state.aboutDone || Object.keys(about).length > 0,
  }),
  notLoaded: (state) => ({ ...state, loaded: "failed" }),
  /** The outbox has changed: `delivered` are marks as the server has them now, `gone` those it has no more. */
  outbox: (state, { entries, delivered = [], gone = [] }) => {
    const left = gone.reduce(
      (now, id) => withoutScreensOf({ ...now, pins: now.pins.filter((pin) => pin.id !== id) }, id),
      state,
    );
    const pins = overlaid(delivered.reduce(withPin, left.pins), entries, state.config.questions);
    return pins === state.pins ? state : { ...left, pins };
  },
  open: (state, { screen: next }) => {
    const same = screen(state).name === next.name;
    return same
      ? { ...cut(state, depth(state) - 1), screens: [...state.screens.slice(0, -1), next] }
      : push(state, next);
  },
  back: (state) => cut(state, depth(state) - 1),
  backTo: (state, { depth: count }) => cut(state, count),
  home: (state) => cut(state, 1),
  aboutDone: (state, { about = state.about }) => ({ ...state, about, aboutDone: true }),
  supported: (state, { id, on }) => ({
    ...state,
    supported: on ? [...new Set([...state.supported, id])] : state.supported.filter((one) => one !== id),
  }),
  receipt: (state, { receipt }) => ({ ...state, receipt }),
  answersSeen: (state, { at }) => ({ ...state, answersSeen: at }),
  reached: (state, { offline }) => (state.offline === offline ? state : { ...state, offline }),
  /** Everything was taken back: as on the first visit. */
  withdrawn: ({ config }) => ({ ...initialState(config), loaded: true }),
  resume: (state, { draft }) =>
    state.config.open && categoryOf(state, draft.category)
      ? { ...state, ...calm, draft, screens: [START, { name: "place" }, { name: "comment" }] }
      : state,
};

/** The state after something happened; an unknown event is a fault of ours. */
export function update(state, event) {
  const handler = HANDLERS[event.type];
  if (!handler) throw new Error(`no such event: ${event.type}`);
  return handler(state, event);
}
