/** Decisions about pins: sent without leaving the page, and taken back as easily. */

import { toast } from "#js/lib/toast.js";
import { _ } from "#js/lib/words.js";
import { csrfToken, piece } from "#js/office/server.js";

const SAID = {
  hide: () => _("The pin is hidden."),
  show: () => _("The pin is shown again."),
  approve: () => _("The pin is approved."),
  hold: () => _("The pin waits again."),
};

/** How to take back what brought a pin from one state to another: which address, with which reason. */
export function wayBack(before, after, reasonBefore) {
  if (before === "hidden") return reasonBefore ? { what: "hide", reason: reasonBefore } : null;
  if (before === "pending") return { what: "hold" };
  return after === "visible" ? null : { what: "show" };
}

/**
 * Connects the forms of open pins.
 * @param {{side: HTMLElement, page: string, onDecided: (item: HTMLElement, old: HTMLElement) => void, onSignedOut: () => void}} options
 */
export function connectDecisions({ side, page, onDecided, onSignedOut }) {
  async function send(id, what, form) {
    const old = side.querySelector(`[data-pin="${CSS.escape(id)}"]`);
    const [item] = await piece(`${page}/pins/${id}/${what}`, "pin", { form });
    onDecided(item, old);
    return item;
  }

  async function decide(id, what, form) {
    const item = await send(id, what, form);
    const { before, reasonBefore, state } = item.dataset;
    const again = before === state;
    const back = wayBack(before, state, reasonBefore);
    const said = what === "hide" && again ? _("The reason has been changed.") : SAID[what]();
    toast(said, back ? { action: _("Undo"), onAction: () => undo(id, back) } : {});
  }

  async function undo(id, { what, reason }) {
    const form = new FormData();
    form.set("csrf_token", csrfToken());
    if (reason) form.set("reason", reason);
    try {
      await send(id, what, form);
      toast(_("Undone."));
    } catch (failure) {
      refused(failure);
    }
  }

  function refused(failure, place = null) {
    if (failure.status === 401) {
      onSignedOut();
    } else if (place) {
      place.textContent = failure.message;
      place.hidden = false;
    } else {
      toast(failure.message);
    }
  }

  side.addEventListener("submit", async (event) => {
    const form = event.target.closest("form[data-do]");
    if (!form) return;
    event.preventDefault();
    const error = form.querySelector("[data-error]");
    const what = form.dataset.do;
    const values = new FormData(form);
    if (what === "hide" && !values.get("ready") && !String(values.get("reason")).trim()) {
      error.textContent = _("Choose a reason or write one.");
      error.hidden = false;
      form.querySelector('[name="ready"]').focus();
      return;
    }
    const button = form.querySelector("button");
    button.disabled = true;
    try {
      await decide(form.closest("[data-pin]").dataset.pin, what, values);
    } catch (failure) {
      button.disabled = false;
      refused(failure, error);
    }
  });
}
