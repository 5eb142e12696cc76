/** Addresses to copy into one's own program. */

import { _ } from "#js/lib/words.js";
import { toast } from "#js/lib/toast.js";

for (const button of document.querySelectorAll("[data-copy]")) {
  const address = document.getElementById(button.dataset.copy);
  address.addEventListener("focus", () => address.select());
  button.hidden = !navigator.clipboard;
  button.addEventListener("click", async () => {
    try {
      await navigator.clipboard.writeText(address.value);
      toast(_("Copied"));
    } catch {
      address.select();
      toast(_("Your browser does not let us copy. The address is marked: please copy it yourself."));
    }
  });
}
