/** Where photos stand in the screens: nothing where the map takes none, and their script only where one is needed. */

import { h } from "#js/lib/dom.js";

const script = () => import("#js/citizen/photo.js");

/** A place that `draw(module)` fills once the script of photos is there; without a connection it may stay empty. */
function slot(draw) {
  const element = h("div.photo-slot");
  script().then(
    (module) => element.append(...[draw(module)].filter(Boolean)),
    () => element.remove(),
  );
  return element;
}

/** The field for a photo of the draft, or nothing. */
export const draftPhoto = (page, state) =>
  page.config.photosUrl && page.config.open && state.draft?.mode === "new"
    ? slot(({ photoField }) => photoField(page, state.draft.photo))
    : null;

/** The photo of one's own pin with what became of it, and the ways to add or remove it; or nothing. */
export const ownPhoto = (page, pin) =>
  pin.picture || (page.config.photosUrl && page.config.open && !pin.waiting)
    ? slot(({ ownPicture }) => ownPicture(page, pin))
    : null;

/** The photo of somebody's pin, once it is shown; or nothing. */
export const othersPhoto = (page, pin) =>
  pin.picture?.url && page.config.photosUrl ? slot(({ picture }) => picture(page, pin)) : null;
