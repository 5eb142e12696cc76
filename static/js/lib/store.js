/** What this device remembers between visits; where the browser refuses to, only until the page is closed. */

const MARK = "pocit:";

/**
 * A small store of JSON values under names of one map.
 * `lasting` is false when the browser keeps nothing (private window, storage blocked or full).
 */
export function openStore(scope, storage = browserStorage()) {
  const memory = new Map();
  const full = (name) => `${MARK}${scope}:${name}`;
  const store = {
    lasting: works(storage),
    get(name, fallback = null) {
      if (memory.has(name)) return memory.get(name);
      try {
        const text = storage?.getItem(full(name));
        return text === null || text === undefined ? fallback : JSON.parse(text);
      } catch {
        return fallback;
      }
    },
    set(name, value) {
      try {
        storage.setItem(full(name), JSON.stringify(value));
        memory.delete(name);
      } catch {
        store.lasting = false;
        memory.set(name, value);
      }
    },
    remove(name) {
      memory.delete(name);
      try {
        storage?.removeItem(full(name));
      } catch {
        store.lasting = false;
      }
    },
  };
  return store;
}

function browserStorage() {
  try {
    return globalThis.localStorage ?? null;
  } catch {
    return null;
  }
}

function works(storage) {
  try {
    storage.setItem(`${MARK}probe`, "1");
    storage.removeItem(`${MARK}probe`);
    return true;
  } catch {
    return false;
  }
}

/** The device's secret on this map: 256 random bits, made on the first need, never the same on two maps. */
export function deviceToken(store, random = crypto) {
  let token = store.get("token");
  if (typeof token !== "string" || token.length < 43) {
    const bytes = random.getRandomValues(new Uint8Array(32));
    token = btoa(String.fromCharCode(...bytes))
      .replaceAll("+", "-")
      .replaceAll("/", "_")
      .replaceAll("=", "");
    store.set("token", token);
  }
  return token;
}

/** A random id for a new pin (UUID v4), also where the page came over plain http. */
export function newId(random = crypto) {
  if (random.randomUUID) return random.randomUUID();
  const bytes = random.getRandomValues(new Uint8Array(16));
  bytes[6] = (bytes[6] & 0x0f) | 0x40;
  bytes[8] = (bytes[8] & 0x3f) | 0x80;
  const hex = [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join("-");
}
