import assert from "node:assert/strict";
import { test } from "node:test";
import { followHistory } from "../../static/js/citizen/steps.js";

/** A history like the browser's: it moves later, and says so. */
function aHistory(state = null) {
  const entries = [{ state }];
  let at = 0;
  let listener = () => {};
  const history = {
    get state() {
      return entries[at].state;
    },
    replaceState: (next) => {
      entries[at] = { state: next };
    },
    pushState: (next) => {
      entries.splice(at + 1, entries.length, { state: next });
      at += 1;
    },
    go: (steps) =>
      setTimeout(() => {
        at += steps;
        listener({ state: entries[at].state });
      }, 1),
  };
  const target = {
    addEventListener: (_, callback) => {
      listener = callback;
    },
  };
  const rest = () =>
    new Promise((resolve) => {
      setTimeout(resolve, 20);
    });
  return { history, target, rest, length: () => entries.length, at: () => at };
}

function aPage(browser, depth = 1) {
  const page = { depth, backs: [] };
  const onBack = (count) => {
    page.backs.push(count);
    page.depth = count;
    page.steps.follow();
  };
  page.steps = followHistory({ ...browser, depthNow: () => page.depth, onBack });
  page.go = (count) => {
    page.depth = count;
    page.steps.follow();
  };
  return page;
}

test("each screen deeper is one entry, and the browser's Back goes one screen back", async () => {
  const browser = aHistory();
  const page = aPage(browser);
  page.go(2);
  page.go(3);
  assert.equal(browser.at(), 2);
  browser.history.go(-1);
  await browser.rest();
  assert.deepEqual(page.backs, [2]);
});

test("a way back on the page leaves no dead entry in the browser", async () => {
  const browser = aHistory();
  const page = aPage(browser);
  page.go(2);
  page.go(3);
  page.go(1);
  await browser.rest();
  assert.equal(browser.at(), 0);
  assert.deepEqual(page.backs, []);
});

test("a step deeper that comes before the browser has gone back is not lost", async () => {
  const browser = aHistory();
  const page = aPage(browser);
  page.go(2);
  page.go(1);
  page.go(2);
  page.go(3);
  await browser.rest();
  assert.equal(browser.at(), 2);
  browser.history.go(-1);
  await browser.rest();
  assert.deepEqual(page.backs, [2]);
});

test("after a reload in the depth the page begins anew and older entries do no harm", async () => {
  const browser = aHistory({ depth: 3 });
  const page = aPage(browser);
  page.go(2);
  browser.history.go(-1);
  await browser.rest();
  assert.deepEqual(page.backs, [1]);
});
