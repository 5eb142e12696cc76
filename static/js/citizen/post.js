/**
 * The page's side of the outbox: puts what was written into it, waits a moment for the answer, and shows what waits.
 *
 * Nobody has to watch a wheel in a dead spot: after a few seconds the page goes on, and the outbox by itself.
 */

import { openOutbox } from "#js/citizen/outbox.js";
import { featureOf, pinFrom, pinOf } from "#js/citizen/state.js";
import { ApiProblem } from "#js/lib/api.js";
import { newId } from "#js/lib/store.js";
import { toast } from "#js/lib/toast.js";
import { _, language, ngettext } from "#js/lib/words.js";
import { forgetMap, wakeLater } from "#js/offline/register.js";

/** How long a person waits for the server before the page goes on without its answer. */
const PATIENCE_MS = 5000;

const TOGETHER_MS = 800;

/** What the server said about what it would not take, in its own words. */
export function kindWords({ errors = [], detail, title }) {
  const said = errors.map(({ message }) => message).filter(Boolean);
  return said.length ? said.join(" ") : detail || title || _("We can’t accept this.");
}

const later = (ms) => new Promise((resolve) => setTimeout(() => resolve({ waiting: slow() }), ms));
const slow = () => new ApiProblem({ status: 0, detail: "slow" });

/**
 * @param {{page: {config: object, state(): object, dispatch(event: object): void}, token: () => string,
 *   asPin: (feature: object) => object, owner: () => string|null}} options
 */
