/** The proof of a challenge, made beside the page where the browser lets us. */

import { prove } from "#js/citizen/challenge/prove.js";

const WORKER = "challenge-worker.js";
const LONGEST_MS = 60_000;

/** The address of the script that does sums, by an address of the API. */
const workerOf = (asked) => {
  const { origin, pathname } = new URL(asked, location.href);
  return `${origin}${pathname.slice(0, pathname.indexOf("/api/") + 1)}${WORKER}`;
};

/** @returns {Promise<string|null>} what goes into the header, null where there is no proof to be had */
export async function proveBeside(challenge, asked) {
  let worker;
  try {
    worker = new Worker(workerOf(asked));
    return await answerOf(worker, challenge);
  } catch {
    // A frame that may start none, or no script to be had.
    return prove(challenge);
  } finally {
    worker?.terminate();
  }
}

function answerOf(worker, challenge) {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => resolve(null), LONGEST_MS);
    const done = (settle, value) => {
      clearTimeout(timer);
      settle(value);
    };
    worker.onmessage = ({ data }) => done(resolve, data);
    worker.onerror = (event) => {
      event.preventDefault();
      done(reject, new Error("no worker"));
    };
    worker.postMessage(challenge);
  });
}
