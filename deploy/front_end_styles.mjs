/** Which style sheets each page links, read from the templates: what is joined into one sheet a page. */

import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

const BASE = "base.html";
const BLOCK = /\{%-?\s*(block\s+(\w+)|endblock)[^%]*%\}/g;

/** A template's own text of each block, the inner ones standing in the outer ones. */
function blocksOf(text) {
  const blocks = new Map();
  const open = [];
  for (const found of text.matchAll(BLOCK)) {
    if (found[2]) open.push({ name: found[2], from: found.index + found[0].length });
    else {
      const { name, from } = open.pop();
      blocks.set(name, text.slice(from, found.index));
    }
  }
  return blocks;
}

/** The page as it would be laid out, every block as the youngest template has it. */
function laidOut(text, youngest) {
  let out = "";
  let at = 0;
  let depth = 0;
  let start = null;
  for (const found of text.matchAll(BLOCK)) {
    if (found[2]) {
      if (depth === 0) {
        out += text.slice(at, found.index);
        start = { name: found[2], from: found.index + found[0].length };
      }
      depth += 1;
    } else {
      depth -= 1;
      if (depth > 0) continue;
      out += laidOut(youngest.get(start.name) ?? text.slice(start.from, found.index), youngest);
      at = found.index + found[0].length;
    }
  }
  return out + text.slice(at);
}

const LINK = /<link rel="stylesheet" href="\{\{ (?:asset\('([\w/.-]+\.css)'\)|url_for\('pages\.(palette)'\)) \}\}">/g;
const IF = /\{%-?\s*(if|endif)\b/g;

/** How many conditions of the template the end of this text stands in. */
function conditionsOpen(text) {
  return [...text.matchAll(IF)].reduce((open, [, word]) => open + (word === "if" ? 1 : -1), 0);
}

/** The sheets that this page links, in order: one list for each choice of its conditional ones. */
function linked(text) {
  const links = [...text.matchAll(LINK)].map((found) => ({
    name: found[2] ? "palette.css" : found[1],
    isConditional: conditionsOpen(text.slice(0, found.index)) > 0,
  }));
  return links.reduce(
    (lists, { name, isConditional }) => [...lists.map((list) => [...list, name]), ...(isConditional ? lists : [])],
    [[]],
  );
}

/** Every list of style sheets that some page links, each once. */
export function styleSetsOf(folder) {
  const texts = new Map(
    readdirSync(folder, { recursive: true })
      .filter((name) => name.endsWith(".html"))
      .map((name) => [name, readFileSync(join(folder, name), "utf8")]),
  );
  const sets = new Map();
  for (const name of [...texts.keys()].sort()) {
    const youngest = new Map();
    let text = texts.get(name);
    let above = name;
    for (;;) {
      for (const [block, words] of blocksOf(text)) if (!youngest.has(block)) youngest.set(block, words);
      const parent = text.match(/\{%-?\s*extends\s+"([^"]+)"/)?.[1];
      if (!parent) break;
      above = parent;
      text = texts.get(parent);
    }
    if (above !== BASE) continue;
    for (const names of linked(laidOut(text, youngest))) sets.set(names.join(" "), names);
  }
  return [...sets.values()];
}
