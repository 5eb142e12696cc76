/** The sentence over the list: a form whose words are the filter of list, dots, heat and files. */

import { _, language, number } from "#js/lib/words.js";

/** What heat and files understand of a filter. */
const HEAT = ["category", "since", "until", "state", "channel", "event"];

/** Typing pauses for so long before the list follows. */
const PAUSE_MS = 280;

/** The part of a filter that these names make. */
export function only(params, names) {
  const kept = new URLSearchParams();
  for (const name of names) if (params.get(name)) kept.set(name, params.get(name));
  return kept;
}

/** What heat is asked for a filter. */
export function heatParams(params) {
  return only(params, HEAT);
}

/** A day as the reader writes it, short. */
export function shortDay(iso) {
  const style = language() === "cs" ? { day: "numeric", month: "numeric", year: "numeric" } : { day: "numeric", month: "short", year: "numeric" };
  return new Intl.DateTimeFormat(language() === "en" ? "en-GB" : language(), { ...style, timeZone: "UTC" }).format(new Date(`${iso}T00:00:00Z`));
}

/** A period in words. */
export function periodWords(since, until) {
  if (!since && !until) return _("the whole time");
  if (!since) return _("until %(until)s", { until: shortDay(until) });
  if (!until) return _("since %(since)s", { since: shortDay(since) });
  return since === until ? shortDay(since) : `${shortDay(since)} – ${shortDay(until)}`;
}

/**
 * Connects the form: `onChange(params)` follows every change, soon but not at every letter.
 * @param {HTMLFormElement} form
 * @param {(params: URLSearchParams) => void} onChange
 */
export function connectFilter(form, onChange) {
  const since = form.elements.since;
  const until = form.elements.until;
  let timer = 0;

  const params = () => {
    const found = new URLSearchParams();
    for (const [key, value] of new FormData(form)) if (value !== "") found.append(key, value);
    return found;
  };
  const changed = (pause = 0) => {
    clearTimeout(timer);
    timer = setTimeout(() => {
      say();
      onChange(params());
    }, pause);
  };
  const say = () => {
    form.querySelector("[data-period-words]").textContent = periodWords(since.value, until.value);
    for (const pick of form.querySelectorAll("[data-pick]")) {
      pick.setAttribute("aria-pressed", String(pick.dataset.since === since.value && pick.dataset.until === until.value));
    }
    for (const bar of form.querySelectorAll("[data-days] rect")) {
      const inside = (!since.value || bar.dataset.until >= since.value) && (!until.value || bar.dataset.since <= until.value);
      bar.classList.toggle("is-out", !inside);
    }
    const who = [...form.querySelectorAll("[data-who]")].filter((select) => select.value);
    const words = form.querySelector("[data-who-words]");
    if (words) words.textContent = who.map((select) => select.selectedOptions[0].textContent).join(" · ") || words.dataset.nobody;
    for (const word of form.querySelectorAll("select")) word.classList.toggle("is-set", word.value !== "");
    for (const word of form.querySelectorAll("details.word")) {
      word.classList.toggle("is-set", [...word.querySelectorAll("input, select")].some((field) => field.value));
    }
  };
  const setPeriod = (from, to) => {
    [since.value, until.value] = from && to && from > to ? [to, from] : [from, to];
    changed();
  };

  form.addEventListener("submit", (event) => {
    event.preventDefault();
    changed();
  });
  form.addEventListener("change", () => changed());
  form.elements.words.addEventListener("input", () => changed(PAUSE_MS));
  form.addEventListener("click", (event) => {
    const pick = event.target.closest("[data-pick]");
    if (pick) setPeriod(pick.dataset.since, pick.dataset.until);
  });
  brushDays(form.querySelector("[data-days]"), setPeriod);
  form.querySelector("[data-go]").hidden = true;
  say();

  return {
    params,
    /** Asks for one person's pins, or with null for everybody's again. */
    setPerson(id) {
      form.elements.person?.remove();
      if (id) {
        const field = document.createElement("input");
        Object.assign(field, { type: "hidden", name: "person", value: id });
        form.append(field);
      }
      changed();
    },
    /** Writes how many pins each category has now. */
    setCounts(counts) {
      for (const place of form.querySelectorAll("[data-count]")) place.textContent = number(counts[place.dataset.count] ?? 0);
    },
    focusWords() {
      form.elements.words.focus();
    },
  };
}

/** Lets the bars of the days be pulled over: from where the finger went down to where it is lifted. */
function brushDays(chart, onPeriod) {
  if (!chart) return;
  const bars = [...chart.querySelectorAll("rect")];
  const barAt = (event) => {
    const box = chart.getBoundingClientRect();
    const n = Math.floor(((event.clientX - box.left) / box.width) * bars.length);
    return bars[Math.max(0, Math.min(bars.length - 1, n))];
  };
  const ends = (a, b) => (a.dataset.since <= b.dataset.since ? [a.dataset.since, b.dataset.until] : [b.dataset.since, a.dataset.until]);
  let first = null;
  chart.addEventListener("pointerdown", (event) => {
    first = barAt(event);
    chart.setPointerCapture(event.pointerId);
    event.preventDefault();
  });
  chart.addEventListener("pointermove", (event) => {
    if (!first) return;
    const [since, until] = ends(first, barAt(event));
    for (const bar of bars) bar.classList.toggle("is-out", bar.dataset.since < since || bar.dataset.until > until);
  });
  chart.addEventListener("pointerup", (event) => {
    if (!first) return;
    onPeriod(...ends(first, barAt(event)));
    first = null;
  });
  chart.addEventListener("pointercancel", () => {
    first = null;
  });
}

/** Small windows that hang on a word close when one looks elsewhere. */
export function connectWords(root = document) {
  const all = () => [...root.querySelectorAll("details.word[open]")];
  document.addEventListener("pointerdown", (event) => {
    for (const word of all()) if (!word.contains(event.target)) word.open = false;
  });
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    for (const word of all()) {
      word.open = false;
      word.querySelector("summary").focus();
    }
  });
  root.addEventListener(
    "toggle",
    (event) => {
      if (!event.target.matches?.("details.word") || !event.target.open) return;
      for (const word of all()) if (word !== event.target) word.open = false;
    },
    true,
  );
}
