/** Where tiles of the ground are painted aside, so that the finger on the map never waits for them. */

/** A worker paints; `onLost` is called, once, when it can't. */
export class WorkerBrush {
  #worker;
  #asked = new Map();
  #last = 0;
  #lost = false;
  #onLost = null;

  /** Gives the worker at this address the ground, as the text it came as. */
  constructor(address, text) {
    this.#worker = new Worker(address, { type: "module" });
    this.#worker.addEventListener("message", ({ data }) => this.#take(data));
    this.#worker.addEventListener("error", (event) => {
      event.preventDefault();
      this.end();
      this.#lost = true;
      this.#onLost?.();
    });
    this.#worker.postMessage({ ground: text });
  }

  set onLost(act) {
    this.#onLost = act;
    if (this.#lost) act();
  }

  /** How many tiles are being painted. */
  get busy() {
    return this.#asked.size;
  }

  look(look) {
    this.#worker.postMessage({ look });
  }

  /** Calls `onPicture` with the ImageBitmap of a tile, or null when it can't be painted. */
  ask({ coords, tileSize, side }, onPicture) {
    this.#last += 1;
    this.#asked.set(this.#last, onPicture);
    this.#worker.postMessage({ tile: { id: this.#last, coords: { x: coords.x, y: coords.y, z: coords.z }, tileSize, side } });
  }

  #take({ id, picture = null }) {
    const onPicture = this.#asked.get(id);
    this.#asked.delete(id);
    onPicture?.(picture);
  }

  end() {
    this.#worker.terminate();
    this.#asked.clear();
  }
}

/** A worker that paints this ground; null where the browser has not what that needs, or grants no worker. */
export function workerBrush(address, text) {
  const has = (name) => typeof globalThis[name] === "function";
  if (!address || !has("Worker") || !has("ImageBitmapRenderingContext")) return null;
  if (!globalThis.OffscreenCanvas?.prototype.transferToImageBitmap) return null;
  try {
    return new WorkerBrush(address, text);
  } catch {
    return null;
  }
}
