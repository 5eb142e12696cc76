/**
 * The page in words, with scripts: places are suggested while one types, and the pin goes out as the map's page sends
 * it – with this browser's own token and through the outbox – so that both ways are one person. Whatever fails here,
 * the page is still plain links and a form.
 */

import { connectFinding } from "#js/citizen/write/finding.js";
import { createSending, pinOfForm } from "#js/citizen/write/sending.js";
import { serverPage } from "#js/citizen/write/server_page.js";
import { showThanks } from "#js/citizen/write/thanks.js";
import { proveWith } from "#js/lib/api.js";
import { h, readData, replace } from "#js/lib/dom.js";
import { openStore } from "#js/lib/store.js";
import { _, language, number } from "#js/lib/words.js";
import { keepForOffline } from "#js/offline/register.js";

// Asked for in a flood only: it comes when it is needed.
proveWith(async (...sum) => (await import("#js/citizen/challenge/beside.js")).proveBeside(...sum));

const byId = (id) => document.getElementById(id);

class WritePage {
  #config;
  #store;
  #sending;
  #place = null;
  #id;
  #isBusy = false;

  constructor(config) {
    this.#config = config;
    this.#store = openStore(config.slug);
    this.#sending = createSending(config, this.#store);
    this.#id = this.#sending.newId();
  }

  begin() {
    const say = (words) => {
      byId("voice").textContent = words;
    };
    connectFinding({ config: this.#config, say });
    document.addEventListener("click", (event) => this.#click(event));
    window.addEventListener("popstate", () => this.#atAddress());
    const chosen = byId("chosen-place");
    if (chosen) this.#takeOver(placeOf(chosen.dataset));
    document.documentElement.dataset.page = "ready";
    const { embed, root, slug } = this.#config;
    if (!embed) keepForOffline(root, [`${root}m/${slug}`]);
  }

  #click(event) {
    const link = event.target.closest?.("a[data-label]");
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey || event.button) return;
    event.preventDefault();
    this.#choose(placeOf(link.dataset), this.#inFrame(link.href));
  }

  /** The address as this page has it: in a frame the link itself leads out of it, for those without scripts. */
  #inFrame(href) {
    const address = new URL(href);
    if (this.#config.embed) address.searchParams.set("embed", "");
    return address.href;
  }

  /** A place was chosen: the form stands in the place of the search. */
  #choose(place, address) {
    const kept = byId("write-form") ? new FormData(byId("write-form")) : null;
    if (byId("what-form")) replace(byId("what"), byId("what-form").content.cloneNode(true));
    if (kept) refill(byId("write-form"), kept);
    if (byId("find")) byId("find").hidden = true;
    history.pushState({ place }, "", address);
    this.#takeOver(place);
    this.#tellCorners(address);
    byId("h-chosen").focus();
  }

  #takeOver(place) {
    this.#place = place;
    const words = {
      label: place.label,
      kind: place.kind,
      precision: _("within about %(m)s m", { m: number(place.precisionM) }),
    };
    for (const [name, text] of Object.entries(words)) {
      const element = document.querySelector(`#chosen [data-fill="${name}"]`);
      if (element) element.textContent = text;
    }
    byId("write-form").addEventListener("submit", (event) => this.#submit(event));
    document.querySelector('[data-way="another"]').addEventListener("click", (event) => {
      if (!byId("find")) return;
      event.preventDefault();
      this.#another();
    });
  }

  /** The corners of a street come from the server, when there is a way to it. */
  async #tellCorners(address) {
    if (!address.includes("place=")) return;
    try {
      // No cookie comes of it: this page needs none.
      const page = await serverPage(`${address}&lang=${language()}`, "omit");
      const corners = page.getElementById("corners");
      if (corners && location.href === address) replace(byId("corners"), ...corners.childNodes);
    } catch {
      // Without a connection a street is as exact as its name.
    }
  }

  async #submit(event) {
    event.preventDefault();
    if (this.#isBusy) return;
    const form = byId("write-form");
    if (!form.elements.category.value) {
      this.#refuse(_("Choose what you want to say here."));
      form.querySelector('[name="category"]').focus();
      return;
    }
    this.#isBusy = true;
    form.setAttribute("aria-busy", "true");
    try {
      const pin = pinOfForm(form, this.#place, this.#config, this.#id);
      const { waiting } = await this.#sending.send(pin);
      this.#thank(Boolean(waiting));
    } catch (problem) {
      if (problem.taken) this.#id = this.#sending.newId();
      this.#refuse(problem.message);
    } finally {
      this.#isBusy = false;
      form.removeAttribute("aria-busy");
    }
  }

  #refuse(words) {
    byId("problem")?.remove();
    const notice = h("div.notice.notice-bad", { id: "problem", role: "alert" }, h("p", {}, words));
    document.querySelector('[data-way="send"]').closest("p").before(notice);
  }

  #thank(isWaiting) {
    byId("what").hidden = true;
    this.#id = this.#sending.newId();
    showThanks({ config: this.#config, store: this.#store, isWaiting, onAnother: () => this.#another() });
  }

  /** Back to finding a place; the page as the server gave it knows none but the chosen one. */
  #another() {
    const { event } = this.#config;
    const address = location.pathname + (event ? `?event=${encodeURIComponent(event.code)}` : "");
    if (!byId("find")) {
      location.assign(address);
      return;
    }
    history.pushState(null, "", address);
    this.#atAddress();
  }

  /** Shows what the address says, after a step back or on. */
  #atAddress() {
    const place = history.state?.place;
    byId("thanks").hidden = true;
    byId("what").hidden = false;
    if (place && byId("what-form")) {
      replace(byId("what"), byId("what-form").content.cloneNode(true));
      byId("find").hidden = true;
      this.#takeOver(place);
      this.#tellCorners(location.href);
      byId("h-chosen").focus();
    } else if (byId("find")) {
      replace(byId("what"));
      byId("find").hidden = false;
      const input = byId("q");
      input.value = "";
      replace(byId("finds"));
      input.focus();
    } else location.reload();
  }
}

/** A place as links carry it. */
function placeOf({ label, kind, at, precision }) {
  const [lon, lat] = at.split(" ").map(Number);
  return { label, kind, lon, lat, precisionM: Number(precision) };
}

/** What was written stays when the place is named more exactly. */
function refill(form, kept) {
  for (const element of form.elements) {
    if (!element.name || element.type === "hidden") continue;
    const values = kept.getAll(element.name);
    if (element.type === "radio" || element.type === "checkbox") element.checked = values.includes(element.value);
    else if (values.length) element.value = values[0];
  }
}

const config = readData("config");
if (config) new WritePage(config).begin();
