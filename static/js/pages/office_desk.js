/** The desk: what somebody says is put on the map for them, pin by pin, person after person, mostly without the mouse. */

import { connectSearch } from "#js/citizen/search.js";
import { readData } from "#js/lib/dom.js";
import { newId, openStore } from "#js/lib/store.js";
import { toast } from "#js/lib/toast.js";
import { _, distance, ngettext } from "#js/lib/words.js";
import { connectDeskKeys } from "#js/office/desk_keys.js";
import { connectDeskMap } from "#js/office/desk_map.js";
import { connectOutbox } from "#js/office/desk_outbox.js";
import { piece } from "#js/office/server.js";

const scene = readData("scene");
const form = document.querySelector("[data-form]");
const part = document.querySelector("[data-part]");
const told = document.querySelector("[data-told]");
const where = document.querySelector("[data-where]");
const fields = form.elements;
const store = openStore(`desk:${scene.slug}`);
const byKey = Object.fromEntries(scene.categories.map((one) => [one.key, one]));

/** What is of one pin; the rest of the form is of the person. */
const OF_PIN = '[name="comment"], [name^="answer."]';

let desk = null;

const say = (text) => (told.textContent = text);
const person = () => fields.person.value;
const category = () => byKey[fields.category.value] ?? scene.categories[0];
const writtenPins = () => [...part.querySelectorAll("[data-written]")].map((line) => JSON.parse(line.dataset.written));

const outbox = connectOutbox(form.action, store, {
  token: () => fields.csrf_token.value,
  onStored: show,
  onRefused(entry, failure) {
    restore(entry);
    toast(failure.message);
  },
  onWaiting(entries, failure) {
    const note = document.querySelector("[data-unsent]");
    note.hidden = !failure || !entries.length;
    if (note.hidden) return draw();
    const signedOut = failure.status === 401;
    note.querySelector("[data-unsent-words]").textContent = [
      ngettext("%(n)s pin waits on this computer.", "%(n)s pins wait on this computer.", entries.filter(({ pin }) => pin).length),
      signedOut ? _("You are signed out: sign in again in another window, and it goes on.") : _("There is no connection; it goes on by itself."),
    ].join(" ");
    return draw();
  },
});

/** What the server says of the person under way, in the stead of what it said before; of another one only the count. */
function show(elements) {
  const list = elements.find((element) => element.matches("[data-desk-person]"));
  const today = elements.find((element) => element.matches("[data-desk-today]"));
  if (list?.dataset.deskPerson === person()) part.replaceChildren(list);
  if (today) document.querySelector("[data-desk-today]").replaceWith(today);
  draw();
}

/** The map's marks: those stored, and those on their way. */
function draw() {
  const sent = outbox.entries().filter(({ person: whose, pin }) => pin && whose === person());
  const marks = writtenPins();
  desk?.show([...marks, ...sent.map(({ pin }) => ({ ...pin, waits: true }))]);
  form.querySelector("[data-back]").disabled = !marks.length && !sent.length;
}

/** Whatever is not stored yet survives a reload. */
function keepDraft() {
  const at = desk?.isAiming ? null : desk?.current();
  store.set("draft", { person: person(), at: at ?? null, category: fields.category.value, values: valuesOf(OF_PIN) });
}

const named = (selector) => [...form.querySelectorAll(selector)];
const isChosen = (field) => !field.disabled && (field.type !== "checkbox" || field.checked);
const valuesOf = (selector) => named(selector).filter(isChosen).map((field) => [field.name, field.value]);

function fill(selector, values) {
  for (const field of named(selector)) {
    const given = values.filter(([name]) => name === field.name).map(([, value]) => value);
    if (field.type === "checkbox") field.checked = given.includes(field.value);
    else field.value = given[0] ?? "";
  }
}

function choose(key) {
  const radio = named('[name="category"]').find(({ value }) => value === key);
  if (radio) radio.checked = true;
  categoryChanged();
}

function categoryChanged() {
  for (const question of form.querySelectorAll("[data-for]")) {
    const isAsked = question.dataset.for.split(" ").includes(fields.category.value);
    question.hidden = !isAsked;
    for (const field of question.querySelectorAll("[name]")) field.disabled = !isAsked;
  }
  desk?.recolour();
  keepDraft();
}

/** The place that Enter would store, in words: how exact it is decides the zoom. */
function tellPlace(at) {
  where.hidden = !at;
  if (at) {
    const near = desk?.near(at);
    const exact = _("exact to %(distance)s", { distance: distance(Math.max(1, desk?.exact_m(at) ?? 0)) });
    where.textContent = near ? _("near %(name)s, %(exact)s", { name: near, exact }) : exact;
  }
  if (desk) keepDraft();
}

async function storePin() {
  const at = desk?.current();
  if (!at) {
    toast(_("Say where: click into the map, or look a place up."));
    return;
  }
  const { lon, lat, zoom } = at;
  const pin = { lon, lat, zoom, category: fields.category.value };
  const values = [
    ["deed", "pin"], ["person", person()], ["pin", newId()], ["event", fields.event?.value ?? ""],
    ["category", pin.category], ["at", `${lon.toFixed(7)},${lat.toFixed(7)}`], ["zoom", Math.round(zoom)],
    ...valuesOf(OF_PIN), ...valuesOf('[name^="about."]'),
  ];
  const entry = { person: person(), pin, fields: values };
  fill(OF_PIN, []);
  desk.done();
  desk.focus();
  say(_("Stored: %(what)s.", { what: category().label }));
  const going = outbox.send(entry);
  keepDraft();
  draw();
  await going;
}

