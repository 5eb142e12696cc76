/** Paints the tiles of a town's own vector layer; knows no page, so that a worker can do it as well. */

import { drawGround } from "#js/map/drawing.js";
import { placeLabels } from "#js/map/labels.js";
import { drawLabels, textMeasure } from "#js/map/lettering.js";

export class GroundPainter {
  #atlas;
  #tones = null;
  #family = "";
  #measure = null;
  #names = new Map();

  /** @param {import("#js/map/atlas.js").Atlas} atlas */
  constructor(atlas) {
    this.#atlas = atlas;
  }

  /** Takes the colours and the font of the page: {tones, family}. */
  look({ tones, family }) {
    this.#tones = tones;
    if (family === this.#family) return;
    this.#family = family;
    this.#measure = textMeasure(family || undefined);
    this.#names.clear();
  }

  /** Paints one tile on a canvas: {x, y, z} counted as the web counts tiles of this size in pixels. */
  paint(canvas, { x, y, z }, tileSize) {
    const grain = canvas.width / tileSize;
    const ctx = canvas.getContext("2d", { alpha: false });
    ctx.setTransform(grain, 0, 0, grain, 0, 0);
    const tile = { x: x * tileSize, y: y * tileSize, size: tileSize, zoom: z };
    drawGround(ctx, this.#atlas, tile, this.#tones);
    const box = [tile.x, tile.y, tile.x + tileSize, tile.y + tileSize];
    drawLabels(ctx, this.#namesAt(z).within(box), tile, this.#tones, this.#family || undefined);
  }

  #namesAt(zoom) {
    if (!this.#names.has(zoom)) this.#names.set(zoom, placeLabels(this.#atlas, zoom, this.#measure));
    return this.#names.get(zoom);
  }
}
