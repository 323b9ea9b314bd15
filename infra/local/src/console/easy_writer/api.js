// Calls the product's API: envelope, access token, one refresh when it has expired.

const port = document.body.dataset.port;

/** The product is on the host of this page, so that cookies are same-site. */
export const origin = `${location.protocol}//${location.hostname}:${port}`;
export const socketOrigin = `ws://${location.hostname}:${port}`;
const base = `${origin}/api/v1`;

const TOKEN = "easy-writer.token";
/** Set if there may be a refresh cookie, which scripts cannot read. */
const KNOWN = "easy-writer.known";

/** An error response of the API. */
export class ApiError extends Error {
  constructor(status, code, message, details, retryAfter) {
    super(message);
    this.status = status;
    this.code = code;
    this.details = details || {};
    this.retryAfter = retryAfter;
  }

  /** Messages of fields. */
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

/** Whether the user is signed in, if need be by the refresh cookie. */
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

/** Renews the access token by the refresh cookie. Concurrent calls share one request. */
export function refresh() {
  refreshing ??= send("POST", "/auth/refresh", undefined, {})
    .then((data) => {
      keepToken(data.access_token);
      return true;
    })
    .catch((error) => {
      // Without a response, the cookie may still be valid.
      if (error.status !== 0 && error.status !== 429 && error.status < 500) forget();
      return false;
    })
    .finally(() => {
      refreshing = null;
    });
  return refreshing;
}

/** Calls `method path` with the access token and returns the response's `data`. Throws an `ApiError`. */
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

/** Registration and sign-in: stores the access token. */
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

/** The URL of a file of the product; `null` for any other path. */
export function fileUrl(path) {
  return typeof path === "string" && path.startsWith("/uploads/") ? origin + path : null;
}

/**
 * An idempotency key per request: it stays the same while the request does and has no response, so that a click after a lost response repeats
 * nothing.
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
