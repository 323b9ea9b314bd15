import { APIPromise, withResponse, type WithResponse } from './api-promise.js';
import { uniqueKey } from './crypto.js';
import { APIConnectionError, APIError, AuthenticationError, errorOfAnswer } from './errors.js';
import { Lifeline, shared, sleep } from './lifeline.js';
import type { Session } from './resources/auth.js';
import { Stream } from './stream.js';
import { VERSION } from './version.js';

/** How a client is set up. */
export interface ClientOptions {
  /** An API key (`ak_live_…`), sent as `X-API-Key`. */
  apiKey?: string | undefined;
  /** A company's access token, sent as `Authorization: Bearer`. */
  accessToken?: string | undefined;
  /** A company's refresh token. When the access token has expired, it is renewed and the call is repeated. */
  refreshToken?: string | undefined;
  /** Is called with the new tokens after each renewal. Store them: the old refresh token is used up. */
  onRefresh?: ((session: Session) => void) | undefined;
  /** Where the gateway is. Default: `https://api.ai-aggregator.com`. */
  baseUrl?: string | undefined;
  /** Milliseconds that each attempt may take; for a stream, each wait for its next bytes. Default: 600,000. */
  timeout?: number | undefined;
  /** How often a call is repeated after a failure that may pass. Default: 2. */
  maxRetries?: number | undefined;
  /** Headers of every call. */
  headers?: Record<string, string> | undefined;
  /** What sends the requests. Default: the global `fetch`. */
  fetch?: typeof fetch | undefined;
}

/** What one call does differently. */
export interface RequestOptions {
  /** Ends the call; it rejects with the signal's reason. */
  signal?: AbortSignal | undefined;
  /** Milliseconds, instead of the client's. */
  timeout?: number | undefined;
  /** Instead of the client's. */
  maxRetries?: number | undefined;
  /** Headers of this call; they win over all others. */
  headers?: Record<string, string> | undefined;
  /** The `Idempotency-Key` of a call that creates or charges. Without it, every call has its own. */
  idempotencyKey?: string | undefined;
  /** Fields of the body that the SDK has no types for. */
  extraBody?: Record<string, unknown> | undefined;
}

type QueryValue = string | number | Date | undefined;

/** A request as a resource describes it. */
export interface Call {
  method: 'GET' | 'POST' | 'PATCH' | 'DELETE';
  /** Below `/api/v1`. */
  path: string;
  query?: Record<string, QueryValue> | undefined;
  body?: object;
  /** Which credentials it prefers: those of a program, those of a company, or none at all. */
  credentials: 'key' | 'token' | 'none';
  /** Whether it creates or charges, so that a repeat must be known as one. */
  creates?: boolean;
}

interface Answer {
  response: Response;
  /** The body, unless it is streamed. */
  text: string;
  lifeline: Lifeline;
}

const DEFAULT_BASE_URL = 'https://api.ai-aggregator.com';
const DEFAULT_TIMEOUT = 600_000;
const DEFAULT_MAX_RETRIES = 2;
/** The back-off before the first repeat, in seconds; it doubles with each. */
const FIRST_DELAY = 0.5;
const LONGEST_DELAY = 8;
/** A server that wants a longer wait than this, in seconds, is not asked again. */
const LONGEST_RETRY_AFTER = 60;

