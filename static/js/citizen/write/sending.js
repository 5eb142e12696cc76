/** From the form to a pin, through the outbox: with or without a connection, once. */

import { inWords } from "#js/citizen/deeds.js";
import { openOutbox } from "#js/citizen/outbox.js";
import { featureOf, fittingAnswers } from "#js/citizen/state.js";
import { language, _ } from "#js/lib/words.js";
import { deviceToken, newId } from "#js/lib/store.js";

const ANSWER = "q.";

/** The pin that the form gives at a place {lon, lat, precisionM}. */
export function pinOfForm(form, place, config, id) {
  const values = new FormData(form);
  const answers = {};
  for (const { key, type } of config.questions) {
    const given = values.getAll(ANSWER + key).map((value) => value.trim()).filter(Boolean);
    if (given.length) answers[key] = type === "multiple" ? given : given[0];
  }
  const category = values.get("category");
  return {
    ...place,
    id,
    category,
    comment: values.get("comment") ?? "",
    answers: fittingAnswers({ config }, category, answers),
    zoom: null,
    event: config.event?.code ?? null,
  };
}

/** Sends pins of this page: `send(pin)` gives {stored} or {waiting: true}, or throws words to be shown. */
export function createSending(config, store) {
  const outbox = openOutbox({ map: config.slug, api: config.api, lang: language() });
  outbox.watch();

  async function send(pin) {
    const feature = featureOf({ config }, pin);
    await outbox.put({ id: pin.id, feature, token: deviceToken(store) });
    const { stored, waiting, refused } = await outbox.send(pin.id);
    if (refused) {
      // The form still has the words; there they are mended.
      await outbox.forget(pin.id);
      throw Object.assign(new Error(inWords(refused)), { taken: refused.status === 409 });
    }
    if (!waiting) return { stored };
    if (outbox.lasting) return { waiting: true };
    await outbox.forget(pin.id);
    throw new Error(_("There is no connection just now. Nothing is lost; try again in a moment."));
  }

  return { send, newId };
}
