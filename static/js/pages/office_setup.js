/** The map editor: rows that move, a phone that follows, nothing lost by mistake. Without it the buttons submit. */

import { connectOverview } from "#js/office/setup/overview.js";
import { connectPreview } from "#js/office/setup/preview.js";
import { connectRows } from "#js/office/setup/rows.js";
import { connectUnsaved } from "#js/office/setup/unsaved.js";

const form = document.querySelector("[data-setup]");
if (form) {
  connectRows(form);
  connectUnsaved(form);
  const phone = document.querySelector("[data-phone]");
  if (phone) connectPreview(form, phone);
  form.querySelector("[data-touched]")?.scrollIntoView({ block: "center" });
}
const overview = document.querySelector("[data-overview]");
if (overview) connectOverview(overview, document.getElementById("place"));
document.documentElement.dataset.setup = "ready";
