// Calls the product's API: envelope, access token, one refresh when it has expired.

const port = document.body.dataset.port;

/** The product is on the host that this page came from, so that cookies are those of one site. */
export const origin = `${location.protocol}//${location.hostname}:${port}`;
export const socketOrigin = `ws://${location.hostname}:${port}`;
const base = `${origin}/api/v1`;

const TOKEN = "easy-writer.token";
/** Says that there may be a refresh cookie; scripts cannot see the cookie itself. */
const KNOWN = "easy-writer.known";

/** What the API says when it says no. */
export class ApiError extends Error {
  constructor(status, code, message, details, retryAfter) {
    super(message);
    this.status = status;
    this.code = code;
    this.details = details || {};
    this.retryAfter = retryAfter;
  }

  /** Messages by field, as far as they are of fields. */
  get fields() {
    return this.details.fields || [];
  }
}

let onSignedOut = () => {};
let refreshing = null;

export function whenSignedOut(callback) {
  onSignedOut = callback;
}

export function token() {
  return sessionStorage.getItem(TOKEN);
}

export function keepToken(text) {
  sessionStorage.setItem(TOKEN, text);
  localStorage.setItem(KNOWN, "1");
}

function forget() {
  sessionStorage.removeItem(TOKEN);
  localStorage.removeItem(KNOWN);
}

/** Whether somebody is signed in, if need be by the cookie of an earlier visit. */
export async function restore() {
  if (token()) return true;
  return localStorage.getItem(KNOWN) !== null && refresh();
}

async function send(method, path, body, headers) {
  let answer;
  try {
    answer = await fetch(base + path, {
      method,
      credentials: "include",
      headers: body === undefined ? headers : { "Content-Type": "application/json", ...headers },
      body: body === undefined ? undefined : JSON.stringify(body),
    });
  } catch {
    throw new ApiError(0, "NO_ANSWER", "Сервер не отвечает. Проверьте, что локальный стек запущен.");
  }
  const parsed = await answer.json().catch(() => null);
  if (answer.ok && parsed && parsed.success) return parsed.data;
  const retryAfter = Number(answer.headers.get("Retry-After")) || undefined;
  const { code = `HTTP_${answer.status}`, message, details } = (parsed && parsed.error) || {};
  let text = message || (parsed && parsed.message) || `Сервер ответил ${answer.status}`;
  if (answer.status === 429 && retryAfter) text += `. Повторите через ${retryAfter} с.`;
  throw new ApiError(answer.status, code, text, details, retryAfter);
}

/** Gets a new access token by the cookie. Calls at the same time share one request. */
export function refresh() {
  refreshing ??= send("POST", "/auth/refresh", undefined, {})
    .then((data) => {
      keepToken(data.access_token);
      return true;
    })
    .catch((error) => {
      // Without an answer, nothing is known about the cookie.
      if (error.status !== 0 && error.status !== 429 && error.status < 500) forget();
      return false;
    })
    .finally(() => {
      refreshing = null;
    });
  return refreshing;
}

/** Calls `method path` as whoever is signed in, and returns the answer's `data`. Throws an `ApiError`. */
export async function call(method, path, body, { key } = {}) {
  const attempt = () => {
    const headers = {};
    if (token()) headers.Authorization = `Bearer ${token()}`;
    if (key) headers["Idempotency-Key"] = key;
    return send(method, path, body, headers);
  };
  try {
    return await attempt();
  } catch (error) {
    if (error.code === "TOKEN_EXPIRED" && (await refresh())) return attempt();
    if (error.code === "TOKEN_EXPIRED" || error.code === "TOKEN_INVALID") {
      forget();
      onSignedOut();
    }
    throw error;
  }
}

export const get = (path) => call("GET", path);

/** Registration and sign-in: the answer's token is kept. */
export async function enter(path, credentials) {
  const data = await send("POST", path, credentials, {});
  keepToken(data.access_token);
  return data.user;
}

export async function signOut() {
  try {
    await send("POST", "/auth/logout", undefined, {});
  } finally {
    forget();
  }
}

/** The address of a file that the API named, if it is one of the product's own. */
export function fileUrl(path) {
  return typeof path === "string" && path.startsWith("/uploads/") ? origin + path : null;
}

/**
 * A key per request: it stays the same while the request does and nothing answered it, so that pressing a button again after a lost answer
 * does nothing twice.
 */
export class Once {
  async call(method, path, body) {
    const request = JSON.stringify([method, path, body]);
    if (this.request !== request) {
      this.request = request;
      this.key = crypto.randomUUID();
    }
    try {
      const data = await call(method, path, body, { key: this.key });
      this.request = null;
      return data;
    } catch (error) {
      if (error.status !== 0) this.request = null;
      throw error;
    }
  }
}
