/** Where a place on the paper lies on the ground, and back: between the places of a grid it is reckoned evenly. */

const STEPS = 12;
const NEAR_MM = 0.001;

const mix = (a, b, t) => a + (b - a) * t;

/**
 * @param {{frame: number[], grid: {n: number, lon: number[], lat: number[]}}} sheet `frame`: left, top, width, height in
 *   millimetres of the page; `grid`: n × n places over the frame, row by row from the top left corner.
 */
export function sheetGround({ frame, grid }) {
  const [left, top, width, height] = frame;
  const cells = grid.n - 1;

  /** The place's cell, and its share of the way through it; beyond the frame the outermost cell reaches on. */
  function within(x, y) {
    const across = ((x - left) / width) * cells;
    const down = ((y - top) / height) * cells;
    const column = Math.max(0, Math.min(cells - 1, Math.floor(across)));
    const row = Math.max(0, Math.min(cells - 1, Math.floor(down)));
    return [row * grid.n + column, across - column, down - row];
  }

  function between(values, [at, across, down]) {
    const above = mix(values[at], values[at + 1], across);
    const below = mix(values[at + grid.n], values[at + grid.n + 1], across);
    return mix(above, below, down);
  }

  /** Longitude and latitude of millimetres on the page. */
  function toLonLat([x, y]) {
    const cell = within(x, y);
    return [between(grid.lon, cell), between(grid.lat, cell)];
  }

  /** Millimetres on the page of a longitude and latitude. */
  function toPage([lon, lat]) {
    let [x, y] = [left + width / 2, top + height / 2];
    for (let step = 0; step < STEPS; step += 1) {
      const [lonHere, latHere] = toLonLat([x, y]);
      const [lonX, latX] = toLonLat([x + 1, y]);
      const [lonY, latY] = toLonLat([x, y + 1]);
      const [a, b, c, d] = [lonX - lonHere, lonY - lonHere, latX - latHere, latY - latHere];
      const size = a * d - b * c;
      const [east, north] = [lon - lonHere, lat - latHere];
      const [right, down] = [(d * east - b * north) / size, (a * north - c * east) / size];
      x += right;
      y += down;
      if (Math.hypot(right, down) < NEAR_MM) break;
    }
    return [x, y];
  }

  const contains = ([x, y]) => x >= left && x <= left + width && y >= top && y <= top + height;

  /** The nearest place that is on the sheet's map. */
  const held = ([x, y]) => [Math.max(left, Math.min(left + width, x)), Math.max(top, Math.min(top + height, y))];

  return { toLonLat, toPage, contains, held };
}
