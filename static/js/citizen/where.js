/** Where a place is, in words for those who don't see the map: what is near, inside or outside, how far the border. */

import { _, distance } from "#js/lib/words.js";

/** Metres from the border from which it is spoken of. */
const NEAR_BORDER_M = 200;

/** Metres up to which one stands at a place rather than near it. */
const AT_M = 12;

const TOWARDS = [
  () => _("to the north"),
  () => _("to the north-east"),
  () => _("to the east"),
  () => _("to the south-east"),
  () => _("to the south"),
  () => _("to the south-west"),
  () => _("to the west"),
  () => _("to the north-west"),
];

const DEGREE_M = (Math.PI * 6371008.8) / 180;

/** Metres and the direction from one place to another: {metres, bearing} with the bearing in degrees from north. */
export function way(from, to) {
  const flatten = Math.cos((from.lat * Math.PI) / 180);
  const east = (to.lon - from.lon) * flatten * DEGREE_M;
  const north = (to.lat - from.lat) * DEGREE_M;
  return { metres: Math.hypot(east, north), bearing: (Math.atan2(east, north) * 180) / Math.PI };
}

/** "to the north-east". */
export const towards = (bearing) => TOWARDS[Math.round((bearing + 360) / 45) % 8]();

/** "40 m to the north-east"; "here" within a few steps. */
export function wayWords({ metres, bearing }) {
  return metres < AT_M ? _("here") : _("%(distance)s %(direction)s", { distance: distance(metres), direction: towards(bearing) });
}

/** What can be told apart on the map at this zoom. */
export function zoomWords(zoom) {
  if (zoom < 13) return _("The map shows the whole town.");
  if (zoom < 15) return _("The map shows a part of the town.");
  if (zoom < 17) return _("The map shows streets.");
  return _("The map shows houses.");
}

/**
 * One place in words.
 * @param {{near: {name: string, distance_m: number}|null, inside: boolean, border: {metres: number, bearing: number}|null,
 *   zoom: number}} place
 * @param {{whole?: boolean, zoomed?: boolean}} [wish] whole: all there is to say; zoomed: what the map shows as well
 */
export function whereWords({ near, inside, border, zoom }, { whole = false, zoomed = false } = {}) {
  const said = [];
  if (near) said.push(near.distance_m > AT_M ? `${near.name}, ${distance(near.distance_m)}.` : `${near.name}.`);
  else if (inside) said.push(_("Nothing with a name is near."));
  if (!inside) said.push(_("Outside the map."));
  else if (whole) said.push(_("Inside the map."));
  if (border && (whole || !inside || border.metres < NEAR_BORDER_M))
    said.push(_("The border is %(way)s.", { way: wayWords(border) }));
  if (zoomed || whole) said.push(zoomWords(zoom));
  return said.join(" ");
}

/** The nearest of many places given as columns {ids, lon, lat, category, flags}, within metres: the nearest first. */
export function nearestOf({ ids, lon, lat, category, flags }, from, { most = 25, within_m = 1000 } = {}) {
  const near = [];
  const slack = within_m / DEGREE_M;
  for (let i = 0; i < ids.length; i += 1) {
    if (Math.abs(lat[i] - from.lat) > slack) continue;
    const there = way(from, { lon: lon[i], lat: lat[i] });
    if (there.metres <= within_m) near.push({ id: ids[i], lon: lon[i], lat: lat[i], category: category[i], flags: flags?.[i] ?? 0, ...there });
  }
  return near.sort((a, b) => a.metres - b.metres).slice(0, most);
}
