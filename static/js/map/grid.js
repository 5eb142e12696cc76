/**
 * Uniform grids that answer "what lies in this box?": BoxGrid for shapes, PointGrid for very many points.
 */

/** Items with boxes, laid into a grid of square cells. */
export class BoxGrid {
  /**
   * @param {number[][]} boxes one [minX, minY, maxX, maxY] an item
   * @param {number} cell side of a cell
   */
  constructor(boxes, cell) {
    this.boxes = boxes;
    this.cell = cell;
    this.cells = new Map();
    this.large = [];
    this.seen = new Uint32Array(boxes.length);
    this.round = 0;
    boxes.forEach((box, index) => this.#lay(box, index));
  }

  #lay(box, index) {
    const [x0, y0, x1, y1] = box.map((value) => Math.floor(value / this.cell));
    // A shape over very many cells is cheaper to test each time than to list everywhere.
    if ((x1 - x0 + 1) * (y1 - y0 + 1) > 400) {
      this.large.push(index);
      return;
    }
    for (let x = x0; x <= x1; x += 1) {
      for (let y = y0; y <= y1; y += 1) {
        const key = x * 4194304 + y;
        const list = this.cells.get(key);
        if (list) list.push(index);
        else this.cells.set(key, [index]);
      }
    }
  }

  /** Indices of the items whose boxes touch the box, in their own order. */
  within(box) {
    this.round += 1;
    const found = [];
    const offer = (index) => {
      if (this.seen[index] === this.round) return;
      this.seen[index] = this.round;
      const own = this.boxes[index];
      if (own[0] <= box[2] && own[2] >= box[0] && own[1] <= box[3] && own[3] >= box[1]) found.push(index);
    };
    this.large.forEach(offer);
    const [x0, y0, x1, y1] = box.map((value) => Math.floor(value / this.cell));
    if ((x1 - x0 + 1) * (y1 - y0 + 1) > this.cells.size) {
      for (const list of this.cells.values()) list.forEach(offer);
    } else {
      for (let x = x0; x <= x1; x += 1) {
        for (let y = y0; y <= y1; y += 1) this.cells.get(x * 4194304 + y)?.forEach(offer);
      }
    }
    return found.sort((a, b) => a - b);
  }
}

/** Very many points, sorted into cells by counting: two typed arrays, nothing else. */
export class PointGrid {
  /**
   * @param {Float64Array} xs
   * @param {Float64Array} ys
   * @param {number} [perCell] points a cell should hold on average
   */
  constructor(xs, ys, perCell = 8) {
    this.xs = xs;
    this.ys = ys;
    const n = xs.length;
    this.box = [Infinity, Infinity, -Infinity, -Infinity];
    for (let i = 0; i < n; i += 1) {
      this.box[0] = Math.min(this.box[0], xs[i]);
      this.box[1] = Math.min(this.box[1], ys[i]);
      this.box[2] = Math.max(this.box[2], xs[i]);
      this.box[3] = Math.max(this.box[3], ys[i]);
    }
    const width = n ? this.box[2] - this.box[0] : 0;
    const height = n ? this.box[3] - this.box[1] : 0;
    this.cell = Math.max(width, height) / Math.max(1, Math.ceil(Math.sqrt(n / perCell))) || 1;
    this.columns = Math.floor(width / this.cell) + 1;
    this.rows = Math.floor(height / this.cell) + 1;
    this.#sort(n);
  }

  #sort(n) {
    this.starts = new Uint32Array(this.columns * this.rows + 1);
    const cellOf = new Uint32Array(n);
    for (let i = 0; i < n; i += 1) {
      const column = Math.floor((this.xs[i] - this.box[0]) / this.cell);
      const row = Math.floor((this.ys[i] - this.box[1]) / this.cell);
      cellOf[i] = row * this.columns + column;
      this.starts[cellOf[i] + 1] += 1;
    }
    for (let c = 0; c < this.columns * this.rows; c += 1) this.starts[c + 1] += this.starts[c];
    const next = this.starts.slice(0, -1);
    this.order = new Uint32Array(n);
    for (let i = 0; i < n; i += 1) {
      this.order[next[cellOf[i]]] = i;
      next[cellOf[i]] += 1;
    }
  }

  /** Calls visit(index) for every point in the box. */
  eachWithin(box, visit) {
    if (!this.xs.length) return;
    const column = (x) => Math.max(0, Math.min(this.columns - 1, Math.floor((x - this.box[0]) / this.cell)));
    const row = (y) => Math.max(0, Math.min(this.rows - 1, Math.floor((y - this.box[1]) / this.cell)));
    if (box[0] > this.box[2] || box[2] < this.box[0] || box[1] > this.box[3] || box[3] < this.box[1]) return;
    const [left, right] = [column(box[0]), column(box[2])];
    for (let r = row(box[1]); r <= row(box[3]); r += 1) {
      // The cells of one row lie side by side, so a row is one run of the order.
      const end = this.starts[r * this.columns + right + 1];
      for (let k = this.starts[r * this.columns + left]; k < end; k += 1) {
        const i = this.order[k];
        if (this.xs[i] >= box[0] && this.xs[i] <= box[2] && this.ys[i] >= box[1] && this.ys[i] <= box[3]) visit(i);
      }
    }
  }
}
