/** Photos of sheets: each chosen file is sent by itself with its progress; the list tells how far reading is. */

import { h } from "#js/lib/dom.js";
import { _, ngettext } from "#js/lib/words.js";
import { csrfToken, piece } from "#js/office/server.js";

const EVERY_MS = 1500;
/** After a lost connection: the reading goes on without us. */
const PATIENCE_MS = 6000;
/** A sent file stays in the list of sending so long; the list below has it by then. */
const GONE_MS = 4000;

const form = document.getElementById("send");
const input = document.getElementById("photos");
const sending = document.getElementById("sending");
const told = document.getElementById("told");
const waiting = [];
let busy = false;
let counted = { new: 0, again: 0, bad: 0 };
let timer = 0;

/* Sending */

function take(files) {
  const chosen = [...files];
  if (!chosen.length) return;
  sending.hidden = false;
  for (const file of chosen) {
    const line = lineOf(file);
    sending.append(line);
    waiting.push({ file, line });
  }
  if (!busy) sendAll();
}

function lineOf(file) {
  return h(
    "li.photos-line",
    {},
    h("span.photos-line-name", {}, file.name),
    h("progress", { max: 100, value: 0, "aria-label": file.name }),
    h("span.photos-line-said", {}),
  );
}

async function sendAll() {
  busy = true;
  addEventListener("beforeunload", ask);
  while (waiting.length) {
    const { file, line } = waiting.shift();
    settle(line, await send(file, line.querySelector("progress")));
    refreshSoon(200);
  }
  removeEventListener("beforeunload", ask);
  busy = false;
  tellAll();
}

function ask(event) {
  event.preventDefault();
}

/** What became of one file: {outcome, message}. */
function send(file, progress) {
  const body = new FormData();
  body.set("csrf_token", csrfToken());
  body.append("photos", file, file.name);
  const going = new XMLHttpRequest();
  return new Promise((resolve) => {
    going.open("POST", form.action);
    going.setRequestHeader("Accept", "application/json");
    going.upload.addEventListener("progress", (event) => {
      if (event.lengthComputable) progress.value = (100 * event.loaded) / event.total;
    });
    going.addEventListener("load", () => resolve(answerOf(going)));
    going.addEventListener("error", () =>
      resolve({ outcome: null, message: _("The server could not be reached. Please try again.") }),
    );
    going.send(body);
  });
}

function answerOf(going) {
  try {
    const answer = JSON.parse(going.responseText);
    if (answer.photos) return answer.photos[0];
    return { outcome: null, message: answer.detail || answer.title };
  } catch {
    return { outcome: null, message: _("The server could not be reached. Please try again.") };
  }
}

function settle(line, { outcome, message }) {
  line.querySelector("progress").remove();
  line.querySelector(".photos-line-said").textContent = message;
  line.classList.add(outcome ? `is-${outcome}` : "is-bad");
  if (outcome === "new" || outcome === "retried") {
    counted.new += 1;
    setTimeout(() => forget(line), GONE_MS);
  } else if (outcome === "again") {
    counted.again += 1;
  } else {
    counted.bad += 1;
  }
}

function forget(line) {
  line.remove();
  sending.hidden = !sending.children.length;
}

function tellAll() {
  const parts = [];
  if (counted.new) parts.push(ngettext("%(n)s photo sent.", "%(n)s photos sent.", counted.new));
  if (counted.again) {
    parts.push(ngettext("%(n)s photo was here already.", "%(n)s photos were here already.", counted.again));
  }
  if (counted.bad) parts.push(ngettext("%(n)s file was not taken.", "%(n)s files were not taken.", counted.bad));
  told.textContent = parts.join(" ");
  counted = { new: 0, again: 0, bad: 0 };
}

/* The list */

function listAddress() {
  const address = new URL(`${form.action}/list`);
  for (const name of ["show", "from"]) {
    const value = new URLSearchParams(location.search).get(name);
    if (value) address.searchParams.set(name, value);
  }
  return address;
}

function refreshSoon(wait = EVERY_MS) {
  clearTimeout(timer);
  timer = setTimeout(refresh, wait);
}

async function refresh() {
  const shown = document.getElementById("photo-list");
  let wait = EVERY_MS;
  try {
    const [fresh] = await piece(listAddress(), "list");
    // A question that is open, or words that are being copied, are not taken from under one's hands.
    if (shown.querySelector("details[open]") || !getSelection()?.isCollapsed) return refreshSoon();
    if (fresh.innerHTML !== shown.innerHTML) {
      const place = focusIn(shown);
      shown.replaceWith(fresh);
      place?.(fresh)?.focus({ preventScroll: true });
    }
    if (!Number(fresh.dataset.waiting)) return undefined;
  } catch {
    wait = PATIENCE_MS;
  }
  return refreshSoon(wait);
}

/** How to find the focused element again in a newer list; null where the focus is elsewhere. */
function focusIn(list) {
  const element = document.activeElement;
  if (!list.contains(element)) return null;
  const row = element.closest("li")?.id;
  const kind = element.tagName;
  const words = element.textContent;
  return (fresh) => {
    const part = (row && fresh.querySelector(`#${CSS.escape(row)}`)) || fresh;
    return [...part.querySelectorAll(kind)].find((other) => other.textContent === words) ?? null;
  };
}

/* The form */

function connect() {
  form.querySelector("[data-send]").hidden = true;
  form.querySelector("[data-pick]").hidden = false;
  form.classList.add("is-lively");
  input.addEventListener("change", () => {
    take(input.files);
    input.value = "";
  });
  input.tabIndex = -1; // out of sight: its button has its place among the keys
  form.querySelector("[data-choose]").addEventListener("click", () => input.click());
  const camera = h("input", { type: "file", accept: "image/*", capture: "environment", hidden: true });
  camera.addEventListener("change", () => {
    take(camera.files);
    camera.value = "";
  });
  form.append(camera);
  form.querySelector("[data-camera]").addEventListener("click", () => camera.click());
  form.addEventListener("submit", (event) => event.preventDefault());
  dropInto(form.querySelector("[data-drop]"));
}

function dropInto(area) {
  for (const kind of ["dragover", "drop"]) addEventListener(kind, (event) => event.preventDefault());
  addEventListener("dragover", () => area.classList.add("is-over"));
  addEventListener("dragleave", (event) => {
    if (!event.relatedTarget) area.classList.remove("is-over");
  });
  addEventListener("drop", (event) => {
    area.classList.remove("is-over");
    take(event.dataTransfer?.files ?? []);
  });
}

if (form) {
  connect();
  if (Number(document.getElementById("photo-list").dataset.waiting)) refreshSoon();
}
