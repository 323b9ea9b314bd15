/** An invalid field of a request. */
export interface ErrorDetail {
  field: string;
  message: string;
}

export interface ErrorInfo {
  status?: number | undefined;
  headers?: Headers | undefined;
  /** Parsed JSON body, or the text if it is not JSON. */
  body?: unknown;
  cause?: unknown;
}

/** Base class of all errors of a call. */
export class APIError extends Error {
  /** HTTP status; `undefined` if there was no response, or if a stream failed after it had begun. */
  readonly status: number | undefined;
  /** Short name of the error, such as `Bad Request`. */
  readonly error: string | undefined;
  /** Machine-readable code, if the response has one. */
  readonly code: string | undefined;
  /** Invalid fields of the request, if the response names any. */
  readonly details: ErrorDetail[] | undefined;
  /** Path of the request, as the server saw it. */
  readonly path: string | undefined;
  /** Time of the error, ISO 8601. */
  readonly timestamp: string | undefined;
  /** `X-Request-ID`: quote it to support. */
  readonly requestId: string | undefined;
  /** `Retry-After` in seconds, if the response has one. */
  readonly retryAfter: number | undefined;
  readonly headers: Headers | undefined;
  /** Parsed JSON body, or the text if it is not JSON. */
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

/** 401: credentials are missing or invalid. */
export class AuthenticationError extends APIError {
  declare readonly status: 401;
}

/** 402: balance and credit limit do not cover the call. */
export class InsufficientFundsError extends APIError {
  declare readonly status: 402;
}

/** 403: the credentials do not permit this. */
export class PermissionDeniedError extends APIError {
  declare readonly status: 403;
}

/** 404: it does not exist, or belongs to another company. */
export class NotFoundError extends APIError {
  declare readonly status: 404;
}

/** 409: the request conflicts with the current state. */
export class ConflictError extends APIError {
  declare readonly status: 409;
}

/** 422: the request is well-formed, but cannot be processed. */
export class UnprocessableEntityError extends APIError {
  declare readonly status: 422;
}

/** 429: too many requests; wait `retryAfter` seconds. */
export class RateLimitError extends APIError {
  declare readonly status: 429;
}

/** 500 and above: the server or a vendor failed. */
export class InternalServerError extends APIError {
  declare readonly status: number;
}

/** No connection, or it was lost before the response was complete. */
export class APIConnectionError extends APIError {
  declare readonly status: undefined;
}

/** No response in time. */
export class APITimeoutError extends APIConnectionError {}

/** A stream reported an error, or ended before `[DONE]`. Chunks received before are valid, but incomplete. */
export class StreamError extends APIError {
  declare readonly status: undefined;
}

/** The signature of a webhook does not match, or its timestamp is more than five minutes from now. */
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

export function errorFromResponse(response: Response, content: string): APIError {
  const { status, headers } = response;
  const body = parseJson(content);
  const message = messageOf(body) ?? fallbackMessage(response);
  const Class = BY_STATUS[status] ?? (status >= 500 ? InternalServerError : APIError);
  return new Class(message, { status, headers, body });
}

/** The error that an event of a stream reports. */
export function errorFromEvent(body: unknown, headers: Headers): StreamError {
  return new StreamError(messageOf(body) ?? 'The stream reported an error.', { headers, body });
}

/** Seconds from now; the header is a number of seconds or a date. */
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
    return (
      'The server answered with a redirect; redirects are not followed, ' +
      'so that credentials stay with the base URL.'
    );
  }
  return `The server answered ${response.status} ${response.statusText}`.trimEnd() + '.';
}

function parseJson(content: string): unknown {
  try {
    return JSON.parse(content);
  } catch {
    return content === '' ? undefined : content;
  }
}

function record(value: unknown): Record<string, unknown> | undefined {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : undefined;
}

function text(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}
