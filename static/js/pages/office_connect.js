/** Addresses and commands to be copied, where the browser lets us. */

import { _ } from "#js/lib/words.js";
import { toast } from "#js/lib/toast.js";

for (const button of document.querySelectorAll("[data-copy]")) {
  const text = document.getElementById(button.dataset.copy);
  button.hidden = !navigator.clipboard;
  button.addEventListener("click", async () => {
    try {
      await navigator.clipboard.writeText(text.textContent.trim());
      toast(_("Copied"));
    } catch {
      getSelection().selectAllChildren(text);
      toast(_("Your browser does not let us copy. The text is marked: please copy it yourself."));
    }
  });
}
