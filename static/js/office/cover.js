/** Boxes over a photo: drawn by dragging or by two clicks, moved and sized by keys; in thousandths of the photo. */

import { h } from "#js/lib/dom.js";
import { _ } from "#js/lib/words.js";

const PARTS = 1000;
const STEP = 10;
const LEAST = 12;
/** Pixels that a hand slips while it only clicks. */
const SLIP_PX = 6;

const clamp = (value) => Math.max(0, Math.min(PARTS, Math.round(value)));

/** The box between two corners, whichever comes first; at least so large that it can be seen. */
export function boxOf(a, b) {
  const [left, right] = [Math.min(a.x, b.x), Math.max(a.x, b.x)];
  const [top, bottom] = [Math.min(a.y, b.y), Math.max(a.y, b.y)];
  return sized({ left: clamp(left), top: clamp(top), right: clamp(right), bottom: clamp(bottom) });
}

const sized = (box) => ({
  ...box,
  right: Math.max(box.right, Math.min(PARTS, box.left + LEAST)),
  bottom: Math.max(box.bottom, Math.min(PARTS, box.top + LEAST)),
});

/** The box a step further that way, still whole within the photo; with `size` its right and lower edges move. */
export function stepped(box, dx, dy, size = false) {
  if (size) {
    return sized({ ...box, right: clamp(box.right + dx * STEP), bottom: clamp(box.bottom + dy * STEP) });
  }
  const right = Math.max(-box.left, Math.min(PARTS - box.right, dx * STEP));
  const down = Math.max(-box.top, Math.min(PARTS - box.bottom, dy * STEP));
  return { left: box.left + right, top: box.top + down, right: box.right + right, bottom: box.bottom + down };
}

/** The boxes as the form sends them. */
export const written = (boxes) =>
  boxes.map(({ left, top, right, bottom }) => `${left} ${top} ${right} ${bottom}`).join(";");

const KEYS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

/** Lets boxes be drawn over the photo in `frame`; `onChange` gets them whenever they change. */
export function connectCover(frame, onChange) {
  const boxes = new Map();
  let first = null;
  let drawn = null;
  let from = null;

  const told = () => onChange([...boxes.values()]);
  const place = (element, box) => {
    boxes.set(element, box);
    element.style.left = `${box.left / 10}%`;
    element.style.top = `${box.top / 10}%`;
    element.style.width = `${(box.right - box.left) / 10}%`;
    element.style.height = `${(box.bottom - box.top) / 10}%`;
  };
  const remove = (element) => {
    boxes.delete(element);
    element.remove();
    told();
  };

  function add(box) {
    const element = h("button.pin-photo-box", {
      type: "button",
      "aria-label": _("Part to be covered: arrows move it, Shift and arrows size it, Delete takes it away"),
      onkeydown: (event) => {
        const way = KEYS[event.key];
        if (way) place(element, stepped(boxes.get(element), ...way, event.shiftKey));
        else if (event.key === "Delete" || event.key === "Backspace") remove(element);
        else return;
        event.preventDefault();
        told();
      },
      ondblclick: () => remove(element),
    });
    place(element, box);
    frame.append(element);
    told();
    return element;
  }

  const at = (event) => {
    const box = frame.getBoundingClientRect();
    return { x: ((event.clientX - box.left) / box.width) * PARTS, y: ((event.clientY - box.top) / box.height) * PARTS };
  };
  const far = (event) => Math.hypot(event.clientX - from.px, event.clientY - from.py) > SLIP_PX;

  frame.addEventListener("pointerdown", (event) => {
    if (event.button !== 0 || event.target.closest(".pin-photo-box")) return;
    event.preventDefault();
    frame.setPointerCapture(event.pointerId);
    from = { ...at(event), px: event.clientX, py: event.clientY };
  });
  frame.addEventListener("pointermove", (event) => {
    if (!from || (!drawn && !far(event))) return;
    const box = boxOf(from, at(event));
    if (drawn) place(drawn, box);
    else drawn = add(box);
  });
  const end = (event) => {
    if (!from) return;
    if (drawn) {
      first = null;
      told();
    } else if (event.type === "pointerup") {
      // No drag is needed: a click is one corner, the next one the other.
      if (first) add(boxOf(first, at(event)));
      first = first ? null : at(event);
      frame.classList.toggle("has-corner", Boolean(first));
    }
    from = drawn = null;
  };
  frame.addEventListener("pointerup", end);
  frame.addEventListener("pointercancel", end);

  return { add: () => add({ left: 400, top: 400, right: 600, bottom: 600 }).focus() };
}
