import { APIPromise, withResponse, type WithResponse } from './api-promise.js';
import { newIdempotencyKey } from './crypto.js';
import { APIConnectionError, APIError, AuthenticationError, errorFromResponse } from './errors.js';
import { CancelScope, sleep, waitFor } from './cancel-scope.js';
import type { Session } from './resources/auth.js';
import { Stream } from './stream.js';
import { VERSION } from './version.js';

export interface ClientOptions {
  /** API key (`ak_live_…`), sent as `X-API-Key`. */
  apiKey?: string | undefined;
  /** Access token of a company, sent as `Authorization: Bearer`. */
  accessToken?: string | undefined;
  /** Refresh token of a company. An expired access token is renewed with it, and the call retried. */
  refreshToken?: string | undefined;
  /** Called with the new tokens after each renewal. Store them: a refresh token works once. */
  onRefresh?: ((session: Session) => void) | undefined;
  /** URL of the gateway. Default: `https://api.ai-aggregator.com`. */
  baseUrl?: string | undefined;
  /** Milliseconds that each attempt may take; for a stream, each wait for the next bytes. Default: 600,000. */
  timeout?: number | undefined;
  /** How often a call is retried after a transient failure. Default: 2. */
  maxRetries?: number | undefined;
  /** Headers of every request. */
  headers?: Record<string, string> | undefined;
  /** Sends the requests. Default: the global `fetch`. */
  fetch?: typeof fetch | undefined;
}

/** Options of a single call. */
export interface RequestOptions {
  /** Aborts the call, which rejects with the signal's reason. */
  signal?: AbortSignal | undefined;
  /** Milliseconds. Default: the client's. */
  timeout?: number | undefined;
  /** Default: the client's. */
  maxRetries?: number | undefined;
  /** Additional headers; they take precedence over all others. */
  headers?: Record<string, string> | undefined;
  /** `Idempotency-Key` of a call that creates or charges. Default: a new one for each call. */
  idempotencyKey?: string | undefined;
  /** Body fields that the SDK does not declare. */
  extraBody?: Record<string, unknown> | undefined;
}

type QueryValue = string | number | Date | undefined;

/** A request as a resource defines it. */
export interface Call {
  method: 'GET' | 'POST' | 'PATCH' | 'DELETE';
  /** Below `/api/v1`. */
  path: string;
  query?: Record<string, QueryValue> | undefined;
  body?: object;
  /** To prefer: the API key, the access token (default), or none at all. */
  credentials?: 'key' | 'token' | 'none';
  /** Creates or charges: sent with an `Idempotency-Key`. */
  creates?: boolean;
}

interface Received {
  response: Response;
  /** The body, unless it is streamed. */
  text: string;
  scope: CancelScope;
}

const DEFAULT_BASE_URL = 'https://api.ai-aggregator.com';
const DEFAULT_TIMEOUT = 600_000;
const DEFAULT_MAX_RETRIES = 2;
/** Seconds before the first retry; doubled for each further one. */
const INITIAL_DELAY = 0.5;
const MAX_DELAY = 8;
/** A `Retry-After` longer than this, in seconds, is not waited for: the call fails at once. */
const MAX_RETRY_AFTER = 60;

/** Sends calls: credentials, retries, time-outs, token renewal. */
export class Core {
  readonly #options: ClientOptions;
  readonly #baseUrl: string;
  #accessToken: string | undefined;
  #refreshToken: string | undefined;
  #refreshing: Promise<void> | undefined;

  constructor(options: ClientOptions) {
    this.#options = options;
    this.#baseUrl = (options.baseUrl ?? DEFAULT_BASE_URL).replace(/\/+$/, '');
    this.#accessToken = options.accessToken;
    this.#refreshToken = options.refreshToken;
  }

  /** Sends a call whose response is JSON or empty. */
  json<T>(call: Call, options: RequestOptions = {}): APIPromise<T> {
    return new APIPromise(this.#json<T>(call, options));
  }

  /** Sends a call whose response is a stream of chunks. */
  stream<T>(call: Call, options: RequestOptions = {}): APIPromise<Stream<T>> {
    return new APIPromise(this.#stream<T>(call, options));
  }

  async #json<T>(call: Call, options: RequestOptions): Promise<WithResponse<T>> {
    const { response, text } = await this.#send(call, options, false);
    if (call.method === 'DELETE' || response.status === 204) return withResponse(undefined as T, response);
    try {
      return withResponse(JSON.parse(text) as T, response);
    } catch (cause) {
      const { status, headers } = response;
      const message = 'The server answered with something that is not JSON.';
      throw new APIError(message, { status, headers, body: text, cause });
    }
  }

  async #stream<T>(call: Call, options: RequestOptions): Promise<WithResponse<Stream<T>>> {
    const { response, scope } = await this.#send(call, options, true);
    return withResponse(new Stream<T>(response, scope), response);
  }

