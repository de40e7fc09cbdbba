/* Calls to /api: JSON in, JSON out, problems as one error class with a sentence for people. */

import { isChinese, t } from "../i18n.js";

/** A refusal or a failure. `code` is the server's, or "offline" when no answer came. */
export class ApiError extends Error {
  constructor({ status = 0, code = "offline", detail = "", retryAfter = null }) {
    super(detail || code);
    this.name = "ApiError";
    this.status = status;
    this.code = code;
    this.detail = detail;
    this.retryAfter = retryAfter;
  }
}

/** Return the parsed answer of a GET. Raises ApiError. */
export function getJson(url, { signal } = {}) {
  return call(url, { method: "GET", signal });
}

/** Return the parsed answer of a call with a JSON body. Raises ApiError. */
export function sendJson(url, body, { method = "POST", signal } = {}) {
  return call(url, {
    method,
    signal,
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(body),
  });
}

/** Return the parsed answer of an upload under the field `file`. Raises ApiError. */
export function sendFile(url, file, { signal } = {}) {
  const form = new FormData();
  form.append("file", file);
  return call(url, { method: "POST", signal, body: form });
}

/** Return a sentence a player can act on, in their language. */
export function sentenceFor(error) {
  if (!(error instanceof ApiError)) return t("Something broke on this page. Reload it and try again.");
  if (error.code === "offline") return t("No connection. Check the network, then try again.");
  if (error.code === "rate_limited" && translated(error.detail)) return translated(error.detail);
  if (error.status === 429 || error.code === "queue_full") {
    return error.retryAfter
      ? t("The court is busy. Try again in {seconds} seconds.", { seconds: error.retryAfter })
      : t("The court is busy. Try again in a moment.");
  }
  if (error.code === "request_too_large") return t("That is too much at once. Shorten it and try again.");
  if (error.status === 413) return translated(error.detail) || t("That file is over 2 MB. Paste the text instead.");
  if (error.status === 403) return t("This page has grown stale. Reload it and try again.");
  if (error.status === 404) return t("That is no longer here.");
  if (error.status >= 500) return t("The court has a problem of its own. Try again in a moment.");
  return translated(error.detail) || t("That did not go through. Try again.");
}

/* The server's own sentence in the reader's language, its number kept; nothing where a Chinese
   reader would get an English one. */
function translated(detail) {
  const [number] = detail.match(/\d[\d,]*/) ?? [];
  const key = number ? detail.replace(number, "{n}") : detail;
  const said = t(key, { n: number });
  return said === detail && isChinese() ? "" : said;
}

async function call(url, { headers = {}, ...options }) {
  let response;
  try {
    response = await fetch(url, {
      credentials: "same-origin",
      headers: { Accept: "application/json", "X-CSRFToken": cookie("csrftoken"), ...headers },
      ...options,
    });
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new ApiError({});
  }
  const body = await parsed(response);
  if (response.ok) return body;
  throw new ApiError({
    status: response.status,
    code: body?.code ?? "unknown",
    detail: typeof body?.detail === "string" ? body.detail : "",
    retryAfter: Number(response.headers.get("Retry-After")) || null,
  });
}

async function parsed(response) {
  try {
    return await response.json();
  } catch {
    return null; // an empty 204 or an HTML error page carries nothing to read
  }
}

function cookie(name) {
  const entry = document.cookie.split("; ").find((part) => part.startsWith(`${name}=`));
  return entry ? decodeURIComponent(entry.slice(name.length + 1)) : "";
}
