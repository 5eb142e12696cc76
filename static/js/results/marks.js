/** The published pins over the heat: fetched when somebody first comes near enough to tell them apart. */

import { pinLayer } from "#js/map/pins.js";
import { request } from "#js/lib/api.js";

/** From this zoom up single pins say more than the surface. */
export const NEAR_ZOOM = 16;

export class Marks {
  #town;
  #url;
  #layer;
  #order = null;
  #loading = null;
  #category = null;

  /** @param {{town: object, url: string, categories: object[], onPick: (hit: object) => void}} parts */
  constructor({ town, url, categories, onPick }) {
    this.#town = town;
    this.#url = url;
    this.#layer = pinLayer({ categories, onPick });
    this.#order = categories.map(({ key }) => key);
    town.map.on("zoomend", () => this.#update());
    this.#update();
  }

  /** Shows the pins of one category, or all for null. */
  show(category) {
    this.#category = category;
    const index = this.#order.indexOf(category);
    this.#layer.setVisible(index < 0 ? null : new Set([index]));
  }

  /** Whether the map is near enough for single pins. */
  get shown() {
    return this.#town.map.getZoom() >= NEAR_ZOOM;
  }

  highlight(index) {
    this.#layer.highlight(index);
  }

  #update() {
    const { map } = this.#town;
    const near = this.shown;
    if (!near && map.hasLayer(this.#layer)) map.removeLayer(this.#layer);
    if (near && !map.hasLayer(this.#layer)) this.#add();
  }

  async #add() {
    try {
      this.#loading ??= request("GET", this.#url).then((columns) => this.#take(columns));
      await this.#loading;
    } catch {
      // The heat is there without them; the next zoom tries again.
      this.#loading = null;
      return;
    }
    if (this.shown) this.#layer.addTo(this.#town.map);
  }

  #take(columns) {
    this.#layer.setData(columns);
    this.show(this.#category);
  }
}
