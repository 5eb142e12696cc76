/** Drawing by keyboard: arrows move a crosshair over the map, Enter sets a corner, Backspace takes the last one away. */

const STEP_PX = 32;
const FINE_PX = 4;

/** How near the crosshair may come to the edge before the map moves instead. */
const EDGE_PX = 36;

const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

class Keys {
  #town;
  #do;
  #element;
  #at = null;
  #keyboardWas;
  #stops = [];

  constructor(town, deeds) {
    this.#town = town;
    this.#do = deeds;
    const container = town.map.getContainer();
    this.#element = document.createElement("span");
    this.#element.className = "draw-cross";
    this.#element.setAttribute("aria-hidden", "true");
    this.#element.hidden = true;
    container.append(this.#element);
    this.#keyboardWas = town.map.keyboard?.enabled() ?? false;
    town.map.keyboard?.disable();
    this.#listen(container, "keydown", (event) => this.#key(event));
    // Who points with a mouse has no use for a crosshair.
    this.#listen(container, "pointerdown", () => this.#hide());
    this.#listen(container, "blur", () => this.#hide());
    if (container.tabIndex < 0) container.tabIndex = 0;
  }

  /** [lon, lat] under the crosshair, or in the visible middle while it is not shown. */
  position() {
    const { map, view } = this.#town;
    const { lng, lat } = map.containerPointToLatLng(this.#at ?? view.centrePoint());
    return [lng, lat];
  }

  stop() {
    this.#hide();
    this.#element.remove();
    this.#stops.forEach((stop) => stop());
    if (this.#keyboardWas) this.#town.map.keyboard?.enable();
  }

  #listen(target, kind, handler) {
    target.addEventListener(kind, handler);
    this.#stops.push(() => target.removeEventListener(kind, handler));
  }

  #key(event) {
    const { map, view } = this.#town;
    if (event.target !== map.getContainer() || event.ctrlKey || event.metaKey || event.altKey) return;
    const arrow = ARROWS[event.key];
    if (arrow) this.#move(arrow, event.shiftKey ? FINE_PX : STEP_PX);
    else if (event.key === "Enter" || event.key === " ") this.#enter();
    else if (event.key === "Backspace") this.#do.onUndo();
    else if (event.key === "Delete") this.#do.onRemove();
    else if (event.key === "+" || event.key === "=") view.zoomBy(1);
    else if (event.key === "-") view.zoomBy(-1);
    else return;
    event.preventDefault();
    event.stopPropagation();
  }

  #enter() {
    if (this.#at) this.#do.onSet(this.position());
    else this.#show();
  }

  #show() {
    this.#at = this.#town.view.centrePoint();
    this.#place();
  }

  #hide() {
    this.#at = null;
    this.#element.hidden = true;
  }

  #move([dx, dy], step) {
    if (!this.#at) {
      this.#show();
      return;
    }
    const { map, view } = this.#town;
    const { x, y } = map.getSize();
    const { top, right, bottom, left } = view.padding;
    const next = this.#at.add([dx * step, dy * step]);
    const kept = next.clone();
    kept.x = Math.max(left + EDGE_PX, Math.min(x - right - EDGE_PX, next.x));
    kept.y = Math.max(top + EDGE_PX, Math.min(y - bottom - EDGE_PX, next.y));
    const beyond = next.subtract(kept);
    if (beyond.x || beyond.y) view.panBy(beyond.x, beyond.y);
    this.#at = kept;
    this.#place();
  }

  #place() {
    this.#element.hidden = false;
    this.#element.style.transform = `translate(${this.#at.x}px, ${this.#at.y}px)`;
  }
}

/**
 * The keys of the drawing tool on a town map.
 * @param {object} town
 * @param {{onSet: (corner: number[]) => void, onUndo: () => void, onRemove: () => void}} deeds
 */
export function drawKeys(town, deeds) {
  return new Keys(town, deeds);
}
