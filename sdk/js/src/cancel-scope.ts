import { APITimeoutError } from './errors.js';

const MAX_TIMER = 2 ** 31 - 1;

/** Aborts one attempt when the caller does, or when a step of it times out. */
export class CancelScope {
  readonly #controller = new AbortController();
  readonly #caller: AbortSignal | undefined;
  readonly #timeout: number;
  readonly #forward = () => this.#controller.abort(this.#caller?.reason);
  #timedOut = false;

  constructor(caller: AbortSignal | undefined, timeout: number) {
    caller?.throwIfAborted();
    caller?.addEventListener('abort', this.#forward, { once: true });
    this.#caller = caller;
    this.#timeout = timeout;
  }

  /** For `fetch`. */
  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** Rejects with the caller's reason, with `APITimeoutError`, or as `work` does. */
  async withTimeout<T>(work: () => Promise<T>): Promise<T> {
    const timer = setTimeout(
      () => {
        this.#timedOut = true;
        this.#controller.abort();
      },
      Math.min(this.#timeout, MAX_TIMER),
    );
    try {
      return await work();
    } catch (cause) {
      this.throwIfAborted();
      if (this.#timedOut) throw new APITimeoutError(`No answer within ${this.#timeout} ms.`, { cause });
      throw cause;
    } finally {
      clearTimeout(timer);
    }
  }

  throwIfAborted(): void {
    this.#caller?.throwIfAborted();
  }

  cancel(): void {
    this.release();
    this.#controller.abort();
  }

  /** Removes the listener from the caller's signal, which may outlive the attempt. */
  release(): void {
    this.#caller?.removeEventListener('abort', this.#forward);
  }
}

export function sleep(milliseconds: number, signal: AbortSignal | undefined): Promise<void> {
  return abortable((done) => {
    const timer = setTimeout(done, milliseconds);
    return () => clearTimeout(timer);
  }, signal);
}

/** Waits for shared work: an abort ends the wait, not the work. */
export function waitFor<T>(work: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  work.catch(() => {}); // Handled here in case every waiting call was aborted.
  return abortable<T>((done, failed) => {
    work.then(done, failed);
    return () => {};
  }, signal);
}

function abortable<T>(
  start: (done: (value: T) => void, failed: (reason: unknown) => void) => () => void,
  signal: AbortSignal | undefined,
): Promise<T> {
  return new Promise<T>((resolve, reject) => {
    if (signal?.aborted) return reject(signal.reason);
    const onAbort = () => {
      stop();
      reject(signal?.reason);
    };
    const ended = () => signal?.removeEventListener('abort', onAbort);
    const stop = start(
      (value) => (ended(), resolve(value)),
      (reason) => (ended(), reject(reason)),
    );
    signal?.addEventListener('abort', onAbort, { once: true });
  });
}
