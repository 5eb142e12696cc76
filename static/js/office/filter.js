/** The sentence over the list: a form whose words are the filter of list, dots, heat and files. */

import { _, language, number } from "#js/lib/words.js";

/** What is asked of the list alone, and means nothing to dots, heat and files. */
const LIST_ONLY = ["silent", "view"];

/** Typing pauses for so long before the list follows. */
const PAUSE_MS = 280;

/** The part of a filter that chooses pins: what dots, heat, legend and files are asked for. */
export function pinParams(params) {
  const kept = new URLSearchParams();
  for (const [name, value] of params) if (value && !LIST_ONLY.includes(name)) kept.append(name, value);
  return kept;
}

/** The filter as it stands in an address: the commas of an area may be read, and an address may not be endless. */
export function queryOf(params) {
  return params.toString().replaceAll("%2C", ",");
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
    for (const words of form.querySelectorAll("[data-choice]")) {
      const chosen = [...words.parentElement.querySelectorAll("select")].filter((select) => select.value);
      words.textContent = chosen.map((select) => select.selectedOptions[0].textContent).join(" · ") || words.dataset.nothing;
    }
    const area = form.querySelector("[data-area-words]");
    area.textContent = form.elements.area.value ? area.dataset.part : area.dataset.whole;
    form.querySelector("[data-area-none]").hidden = !form.elements.area.value;
    for (const word of form.querySelectorAll("select")) word.classList.toggle("is-set", word.value !== "");
    for (const word of form.querySelectorAll("details.word")) {
      const fields = word.dataset.word === "area" ? [form.elements.area] : [...word.querySelectorAll("input, select")];
      word.classList.toggle("is-set", fields.some((field) => field.value));
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
    /** Asks for the pins in this area ("lon lat,lon lat,…"), or with "" for the whole map. */
    setArea(text) {
      if (form.elements.area.value === text) return;
      form.elements.area.value = text;
      changed(PAUSE_MS);
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
  // Whoever goes on by Tab leaves no box lying over what they come to.
  document.addEventListener("focusin", (event) => {
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
