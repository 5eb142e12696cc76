/** The town's answer as elements: the little Markdown that officials may write, and what the town does in a word. */

import { h, typeset } from "#js/lib/dom.js";
import { _ } from "#js/lib/words.js";

const WORDS = {
  received: () => _("received"),
  planned: () => _("planned"),
  done: () => _("done"),
  declined: () => _("can’t be done"),
};

const LOOKS = { done: ".label-good", planned: ".label-warn" };

/** What the town does about it, in a word. */
export const statusText = (status) => WORDS[status]?.() ?? status;

/** The same as a quiet label. */
export const statusWord = (status) => h(`span.label${LOOKS[status] ?? ""}`, { "data-status": status }, statusText(status));

/* A link, bold, slanted: whatever of them comes first. */
const SIGNS = /\[([^\]\n]+)\]\((https?:\/\/[^\s)]+|mailto:[^\s)]+)\)|\*\*([^*\n]+)\*\*|\*([^*\n]+)\*|_([^_\n]+)_(?![\p{L}\p{N}])/u;

/** One line's words as nodes. */
export function inlineNodes(text) {
  const nodes = [];
  let rest = text;
  for (let found = SIGNS.exec(rest); found; found = SIGNS.exec(rest)) {
    const [whole, words, href, strong, slanted, lined] = found;
    nodes.push(typeset(rest.slice(0, found.index)));
    if (href) nodes.push(h("a", { href, rel: "noopener nofollow" }, words));
    else nodes.push(h(strong ? "strong" : "em", {}, strong ?? slanted ?? lined));
    rest = rest.slice(found.index + whole.length);
  }
  nodes.push(typeset(rest));
  return nodes.filter((node) => node !== "");
}

/** Paragraphs and lists of a text: [{kind: "p"|"ul"|"ol", lines}]. */
export function blocksOf(text) {
  return text
    .replaceAll("\r\n", "\n")
    .split(/\n\s*\n/)
    .map((part) => part.split("\n").map((line) => line.trim()).filter(Boolean))
    .filter((lines) => lines.length)
    .map((lines) => {
      if (lines.every((line) => /^[-*+]\s+/.test(line))) return { kind: "ul", lines: lines.map((line) => line.replace(/^[-*+]\s+/, "")) };
      if (lines.every((line) => /^\d+[.)]\s+/.test(line))) return { kind: "ol", lines: lines.map((line) => line.replace(/^\d+[.)]\s+/, "")) };
      return { kind: "p", lines: lines.map((line) => line.replace(/^#{1,6}\s+/, "")) };
    });
}

/** The answer's words; text of the town can only become text, links and emphasis. */
export function answerWords(text) {
  const element = h("div.prose");
  for (const { kind, lines } of blocksOf(text)) {
    if (kind === "p") element.append(h("p", {}, lines.map((line, n) => [n > 0 && h("br"), inlineNodes(line)])));
    else element.append(h(kind, {}, lines.map((line) => h("li", {}, inlineNodes(line)))));
  }
  return element;
}
