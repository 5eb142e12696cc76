/** The little map of Czechia: a click writes the place into its field instead of sending the form. */

/* As app/views/office/overview_map.py has them for browsers without scripts. */
const WEST = 11.9;
const NORTH = 51.2;
const WIDTH = 654;
const HEIGHT = 392;
const PER_LON = 92;
const PER_LAT = 142.6;

/** The place at a share of the picture's width and height, written as maps write it. */
export function placeAt(across, down) {
  const lat = NORTH - (down * HEIGHT) / PER_LAT;
  const lon = WEST + (across * WIDTH) / PER_LON;
  return `${lat.toFixed(3)}, ${lon.toFixed(3)}`;
}

/** The shares of width and height where a place lies, or null for what is no place. */
export function shareOf(text) {
  const found = /^\s*(\d+(?:\.\d+)?)\s*[,;\s]\s*(\d+(?:\.\d+)?)\s*$/.exec(text);
  if (!found) return null;
  const across = ((Number(found[2]) - WEST) * PER_LON) / WIDTH;
  const down = ((NORTH - Number(found[1])) * PER_LAT) / HEIGHT;
  return across > 0 && across < 1 && down > 0 && down < 1 ? [across, down] : null;
}

/** Lets the map fill in the field. */
export function connectOverview(box, field) {
  const picture = box.querySelector("input");
  const mark = box.querySelector("[data-mark]");
  const show = () => {
    const share = shareOf(field.value);
    mark.hidden = !share;
    if (!share) return;
    mark.style.left = `${share[0] * 100}%`;
    mark.style.top = `${share[1] * 100}%`;
  };
  box.classList.add("is-live");
  picture.addEventListener("click", (event) => {
    event.preventDefault();
    if (event.detail === 0) return; // pressed by a key: nothing was pointed at
    const { left, top, width, height } = picture.getBoundingClientRect();
    field.value = placeAt((event.clientX - left) / width, (event.clientY - top) / height);
    show();
  });
  field.addEventListener("input", show);
  show();
}
