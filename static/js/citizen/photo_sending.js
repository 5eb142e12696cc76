/** Sending a pin's photo; runs in pages and in the service worker: no document, no window. */

import { request } from "#js/lib/api.js";

/**
 * Puts the photo to a stored pin; the same photo again changes nothing.
 * @param {string} api address of the collection
 * @param {string} id of the pin
 * @param {{blob: Blob, alt?: string}} photo
 * @param {string} token of the device
 * @param {string} [lang] in which refusals are to be worded
 */
export function sendPhoto(api, id, { blob, alt = "" }, token, lang) {
  const body = new FormData();
  body.append("photo", blob, "photo.jpg");
  body.append("alt", alt);
  return request("PUT", `${api}/items/${id}/photo`, { body, token, lang });
}
