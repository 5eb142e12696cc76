/**
 * The proof of a challenge, made a little at a time, so that what runs beside it goes on. For the service worker,
 * which may start no worker, and for pages where none can be started.
 */

import { openSearch, proofOf } from "#js/citizen/challenge/sum.js";

/** So long at a time: no finger feels it. */
const AT_ONCE_MS = 12;
const STEP = 500;

/** No phone is to be warm for longer; what waits goes out later. */
const LONGEST_MS = 60_000;

const breath = () => new Promise((resolve) => setTimeout(resolve, 0));

/** The proof of a challenge; null where there is none to be had. */
export async function prove(challenge) {
  const until = Date.now() + LONGEST_MS;
  try {
    const search = openSearch(challenge.parameters);
    while (Date.now() < until) {
      const pause = Date.now() + AT_ONCE_MS;
      while (Date.now() < pause) {
        const solution = search.next(STEP);
        if (solution) return proofOf(challenge, solution);
      }
      await breath();
    }
  } catch {
    // A sum of another kind: a newer page will know it.
  }
  return null;
}
