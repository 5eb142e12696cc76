
/** Tells the server that somebody works here: who writes one long text is not signed out over it. */

import { _ } from "#js/lib/words.js";
import { toast } from "#js/lib/toast.js";

const EVERY_MS = 5 * 60 * 1000;
const address = document.querySelector("[data-awake]").dataset.awake;
let told = Date.now();

async function tell() {
  if (Date.now() - told < EVERY_MS) return;
  told = Date.now();
  try {
    const answer = await fetch(address, { method: "HEAD", cache: "no-store" });
    if (answer.redirected || answer.status === 401) {
      toast(_("You are signed out by now. Please copy what you wrote, and sign in again."));
    }
  } catch {
    // Without the network there is nobody to tell; what comes next will say so itself.
  }
}

for (const kind of ["keydown", "pointerdown"]) {
  addEventListener(kind, tell, { capture: true, passive: true });
}
