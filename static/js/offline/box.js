/**
 * Where a device keeps what still has to go out: IndexedDB, or this page's memory where the browser keeps nothing.
 *
 * Two shelves: `outbox` (by pin id, all maps together, so that the service worker finds them) and `drafts` (one a map).
 * This file runs in pages and in the service worker: no document, no window.
 */

const NAME = "pocit-offline";
const VERSION = 1;

/** A box of this device, opened with the first need; `lasting` is false once the browser has refused to keep. */
export function openBox(factory = indexedDb()) {
  let lasting = Boolean(factory);
  let database = null;
  const memory = memoryBox();

  function opened() {
    if (!factory) return Promise.reject(new Error("no IndexedDB"));
    const forget = () => (database = null);
    database ??= open(factory, forget).catch((failure) => {
      forget();
      throw failure;
    });
    return database;
  }

  /** What the lasting box says; undefined where it can't be asked. */
  async function asked(work) {
    try {
      return await work(await opened());
    } catch {
      lasting = false;
      return undefined;
    }
  }

  return {
    get lasting() {
      return lasting;
    },

    /** Finds out whether the browser keeps things; true when it does. */
    async probe() {
      await asked((db) => one(db, "outbox", (store) => store.count()));
      return lasting;
    },

    async all(shelf) {
      const kept = (await asked((db) => one(db, shelf, (store) => store.getAll()))) ?? [];
      const remembered = memory.all(shelf);
      return [...kept.filter(({ id }) => !memory.has(shelf, id)), ...remembered];
    },

    async get(shelf, id) {
      return memory.get(shelf, id) ?? asked((db) => one(db, shelf, (store) => store.get(id)));
    },

    /**
     * Changes one thing in one step that no other tab can come between: `change` gets what is there (or undefined)
     * and gives what shall be there; undefined takes it out. The answer is what is there then.
     * What the browser refuses to keep (no room, private window) is remembered until the page closes.
     */
    async update(shelf, id, change) {
      if (memory.has(shelf, id)) return memory.update(shelf, id, change);
      try {
        return await replaced(await opened(), shelf, id, change);
      } catch {
        lasting = false;
        return memory.update(shelf, id, change);
      }
    },
  };
}

function indexedDb() {
  try {
    return globalThis.indexedDB ?? null;
  } catch {
    return null;
  }
}

function open(factory, onClose) {
  return new Promise((resolve, reject) => {
    const asked = factory.open(NAME, VERSION);
    asked.onupgradeneeded = () => {
      asked.result.createObjectStore("outbox", { keyPath: "id" });
      asked.result.createObjectStore("drafts", { keyPath: "id" });
    };
    asked.onsuccess = () => {
      const db = asked.result;
      // A newer page may want another version: let it.
      db.onversionchange = () => {
        db.close();
        onClose();
      };
      db.onclose = onClose;
      resolve(db);
    };
    asked.onerror = () => reject(asked.error);
    asked.onblocked = () => reject(new Error("blocked"));
  });
}

function one(db, shelf, ask) {
  return new Promise((resolve, reject) => {
    const work = db.transaction(shelf, "readonly");
    const asked = ask(work.objectStore(shelf));
    work.oncomplete = () => resolve(asked.result);
    work.onerror = work.onabort = () => reject(work.error);
  });
}

function replaced(db, shelf, id, change) {
  return new Promise((resolve, reject) => {
    // "strict": on the disk before we say that it is kept; a phone may be switched off the next moment.
    const work = db.transaction(shelf, "readwrite", { durability: "strict" });
    const store = work.objectStore(shelf);
    let after;
    const asked = store.get(id);
    asked.onsuccess = () => {
      try {
        after = change(asked.result);
        if (after === undefined) store.delete(id);
        else store.put(after);
      } catch (failure) {
        reject(failure);
        work.abort();
      }
    };
    work.oncomplete = () => resolve(after);
    work.onerror = work.onabort = () => reject(work.error);
  });
}

function memoryBox() {
  const shelves = { outbox: new Map(), drafts: new Map() };
  return {
    all: (shelf) => [...shelves[shelf].values()],
    has: (shelf, id) => shelves[shelf].has(id),
    get: (shelf, id) => shelves[shelf].get(id),
    update(shelf, id, change) {
      const after = change(shelves[shelf].get(id));
      if (after === undefined) shelves[shelf].delete(id);
      else shelves[shelf].set(id, after);
      return after;
    },
  };
}
