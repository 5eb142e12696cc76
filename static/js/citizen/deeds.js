/** What the page does at the server: send, change, take back, support, remember. Each deed ends in an event or a problem. */

import { ApiProblem, request } from "#js/lib/api.js";
import { toast } from "#js/lib/toast.js";
import { _, ngettext } from "#js/lib/words.js";
import { deviceToken, newId } from "#js/lib/store.js";
import { featureOf, newestAnswer, pinFrom, pinOf } from "#js/citizen/state.js";

const GEOJSON = "application/geo+json";

/** Under which names a device keeps what is one person's. */
const OWN = ["token", "receipt", "supported", "aboutDone", "draft", "answersSeen"];

/** What to tell a person about a refusal: what is wrong and what to do now. */
export function inWords(problem) {
  if (!(problem instanceof ApiProblem)) return _("Something went wrong on this page. Please reload it.");
  if (problem.status === 0) return _("There is no connection just now. Nothing is lost; try again in a moment.");
  if (problem.status === 429) {
    const seconds = problem.retryAfter_s || 30;
    return ngettext(
      "Many people are writing at once. Please try again in %(n)s second.",
      "Many people are writing at once. Please try again in %(n)s seconds.",
      seconds,
    );
  }
  if (problem.status >= 500) return _("The server needs a moment. Nothing is lost; please try again.");
  const said = problem.errors.map(({ message }) => message).filter(Boolean);
  return said.length ? said.join(" ") : problem.detail || problem.title || _("We can’t accept this.");
}

/** The deeds of one page: `page` is {config, state(), dispatch(event)}, `store` what the device remembers. */
export function createDeeds(page, store) {
  const { config, dispatch } = page;
  const url = (path) => `${config.api}${path}`;
  const item = (id, rest = "") => url(`/items/${id}${rest}`);
  const token = () => deviceToken(store);
  const ask = (method, address, body, type) => request(method, address, { body, type, token: token() });
  const asPin = (feature) => pinFrom(feature, config.questions);
  const put = async (pin) => asPin(await ask("PUT", item(pin.id), featureOf(page.state(), pin), GEOJSON));

  /** Runs a deed that a screen waits for; its failure is shown there. */
  async function working(deed) {
    if (page.state().sending) return;
    dispatch({ type: "send" });
    try {
      await deed();
    } catch (problem) {
      dispatch({ type: "failed", problem: { text: inWords(problem), passing: problem.passing ?? false } });
      if (!(problem instanceof ApiProblem)) throw problem;
    }
  }

  /** Runs a deed beside the screens; its failure is a message over the page. */
  async function quietly(deed) {
    try {
      return await deed();
    } catch (problem) {
      toast(inWords(problem), { seconds: 8 });
      if (!(problem instanceof ApiProblem)) throw problem;
      return null;
    }
  }

  const deeds = {
    /** Sends the draft; the same id on every try, so that an answer lost on the way makes no second mark. */
    send: () =>
      working(async () => {
        const { draft } = page.state();
        store.set("draft", draft);
        try {
          const stored = await ask("POST", url("/items"), featureOf(page.state(), draft), GEOJSON);
          store.remove("draft");
          dispatch({ type: "sent", pin: asPin(stored) });
        } catch (problem) {
          if (problem.status === 409) dispatch({ type: "renewId", id: newId() });
          throw problem;
        }
      }),

    save: () =>
      working(async () => {
        dispatch({ type: "saved", pin: await put(page.state().draft) });
        toast(_("Saved."));
      }),

    moveHere: () =>
      working(async () => {
        const { draft } = page.state();
        const before = pinOf(page.state(), draft.id);
        dispatch({ type: "saved", pin: await put(draft) });
        toast(_("Moved."), {
          action: _("Undo"),
          onAction: () => quietly(async () => dispatch({ type: "saved", pin: await put(before) })),
        });
      }),

    remove: (id) =>
      quietly(async () => {
        const pin = pinOf(page.state(), id);
        await ask("DELETE", item(id));
        dispatch({ type: "removed", id });
        toast(_("Deleted."), { action: _("Undo"), onAction: () => deeds.restore(pin) });
      }),

    restore: (pin) =>
      quietly(async () => {
        const stored = await ask("POST", url("/items"), featureOf(page.state(), pin), GEOJSON);
        dispatch({ type: "restored", pin: asPin(stored) });
        toast(_("It is back."));
      }),

    support: (id, on) =>
      quietly(async () => {
        const { supports } = await ask(on ? "PUT" : "DELETE", item(id, "/support"));
        dispatch({ type: "supported", id, on });
        store.set("supported", page.state().supported);
        return supports;
      }),

    /** Somebody's public mark, or null. */
    read: (id) => request("GET", item(id)).then(asPin),

    saveAbout: (answers) =>
      working(async () => {
        const about = await ask("PUT", url("/respondent"), answers);
        store.set("aboutDone", true);
        dispatch({ type: "aboutDone", about });
        dispatch({ type: "back" });
        toast(_("Thank you, that helps."));
      }),

    skipAbout: () => {
      store.set("aboutDone", true);
      dispatch({ type: "aboutDone" });
    },

    makeReceipt: () =>
      working(async () => {
        const { receipt } = await ask("POST", url("/respondent/receipt"));
        store.set("receipt", receipt);
        dispatch({ type: "failed", problem: null });
        dispatch({ type: "receipt", receipt });
      }),

    join: (receipt) =>
      working(async () => {
        const person = await ask("POST", url("/respondent/join"), { receipt });
        store.set("receipt", receipt);
        dispatch({ type: "failed", problem: null });
        dispatch({ type: "receipt", receipt });
        takePerson(person);
        dispatch({ type: "back" });
        const n = person.pins.features.length;
        toast(ngettext("Welcome back. %(n)s pin is yours.", "Welcome back. %(n)s pins are yours.", n));
      }),

    /** Takes back everything this person gave, here and at the server; the device is a stranger's again. */
    withdraw: () =>
      working(async () => {
        await ask("DELETE", url("/respondent"));
        for (const name of OWN) store.remove(name);
        dispatch({ type: "withdrawn" });
        toast(_("Everything of yours has been deleted."), { seconds: 8 });
      }),

    /** Notes that the answers so far have been shown. */
    sawAnswers: () => {
      const at = newestAnswer(page.state());
      if (at <= page.state().answersSeen) return;
      store.set("answersSeen", at);
      dispatch({ type: "answersSeen", at });
    },

    /** Brings back what this device gave before; a device that gave nothing asks for nothing. */
    load: async () => {
      if (!store.get("token")) {
        dispatch({ type: "loaded", pins: [], about: {} });
        return true;
      }
      const person = await quietly(() => ask("GET", url("/respondent")));
      if (person) takePerson(person);
      else dispatch({ type: "notLoaded" });
      return Boolean(person);
    },
  };

  function takePerson(person) {
    dispatch({ type: "loaded", pins: person.pins.features.map(asPin), about: person.about ?? {} });
  }

  return deeds;
}
