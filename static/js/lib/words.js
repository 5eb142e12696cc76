/**
 * Words in the reader's language: the page carries the translations its scripts need in the JSON block #messages;
 * what is missing there is said in English, the language of the message ids.
 */

let messages = null;
let locale = null;

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

/** Words and language other than the page's, for tests. */
export function useWords(words, code = "en") {
  messages = words;
  locale = code;
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

/** The form of the message for n things; %(n)s is the number as the reader writes it. */
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
  return new Intl.DateTimeFormat(language(), { dateStyle: "long", timeZone: "Europe/Prague" }).format(
    new Date(moment),
  );
}

/** A length as people say it: metres in tens, kilometres with one decimal. */
export function distance(metres) {
  if (metres >= 950) return `${number(metres / 1000, 1)} km`;
  return `${number(metres < 30 ? Math.round(metres) : Math.round(metres / 10) * 10)} m`;
}
