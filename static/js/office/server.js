/** Asking the office's server: pieces of pages, columns of pins, decisions. */

import { _ } from "#js/lib/words.js";

const PATIENCE_MS = 30000;

/** What the server refused, in its own words; status 0 when it could not be reached, 401 when one is signed out. */
export class Refused extends Error {
  constructor(status, words) {
    super(words);
    this.name = "Refused";
    this.status = status;
  }
}

async function ask(url, { method = "GET", headers = {}, body, signal } = {}) {
  const patience = AbortSignal.timeout(PATIENCE_MS);
  let answer;
  try {
    answer = await fetch(url, {
      method,
      body,
      headers: { Accept: "application/json", ...headers },
      signal: signal ? AbortSignal.any([signal, patience]) : patience,
    });
  } catch (failure) {
    if (signal?.aborted) throw failure;
    throw new Refused(0, _("The server could not be reached. Please try again."));
  }
  if (!answer.ok) throw new Refused(answer.status, await wordsOf(answer));
  return answer;
}

async function wordsOf(answer) {
  try {
    const problem = await answer.json();
    return problem.detail || problem.title;
  } catch {
    return _("The server could not be reached. Please try again.");
  }
}

/** The elements of a piece of a page (`list`, `pin`, `legend`), made of the server's own markup. */
export async function piece(url, name, { form, signal } = {}) {
  const headers = { "X-Part": name };
  if (form) headers["X-CSRFToken"] = form.get("csrf_token") ?? csrfToken();
  const answer = await ask(url, { method: form ? "POST" : "GET", body: form, headers, signal });
  const parsed = new DOMParser().parseFromString(await answer.text(), "text/html");
  return [...parsed.body.children].map((element) => document.adoptNode(element));
}

/** The JSON at this address. */
export async function json(url, { signal } = {}) {
  return (await ask(url, { signal })).json();
}

/** The token that says a request comes from this page. */
export function csrfToken() {
  return document.querySelector('input[name="csrf_token"]')?.value ?? "";
}
