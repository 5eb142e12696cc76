/**
 * The worker in which a built page paints its ground, so that the finger on the map never waits for it.
 *
 * Takes {ground: text of the layer}, then {look}, then {tile: {id, coords, tileSize, side}} as often as needed; answers
 * each tile with {id, picture} (an ImageBitmap), or {id} alone where it can't.
 */

import { Atlas } from "#js/map/atlas.js";
import { groundOf } from "#js/map/ground.js";
import { GroundPainter } from "#js/map/ground_painter.js";

/** The painter, once the ground has come and is read. */
let painter = null;

async function painterOf(text) {
  return new GroundPainter(new Atlas(await groundOf(JSON.parse(text))));
}

async function paint({ id, coords, tileSize, side }) {
  const canvas = new OffscreenCanvas(side, side);
  (await painter).paint(canvas, coords, tileSize);
  const picture = canvas.transferToImageBitmap();
  globalThis.postMessage({ id, picture }, [picture]);
}

globalThis.addEventListener("message", ({ data: { ground, look, tile } }) => {
  if (ground) painter = painterOf(ground);
  // A ground that can't be read fails on the page as well, which then shows paper.
  if (look) painter.then((made) => made.look(look)).catch(() => {});
  if (tile) paint(tile).catch(() => globalThis.postMessage({ id: tile.id }));
});