/** Sends calls: credentials, retries, time-outs, renewal of tokens. */
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

  /** Sends a call whose answer is JSON, or nothing. */
  json<T>(call: Call, options: RequestOptions = {}): APIPromise<T> {
    return new APIPromise(this.#json<T>(call, options));
  }

  /** Sends a call whose answer is a stream of chunks. */
  stream<T>(call: Call, options: RequestOptions = {}): APIPromise<Stream<T>> {
    return new APIPromise(this.#stream<T>(call, options));
  }

  async #json<T>(call: Call, options: RequestOptions): Promise<WithResponse<T>> {
    const { response, text } = await this.#answer(call, options, false);
    if (call.method === 'DELETE' || response.status === 204) return withResponse(undefined as T, response);
    try {
      return withResponse(JSON.parse(text) as T, response);
    } catch (cause) {
      const { status, headers } = response;
      throw new APIError('The server answered with something that is not JSON.', { status, headers, body: text, cause });
    }
  }

  async #stream<T>(call: Call, options: RequestOptions): Promise<WithResponse<Stream<T>>> {
    const { response, lifeline } = await this.#answer(call, options, true);
    return withResponse(new Stream<T>(response, lifeline), response);
  }

  /** The first answer of success; repeats the request where that may help. */
  async #answer(call: Call, options: RequestOptions, streamed: boolean): Promise<Answer> {
    const url = this.#url(call);
    const headers = await this.#headers(call, options, streamed);
    const body = call.body && JSON.stringify({ ...call.body, ...options.extraBody });
    const maxRetries = options.maxRetries ?? this.#options.maxRetries ?? DEFAULT_MAX_RETRIES;
    let retries = 0;
    let renewed = false;
    for (;;) {
      if (this.#prefersToken(call) && !this.#accessToken && this.#refreshToken && !renewed) {
        renewed = true;
        await shared(this.#renew(undefined), options.signal);
      }
      const token = this.#prefersToken(call) ? this.#accessToken : undefined;
      const init = { method: call.method, headers: this.#authorized(headers, call, token), body: body ?? null };

      const result = await this.#attempt(url, init, options, streamed);
      if (!(result instanceof APIError)) return result;

      if (result.status === 401 && token && !renewed && (token !== this.#accessToken || this.#refreshToken)) {
        renewed = true;
        await shared(this.#renew(token), options.signal);
        continue;
      }
      const delay = retryDelay(result, retries);
      if (delay === undefined || retries >= maxRetries) throw result;
      retries += 1;
      await sleep(delay * 1000, options.signal);
    }
  }

  /** One request: its answer, or the error that it is or stands for. Throws only what the caller's signal says. */
  async #attempt(url: string, init: RequestInit, options: RequestOptions, streamed: boolean): Promise<Answer | APIError> {
    const send = this.#options.fetch ?? globalThis.fetch;
    const lifeline = new Lifeline(options.signal, options.timeout ?? this.#options.timeout ?? DEFAULT_TIMEOUT);
    let keepsOpen = false;
    try {
      return await lifeline.step(async () => {
        // A redirect could lead credentials to another host.
        const response = await send(url, { ...init, redirect: 'manual', signal: lifeline.signal });
        keepsOpen = streamed && response.ok;
        const text = keepsOpen ? '' : await response.text();
        return response.ok ? { response, text, lifeline } : errorOfAnswer(response, text);
      });
    } catch (cause) {
      lifeline.throwIfAborted();
      if (cause instanceof APIError) return cause;
      return new APIConnectionError(`The connection failed: ${describe(cause)}`, { cause });
    } finally {
      if (!keepsOpen) lifeline.release();
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
    // Browsers name themselves.
    if (!('document' in globalThis)) headers.set('User-Agent', `ai-aggregator-js/${VERSION}`);
    for (const [name, value] of Object.entries(this.#options.headers ?? {})) headers.set(name, value);
    if (call.creates) headers.set('Idempotency-Key', options.idempotencyKey ?? (await uniqueKey()));
    for (const [name, value] of Object.entries(options.headers ?? {})) headers.set(name, value);
    return headers;
  }

  #prefersToken(call: Call): boolean {
    if (call.credentials === 'none') return false;
    const hasToken = Boolean(this.#accessToken || this.#refreshToken);
    return hasToken && (call.credentials === 'token' || !this.#options.apiKey);
  }

  #authorized(headers: Headers, call: Call, token: string | undefined): Headers {
    const result = new Headers(headers);
    if (call.credentials === 'none' || result.has('Authorization') || result.has('X-API-Key')) return result;
    if (token) result.set('Authorization', `Bearer ${token}`);
    else if (this.#options.apiKey) result.set('X-API-Key', this.#options.apiKey);
    return result;
  }

  /** Replaces the token that was refused; calls that are refused at the same time share one renewal. */
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
      // It will not be accepted the next time either.
      if (error instanceof AuthenticationError) this.#refreshToken = undefined;
      throw error;
    }
  }
}

/** A part of a path; refuses what would lead to another one. */
export function segment(value: string): string {
  if (!value || value === '.' || value === '..') throw new TypeError(`${JSON.stringify(value)} is not an id.`);
  return encodeURIComponent(value);
}

/** Seconds until the next attempt, or `undefined` if it cannot help. */
function retryDelay(error: APIError, retries: number): number | undefined {
  const { status, retryAfter } = error;
  const passing =
    error instanceof APIConnectionError ||
    status === 408 ||
    (status === 409 && retryAfter !== undefined) ||
    status === 429 ||
    (status !== undefined && status >= 500);
  if (!passing) return undefined;
  if (retryAfter !== undefined) return retryAfter <= LONGEST_RETRY_AFTER ? retryAfter : undefined;
  const delay = Math.min(FIRST_DELAY * 2 ** retries, LONGEST_DELAY);
  return delay * (1 - Math.random() / 4);
}

/** `fetch` hides what happened in the cause. */
function describe(cause: unknown): string {
  const inner = cause instanceof Error && cause.cause instanceof Error ? cause.cause : cause;
  return inner instanceof Error ? inner.message || inner.name : String(inner);
}
