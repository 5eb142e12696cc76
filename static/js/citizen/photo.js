/**
 * Photos with pins on the phone: chosen or taken, shrunk here so that little is sent and nothing of what the camera
 * wrote beside the pixels leaves the device, described for those who can't see them, taken back.
 */

import { inWords } from "#js/citizen/deeds.js";
import { sendPhoto } from "#js/citizen/photo_sending.js";
import { pinOf } from "#js/citizen/state.js";
import { request } from "#js/lib/api.js";
import { h, icon, replace, typeset } from "#js/lib/dom.js";
import { deviceToken } from "#js/lib/store.js";
import { toast } from "#js/lib/toast.js";
import { _ } from "#js/lib/words.js";

export { sendPhoto };

export const MOST_PX = 1600;
export const MOST_ALT = 300;
const MOST_BYTES = 12 * 1024 * 1024;
const QUALITY = 0.82;

/** The size in which a picture is sent: at most MOST_PX long, never larger than it is. */
export function fitted(width, height) {
  const scale = Math.min(1, MOST_PX / Math.max(width, height));
  return { width: Math.max(1, Math.round(width * scale)), height: Math.max(1, Math.round(height * scale)) };
}

/** Whether the server may open what this browser can't: photos of iPhones on other systems. */
export const isHeic = ({ type = "", name = "" }) => /^image\/hei[cf]/.test(type) || /\.hei[cf]$/i.test(name);

/** A photo as a small JPEG of pixels and nothing else, upright; what no browser can open throws. */
export async function shrunk(file) {
  const url = URL.createObjectURL(file);
  const canvas = document.createElement("canvas");
  try {
    const image = new Image();
    image.src = url;
    await image.decode();
    Object.assign(canvas, fitted(image.naturalWidth, image.naturalHeight));
    const pen = canvas.getContext("2d");
    pen.fillStyle = "white";
    pen.fillRect(0, 0, canvas.width, canvas.height);
    pen.imageSmoothingQuality = "high";
    pen.drawImage(image, 0, 0, canvas.width, canvas.height);
    const blob = await new Promise((done) => canvas.toBlob(done, "image/jpeg", QUALITY));
    if (!blob) throw new Error("the photo could not be drawn");
    return blob;
  } catch (failure) {
    if (isHeic(file) && file.size <= MOST_BYTES) return file;
    throw failure;
  } finally {
    URL.revokeObjectURL(url);
    // Phones give the memory of a canvas back only when it is empty.
    canvas.width = canvas.height = 0;
  }
}

/** The field of a photo for the draft; it keeps what was chosen in the state. */
export function photoField(page, photo) {
  const keep = (now) => page.dispatch({ type: "photo", photo: now });
  return chooser(page, photo?.blob ? photo : null, keep);
}

function chooser(page, chosen, onChange) {
  const box = h("div.photo-field");
  const status = h("p.photo-status", { role: "status" });
  let photo = chosen;

  const set = (now) => {
    photo = now;
    onChange(now);
    draw();
  };

  async function take(event) {
    const [file] = event.target.files;
    event.target.value = "";
    if (!file) return;
    status.textContent = _("Preparing the photo…");
    try {
      const blob = await shrunk(file);
      set({ blob, alt: photo?.alt ?? "" });
      status.textContent = _("The photo is added.");
      box.querySelector(".photo-alt")?.focus({ preventScroll: true });
    } catch {
      status.textContent = _("We can’t open this photo. Please try another one.");
    }
  }

  function remove() {
    set(null);
    status.textContent = _("The photo is removed.");
    box.querySelector("input")?.focus({ preventScroll: true });
  }

  function draw() {
    replace(
      box,
      photo && preview(photo, (alt) => onChange((photo = { ...photo, alt }))),
      h(
        "div.photo-ways",
        {},
        h(
          "label.button.photo-choose",
          {},
          h("input.visually-hidden", { type: "file", accept: "image/*", onchange: take }),
          icon("camera"),
          h("span", {}, photo ? _("Another photo") : _("Add a photo")),
        ),
        photo &&
          h("button.button.button-quiet", { type: "button", onclick: remove }, icon("trash"), h("span", {}, _("Remove"))),
      ),
      status,
      h("p.field-help", {}, typeset(_("No faces or number plates, please. The town office looks at the photo first."))),
    );
  }
  draw();
  return box;
}

