/** Where a window of requests stands, from the `X-RateLimit-*` headers. */
export interface RateLimit {
  /** Requests that a window allows. */
  limit: number | undefined;
  /** Requests that are left in it. */
  remaining: number | undefined;
  /** When the next window begins, in seconds since 1970. */
  reset: number | undefined;
}

/** A result together with the HTTP answer that brought it. */
export interface WithResponse<T> {
  data: T;
  /** Status and headers. The body has been read, or is being read by the stream. */
  response: Response;
  /** The id that support can find the request by (`X-Request-ID`). */
  requestId: string | undefined;
  rateLimit: RateLimit;
}

/** The promise of a result; `withResponse()` gives the HTTP answer too. */
export class APIPromise<T> extends Promise<T> {
  readonly #result: Promise<WithResponse<T>>;

  constructor(result: Promise<WithResponse<T>>) {
    // The base class is only there for its type: everything is answered by `#result`, so that a failure is reported once.
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

/** A result with what the headers of its answer say. */
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
