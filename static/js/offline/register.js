/** The page's side of the service worker: registers it when the page has time, and tells it what to keep or forget. */

const WORKER = "service-worker.js";
const SYNC = "pocit-outbox";

/** Caches of the worker by what they hold. */
export const CACHES = { pages: "pocit-pages", pictures: "pocit-pictures", assets: "pocit-assets" };

/** Pages that belong to this one are fetched when nobody waits for anything any more. */
const BELONGING_AFTER_MS = 8000;

/** A sandboxed frame throws at the very question. */
function isPossible() {
  try {
    return Boolean(globalThis.isSecureContext && navigator.serviceWorker && globalThis.caches);
  } catch {
    return false;
  }
}

/**
 * Has the page kept for days without a connection. Waits until the page has nothing better to do, so that the first
 * visit is not made slower by the next one.
 * @param {string} root address under which the app lies, "/" as a rule
 * @param {(string|null|undefined)[]} also addresses of pages that are to be there too
 */
export function keepForOffline(root = "/", also = []) {
  if (!isPossible()) return;
  // The first visit fetches the page and what it needs; pages around it come along when somebody returns.
  const around = navigator.serviceWorker.controller ? [...also.filter(Boolean), `${root}offline`] : [];
  const begin = () => register(root, around).catch(() => {});
  const whenIdle = globalThis.requestIdleCallback ?? ((work) => setTimeout(work, 1500));
  if (document.readyState === "complete") whenIdle(begin, { timeout: 4000 });
  else addEventListener("load", () => whenIdle(begin, { timeout: 4000 }), { once: true });
}

async function register(root, around) {
  await navigator.serviceWorker.register(`${root}${WORKER}`, { scope: root, updateViaCache: "none" });
  const { active } = await navigator.serviceWorker.ready;
  // What this page was made of before the worker stood beside it.
  const used = performance.getEntriesByType("resource").map(({ name }) => name);
  active.postMessage({ type: "keep", page: location.href, used: [...new Set(used)] });
  if (!around.length || navigator.connection?.saveData) return;
  const belonging = { type: "keep", page: location.href, also: around };
  setTimeout(() => active.postMessage(belonging), BELONGING_AFTER_MS);
}

/** Asks the browser to wake the worker when there is a connection again, also when the page is closed by then. */
export async function wakeLater() {
  try {
    const registration = await navigator.serviceWorker?.getRegistration();
    await registration?.sync?.register(SYNC);
  } catch {
    // Browsers without it, or whose owner said no: it goes out with the next visit.
  }
}

/** Forgets which parts of a map were looked at. */
export async function forgetMap(slug) {
  try {
    const pictures = await caches.open(CACHES.pictures);
    for (const request of await pictures.keys()) {
      if (new URL(request.url).pathname.includes(`/m/${slug}/`)) await pictures.delete(request);
    }
  } catch {
    // Nothing was kept.
  }
}
