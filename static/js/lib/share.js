/** Passing a link on: by the system's own sheet, else by copying, else by showing the address to be copied. */

import { toast } from "#js/lib/toast.js";
import { _ } from "#js/lib/words.js";

/**
 * Gives a link to whom the reader chooses.
 * @param {{title: string, url: string}} what
 * @returns {Promise<"shared"|"left"|"copied"|"shown">} what became of it
 */
export async function passOn({ title, url }, browser = navigator) {
  const told = { title, url };
  if (browser.share && (browser.canShare?.(told) ?? true)) {
    try {
      await browser.share(told);
      return "shared";
    } catch (refusal) {
      // Closed without choosing anybody: that is an answer too. In a frame that may not share, copying is left.
      if (refusal.name === "AbortError") return "left";
    }
  }
  try {
    await browser.clipboard.writeText(url);
    toast(_("The link is copied. Now you can paste it into a message."));
    return "copied";
  } catch {
    toast(_("Please copy this address: %(address)s", { address: url }), { seconds: 30 });
    return "shown";
  }
}
