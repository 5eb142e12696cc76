/** Addresses of tiles as people paste them. */

const THEIRS = { TileMatrix: "z", TileRow: "y", TileCol: "x" };

/** The address with {z}, {x} and {y}, also from one in the manner of WMTS; null while they are not all in it. */
export function templateOf(text) {
  const address = Object.entries(THEIRS).reduce(
    (found, [theirs, ours]) => found.replace(new RegExp(`\\{${theirs}\\}`, "i"), `{${ours}}`),
    text.trim(),
  );
  const isWhole = /^https?:\/\/[^\s{}]+\{/.test(address) && ["{z}", "{x}", "{y}"].every((hole) => address.split(hole).length === 2);
  return isWhole ? address : null;
}
