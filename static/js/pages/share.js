/** Pages that are read: their buttons to pass the page on, and their manners in a frame. */

import { isEmbedded, keepToFrame, tellHeight } from "#js/lib/frame.js";
import { passOn } from "#js/lib/share.js";

for (const button of document.querySelectorAll("[data-share]")) {
  button.hidden = false;
  button.addEventListener("click", () => passOn({ title: button.dataset.title, url: button.dataset.share }));
}

if (isEmbedded()) {
  keepToFrame();
  tellHeight(location.pathname.split("/m/")[1]?.split("/")[0] ?? "");
}
