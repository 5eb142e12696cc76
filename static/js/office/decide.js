/** Decisions about pins: sent without leaving the page, and taken back as easily. */

import { toast } from "#js/lib/toast.js";
import { _ } from "#js/lib/words.js";
import { csrfToken, piece } from "#js/office/server.js";

const SAID = {
  hide: () => _("The pin is hidden."),
  show: () => _("The pin is shown again."),
  approve: () => _("The pin is approved."),
  hold: () => _("The pin waits again."),
  mask: () => _("The words are covered."),
  unmask: () => _("The words are uncovered."),
};

/** What to say of a decision: a pin that stays hidden has got another reason. */
export function saidOf(what, before, after) {
  return what === "hide" && before === after ? _("The reason has been changed.") : SAID[what]();
}

/** A form with the page's token and these values. */
export function formOf(values) {
  const form = new FormData();
  form.set("csrf_token", csrfToken());
  for (const [name, value] of Object.entries(values)) form.set(name, value);
  return form;
}

/**
 * Connects the forms of open pins.
 * @param {{side: HTMLElement, page: string, onDecided: (item: HTMLElement, old: HTMLElement) => void, onSignedOut: () => void}} options
 */
export function connectDecisions({ side, page, onDecided, onSignedOut }) {
  async function send(address, id, form) {
    const old = side.querySelector(`[data-pin="${CSS.escape(id)}"]`);
    const [item] = await piece(address, "pin", { form });
    onDecided(item, old);
    return item;
  }

  async function decide(id, what, form) {
    const { dataset } = await send(`${page}/pins/${id}/${what}`, id, form);
    const said = saidOf(what, dataset.before, dataset.state);
    toast(said, dataset.undo ? { action: _("Undo"), onAction: () => undo(id, dataset.undo) } : {});
  }

  async function undo(id, entry) {
    try {
      await send(`${page}/undo`, id, formOf({ entry }));
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
