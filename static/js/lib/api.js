/** Talking to the server: JSON there and back, refusals as one kind of error. */

import { language } from "#js/lib/words.js";

const PATIENCE_MS = 20000;

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
    return this.status === 0 || this.status === 429 || this.status >= 500;
  }
}

/**
 * The parsed answer of a request, null for an empty one. A form goes as a form, everything else as JSON.
 * @param {string} method
 * @param {string} url
 * @param {{body?: object|FormData, token?: string, type?: string, signal?: AbortSignal, lang?: string}} [options]
 */
export async function request(method, url, { body, token, type = "application/json", signal, lang } = {}) {
  const headers = { Accept: "application/geo+json, application/json", "Accept-Language": lang ?? language() };
  if (token) headers.Authorization = `Bearer ${token}`;
  const isForm = globalThis.FormData !== undefined && body instanceof FormData;
  if (body !== undefined && !isForm) headers["Content-Type"] = type;
  let response;
  try {
    response = await fetch(url, {
      method,
      headers,
      body: body === undefined || isForm ? body : JSON.stringify(body),
      // The device token is the only thing that says who asks: no cookies go along.
      credentials: "omit",
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
  const answer = parsed(text);
  if (!response.ok) throw problem(response, answer);
  // A hotel's or a train's sign-in page answers in our server's name: nothing has arrived.
  if (text && answer === null) throw new ApiProblem({ status: 0, detail: "not our server" });
  return answer;
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
