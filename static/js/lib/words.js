/**
 * Words in the reader's language: the page carries the translations its scripts need in the JSON block #messages;
 * what is missing there is said in English, the language of the message ids.
 */

let messages = null;
let locale = null;
let tongues = null;

/* After which one-letter words a line may not break, by language. */
const CLINGING = {
  cs: /(?<=^|[\s(„])([kosuvzai]) +/gi,
  sk: /(?<=^|[\s(„])([kosuvzai]) +/gi,
  pl: /(?<=^|[\s(„])([aiouwz]) +/gi,
  uk: /(?<=^|[\s(«])([аеєзійоуюяв]) +/gi,
};

function dictionary() {
  if (!messages) {
    const block = globalThis.document?.getElementById("messages");
    messages = block ? JSON.parse(block.textContent) : {};
  }
  return messages;
}

/** The reader's language code. */
export function language() {
  locale ??= globalThis.document?.documentElement.lang || "en";
  return locale;
}

/** Words and language other than the page's, for tests; and texts of the map that are in yet another language. */
export function useWords(words, code = "en", foreign = {}) {
  messages = words;
  locale = code;
  tongues = new Map(Object.entries(foreign));
}

/**
 * The language of a text of the map where it is not the page's, for its `lang`: the town has not written it in
 * the reader's language, so it is shown in another, and must be read aloud in that one. Undefined for all others.
 */
export function tongueOf(text) {
  if (!tongues) {
    const block = globalThis.document?.getElementById("foreign");
    tongues = new Map(block ? Object.entries(JSON.parse(block.textContent)) : []);
  }
  return tongues.size ? tongues.get(String(text).replaceAll("\u00a0", " ")) : undefined;
}

/** A text kept from breaking after one-letter prepositions, where the language has such. */
export function clinging(text) {
  const pattern = CLINGING[tongueOf(text) ?? language()];
  return pattern ? String(text).replace(pattern, "$1\u00a0") : String(text);
}

function fill(text, values) {
  return text
    .replace(/%\((\w+)\)s/g, (whole, name) => (name in values ? String(values[name]) : whole))
    .replaceAll("%%", "%");
}

/** The message in the reader's language, its %(placeholders)s filled. */
export function _(message, values = {}) {
  const found = dictionary()[message];
  const text = Array.isArray(found) ? found[0] : found;
  return fill(text || message, values);
}

/**
 * The form of the message for n things; %(n)s is the number as the reader writes it. Catalogues order their forms
 * one, few, the rest, as far as the language has them: tests/app/test_words.py holds it against the server.
 */
export function ngettext(one, many, n, values = {}) {
  const forms = dictionary()[one];
  const shown = { n: number(n), ...values };
  if (!Array.isArray(forms) || !forms.length || !forms[0]) return fill(n === 1 ? one : many, shown);
  const kind = new Intl.PluralRules(language()).select(n);
  const index = { one: 0, few: 1 }[kind] ?? forms.length - 1;
  return fill(forms[Math.min(index, forms.length - 1)] || forms[0], shown);
}

/** A number as the reader writes it: 1 234,5 in Czech. */
export function number(value, decimals) {
  const digits =
    decimals === undefined ? {} : { minimumFractionDigits: decimals, maximumFractionDigits: decimals };
  return new Intl.NumberFormat(language(), { useGrouping: "always", ...digits }).format(value);
}

/** A day in words: 14. září 2026. */
export function day(moment) {
  const style = { dateStyle: "long", timeZone: "Europe/Prague" };
  // The Ukrainian sign for a year reads badly where a sentence ends.
  return new Intl.DateTimeFormat(language(), style).format(new Date(moment)).replace(/\sр\.$/, "");
}

/** A length as people say it: metres in tens, kilometres with one decimal. */
export function distance(metres) {
  if (metres >= 950) return `${number(metres / 1000, 1)} km`;
  return `${number(metres < 30 ? Math.round(metres) : Math.round(metres / 10) * 10)} m`;
}
