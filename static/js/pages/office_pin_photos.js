/** The page of photos: boxes drawn over what is to be covered; everything else is plain forms. */

import { connectCover, written } from "#js/office/cover.js";

for (const item of document.querySelectorAll("[data-photo]")) {
  const find = (name) => item.querySelector(`[data-${name}]`);
  const cover = connectCover(find("frame"), (boxes) => {
    find("boxes").value = written(boxes);
    find("do-cover").disabled = !boxes.length;
  });
  find("frame").classList.add("is-lively");
  find("hint").hidden = find("cover").hidden = false;
  find("add").addEventListener("click", cover.add);
}
document.documentElement.dataset.office = "ready";
