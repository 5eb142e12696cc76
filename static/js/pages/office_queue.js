/** The queue's page: list, keys, decisions and the small map put together. */

import { readData } from "#js/lib/dom.js";
import { toast } from "#js/lib/toast.js";
import { _ } from "#js/lib/words.js";
import { formOf } from "#js/office/decide.js";
import { connectKeys } from "#js/office/keys.js";
import { connectQueueList } from "#js/office/queue/list.js";
import { connectQueueMap } from "#js/office/queue/map.js";
import { connectMarks, takeSelected } from "#js/office/queue/marks.js";
import { Deeds, fieldsOf } from "#js/office/queue/state.js";
import { piece } from "#js/office/server.js";

const data = readData("scene");
const side = document.querySelector("[data-side]");
const place = side.querySelector("[data-list-here]");
const here = location.pathname;
const deeds = new Deeds();
let map = null;
let busy = false;

const list = connectQueueList({
  place,
  onChoose: (item) => map?.point(item),
  onItems: (items) => map?.draw(items),
});
connectMarks(place);
place.addEventListener(
  "toggle",
  (event) => {
    if (event.target.open) event.target.querySelector(".queue-box")?.scrollIntoView({ block: "nearest" });
  },
  true,
);
// One box at a time, and none when one looks elsewhere.
document.addEventListener("pointerdown", (event) => {
  for (const box of place.querySelectorAll("details.queue-more[open]")) if (!box.contains(event.target)) box.open = false;
});

const reason = () => place.querySelector("[data-queue]")?.dataset.reason ?? "";
const address = () => (reason() ? `${here}?reason=${reason()}` : here);

function failed(failure) {
  if (failure.status === 401) {
    toast(_("You have been signed out."), { action: _("Sign in"), onAction: () => location.assign(data.signIn), seconds: 600 });
  } else {
    toast(failure.message);
  }
}

/** Fetches the list anew; stands on this pin if it is in it. */
async function refresh(id = null) {
  const [fresh] = await piece(address(), "queue");
  list.show(fresh, id);
}

function showSummary(summary) {
  place.querySelector("[data-summary]")?.replaceWith(summary);
}

/** One thing at a time: a second key pressed too soon must not decide about the next pin unread. */
async function alone(work) {
  if (busy) return;
  busy = true;
  try {
    await work();
  } catch (failure) {
    failed(failure);
  } finally {
    busy = false;
  }
}

async function decide(deed) {
  const form = new FormData();
  for (const [name, value] of fieldsOf(new FormData(place.querySelector("[data-form]")), deed)) form.append(name, value);
  const [done, summary] = await piece(here, "queue", { form });
  const { entry, ids, stayed } = done.dataset;
  deeds.add(entry);
  toast(done.textContent, entry ? { action: _("Undo"), onAction: () => alone(undo), seconds: 20 } : {});
  const gone = new Set(ids.split(" ").filter(Boolean));
  showSummary(summary);
  if (!deed.startsWith("hold")) list.remove(gone);
  if (stayed || !list.items().length) await refresh();
}

async function undo() {
  const entry = deeds.last();
  if (!entry) {
    toast(_("There is nothing to undo."));
    return;
  }
  const [done] = await piece(here.replace(/queue$/, "undo"), "queue", { form: formOf({ entry, only: reason() }) });
  toast(done.textContent);
  await refresh(done.dataset.ids.split(" ")[0]);
}

side.addEventListener("submit", (event) => {
  const deed = event.submitter?.value;
  if (!event.target.matches("[data-form]") || !deed) return;
  event.preventDefault();
  alone(() => decide(deed));
});
// Enter in a field means the button beside it, not the first of the form.
side.addEventListener("keydown", (event) => {
  const deed = event.key === "Enter" && event.target.dataset.enter;
  if (deed) {
    event.preventDefault();
    alone(() => decide(deed));
  } else if (event.key === "Escape") {
    const box = event.target.closest("details[open]");
    if (!box) return;
    event.preventDefault();
    box.open = false;
    list.current?.focus({ preventScroll: true });
  }
});
// Whoever goes on by Tab leaves no box lying over what they come to; one that says what is wrong stays.
side.addEventListener("focusin", ({ target }) => {
  for (const box of side.querySelectorAll("details.queue-more[open]")) {
    if (!box.contains(target) && !box.querySelector("[aria-invalid=true]")) box.open = false;
  }
});
// Choosing a filter keeps the page, and with it what can be undone.
side.addEventListener("click", async (event) => {
  const link = event.target.closest("[data-summary] a:not([data-elsewhere])");
  if (!link || event.ctrlKey || event.metaKey) return;
  event.preventDefault();
  await alone(async () => {
    const [fresh] = await piece(link.href, "queue");
    history.replaceState(null, "", link.href);
    list.show(fresh);
  });
});

const press = (selector) => () => list.current?.querySelector(selector)?.click();
const reasonKeys = Object.fromEntries(
  [1, 2, 3, 4, 5].map((n) => [String(n), () => list.current?.querySelector("[data-hide][open]") && press(`[data-ready="${n}"]`)()]),
);
connectKeys(side.querySelector("[data-keys]"), {
  j: () => list.step(1),
  k: () => list.step(-1),
  a: press('[value^="approve "]'),
  m() {
    if (takeSelected(list.current)) return;
    const marked = list.current?.querySelector("[data-masks]");
    const box = list.current?.querySelector("[data-words]");
    if (marked) marked.click();
    else if (box) {
      box.open = true;
      box.querySelector(".input").focus();
    }
  },
  h() {
    const box = list.current?.querySelector("[data-hide]");
    if (!box) return;
    box.open = true;
    box.querySelector("[data-ready]").focus({ preventScroll: true });
  },
  x: () => list.tick(list.current),
  u: () => alone(undo),
  ...reasonKeys,
});

/** Pins that came since the last look are compared with the others a few hundred at a time. */
async function checkOn() {
  let left = Infinity;
  for (;;) {
    const now = Number(place.querySelector("[data-summary]")?.dataset.unchecked ?? 0);
    if (!now || now >= left) return;
    left = now;
    const [fresh] = await piece(address(), "queue");
    const isDone = !Number(fresh.querySelector("[data-summary]").dataset.unchecked);
    // The list is shown anew once, when all has been looked at, and not under somebody's hands.
    if (!list.items().length || (isDone && !list.atWork)) list.show(fresh);
    else showSummary(fresh.querySelector("[data-summary]"));
  }
}

list.choose(list.items()[0] ?? null, { focus: false });
map = await connectQueueMap({ element: document.querySelector("[data-map]"), data, onPick: (id) => list.choose(list.itemOf(id)) });
map.draw(list.items());
map.point(list.current);
await map.ready;
document.documentElement.dataset.office = "ready";
checkOn().catch(failed);