  /** Retries and renews the access token as needed; throws the last error. */
  async #send(call: Call, options: RequestOptions, streamed: boolean): Promise<Received> {
    const url = this.#url(call);
    const headers = await this.#headers(call, options, streamed);
    const body = call.body && JSON.stringify({ ...call.body, ...options.extraBody });
    const maxRetries = options.maxRetries ?? this.#options.maxRetries ?? DEFAULT_MAX_RETRIES;
    let retries = 0;
    let renewed = false;
    for (;;) {
      if (this.#prefersToken(call) && !this.#accessToken && this.#refreshToken && !renewed) {
        renewed = true;
        await waitFor(this.#renew(undefined), options.signal);
      }
      const token = this.#prefersToken(call) ? this.#accessToken : undefined;
      const init = { method: call.method, headers: this.#authorized(headers, call, token), body: body ?? null };

      const result = await this.#attempt(url, init, options, streamed);
      if (!(result instanceof APIError)) return result;

      if (result.status === 401 && token && !renewed && (token !== this.#accessToken || this.#refreshToken)) {
        renewed = true;
        await waitFor(this.#renew(token), options.signal);
        continue;
      }
      const delay = retryDelay(result, retries);
      if (delay === undefined || retries >= maxRetries) throw result;
      retries += 1;
      await sleep(delay * 1000, options.signal);
    }
  }

  /** A single request. Returns its error; throws only the reason of the caller's signal. */
  async #attempt(
    url: string,
    init: RequestInit,
    options: RequestOptions,
    streamed: boolean,
  ): Promise<Received | APIError> {
    const send = this.#options.fetch ?? globalThis.fetch;
    const scope = new CancelScope(options.signal, options.timeout ?? this.#options.timeout ?? DEFAULT_TIMEOUT);
    let keepsOpen = false;
    try {
      return await scope.withTimeout(async () => {
        // A redirect could lead credentials to another host.
        const response = await send(url, { ...init, redirect: 'manual', signal: scope.signal });
        keepsOpen = streamed && response.ok;
        const text = keepsOpen ? '' : await response.text();
        return response.ok ? { response, text, scope } : errorFromResponse(response, text);
      });
    } catch (cause) {
      scope.throwIfAborted();
      if (cause instanceof APIError) return cause;
      return new APIConnectionError(`The connection failed: ${describe(cause)}`, { cause });
    } finally {
      if (!keepsOpen) scope.release();
    }
  }

  #url(call: Call): string {
    const url = new URL(`${this.#baseUrl}/api/v1${call.path}`);
    for (const [name, value] of Object.entries(call.query ?? {})) {
      if (value === undefined) continue;
      url.searchParams.set(name, value instanceof Date ? value.toISOString() : String(value));
    }
    return url.href;
  }

  async #headers(call: Call, options: RequestOptions, streamed: boolean): Promise<Headers> {
    const headers = new Headers({ Accept: streamed ? 'text/event-stream' : 'application/json' });
    if (call.body) headers.set('Content-Type', 'application/json');
    // Browsers set their own.
    if (!('document' in globalThis)) headers.set('User-Agent', `ai-aggregator-js/${VERSION}`);
    for (const [name, value] of Object.entries(this.#options.headers ?? {})) headers.set(name, value);
    if (call.creates) headers.set('Idempotency-Key', options.idempotencyKey ?? (await newIdempotencyKey()));
    for (const [name, value] of Object.entries(options.headers ?? {})) headers.set(name, value);
    return headers;
  }

  #prefersToken(call: Call): boolean {
    if (call.credentials === 'none') return false;
    const hasToken = Boolean(this.#accessToken || this.#refreshToken);
    return hasToken && (call.credentials !== 'key' || !this.#options.apiKey);
  }

  #authorized(headers: Headers, call: Call, token: string | undefined): Headers {
    const result = new Headers(headers);
    if (call.credentials === 'none' || result.has('Authorization') || result.has('X-API-Key')) return result;
    if (token) result.set('Authorization', `Bearer ${token}`);
    else if (this.#options.apiKey) result.set('X-API-Key', this.#options.apiKey);
    return result;
  }

  /** Replaces a refused access token. Concurrent calls share one renewal. */
  #renew(refused: string | undefined): Promise<void> {
    if (this.#accessToken !== refused) return Promise.resolve();
    this.#refreshing ??= this.#exchangeTokens().finally(() => {
      this.#refreshing = undefined;
    });
    return this.#refreshing;
  }

  async #exchangeTokens(): Promise<void> {
    const body = { refreshToken: this.#refreshToken };
    try {
      const session = await this.json<Session>({ method: 'POST', path: '/auth/refresh', body, credentials: 'none' });
      this.#accessToken = session.accessToken;
      this.#refreshToken = session.refreshToken ?? this.#refreshToken;
      this.#options.onRefresh?.(session);
    } catch (error) {
      // It would be refused again.
      if (error instanceof AuthenticationError) this.#refreshToken = undefined;
      throw error;
    }
  }
}

/** An id as a path segment. Throws for one that would change the path. */
export function pathSegment(value: string): string {
  if (!value || value === '.' || value === '..') throw new TypeError(`${JSON.stringify(value)} is not an id.`);
  return encodeURIComponent(value);
}

/** Seconds to wait before the next attempt, or `undefined` if the error is final. */
function retryDelay(error: APIError, retries: number): number | undefined {
  const { status, retryAfter } = error;
  const transient =
    error instanceof APIConnectionError ||
    status === 408 ||
    (status === 409 && retryAfter !== undefined) ||
    status === 429 ||
    (status !== undefined && status >= 500);
  if (!transient) return undefined;
  if (retryAfter !== undefined) return retryAfter <= MAX_RETRY_AFTER ? retryAfter : undefined;
  const delay = Math.min(INITIAL_DELAY * 2 ** retries, MAX_DELAY);
  return delay * (1 - Math.random() / 4);
}

/** `fetch` puts the reason into `cause`. */
function describe(cause: unknown): string {
  const inner = cause instanceof Error && cause.cause instanceof Error ? cause.cause : cause;
  return inner instanceof Error ? inner.message || inner.name : String(inner);
}
