/** The receipt: a code that brings one's marks to another device, and the field that takes it there. */

import { heading, problemPlace } from "#js/citizen/pieces.js";
import { h, icon, replace, typeset } from "#js/lib/dom.js";
import { toast } from "#js/lib/toast.js";
import { _ } from "#js/lib/words.js";

export function receiptScreen(page, state) {
  const { row, title } = heading(page, _("Your code"));
  const refusal = problemPlace();
  const box = h("div.receipt-box");
  const make = h(
    "button.button.button-primary.button-block",
    { type: "button", onclick: () => page.deeds.makeReceipt() },
    _("Make a code"),
  );
  let drawn = null;
  const update = (now) => {
    make.disabled = now.sending;
    refusal.show(now.problem);
    const wanted = now.receipt ?? "none";
    if (wanted === drawn) return;
    const fresh = drawn === "none";
    drawn = wanted;
    replace(box, now.receipt ? codeCard(page, now.receipt) : make);
    if (fresh) box.querySelector(".receipt-code")?.focus({ preventScroll: true });
  };
  update(state);
  const words = h(
    "p",
    {},
    typeset(
      _(
        "With this code you can see, change and delete your pins on another device too. Whoever has it can do the same, so keep it to yourself.",
      ),
    ),
  );
  return { children: [row, words, refusal.element, box], focus: title, update };
}

function codeCard(page, receipt) {
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(receipt);
      toast(_("Copied."));
    } catch {
      toast(_("Your browser does not let us copy. Please write the code down."));
    }
  };
  return [
    h(
      "div.receipt-card",
      {},
      h("p.receipt-map", {}, page.config.title),
      h("p.receipt-code", { tabindex: "-1", translate: "no" }, receipt),
      h(
        "p.receipt-where",
        {},
        _("Enter it at %(address)s", { address: `${location.host}${page.config.receiptUrl}` }),
      ),
    ),
    h(
      "div.form-ways.no-print",
      {},
      h("button.button", { type: "button", onclick: copy }, icon("copy"), h("span", {}, _("Copy"))),
      h(
        "button.button",
        { type: "button", onclick: () => window.print() },
        icon("print"),
        h("span", {}, _("Print")),
      ),
    ),
  ];
}

export function joinScreen(page) {
  const { row } = heading(page, _("A code from another device"));
  const refusal = problemPlace();
  const input = h("input.input.receipt-input", {
    id: "receipt",
    autocomplete: "off",
    autocapitalize: "characters",
    spellcheck: "false",
    maxlength: 20,
    placeholder: "XXXX-XXXX-XXXX",
    "aria-describedby": "receipt-help",
  });
  const go = h("button.button.button-primary.button-block", { type: "submit" }, _("Show my pins"));
  const form = h(
    "form.words",
    {
      onsubmit: (event) => {
        event.preventDefault();
        const code = tidied(input.value);
        if (code) page.deeds.join(code);
        else input.focus();
      },
    },
    h(
      "div.field",
      {},
      h("label", { for: "receipt" }, _("Code")),
      h(
        "p.field-help",
        { id: "receipt-help" },
        _("Twelve letters and digits. Capitals and dashes do not matter."),
      ),
      input,
    ),
    refusal.element,
    go,
  );
  const update = (now) => {
    go.disabled = now.sending;
    refusal.show(now.problem);
  };
  return { children: [row, form], focus: input, update };
}

/** The code as it was given, whichever way it was typed; empty when it can't be one. */
export function tidied(text) {
  const code = text.toUpperCase().replace(/[^0-9A-Z]/g, "");
  return code.length >= 4 ? code.match(/.{1,4}/g).join("-") : "";
}
