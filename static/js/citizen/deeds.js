/**
 * What the page does at the server: send, change, take back, support, remember. Each deed ends in an event or a problem.
 *
 * What a person writes goes into the outbox first and from there to the server: without a connection it waits.
 */

import { kindWords, openPost } from "#js/citizen/post.js";
import { ApiProblem, request } from "#js/lib/api.js";
import { toast } from "#js/lib/toast.js";
import { _, ngettext } from "#js/lib/words.js";
import { deviceToken, newId } from "#js/lib/store.js";
import { featureOf, newestAnswer, pinFrom, pinOf } from "#js/citizen/state.js";

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
  return kindWords(problem);
}

/** The deeds of one page: `page` is {config, state(), dispatch(event)}, `store` what the device remembers. */
export function createDeeds(page, store) {
  const { config, dispatch } = page;
  const url = (path) => `${config.api}${path}`;
  const item = (id, rest = "") => url(`/items/${id}${rest}`);
  const token = () => deviceToken(store);
  const ask = (method, address, body, type) => request(method, address, { body, type, token: token() });
  const asPin = (feature) => pinFrom(feature, config.questions);
  const post = openPost({ page, token, asPin, owner: () => store.get("token") });

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

  /** Tells what became of a change: done now, or kept until there is a way. */
  const done = (pin, now) => toast(pin?.waiting ? _("Saved on this device. It goes out once there is a connection.") : now);

  const deeds = {
    post,

    /** Sends the draft; the same id on every try, so that an answer lost on the way makes no second mark. */
    send: () =>
      working(async () => {
        const { draft } = page.state();
        store.set("draft", withoutPhoto(draft));
        try {
          const pin = await post.send("add", draft);
          await deeds.dropDraft();
          dispatch({ type: "sent", pin });
        } catch (problem) {
          if (problem.status === 409) dispatch({ type: "renewId", id: newId() });
          throw problem;
        }
      }),

    save: () =>
      working(async () => {
        const pin = await post.send("change", page.state().draft);
        dispatch({ type: "saved", pin });
        done(pin, _("Saved."));
      }),

    moveHere: () =>
      working(async () => {
        const { draft } = page.state();
        const before = pinOf(page.state(), draft.id);
        const pin = await post.send("change", draft);
        dispatch({ type: "saved", pin });
        toast(pin.waiting ? _("Moved on this device. It goes out once there is a connection.") : _("Moved."), {
          action: _("Undo"),
          onAction: () =>
            quietly(async () => dispatch({ type: "saved", pin: await post.send("change", before) })),
        });
      }),

    remove: (id) =>
      quietly(async () => {
        const pin = pinOf(page.state(), id);
        const left = await post.send("remove", pin);
        dispatch({ type: "removed", id });
        toast(left?.waiting ? _("It will be deleted once there is a connection.") : _("Deleted."), {
          action: _("Undo"),
          onAction: () => deeds.restore(pin),
        });
      }),

    restore: (pin) =>
      quietly(async () => {
        const back = await post.send("add", pin);
        dispatch({ type: "restored", pin: back });
        done(back, _("It is back."));
      }),

    tryAgain: (id) => quietly(() => post.tryAgain(id)),

    /** Gives up what the server would not take or what still waits; a change given up leaves the mark as it was. */
    giveUp: (id) =>
      quietly(async () => {
        const { waiting } = pinOf(page.state(), id);
        await post.outbox.drop(id);
        if (waiting?.deed === "add") dispatch({ type: "removed", id });
        else await deeds.load();
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
        // Alone: nothing that is on its way just now may arrive after the deletion.
        await post.outbox.alone(async () => {
          const gone = token();
          await ask("DELETE", url("/respondent"));
          for (const name of OWN) store.remove(name);
          await post.wipe(gone);
        });
        dispatch({ type: "withdrawn" });
        toast(_("Everything of yours has been deleted."), { seconds: 8 });
      }),

    /** Makes room for the next person on this device: their marks stay and still go out, whose they are is forgotten. */
    nextPerson: async () => {
      for (const name of OWN) store.remove(name);
      await post.handOver();
      dispatch({ type: "withdrawn" });
      return true;
    },

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
        const kept = await post.outbox.kept("token");
        if (kept) store.set("token", kept);
      }
      await post.show();
      if (!store.get("token")) {
        dispatch({ type: "loaded", pins: [], about: {} });
        return true;
      }
      try {
        takePerson(await ask("GET", url("/respondent")));
        dispatch({ type: "reached", offline: false });
        return true;
      } catch (problem) {
        return notLoaded(problem);
      }
    },

    /** Has this device remember the person's own marks, to be there without a connection; what waits is kept anyway. */
    keepOwn: () => {
      const { pins, about, loaded } = page.state();
      if (loaded === true && store.get("token")) post.keepOwn(pins, about);
    },

    /** Keeps what is being written, so that a killed browser loses nothing of it. */
    keepDraft: (draft) => {
      if (draft) store.set("draft", withoutPhoto(draft));
      if (draft?.photo?.blob) post.outbox.keep("draft", { id: draft.id, photo: draft.photo });
    },

    /** What was being written when the page went, or null; it is kept until it is sent. */
    takeDraft: async () => {
      const draft = store.get("draft");
      if (!draft) return null;
      const more = await post.outbox.kept("draft");
      return more?.id === draft.id ? { ...draft, photo: more.photo } : draft;
    },

    dropDraft: async () => {
      store.remove("draft");
      await post.outbox.keep("draft", null);
    },
  };

  function takePerson(person) {
    dispatch({ type: "loaded", pins: person.pins.features.map(asPin), about: person.about ?? {} });
  }

  /** Without a connection one's own marks are those that this device remembers. */
  async function notLoaded(problem) {
    const isAway = problem.status === 0;
    dispatch({ type: "reached", offline: isAway });
    const kept = isAway && (await post.outbox.kept("mine"));
    if (kept) {
      dispatch({ type: "loaded", pins: kept.pins, about: kept.about });
      await post.show();
      return true;
    }
    dispatch({ type: "notLoaded" });
    if (!isAway) toast(inWords(problem), { seconds: 8 });
    if (!(problem instanceof ApiProblem)) throw problem;
    return false;
  }

  return deeds;
}

/** A picture can't go into the small store of words. */
const withoutPhoto = ({ photo, ...draft }) => draft;
