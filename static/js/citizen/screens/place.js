/** The crosshair screen: which feeling, where it would land, and the one button that places it. */

import { problemPlace } from "#js/citizen/pieces.js";
import { plainWays } from "#js/citizen/plain_ways.js";
import { categoryOf, obstacle, screen } from "#js/citizen/state.js";
import { h, icon, replace, shapeIcon, typeset } from "#js/lib/dom.js";
import { _ } from "#js/lib/words.js";

const PATIENCE_MS = 12000;

export function placeScreen(page, state) {
  const { draft } = state;
  const moving = draft.mode === "move";
  const category = categoryOf(state, draft.category);
  const title = h(
    "h2.sheet-title",
    { tabindex: "-1", "data-category": category.key },
    shapeIcon(category.shape),
    h("span", {}, typeset(category.label)),
  );
  const status = h("p.place-status");
  const refusal = problemPlace();
  const ahead = h("button.button.button-primary.place-ahead", {
    type: "button",
    "data-category": category.key,
    onclick: () => go(),
  });
  const spot = h(
    "button.button.button-icon.place-locate",
    { type: "button", "aria-label": _("Where I am"), title: _("Where I am"), onclick: () => locate(page, spot) },
    icon("locate"),
  );
  const seek = h(
    "button.button.button-icon",
    {
      type: "button",
      "aria-label": _("Find a street or place"),
      title: _("Find a street or place"),
      onclick: () => page.dispatch({ type: "open", screen: { name: "search" } }),
    },
    icon("search"),
  );
  let way = null;

  const ways = {
    ok: [() => (moving ? _("Move it here") : _("It is here")), () => page.here()],
    unsettled: [() => (moving ? _("Move it here") : _("It is here")), () => page.here()],
    far: [() => _("Come closer"), () => page.scene.comeCloser()],
    outside: [() => _("Back to the map"), () => page.scene.wholeTown()],
  };
  const go = () => ways[way ?? "ok"][1]();

  const update = (now) => {
    if (!now.draft || screen(now).name !== "place") return;
    way = obstacle(now) ?? "ok";
    replace(ahead, ways[way]?.[0]() ?? "");
    ahead.classList.toggle("is-detour", way === "far" || way === "outside");
    ahead.disabled = now.sending;
    const words = statusWords(page, now, way);
    if (status.textContent !== words) {
      status.textContent = words;
      if (way !== "unsettled") page.say(words);
    }
    status.classList.toggle("is-warning", way === "outside");
    refusal.show(now.problem);
  };

  const back = h(
    "button.button.button-quiet.button-icon.sheet-back",
    { type: "button", "aria-label": _("Back"), onclick: () => page.dispatch({ type: "back" }) },
    icon("back"),
  );
  const children = [
    h("div.sheet-head", {}, back, title),
    refusal.element,
    status,
    h(
      "div.place-row",
      {},
      page.scene.canSearch && seek,
      navigator.geolocation && window.isSecureContext && spot,
      ahead,
    ),
    keysHint(page),
    !moving && plainWays(page, state, { category: category.key }),
  ];
  return { children, focus: page.mapElement, update };
}

/** The keys, for those who have some. */
function keysHint(page) {
  const hint = (keys, words) =>
    h(
      "span",
      {},
      keys.map((key) => [h("kbd", {}, key), " "]),
      words,
    );
  return h(
    "p.keys-hint",
    {},
    hint(["←", "↑", "↓", "→"], _("move the map")),
    hint(["+", "−"], _("zoom")),
    hint(["Enter"], _("place the pin")),
    h(
      "button.link-button",
      { type: "button", onclick: () => page.dispatch({ type: "open", screen: { name: "keys" } }) },
      _("All keys"),
    ),
  );
}

function statusWords(page, state, way) {
  const { lon, lat } = state.draft;
  if (way === "outside") return _("This is outside the map. Move back inside its border.");
  if (way === "far") return _("Come closer, so that the place is clear.");
  const near = page.scene.nearest(lon, lat);
  if (near) return _("Nearest: %(near)s", { near });
  return _("Move the map until the point is on the place.");
}

/** Brings the map to where the person stands, if they allow it and stand in the town. */
function locate(page, button) {
  button.setAttribute("aria-busy", "true");
  const done = (words) => {
    button.removeAttribute("aria-busy");
    if (words) page.tell(words);
  };
  navigator.geolocation.getCurrentPosition(
    ({ coords: { longitude, latitude } }) => {
      if (screen(page.state()).name !== "place") return done();
      if (!page.scene.inside(longitude, latitude)) return done(_("You seem to be outside this map."));
      page.scene.goTo(longitude, latitude);
      return done();
    },
    (failure) =>
      done(
        failure.code === failure.PERMISSION_DENIED
          ? _("Your browser keeps your position to itself. You can move the map or find a street.")
          : _("Your position could not be found. You can move the map or find a street."),
      ),
    { enableHighAccuracy: true, timeout: PATIENCE_MS, maximumAge: 60000 },
  );
}
