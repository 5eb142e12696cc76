/**
 * The outbox: what was written on this device and is not known to be at the server. It survives a killed browser, goes
 * out when it can, and each pin arrives exactly once: the id is the client's, so sending twice stores once.
 *
 *   const outbox = openOutbox({ map: config.slug, api: config.api, lang });
 *   await outbox.put({ id, deed: "add", feature, token, photo })   keep first (photo: {blob, alt}, optional) …
 *   const outcome = await outbox.send(id)                          … then send
 *      {stored: Feature|null}   the server has it; null after "remove"
 *      {waiting: ApiProblem}    no way through just now; it stays and goes out by itself later
 *      {refused: ApiProblem}    the server won't have it as it is; it stays with its words, to mend or to drop
 *      {}                       nothing of this id is waiting (another tab has sent it, or it was dropped)
 *   outbox.flush()              send all that may go (start, `online`, page in sight again)
 *   outbox.entries()            what is there, the oldest first
 *   outbox.drop(id)             give up what waits; a new pin is taken back from the server when it may have arrived
 *   outbox.forget(id)           forget it here only
 *   outbox.clear(token)         forget all of this map, of this token only if one is given (withdrawal)
 *   outbox.alone(work)          runs work while nobody sends, here, in another tab or in the worker
 *   outbox.onChange(listener)   called with {entries, delivered: [{id, deed, feature}], refused: [id]} after every change
 *   outbox.watch()              goes by itself on `online`, in sight, and after a while
 *   outbox.lasting              false where the browser keeps nothing: then "keep this page open" is the truth
 *
 * An entry: {id, map, api, lang, token, deed, feature, photo?, at, attempts, version, revised?, next, refused?}.
 * deed: "add" (POST), "change" (PUT), "remove" (DELETE), "photo" (the pin is there, its photo is not yet).
 *
 * This file runs in pages and in the service worker: no document, no window.
 */

import { sendPhoto } from "#js/citizen/photo_sending.js";
import { ApiProblem, request } from "#js/lib/api.js";
import { openBox } from "#js/offline/box.js";

const GEOJSON = "application/geo+json";
const LOCK = "pocit-outbox";
const CHANNEL = "pocit-outbox";
const SHELF = "outbox";
const DRAFTS = "drafts";

const REMOVAL = { deed: "remove", photo: undefined, refused: undefined, revised: false };

/** Too many of us, or a database that rests: for the next entry just as for this one. */
const BUSY = new Set([429, 503]);
/** Waiting times between tries that nothing else has caused. */
const FIRST_PAUSE_MS = 5_000;
const LONGEST_PAUSE_MS = 300_000;

/** How a new deed joins one that already waits for the same pin: the pin has to end as the person last wished it. */
export function joined(before, entry) {
  const fresh = { ...entry, version: (before?.version ?? 0) + 1, attempts: before?.attempts ?? 0, next: 0 };
  if (entry.photo === undefined && before?.photo && entry.deed !== "remove") fresh.photo = before.photo;
  if (!before) return fresh;
  if (before.deed === "add") {
    // What was never tried can't have arrived: taking it back needs no server.
    if (entry.deed === "remove") return before.attempts === 0 ? undefined : fresh;
    // What was tried may have arrived with its first words: then it is made, and changed to the last ones.
    return { ...fresh, deed: "add", at: before.at, revised: Boolean(before.revised) || before.attempts > 0 };
  }
  // A removal taken back: the pin may still be there, or be gone already.
  return entry.deed === "add" ? { ...fresh, revised: true } : fresh;
}

/** What stays of an entry once the server has taken `sent`: nothing, or what was changed meanwhile. */
export function remaining(now, sent) {
  if (!now || now.version === sent.version) return undefined;
  return now.deed === "add" ? { ...now, deed: "change", revised: false } : now;
}

/** Whether an answer is our server's own "not like this"; anything else may pass later. */
export const isRefusal = (problem) =>
  problem instanceof ApiProblem && !problem.passing && Boolean(problem.title || problem.status === 413);

/** How long to wait before trying again by oneself. */
export const pause_ms = (attempts, retryAfter_s = 0) =>
  Math.max(retryAfter_s * 1000, Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 3 ** Math.max(0, attempts - 1)));

/** Brings one entry to the server: the stored Feature, null after a removal; throws ApiProblem. */
async function deliver(entry, onPinStored) {
  const { api, id, token, lang, feature } = entry;
  const ask = (method, path, body) => request(method, `${api}/items${path}`, { body, type: GEOJSON, token, lang });
  if (entry.deed === "remove") {
    await ask("DELETE", `/${id}`).catch((problem) => {
      if (problem.status !== 404 || !problem.title) throw problem;
    });
    return null;
  }
  let stored = null;
  if (entry.deed === "add") stored = ours(await ask("POST", "", feature), id);
  if (entry.deed === "change" || entry.revised) stored = ours(await ask("PUT", `/${id}`, feature), id);
  if (!entry.photo) return stored;
  if (stored) await onPinStored(stored);
  const shown = await sendPhoto(api, id, entry.photo, token, lang);
  return shown?.type === "Feature" ? ours(shown, id) : stored;
}

function ours(stored, id) {
  if (stored?.id !== id) throw new ApiProblem({ status: 0, detail: "not our server" });
  return stored;
}

/** The one gate through which everything of this device goes out, one after the other, in all tabs and the worker. */
async function alone(work) {
  if (!globalThis.navigator?.locks) return work();
  let begun = false;
  const begin = () => {
    begun = true;
    return work();
  };
  try {
    return await navigator.locks.request(LOCK, begin);
  } catch (refusal) {
    // In a frame whose browser keeps nothing for other sites not even a lock is granted: then nobody else sends.
    if (begun || refusal.name !== "SecurityError") throw refusal;
    return begin();
  }
}

