/** What is wrong with one field of a request. */
export interface ErrorDetail {
  field: string;
  message: string;
}

/** What is known about a failure. Without an answer of the server, only the message and the cause are. */
export interface ErrorInfo {
  status?: number | undefined;
  headers?: Headers | undefined;
  /** The parsed JSON body, or the text if it was not JSON. */
  body?: unknown;
  cause?: unknown;
}

/** The base of all errors of a call. `instanceof` one of the subclasses tells which. */
export class APIError extends Error {
  /** The HTTP status; `undefined` if there was no answer, or if a stream broke after it had begun. */
  readonly status: number | undefined;
  /** The short name of the failure, such as `Bad Request`. */
  readonly error: string | undefined;
  /** A code for programs, if the answer had one. */
  readonly code: string | undefined;
  /** The fields that were refused, if the answer named any. */
  readonly details: ErrorDetail[] | undefined;
  /** The path that failed, as the server saw it. */
  readonly path: string | undefined;
  /** When it failed, ISO 8601. */
  readonly timestamp: string | undefined;
  /** The id that support can find the request by (`X-Request-ID`). */
  readonly requestId: string | undefined;
  /** Seconds to wait before the next try (`Retry-After`), if the server said so. */
  readonly retryAfter: number | undefined;
  readonly headers: Headers | undefined;
  /** The parsed JSON body, or the text if it was not JSON. */
  readonly body: unknown;

  constructor(message: string, info: ErrorInfo = {}) {
    super(message, 'cause' in info ? { cause: info.cause } : undefined);
    this.name = new.target.name;
    this.status = info.status;
    this.headers = info.headers;
    this.body = info.body;
    this.requestId = info.headers?.get('x-request-id') ?? undefined;
    this.retryAfter = parseRetryAfter(info.headers?.get('retry-after'));

    const body = record(info.body);
    const inner = record(body?.['error']);
    this.error = text(body?.['error']) ?? text(inner?.['type']);
    this.code = text(body?.['code']) ?? text(inner?.['code']);
    this.details = Array.isArray(body?.['details']) ? (body['details'] as ErrorDetail[]) : undefined;
    this.path = text(body?.['path']);
    this.timestamp = text(body?.['timestamp']);
  }
}

/** 400: the request is malformed; `details` names the fields. */
export class BadRequestError extends APIError {
  declare readonly status: 400;
}

/** 401: no credentials, or ones that are not valid. */
export class AuthenticationError extends APIError {
  declare readonly status: 401;
}

/** 402: the balance and the credit limit do not cover the call. */
export class InsufficientFundsError extends APIError {
  declare readonly status: 402;
}

/** 403: the credentials are valid, but do not permit this. */
export class PermissionDeniedError extends APIError {
  declare readonly status: 403;
}

/** 404: there is no such thing, or it belongs to somebody else. */
export class NotFoundError extends APIError {
  declare readonly status: 404;
}

/** 409: the request contradicts the present state. */
export class ConflictError extends APIError {
  declare readonly status: 409;
}

/** 422: the request is well-formed, but cannot be carried out. */
export class UnprocessableEntityError extends APIError {
  declare readonly status: 422;
}

/** 429: too many requests; `retryAfter` says how long to wait. */
export class RateLimitError extends APIError {
  declare readonly status: 429;
}

/** 500 and above: the server, or a vendor behind it, failed. */
export class InternalServerError extends APIError {
  declare readonly status: number;
}

/** There was no answer: no connection, or it was lost before the answer was complete. */
export class APIConnectionError extends APIError {
  declare readonly status: undefined;
}

/** There was no answer in time. */
export class APITimeoutError extends APIConnectionError {}

/** A stream that had begun reported an error, or ended before `[DONE]`. What was received before it is valid, but incomplete. */
export class StreamError extends APIError {
  declare readonly status: undefined;
}

/** A webhook is not from the gateway, not for this secret, or too old. */
export class WebhookVerificationError extends Error {
  override readonly name = 'WebhookVerificationError';
}

const BY_STATUS: Record<number, new (message: string, info: ErrorInfo) => APIError> = {
  400: BadRequestError,
  401: AuthenticationError,
  402: InsufficientFundsError,
  403: PermissionDeniedError,
  404: NotFoundError,
  409: ConflictError,
  422: UnprocessableEntityError,
  429: RateLimitError,
};

/** The error of an answer whose status is not one of success. */
export function errorOfAnswer(response: Response, answer: string): APIError {
  const { status, headers } = response;
  const body = parseJson(answer);
  const message = messageOf(body) ?? fallbackMessage(response);
  const Class = BY_STATUS[status] ?? (status >= 500 ? InternalServerError : APIError);
  return new Class(message, { status, headers, body });
}

/** The error that a frame in the middle of a stream reports. */
export function errorOfFrame(body: unknown, headers: Headers): StreamError {
  return new StreamError(messageOf(body) ?? 'The stream reported an error.', { headers, body });
}

/** Seconds from now, from a number of seconds or a date. */
export function parseRetryAfter(value: string | null | undefined): number | undefined {
  if (value == null || value.trim() === '') return undefined;
  const seconds = Number(value);
  if (Number.isFinite(seconds)) return Math.max(0, seconds);
  const date = Date.parse(value);
  return Number.isNaN(date) ? undefined : Math.max(0, (date - Date.now()) / 1000);
}

function messageOf(body: unknown): string | undefined {
  const object = record(body);
  const message = object?.['message'] ?? record(object?.['error'])?.['message'] ?? object?.['error'];
  return Array.isArray(message) ? message.join('; ') : text(message);
}

function fallbackMessage(response: Response): string {
  // With `redirect: 'manual'`, browsers hide the status of a redirect.
  if (response.type === 'opaqueredirect' || (response.status >= 300 && response.status < 400)) {
    return 'The server answered with a redirect; redirects are not followed, so that credentials stay with the base URL.';
  }
  return `The server answered ${response.status} ${response.statusText}`.trimEnd() + '.';
}

function parseJson(answer: string): unknown {
  try {
    return JSON.parse(answer);
  } catch {
    return answer === '' ? undefined : answer;
  }
}

function record(value: unknown): Record<string, unknown> | undefined {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : undefined;
}

function text(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}
