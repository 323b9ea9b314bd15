/** The `X-RateLimit-*` headers. */
export interface RateLimit {
  /** Requests per window. */
  limit: number | undefined;
  /** Requests left in the current window. */
  remaining: number | undefined;
  /** Start of the next window, in seconds since 1970. */
  reset: number | undefined;
}

/** A result with its HTTP response. */
export interface WithResponse<T> {
  data: T;
  /** Status and headers; the body is consumed by the SDK. */
  response: Response;
  /** `X-Request-ID`: quote it to support. */
  requestId: string | undefined;
  rateLimit: RateLimit;
}

/** Promise of a result; `withResponse()` also gives the HTTP response. */
export class APIPromise<T> extends Promise<T> {
  readonly #result: Promise<WithResponse<T>>;

  constructor(result: Promise<WithResponse<T>>) {
    // Only the type of the base class is used. All handlers attach to `#result`, so that a rejection is reported once.
    super((resolve) => resolve(undefined as T));
    this.#result = result;
  }

  /** The result with status, headers, request id and rate limit. */
  withResponse(): Promise<WithResponse<T>> {
    return this.#result;
  }

  override then<A = T, B = never>(
    fulfilled?: ((value: T) => A | PromiseLike<A>) | null,
    rejected?: ((reason: unknown) => B | PromiseLike<B>) | null,
  ): Promise<A | B> {
    return this.#result.then(({ data }) => data).then(fulfilled, rejected);
  }

  override catch<B = never>(rejected?: ((reason: unknown) => B | PromiseLike<B>) | null): Promise<T | B> {
    return this.then(undefined, rejected);
  }

  override finally(settled?: (() => void) | null): Promise<T> {
    return this.#result.then(({ data }) => data).finally(settled);
  }
}

export function withResponse<T>(data: T, response: Response): WithResponse<T> {
  const number = (name: string): number | undefined => {
    const value = response.headers.get(name);
    return value === null || value.trim() === '' || Number.isNaN(Number(value)) ? undefined : Number(value);
  };
  return {
    data,
    response,
    requestId: response.headers.get('x-request-id') ?? undefined,
    rateLimit: {
      limit: number('x-ratelimit-limit'),
      remaining: number('x-ratelimit-remaining'),
      reset: number('x-ratelimit-reset'),
    },
  };
}