/** The outbox of one map; without `map` that of all maps, as the service worker sends them. */
export function openOutbox({ map = null, api = null, lang = undefined, box = openBox() } = {}) {
  const listeners = new Set();
  const channel = globalThis.BroadcastChannel ? new BroadcastChannel(CHANNEL) : null;
  channel?.addEventListener("message", ({ data }) => tell(data, { far: false }));
  // Node keeps running for an open channel; browsers have no such thing.
  channel?.unref?.();
  let timer = null;
  let watching = false;
  /** Until when nothing is tried without a cause: the last try did not get through. */
  let rest = 0;

  const mine = (entry) => map === null || entry.map === map;

  async function entries() {
    const found = (await box.all(SHELF)).filter(mine);
    return found.sort((a, b) => (a.at < b.at ? -1 : a.at > b.at ? 1 : 0));
  }

  async function tell({ delivered = [], refused = [] } = {}, { far = true } = {}) {
    if (far) channel?.postMessage({ delivered, refused });
    const now = await entries();
    for (const listener of listeners) listener({ entries: now, delivered, refused });
  }

  async function put(entry) {
    const whole = { deed: "add", at: new Date().toISOString(), map, api, lang, ...entry };
    const kept = await box.update(SHELF, entry.id, (before) => joined(before, whole));
    // Browsers write localStorage late: who is killed now would come back as a stranger to their own pin.
    if (entry.token) await box.update(DRAFTS, `token:${map}`, () => ({ id: `token:${map}`, value: entry.token }));
    await tell();
    return kept;
  }

  /** Sends one entry; to be called alone. */
  async function sendAlone(id) {
    // Counted before it goes: who is killed while sending must know that it may have arrived.
    const entry = await box.update(SHELF, id, (now) => now && { ...now, attempts: now.attempts + 1, refused: undefined });
    if (!entry) return {};
    const halfway = async (stored) => {
      await box.update(SHELF, id, (now) => remaining(now, entry) ?? (now && { ...now, deed: "photo", revised: false }));
      await tell({ delivered: [{ id, deed: entry.deed, feature: stored }] });
    };
    try {
      const stored = await deliver(entry, halfway);
      await box.update(SHELF, id, (now) => remaining(now, entry));
      await tell({ delivered: [{ id, deed: entry.deed, feature: stored }] });
      return { stored };
    } catch (problem) {
      if (!(problem instanceof ApiProblem)) throw problem;
      return failed(entry, problem);
    }
  }

  async function failed(entry, problem) {
    const final = isRefusal(problem);
    const next = Date.now() + pause_ms(entry.attempts, problem.retryAfter_s);
    if (!final) rest = next;
    const { status, title, detail, errors } = problem;
    const said = final ? { refused: { status, title, detail, errors } } : { next };
    await box.update(SHELF, entry.id, (now) => (now && now.version === entry.version ? { ...now, ...said } : now));
    await tell({ refused: final ? [entry.id] : [] });
    return final ? { refused: problem } : { waiting: problem };
  }

  const send = (id) => alone(() => sendAlone(id));

  /** Sends what may go, the oldest first; true when nothing is left that only waits for the way to be free. */
  async function flush({ early = true } = {}) {
    const free = await alone(async () => {
      for (const { id, refused, next } of await entries()) {
        if (refused || (!early && next > Date.now())) continue;
        const { waiting } = await sendAlone(id);
        // Where one does not get through, the next one would not either; photos have limits of their own.
        if (waiting?.status === 0 || (BUSY.has(waiting?.status) && !(await isPhoto(id)))) return false;
      }
      return true;
    });
    again();
    return free;
  }

  const isPhoto = async (id) => (await box.get(SHELF, id))?.deed === "photo";

  /** Tries again by itself while the page is open. */
  async function again() {
    if (!watching) return;
    clearTimeout(timer);
    const waiting = (await entries()).filter(({ refused }) => !refused);
    if (!waiting.length) return;
    const soonest = Math.max(rest, Math.min(...waiting.map(({ next }) => next)));
    timer = setTimeout(() => flush({ early: false }), Math.max(1000, soonest - Date.now()));
  }

  return {
    entries,
    put,
    send,
    flush,
    alone,
    box,

    get lasting() {
      return box.lasting;
    },

    probe: () => box.probe(),

    async forget(id) {
      await box.update(SHELF, id, () => undefined);
      await tell();
    },

    async drop(id) {
      const given = (now) => (now?.deed === "add" ? joined(now, { ...now, ...REMOVAL }) : undefined);
      const kept = await box.update(SHELF, id, given);
      await tell();
      if (kept) await send(id);
    },

    async clear(owner) {
      for (const { id, token } of await entries()) {
        if (owner === undefined || token === owner) await box.update(SHELF, id, () => undefined);
      }
      for (const kind of ["token", "draft", "mine"]) await box.update(DRAFTS, `${kind}:${map}`, () => undefined);
      await tell();
    },

    /** Small things kept beside the outbox, of this map: "token", "draft", "mine". */
    kept: async (kind) => (await box.get(DRAFTS, `${kind}:${map}`))?.value ?? null,
    keep: (kind, value) =>
      box.update(DRAFTS, `${kind}:${map}`, () => (value === null ? undefined : { id: `${kind}:${map}`, value })),

    onChange(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },

    /** From now on everything goes out by itself: when the net is back, when the page is seen again, after a while. */
    watch(target = globalThis) {
      watching = true;
      target.addEventListener("online", () => flush());
      target.document?.addEventListener("visibilitychange", () => {
        if (!target.document.hidden) flush();
      });
      listeners.add(() => again());
      return flush();
    },
  };
}
