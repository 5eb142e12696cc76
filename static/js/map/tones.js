/**
 * The tones of the map's paper and ink, light and dark, under the names of the one palette (gis/palette.json, "map").
 * The palette arrives as CSS custom properties (--map-<tone>) and has the last word; the tones below only stand in
 * for what a page without its style sheet lacks.
 */

const LIGHT = {
  land: "#f6f3ec",
  outside: "#e9e3d8",
  water: "#cfe3ea",
  "water-line": "#a6c9d5",
  "water-label": "#2f6377",
  green: "#dfe8cf",
  "green-park": "#d6e5c3",
  "green-forest": "#cbdcb6",
  "green-meadow": "#e4ebd2",
  "green-field": "#efeedc",
  "green-garden": "#e0e8d1",
  "green-cemetery": "#d3dfca",
  "green-sport": "#d2e6d0",
  "green-playground": "#e3ecc6",
  "green-label": "#45602f",
  area: "#f1ebe0",
  "area-residential": "#f3eee4",
  "area-industrial": "#ebe6e2",
  "area-square": "#faf2e2",
  "area-school": "#f5ebd6",
  "area-parking": "#eeeae4",
  "area-railway": "#e7e2dc",
  building: "#e9e4da",
  "building-line": "#d3cab9",
  "building-house": "#e9e4da",
  "building-block": "#e5ded2",
  "building-public": "#e4d5c0",
  "building-church": "#dcc9b2",
  "building-school": "#ead9bb",
  "building-shop": "#ecdacb",
  "building-industry": "#dfdbd6",
  "building-station": "#dccfc6",
  "street-main": "#ffffff",
  "street-main-casing": "#d8c4a2",
  "street-street": "#ffffff",
  "street-street-casing": "#dfd4c1",
  "street-lane": "#fffefb",
  "street-lane-casing": "#e6ddce",
  "street-path": "#c4b396",
  "street-path-casing": "#f6f3ec",
  "street-steps": "#b39f80",
  "street-steps-casing": "#f6f3ec",
  "street-cycleway": "#a9a3c6",
  "street-cycleway-casing": "#f6f3ec",
  "street-track": "#d2c5ac",
  "street-track-casing": "#f6f3ec",
  "street-label": "#5b5146",
  "rail-line": "#a59b8f",
  "rail-tie": "#f6f3ec",
  barrier: "#cdc3b3",
  lamp: "#c79f37",
  tree: "#b3ca99",
  "boundary-line": "#80604a",
  "boundary-veil": "rgb(214 204 188 / 0.55)",
  "label-ink": "#463f37",
  "label-soft": "#6a6156",
  "label-halo": "#fbf9f4",
  neutral: "#e6dfd3",
};

const DARK = {
  land: "#211f1c",
  outside: "#191714",
  water: "#1b323c",
  "water-line": "#2c4d5a",
  "water-label": "#8fbccb",
  green: "#272e21",
  "green-park": "#2a3423",
  "green-forest": "#25301f",
  "green-meadow": "#2a2f23",
  "green-field": "#292821",
  "green-garden": "#292f24",
  "green-cemetery": "#2a3127",
  "green-sport": "#263429",
  "green-playground": "#2f3524",
  "green-label": "#a9c190",
  area: "#26231f",
  "area-residential": "#25221e",
  "area-industrial": "#292624",
  "area-square": "#302b23",
  "area-school": "#2f2a21",
  "area-parking": "#292622",
  "area-railway": "#2b2825",
  building: "#302c28",
  "building-line": "#423d36",
  "building-house": "#302c28",
  "building-block": "#332f2a",
  "building-public": "#3b342b",
  "building-church": "#413729",
  "building-school": "#3c3528",
  "building-shop": "#3c322b",
  "building-industry": "#33302d",
  "building-station": "#3a332f",
  "street-main": "#544c41",
  "street-main-casing": "#151310",
  "street-street": "#454039",
  "street-street-casing": "#171512",
  "street-lane": "#3d3933",
  "street-lane-casing": "#1a1815",
  "street-path": "#6b6151",
  "street-path-casing": "#211f1c",
  "street-steps": "#7a6d58",
  "street-steps-casing": "#211f1c",
  "street-cycleway": "#6a6589",
  "street-cycleway-casing": "#211f1c",
  "street-track": "#574f43",
  "street-track-casing": "#211f1c",
  "street-label": "#cfc5b6",
  "rail-line": "#6d655b",
  "rail-tie": "#211f1c",
  barrier: "#4c463e",
  lamp: "#d8b452",
  tree: "#41523a",
  "boundary-line": "#c4a184",
  "boundary-veil": "rgb(10 9 8 / 0.5)",
  "label-ink": "#e3dacb",
  "label-soft": "#b3a999",
  "label-halo": "#1a1816",
  neutral: "#3d3832",
};

/** The stand-in tones by theme. */
export const FALLBACK = { light: LIGHT, dark: DARK };

const darkQuery = () => globalThis.matchMedia?.("(prefers-color-scheme: dark)");

/** The theme the page shows now: its data-theme attribute, else what the device prefers. */
export function pageTheme() {
  const asked = document.documentElement.dataset.theme;
  if (asked === "dark" || asked === "light") return asked;
  return darkQuery()?.matches ? "dark" : "light";
}

/**
 * All tones as CSS colours, for drawing on a canvas.
 * @param {Element} element where the custom properties are read
 * @param {"auto"|"light"|"dark"} [theme] a theme other than the page's takes the stand-in tones
 */
export function readTones(element, theme = "auto") {
  const shown = pageTheme();
  const wanted = theme === "auto" ? shown : theme;
  const tones = { ...FALLBACK[wanted] };
  if (wanted !== shown) return tones;
  const style = getComputedStyle(element);
  for (const tone of Object.keys(tones)) {
    const given = style.getPropertyValue(`--map-${tone}`).trim();
    if (given) tones[tone] = given;
  }
  return tones;
}

/** Calls back whenever the page turns light or dark; gives a function that stops it. */
export function onThemeChange(callback) {
  const query = darkQuery();
  const watcher = new MutationObserver(callback);
  watcher.observe(document.documentElement, { attributes: true, attributeFilter: ["data-theme"] });
  query?.addEventListener("change", callback);
  return () => {
    watcher.disconnect();
    query?.removeEventListener("change", callback);
  };
}
