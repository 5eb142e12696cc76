/** Pins on their way to the server: kept on this device until it has them, sent one after the other, each only once. */

import { piece } from "#js/office/server.js";

const AGAIN_MS = 5000;

/** Whether the same may pass later: no connection, too much at once, a server that is just starting, a session that ended. */
const isPassing = ({ status }) => status === 0 || status === 401 || status === 429 || status >= 500;

/**
 * @param {string} url
 * @param {ReturnType<import("#js/lib/store.js").openStore>} store
 * @param {{token: () => string, onStored: (elements: Element[]) => void, onRefused: (entry: object, failure: Error) => void,
 *   onWaiting: (entries: object[], failure: Error|null) => void}} hears
 */
export function connectOutbox(url, store, { token, onStored, onRefused, onWaiting }) {
  let waiting = store.get("outbox", []);
  let sending = null;
  let timer = 0;

  const keep = (failure = null) => {
    store.set("outbox", waiting);
    onWaiting(waiting, failure);
  };

  function formOf({ fields }) {
    const form = new FormData();
    form.set("csrf_token", token());
    for (const [name, value] of fields) form.append(name, value);
    return form;
  }

  async function work() {
    clearTimeout(timer);
    while (waiting.length) {
      const [entry] = waiting;
      try {
        const elements = await piece(url, "desk", { form: formOf(entry) });
        waiting = waiting.slice(1);
        keep();
        onStored(elements);
      } catch (failure) {
        if (isPassing(failure)) {
          keep(failure);
          timer = setTimeout(() => flush(), AGAIN_MS);
          return false;
        }
        waiting = waiting.slice(1);
        keep();
        onRefused(entry, failure);
      }
    }
    return true;
  }

  /** Sends what waits; true once nothing does. */
  function flush() {
    sending ??= work().finally(() => (sending = null));
    return sending;
  }

  return {
    flush,
    entries: () => waiting,
    async send(entry) {
      waiting = [...waiting, entry];
      store.set("outbox", waiting);
      // One that is being sent looks for the next one itself.
      await flush();
      return waiting.length ? flush() : true;
    },
  };
}
