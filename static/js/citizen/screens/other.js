/** Somebody else's mark: what it says, the town's answer, and "I feel the same". */

import { answersInWords, heading, townAnswer } from "#js/citizen/pieces.js";
import { othersPhoto } from "#js/citizen/photo_slot.js";
import { categoryOf, screen } from "#js/citizen/state.js";
import { h, icon, replace, typeset } from "#js/lib/dom.js";
import { _, day, number } from "#js/lib/words.js";

export function otherScreen(page, state) {
  const { id, category: key } = screen(state);
  const category = categoryOf(state, key);
  const { row, title } = heading(page, category?.label ?? "", { category });
  const box = h(
    "div.other",
    { "aria-busy": "true" },
    h("div.skeleton.skeleton-line"),
    h("div.skeleton.skeleton-line.skeleton-short"),
  );
  let pin = null;
  const draw = (now) =>
    pin &&
    replace(
      box,
      words(page, pin),
      supportWay(page, now, pin, (supports) => {
        pin = { ...pin, supports };
        draw(page.state());
      }),
    );
  page.deeds.read(id).then(
    (found) => {
      pin = found;
      box.removeAttribute("aria-busy");
      draw(page.state());
    },
    () => {
      box.removeAttribute("aria-busy");
      replace(box, h("p.soft", {}, _("This pin is no longer here, or there is no connection just now.")));
    },
  );
  return { children: [row, box], focus: title };
}

function words(page, pin) {
  const near = page.scene.nearest(pin.lon, pin.lat);
  const said = answersInWords(page, pin);
  return [
    near && h("p.sheet-place", {}, near),
    pin.comment
      ? h("blockquote.quote", { "data-category": pin.category }, h("p", {}, typeset(pin.comment)))
      : h("p.soft", {}, _("Without a comment.")),
    othersPhoto(page, pin),
    h("p.quote-meta", {}, [...said, pin.createdAt && day(pin.createdAt)].filter(Boolean).join(" · ")),
    townAnswer(pin),
  ];
}

function supportWay(page, state, pin, onSupports) {
  if (!page.config.open) return null;
  const on = state.supported.includes(pin.id);
  const press = async (event) => {
    event.currentTarget.disabled = true;
    const supports = await page.deeds.support(pin.id, !on);
    onSupports(supports ?? pin.supports);
    document.querySelector(".support")?.focus({ preventScroll: true });
  };
  return h(
    "button.button.button-block.support",
    { type: "button", "aria-pressed": String(on), onclick: press },
    icon(on ? "check" : "heart"),
    h("span", {}, _("I feel the same")),
    pin.supports > 0 && h("span.count", {}, number(pin.supports)),
  );
}
