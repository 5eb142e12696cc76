/** Does sums beside the page: gets a challenge, gives its proof back, or null where it can't. */

import { openSearch, proofOf } from "#js/citizen/challenge/sum.js";

const AT_ONCE = 50_000;
const MOST = 40_000_000;

self.addEventListener("message", ({ data: challenge }) => {
  try {
    const search = openSearch(challenge.parameters);
    for (let tried = 0; tried < MOST; tried += AT_ONCE) {
      const solution = search.next(AT_ONCE);
      if (solution) {
        self.postMessage(proofOf(challenge, solution));
        return;
      }
    }
    self.postMessage(null);
  } catch {
    self.postMessage(null);
  }
});
