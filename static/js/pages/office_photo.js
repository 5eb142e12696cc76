/** The corners of the map on a photo: clicked one after another, or moved with the arrow keys. */

import { h } from "#js/lib/dom.js";
import { _ } from "#js/lib/words.js";
import { svgElement } from "#js/map/shapes.js";

/** In pixels of the screen. */
const STEP_PX = 1;
const BIG_STEP_PX = 10;

const CORNERS = ["top_left", "top_right", "bottom_right", "bottom_left"];

/** The glass beside the pointer shows the photo's own pixels. */
const GLASS_PX = 150;

/** Where a place on the screen lies in the picture, in its own pixels. */
export function inPicture(at, box, size) {
  return {
    x: Math.min(Math.max(((at.x - box.left) / box.width) * size.width, 0), size.width),
    y: Math.min(Math.max(((at.y - box.top) / box.height) * size.height, 0), size.height),
  };
}

function connect(form) {
  const stage = form.querySelector("[data-stage]");
  const picture = stage.querySelector("img");
  const asked = form.querySelector("[data-ask]");
  const anew = form.querySelector("[data-anew]");
  const words = Object.fromEntries(
    CORNERS.map((key) => [key, form.querySelector(`[data-corner="${key}"] .photo-corner-name`).textContent]),
  );
  const field = (key, axis) => form.elements[`${key}_${axis}`];
  const outline = svgElement("polygon", { class: "photo-outline" });
  const drawing = svgElement("svg", { class: "photo-drawing", "aria-hidden": "true" });
  drawing.append(outline);
  const handles = Object.fromEntries(CORNERS.map((key) => [key, handle(key)]));
  const glass = h("div.photo-glass", { hidden: true, "aria-hidden": "true" });
  glass.style.backgroundImage = `url("${picture.src}")`;
  stage.append(drawing, ...Object.values(handles), glass);

  const size = () => ({ width: picture.naturalWidth, height: picture.naturalHeight });
  const placed = (key) => field(key, "x").value.trim() !== "" && field(key, "y").value.trim() !== "";
  const place = (key) => ({ x: Number(field(key, "x").value), y: Number(field(key, "y").value) });
  const next = () => CORNERS.find((key) => !placed(key));

  function put(key, at) {
    field(key, "x").value = at.x.toFixed(1);
    field(key, "y").value = at.y.toFixed(1);
    draw();
  }

  function handle(key) {
    const mark = h("button.photo-handle", {
      type: "button",
      hidden: true,
      "aria-label": _("%(corner)s corner: move it with the arrow keys", { corner: words[key] }),
    });
    mark.addEventListener("keydown", (event) => {
      const ways = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
      const way = ways[event.key];
      if (!way) return;
      event.preventDefault();
      const step = ((event.shiftKey ? BIG_STEP_PX : STEP_PX) * size().width) / picture.clientWidth;
      const at = place(key);
      put(key, { x: Math.max(0, at.x + way[0] * step), y: Math.max(0, at.y + way[1] * step) });
    });
    mark.addEventListener("pointerdown", (event) => {
      event.preventDefault();
      mark.focus();
      mark.setPointerCapture(event.pointerId);
      const move = (moved) =>
        put(key, inPicture({ x: moved.clientX, y: moved.clientY }, picture.getBoundingClientRect(), size()));
      mark.addEventListener("pointermove", move);
      mark.addEventListener("lostpointercapture", () => mark.removeEventListener("pointermove", move), {
        once: true,
      });
    });
    mark.addEventListener("click", (event) => event.stopPropagation());
    return mark;
  }

  function draw() {
    const { width, height } = size();
    if (!width) return;
    drawing.setAttribute("viewBox", `0 0 ${width} ${height}`);
    const set = CORNERS.filter(placed);
    outline.setAttribute("points", set.map((key) => `${place(key).x},${place(key).y}`).join(" "));
    for (const key of CORNERS) {
      handles[key].hidden = !placed(key);
      if (!placed(key)) continue;
      handles[key].style.left = `${(100 * place(key).x) / width}%`;
      handles[key].style.top = `${(100 * place(key).y) / height}%`;
    }
    anew.hidden = !set.length;
    const wanted = next();
    const said = wanted
      ? _("Click the corner of the map: %(corner)s.", { corner: words[wanted].toLowerCase() })
      : _("All four are set. Drag one, or move it with the arrow keys, if it is not right.");
    if (asked.textContent !== said) asked.textContent = said;
    stage.classList.toggle("is-asking", Boolean(wanted));
  }

  function look(event) {
    const box = picture.getBoundingClientRect();
    const at = inPicture({ x: event.clientX, y: event.clientY }, box, size());
    const [x, y] = [event.clientX - box.left, event.clientY - box.top];
    glass.hidden = x < 0 || y < 0 || x > box.width || y > box.height;
    glass.style.backgroundPosition = `${GLASS_PX / 2 - at.x}px ${GLASS_PX / 2 - at.y}px`;
    // On the side where there is room, so that it never covers the corner itself.
    glass.style.left = `${x + (x > box.width / 2 ? -GLASS_PX - 30 : 30)}px`;
    glass.style.top = `${y + (y > box.height / 2 ? -GLASS_PX - 30 : 30)}px`;
  }

  stage.addEventListener("pointermove", look);
  stage.addEventListener("pointerleave", () => {
    glass.hidden = true;
  });
  stage.addEventListener("click", (event) => {
    const wanted = next();
    if (!wanted) return;
    put(wanted, inPicture({ x: event.clientX, y: event.clientY }, picture.getBoundingClientRect(), size()));
    handles[wanted].focus({ preventScroll: true });
  });
  anew.addEventListener("click", () => {
    for (const key of CORNERS) for (const axis of ["x", "y"]) field(key, axis).value = "";
    draw();
  });
  form.addEventListener("input", draw);
  picture.addEventListener("load", draw);
  asked.hidden = false;
  draw();
}

const form = globalThis.document?.getElementById("by-hand");
if (form) connect(form);
