/** Talking to the server: JSON there and back, refusals as one kind of error. */

import { language } from "#js/lib/words.js";

const PATIENCE_MS = 20000;

const PROOF = "Pocit-Proof";
/** How often one request may be asked for a sum: a second time where the first was too late. */
const MOST_SUMS = 2;

let prover = null;

/** From now on `give(challenge, url)` makes the proofs that a server in a flood asks for; null where it can't. */
export function proveWith(give) {
  prover = give;
}

/** What the server refused, or status 0 when it could not be reached at all. */
export class ApiProblem extends Error {
  constructor({ status, title = "", detail = "", errors = [], retryAfter_s = 0 }) {
    super(detail || title || `status ${status}`);
    this.name = "ApiProblem";
    this.status = status;
    this.title = title;
    this.detail = detail;
    this.errors = errors;
    this.retryAfter_s = retryAfter_s;
  }

  /** Whether the same request may pass later without a change. */
  get passing() {
    return this.status === 0 || this.status === 408 || this.status === 429 || this.status >= 500;
  }
}

/**
 * The parsed answer of a request, null for an empty one. A form goes as a form, everything else as JSON.
 * @param {string} method
 * @param {string} url
 * @param {{body?: object|FormData, token?: string, type?: string, signal?: AbortSignal, lang?: string}} [options]
 */
export async function request(method, url, options = {}) {
  let proof = null;
  for (let sums = 0; ; sums += 1) {
    const { response, text, answer } = await asked(method, url, options, proof);
    if (response.ok) {
      // A hotel's or a train's sign-in page answers in our server's name: nothing has arrived.
      if (text && answer === null) throw new ApiProblem({ status: 0, detail: "not our server" });
      return answer;
    }
    const isSum = response.status === 429 && answer?.challenge && prover && sums < MOST_SUMS;
    proof = isSum ? await prover(answer.challenge, url) : null;
    if (!proof) throw problem(response, answer);
  }
}

/** One request, and what came of it. */
async function asked(method, url, { body, token, type = "application/json", signal, lang }, proof) {
  const headers = { Accept: "application/geo+json, application/json", "Accept-Language": lang ?? language() };
  if (token) headers.Authorization = `Bearer ${token}`;
  if (proof) headers[PROOF] = proof;
  const isForm = globalThis.FormData !== undefined && body instanceof FormData;
  if (body !== undefined && !isForm) headers["Content-Type"] = type;
  let response;
  try {
    response = await fetch(url, {
      method,
      headers,
      body: body === undefined || isForm ? body : JSON.stringify(body),
      // The device token is the only thing that says who asks: no cookies go along with it.
      credentials: token ? "omit" : "same-origin",
      signal: signal ?? AbortSignal.timeout(PATIENCE_MS),
    });
  } catch (failure) {
    throw new ApiProblem({ status: 0, detail: String(failure) });
  }
  let text;
  try {
    text = await response.text();
  } catch (failure) {
    throw new ApiProblem({ status: 0, detail: String(failure) });
  }
  noteWriting(response.headers.get("Pocit-Wrote"));
  return { response, text, answer: parsed(text) };
}

/**
 * Keep the server's mark that something was sent from here: for some seconds its main database answers us, where the others
 * may not know of it yet. Sent without cookies, the answer can't leave it itself.
 */
function noteWriting(seconds) {
  if (!seconds) return;
  const secure = globalThis.location.protocol === "https:" ? "; Secure" : "";
  if (globalThis.document) document.cookie = `pocit_wrote=1; Max-Age=${Number(seconds)}; Path=/; SameSite=Lax${secure}`;
  else globalThis.cookieStore?.set({ name: "pocit_wrote", value: "1", expires: Date.now() + Number(seconds) * 1000, sameSite: "lax" });
}

function parsed(text) {
  if (!text) return null;
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

function problem(response, answer) {
  return new ApiProblem({
    status: response.status,
    title: answer?.title,
    detail: answer?.detail,
    errors: answer?.errors,
    retryAfter_s: Number(response.headers.get("Retry-After")) || 0,
  });
}
