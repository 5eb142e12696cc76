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
 * The parsed answer of a request, null for an empty one.
 * @param {string} method
 * @param {string} url
 * @param {{body?: object, token?: string, type?: string, signal?: AbortSignal}} [options]
 */
export async function request(method, url, { body, token, type = "application/json", signal } = {}) {
  const headers = { Accept: "application/geo+json, application/json", "Accept-Language": language() };
  if (token) headers.Authorization = `Bearer ${token}`;
  if (body !== undefined) headers["Content-Type"] = type;
  let response;
  try {
    response = await fetch(url, {
      method,
      headers,
      body: body === undefined ? undefined : JSON.stringify(body),
      // The device token is the only thing that says who asks: no cookies go along.
      credentials: "omit",
      signal: signal ?? AbortSignal.timeout(PATIENCE_MS),
    });
  } catch (failure) {
    throw new ApiProblem({ status: 0, detail: String(failure) });
  }
  const text = await response.text();
  const answer = parsed(text);
  if (!response.ok) throw problem(response, answer);
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
