/** The queue's memory: which pin is next when some leave the list, and the decisions that can be taken back. */

/**
 * Which pin to stand on when these have left: the one after the last that stood before them, else the last one left.
 * @param {string[]} before The ids as they stood.
 * @param {Set<string>} gone
 * @param {string|null} current
 */
export function nextAfter(before, gone, current) {
  if (current && !gone.has(current)) return current;
  const at = Math.max(0, before.indexOf(current));
  return before.slice(at).find((id) => !gone.has(id)) ?? before.slice(0, at).reverse().find((id) => !gone.has(id)) ?? null;
}

/** The decisions of this page, the last one on top. */
export class Deeds {
  #entries = [];

  add(entry) {
    if (entry) this.#entries.push(entry);
  }

  /** The last decision that is not taken back yet, which is thereby out of here. */
  last() {
    return this.#entries.pop() ?? null;
  }

  get any() {
    return this.#entries.length > 0;
  }
}

/**
 * What a button of the queue asks, with nothing of the form but what belongs to it.
 * @param {Iterable<[string, string]>} fields The whole form.
 * @param {string} deed "approve 0b7e…", "hide ticked", …
 * @returns {[string, string][]}
 */
export function fieldsOf(fields, deed) {
  const target = deed.split(" ")[1];
  const all = [...fields];
  const ticked = new Set(all.filter(([name]) => name === "pin").map(([, value]) => value));
  const common = new Set(["csrf_token", "only", "as_of"]);
  const wanted = ([name]) => {
    if (common.has(name)) return true;
    if (target === "ticked" && name === "pin") return true;
    const [kind, of] = [name.slice(0, name.indexOf(".")), name.slice(name.indexOf(".") + 1)];
    if (kind === "seen") return target === "ticked" ? ticked.has(of) : of === target;
    return of === target;
  };
  return [...all.filter(wanted), ["deed", deed]];
}
