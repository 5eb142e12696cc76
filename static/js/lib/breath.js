/** Long work in short pieces, so that a cheap phone draws and answers the finger in between. */

/** Milliseconds of work after which the browser gets a turn: a quarter of what a slow phone may take without jerking. */
const SLICE_MS = 8;

/** Comes back after the browser has done what waits. */
export function breath() {
  return globalThis.scheduler?.yield ? globalThis.scheduler.yield() : new Promise((resolve) => setTimeout(resolve));
}

/** What `work` makes of each item, in their order, made in slices. */
export async function inSlices(items, work) {
  const made = [];
  let began = performance.now();
  for (let index = 0; index < items.length; index += 1) {
    made.push(work(items[index], index));
    if (performance.now() - began < SLICE_MS) continue;
    await breath();
    began = performance.now();
  }
  return made;
}