function preview(photo, onAlt) {
  const id = "photo-alt";
  const area = h("input.input.photo-alt", {
    id,
    maxlength: MOST_ALT,
    autocomplete: "off",
    "aria-describedby": `${id}-help`,
    oninput: () => onAlt(area.value),
  });
  area.value = photo.alt ?? "";
  return [
    blobPicture(photo.blob, photo.alt || _("Your photo")),
    h(
      "div.field",
      {},
      h("label", { for: id }, typeset(_("What is in the photo?"))),
      h("p.field-help", { id: `${id}-help` }, typeset(_("For people who can’t see it. You can leave this empty."))),
      area,
    ),
  ];
}

/** A picture of bytes that are here; one that this browser can't show is left out. */
function blobPicture(blob, alt) {
  const src = URL.createObjectURL(blob);
  const image = h("img.photo", { src, alt, onload: () => URL.revokeObjectURL(src), onerror: () => image.remove() });
  return image;
}

/** The photo of a pin as everybody sees it; pressed, it opens large. */
export function picture(page, pin) {
  const address = `${page.config.photosUrl}${pin.id}.jpg`;
  const alt = pin.picture.alt || _("Photo of this place, not described");
  const image = h("img.photo", { src: `${address}?small`, alt, loading: "lazy", onerror: () => link.remove() });
  const link = h("a.photo-link", { href: address, target: "_blank", rel: "noopener" }, image);
  return link;
}

const FATES = {
  waiting: () => _("Others will see the photo once the town office has looked at it."),
  refused: ({ reason }) =>
    reason
      ? _("The town office does not show the photo: %(reason)s", { reason })
      : _("The town office does not show the photo."),
};

/** The photo of one's own pin, what became of it, and what may be done with it. */
export function ownPicture(page, pin) {
  const box = h("div.own-photo");
  if (pin.picture) showOwn(page, pin, box);
  else offer(page, pin, box);
  return box;
}

function showOwn(page, pin, box) {
  const { state } = pin.picture;
  const image = h("div.photo-own-place");
  readOwn(page, pin).then(
    (blob) => image.append(blobPicture(blob, pin.picture.alt || _("Your photo"))),
    () => {},
  );
  replace(
    box,
    image,
    FATES[state] && h(state === "refused" ? "p.notice.notice-warn" : "p.soft", {}, typeset(FATES[state](pin.picture))),
    page.config.open &&
      h(
        "button.button.button-quiet",
        { type: "button", onclick: (event) => takeBack(page, pin, event.currentTarget) },
        icon("trash"),
        h("span", {}, _("Remove the photo")),
      ),
  );
}

/** A photo that is not shown has no address for everybody: its author's token opens it. */
async function readOwn(page, { id }) {
  const headers = { Authorization: `Bearer ${deviceToken(page.store)}` };
  const answer = await fetch(`${page.config.api}/items/${id}/photo?small`, { headers, credentials: "omit" });
  if (!answer.ok) throw new Error(`status ${answer.status}`);
  return answer.blob();
}

/** Takes the photo of a stored pin back. */
export const removePhoto = (api, id, token) => request("DELETE", `${api}/items/${id}/photo`, { token });

async function takeBack(page, pin, button) {
  button.disabled = true;
  try {
    await removePhoto(page.config.api, pin.id, deviceToken(page.store));
    page.dispatch({ type: "restored", pin: { ...(pinOf(page.state(), pin.id) ?? pin), picture: null } });
    toast(_("The photo is deleted."));
  } catch (problem) {
    button.disabled = false;
    toast(inWords(problem), { seconds: 8 });
  }
}

/** A stored pin gets a photo: chosen, described, and sent by a button of its own. */
function offer(page, pin, box) {
  const send = h("button.button.button-primary.button-block", { type: "button", hidden: true }, _("Send the photo"));
  const refusal = h("p.field-error", { role: "alert", hidden: true });
  let photo = null;
  const field = chooser(page, null, (now) => {
    photo = now;
    send.hidden = !now;
  });
  send.addEventListener("click", async () => {
    send.disabled = true;
    refusal.hidden = true;
    try {
      const now = await page.deeds.post.send("photo", { ...pin, photo });
      page.dispatch({ type: "restored", pin: now });
      if (!now.waiting) toast(_("Thank you. The town office looks at the photo first."));
    } catch (problem) {
      refusal.textContent = inWords(problem);
      refusal.hidden = send.disabled = false;
    }
  });
  replace(box, field, refusal, send);
}
