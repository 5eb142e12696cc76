/** Which addresses are pages to be kept, which files they are made of, and which pictures are worth keeping. */

/** Pages of a map that open without a connection: the map itself, what people said, and the words about it. */
const PAGE = /^m\/([^/]+)(?:\/(?:results|privacy|write|accessibility))?\/?$/;

const GROUND = /^m\/[^/]+\/(?:boundary|basemap|ground)[^/]*$/;
const PICTURE = /^m\/[^/]+\/(?:base\/\d+\/\d+\/\d+|results\/[\w-]+(?:\/[\w-]+)?\.(?:svg|png)|icon-[\w-]+\.png)$/;

/** What changes which page an address shows; the rest (language, a sharer's mark) does not. */
const TELLING = ["event", "simple", "embed"];

const STEPS = ["place", "kind", "q", "street", "category", "done"];

const within = (url, root) => (url.pathname.startsWith(root) ? url.pathname.slice(root.length) : null);

/** Under which address a page is kept, or null for a page that is none of ours to keep. */
export function pageKey(url, root = "/") {
  const path = within(url, root);
  if (path === null || !(PAGE.test(path) || path === "offline")) return null;
  // A step of the plain page is no page of its own.
  if (/\/write\/?$/.test(path) && STEPS.some((name) => url.searchParams.has(name))) return null;
  const telling = TELLING.filter((name) => url.searchParams.has(name));
  const query = telling.map((name) => `${name}=${encodeURIComponent(url.searchParams.get(name))}`).join("&");
  return `${url.origin}${url.pathname.replace(/\/$/, "")}${query ? `?${query}` : ""}`;
}

/** The path under which everything of a page's map lies ("/m/town/"), or null for what is no map's. */
export function mapPath(url, root = "/") {
  const map = within(url, root)?.match(/^m\/[^/]+(?=\/|$)/);
  return map ? `${root}${map[0]}/` : null;
}

/** Whether an address is a file of ours that never changes (its fingerprint is in it), or the palette. */
export function isAsset(url, root = "/") {
  const path = within(url, root);
  if (path === null) return false;
  if (path.startsWith("static/")) return path.startsWith("static/build/") || url.searchParams.has("v");
  return path === "palette.css" || (GROUND.test(path) && url.searchParams.has("v"));
}

/** Whether an address is a picture of the ground, or of what people said. */
export function isPicture(url, root = "/") {
  const path = within(url, root);
  return path !== null && PICTURE.test(path);
}

/** Every address that a page's HTML names, as absolute ones: in its links and in its list of files for offline. */
export function addressesIn(html, base) {
  const found = [...html.matchAll(/\b(?:href|src)="([^"]+)"/g)].map(([, address]) => address.replaceAll("&amp;", "&"));
  const list = html.match(/<script type="application\/json" id="offline-files">(.*?)<\/script>/s);
  const imports = html.match(/<script type="importmap"[^>]*>(.*?)<\/script>/s);
  if (list) found.push(...JSON.parse(list[1]));
  if (imports && !list) found.push(...Object.values(JSON.parse(imports[1]).imports));
  const absolute = found.flatMap((address) => {
    try {
      return [new URL(address, base).href];
    } catch {
      return [];
    }
  });
  return [...new Set(absolute)];
}