export function openPost({ page, token, asPin, owner }) {
  const { config, dispatch } = page;
  const outbox = openOutbox({ map: config.slug, api: config.api, lang: language() });
  /** What a screen waits for just now: it says itself what became of it. */
  const inHand = new Map();

  outbox.onChange(({ entries, delivered, refused }) => {
    const known = new Set(entries.filter((entry) => entry.token === owner()).map(({ id }) => id));
    const here = delivered.filter(({ id }) => pinOf(page.state(), id) || known.has(id) || inHand.has(id));
    for (const one of here) inHand.get(one.id)?.heard.push(one);
    const others = here.filter(({ id }) => !inHand.has(id));
    show(entries, others);
    const arrived = others.filter(({ deed }) => deed !== "remove" && deed !== "photo").length;
    if (arrived) tellArrived(arrived);
    const back = refused.filter((id) => known.has(id) && !inHand.has(id));
    for (const id of back.slice(0, 1)) tellRefused(id);
  });

  function show(entries, delivered = []) {
    const pins = delivered.filter(({ feature }) => feature).map(({ feature }) => asPin(feature));
    const gone = delivered.filter(({ deed }) => deed === "remove").map(({ id }) => id);
    // A tablet goes from hand to hand: what still waits of the person before is not this one's.
    const shown = entries.filter((entry) => !inHand.has(entry.id) && entry.token === owner());
    dispatch({ type: "outbox", entries: shown, delivered: pins, gone });
  }

  let arrivedSoFar = 0;
  let telling = null;

  /** Said once for all that go out in one breath. */
  function tellArrived(count) {
    dispatch({ type: "reached", offline: false });
    arrivedSoFar += count;
    clearTimeout(telling);
    telling = setTimeout(() => {
      const n = arrivedSoFar;
      arrivedSoFar = 0;
      toast(ngettext("%(n)s waiting pin has been sent.", "%(n)s waiting pins have been sent.", n));
    }, TOGETHER_MS);
  }

  function tellRefused(id) {
    toast(_("A pin of yours was not accepted. Your words are kept."), {
      seconds: 12,
      action: _("Show it"),
      onAction: () => pinOf(page.state(), id) && dispatch({ type: "open", screen: { name: "own", id } }),
    });
  }

  /** The mark as this device knows it while it waits. */
  const local = (deed, pin) => ({
    ...pinFrom(featureOf(page.state(), pin), config.questions),
    ...(pinOf(page.state(), pin.id) ? kept(pinOf(page.state(), pin.id)) : { createdAt: new Date().toISOString() }),
    waiting: { deed, refused: null },
  });

  /** Brings one mark on its way; the mark as it is then, null when there was nothing to send. Throws a refusal. */
  async function send(deed, pin) {
    const before = (await outbox.entries()).find(({ id }) => id === pin.id);
    const hand = { heard: [] };
    inHand.set(pin.id, hand);
    try {
      const feature = featureOf(page.state(), pin);
      // A photo that the server has already is not sent again.
      const photo = deed !== "remove" && pin.photo?.blob ? pin.photo : undefined;
      const entry = await outbox.put({ id: pin.id, deed, feature, photo, token: token() });
      if (!entry) return null;
      const outcome = await Promise.race([outbox.send(pin.id), later(PATIENCE_MS)]);
      return await result(entry, pin, outcome, hand.heard.at(-1), before);
    } finally {
      inHand.delete(pin.id);
      show(await outbox.entries());
    }
  }

  async function result(entry, pin, outcome, heard, before) {
    const { id, deed } = entry;
    if (outcome.refused && heard) {
      // The mark is stored, only its photo was not taken: it waits with the mark, to be mended.
      tellRefused(id);
      return { ...asPin(heard.feature), waiting: { deed: "photo", refused: outcome.refused } };
    }
    if (outcome.refused) {
      // What had waited before must not get lost with the screen; a new mark's words are still in its form.
      if (!before) await outbox.forget(id);
      throw outcome.refused;
    }
    if (outcome.waiting) {
      dispatch({ type: "reached", offline: outcome.waiting.status === 0 });
      if (!outbox.lasting && !before) {
        await outbox.forget(id);
        throw outcome.waiting;
      }
      wakeLater();
      return deed === "remove" ? { waiting: true } : local(deed, pin);
    }
    dispatch({ type: "reached", offline: false });
    const feature = outcome.stored ?? heard?.feature;
    return feature ? asPin(feature) : deed === "remove" ? null : { ...local(deed, pin), waiting: null };
  }

  return {
    outbox,
    send,

    /** Sends all that waits, as the person asked for it. */
    async sendNow() {
      const isFree = await outbox.flush();
      dispatch({ type: "reached", offline: !isFree });
      if (!isFree) toast(_("There is no connection yet. Your pins are safe on this device."));
    },

    /** Sends once more what the server would not take: its reason may be gone, or be mended here. */
    async tryAgain(id) {
      const entry = (await outbox.entries()).find((one) => one.id === id);
      if (!entry) return;
      const sentAs = await mended(outbox, entry);
      const { waiting, refused } = await outbox.send(sentAs);
      if (refused) toast(kindWords(refused), { seconds: 8 });
      if (waiting) toast(_("There is no connection yet. Your pins are safe on this device."));
    },

    /** Lays over the page's marks what waits. */
    show: async () => show(await outbox.entries()),

    /** From now on what waits goes out by itself. */
    begin() {
      const tell = () => dispatch({ type: "reached", offline: navigator.onLine === false });
      addEventListener("offline", tell);
      addEventListener("online", tell);
      if (navigator.onLine === false) tell();
      return outbox.watch();
    },

    keepOwn: (pins, about) =>
      outbox.keep("mine", { pins: pins.filter(({ waiting }) => waiting?.deed !== "add"), about }),

    /** Forgets whose device this was; what waits goes out all the same. */
    async handOver() {
      for (const kind of ["token", "draft", "mine"]) await outbox.keep(kind, null);
    },

    /** Forgets all of this map: what waits, what was begun, and where the person looked. */
    async wipe(ofToken) {
      await outbox.clear(ofToken);
      await forgetMap(config.slug);
    },
  };
}

/** Makes an entry ready for another try, and gives its id: a pin that is gone is made anew, a taken id is changed. */
async function mended(outbox, entry) {
  const { id, deed, refused } = entry;
  if (deed === "change" && refused?.status === 404) await outbox.put({ ...entry, deed: "add" });
  if (deed !== "add" || refused?.status !== 409) return id;
  const other = newId();
  await outbox.put({ ...entry, id: other, feature: { ...entry.feature, id: other }, refused: undefined });
  await outbox.forget(id);
  return other;
}

/** What of a known mark stays as it is while a change of it waits. */
const kept = ({ createdAt, supports, state, hiddenReason, status, answer, answeredAt, picture }) => ({
  createdAt,
  supports,
  state,
  hiddenReason,
  status,
  answer,
  answeredAt,
  picture,
});