/** Gives a pin back into the hand, unless another one is in it. */
function restore({ person: whose, pin, fields: values }) {
  if (!pin || whose !== person() || (desk.current() && !desk.isAiming)) return;
  choose(pin.category);
  fill(OF_PIN, values);
  desk.place(pin);
}

/** Takes the last pin, or this one, back into the hand: Enter stores it again, Escape drops it. */
async function takeBack(deed = "back") {
  await outbox.flush();
  if (outbox.entries().length) return;
  const pins = writtenPins();
  const pin = deed === "back" ? pins[0] : pins.find(({ id }) => deed.endsWith(id));
  if (!pin) return;
  const asked = new FormData();
  for (const [name, value] of [["csrf_token", fields.csrf_token.value], ["deed", `back ${pin.id}`], ["person", person()]]) asked.set(name, value);
  try {
    show(await piece(form.action, "desk", { form: asked }));
  } catch (failure) {
    toast(failure.message);
    return;
  }
  const answers = Object.entries(pin.answers).flatMap(([key, given]) => [given].flat().map((one) => [`answer.${key}`, one]));
  restore({ person: person(), pin: { ...pin, zoom: desk.town.map.getZoom() }, fields: [["comment", pin.comment], ...answers] });
  say(_("Taken back: %(what)s.", { what: byKey[pin.category]?.label ?? pin.category }));
}

function isHolding() {
  return Boolean((desk.current() && !desk.isAiming) || fields.comment.value.trim());
}

/** What is known of the person goes the way of the pins, behind those that wait: the latest word counts. */
function saveAbout() {
  outbox.send({ person: person(), pin: null, fields: [["deed", "about"], ["person", person()], ...valuesOf('[name^="about."]')] });
}

function nextPerson() {
  if (isHolding()) {
    toast(_("This pin is not stored yet: Enter stores it, Escape drops it."));
    return;
  }
  fields.person.value = newId();
  if (!fields.keep?.checked) fill('[name^="about."]', []);
  else if (valuesOf('[name^="about."]').some(([, value]) => value)) saveAbout();
  part.querySelector("[data-desk-person]").dataset.deskPerson = person();
  part.querySelector(".desk-pins")?.remove();
  part.querySelector("h2").textContent = _("A new person");
  desk.leave();
  address();
  draw();
  say(_("A new person"));
  form.querySelector('[name^="about."]')?.focus();
}

/** The address names who is under way, so a reload goes on with them. */
function address() {
  const next = new URL(window.location.href);
  next.searchParams.set("person", person());
  if (fields.event?.value) next.searchParams.set("event", fields.event.value);
  else next.searchParams.delete("event");
  window.history.replaceState(null, "", next);
}

function leave() {
  const { activeElement } = document;
  if (activeElement?.matches("input, textarea, select")) {
    activeElement.blur();
    return;
  }
  fill(OF_PIN, []);
  desk.leave();
  keepDraft();
}

function connectForm() {
  const who = form.querySelector("[data-who]");
  who.open = store.get("who", true);
  who.addEventListener("toggle", () => store.set("who", who.open));
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const deed = event.submitter?.value ?? "pin";
    if (deed === "next") nextPerson();
    else if (deed.startsWith("back")) takeBack(deed);
    else if (deed === "pin") storePin();
  });
  form.addEventListener("change", ({ target }) => {
    if (target.name === "category") categoryChanged();
    else if (target.name === "event") address();
    else if (target.name.startsWith("about.") && writtenPins().length) saveAbout();
  });
  form.addEventListener("input", ({ target }) => target.matches(OF_PIN) && keepDraft());
}

function connectFinding() {
  const place = document.querySelector("[data-place]");
  if (!scene.places && !desk.names.length) {
    place.hidden = true;
    return;
  }
  const [input, list] = [fields.find, place.querySelector("#finds")];
  const [note, source] = [place.querySelector("[data-find-note]"), place.querySelector("[data-find-source]")];
  Object.entries({ role: "combobox", "aria-autocomplete": "list", "aria-controls": "finds", "aria-expanded": "false" }).forEach(([name, value]) => input.setAttribute(name, value));
  const page = {
    config: { placesUrl: scene.places },
    say,
    dispatch() {
      input.value = "";
      list.hidden = true;
      input.setAttribute("aria-expanded", "false");
      source.hidden = true;
    },
    scene: { names: desk.names, inside: desk.inside, map: desk.town.map, showFound: desk.goTo },
  };
  connectSearch(page, { input, list, note, source });
}

async function start() {
  document.body.classList.add("is-live");
  address();
  connectForm();
  desk = await connectDeskMap(document.getElementById("map"), scene, {
    category,
    onPlace: tellPlace,
    onOutside: () => toast(_("This place is outside the map.")),
  });
  const draft = store.get("draft");
  if (draft?.person === person()) {
    choose(draft.category);
    fill(OF_PIN, draft.values);
    if (draft.at) desk.place(draft.at);
  } else categoryChanged();
  connectFinding();
  connectDeskKeys(document.querySelector("[data-keys]"), {
    category: (n) => scene.categories[n] && choose(scene.categories[n].key),
    comment: () => fields.comment.focus(),
    find: () => fields.find.focus(),
    next: nextPerson,
    back: () => takeBack(),
    store: storePin,
    arrow: (event) => desk.takeArrow(event),
    leave,
  });
  draw();
  outbox.flush();
  await desk.ready;
  form.dataset.ready = "true";
}

start();
