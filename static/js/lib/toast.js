/** Short messages over the page: what just happened, and the way back while there is one. */

import { h } from "#js/lib/dom.js";

let place = null;
let current = null;

function toasts() {
  if (!place?.isConnected) {
    place = h("div.toasts", { role: "status", "aria-live": "polite" });
    document.body.append(place);
    document.addEventListener("focusin", makeWay);
  }
  return place;
}

/** Share of something that a message may lie over while it has the focus. */
const MOST_COVERED = 0.5;

/** The message goes to the other end of the window when it lies over what comes to have the focus. */
function makeWay({ target }) {
  const message = place?.firstElementChild;
  if (!message || place.contains(target)) return;
  const [over, under] = [message.getBoundingClientRect(), target.getBoundingClientRect()];
  const wide = Math.min(over.right, under.right) - Math.max(over.left, under.left);
  const high = Math.min(over.bottom, under.bottom) - Math.max(over.top, under.top);
  const covered = Math.max(0, wide) * Math.max(0, high);
  if (covered > MOST_COVERED * under.width * under.height) place.classList.toggle("is-aside");
}

/**
 * Shows a message, in the stead of the one before; gives a function that takes it away.
 * One with an action stays three times as long, and as long as it has the focus or the pointer over it.
 */
export function toast(text, { action = "", onAction = null, seconds = action ? 15 : 5 } = {}) {
  current?.();
  let timer = 0;
  const close = () => {
    clearTimeout(timer);
    element.remove();
    if (current === close) current = null;
  };
  const wait = () => {
    clearTimeout(timer);
    timer = setTimeout(close, seconds * 1000);
  };
  const hold = () => clearTimeout(timer);
  const act = () => {
    close();
    onAction?.();
  };
  const element = h(
    "div.toast",
    { onpointerenter: hold, onpointerleave: wait, onfocusin: hold, onfocusout: wait },
    h("p", {}, text),
    action && h("button.button", { type: "button", onclick: act }, action),
  );
  toasts().classList.remove("is-aside");
  place.replaceChildren(element);
  current = close;
  wait();
  return close;
}
