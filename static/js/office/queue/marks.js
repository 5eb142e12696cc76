/** Which words of a comment will be covered: a click leaves a marked one, a selection adds others. */

import { _ } from "#js/lib/words.js";

const MOST_SELECTED = 200;

/** The words selected within one comment, or an empty text. */
export function selectedWords(selection, item) {
  const comment = item?.querySelector("[data-comment]");
  if (!comment || !selection?.rangeCount || selection.isCollapsed) return "";
  if (!comment.contains(selection.anchorNode) || !comment.contains(selection.focusNode)) return "";
  const words = selection.toString().trim();
  return words.length <= MOST_SELECTED ? words : "";
}

/** Words appended to those already written. */
export function added(written, words) {
  const all = written.split(",").map((word) => word.trim()).filter(Boolean);
  for (const word of words.split(",").map((part) => part.trim()).filter(Boolean)) if (!all.includes(word)) all.push(word);
  return all.join(", ");
}

/** Connects the marks and selections of all items in `place`. */
export function connectMarks(place) {
  place.addEventListener("click", (event) => {
    const mark = event.target.closest("mark[data-span]");
    const item = mark?.closest("[data-pin]");
    const keep = item?.querySelector("[data-keep]");
    if (!keep || !mark.closest("[data-comment]")) return;
    const kept = mark.classList.toggle("is-kept");
    mark.title = kept ? _("This will stay readable.") : _("This will be covered.");
    keep.value = [...item.querySelectorAll("[data-comment] mark.is-kept")].map((one) => one.dataset.span).join(" ");
  });
  document.addEventListener("selectionchange", () => {
    const selection = document.getSelection();
    const item = selection?.anchorNode?.parentElement?.closest("[data-pin]");
    const words = item && place.contains(item) ? selectedWords(selection, item) : "";
    if (words) place.dataset.selected = words;
    else delete place.dataset.selected;
  });
}

/** Opens the field for other words with what is selected in it; gives whether there was something. */
export function takeSelected(item) {
  const words = selectedWords(document.getSelection(), item);
  const box = item?.querySelector("[data-words]");
  if (!words || !box) return false;
  box.open = true;
  const field = box.querySelector(".input");
  field.value = added(field.value, words);
  field.focus();
  return true;
}
