import { APITimeoutError } from './errors.js';

const LONGEST_TIMER = 2 ** 31 - 1;

/** Ends one attempt when its caller aborts it, or when a step of it takes too long. */
export class Lifeline {
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

  /** What the attempt must listen to. */
  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** Gives a step its time. Rejects with the caller's reason, with `APITimeoutError`, or as the step does. */
  async step<T>(work: () => Promise<T>): Promise<T> {
    const timer = setTimeout(() => {
      this.#timedOut = true;
      this.#controller.abort();
    }, Math.min(this.#timeout, LONGEST_TIMER));
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

  /** Throws the caller's reason if the caller has aborted. */
  throwIfAborted(): void {
    this.#caller?.throwIfAborted();
  }

  /** Ends the attempt, if it has not ended. */
  close(): void {
    this.release();
    this.#controller.abort();
  }

  /** Forgets the caller's signal, which may live longer than the attempt. */
  release(): void {
    this.#caller?.removeEventListener('abort', this.#forward);
  }
}

/** Waits, unless the caller aborts. */
export function sleep(milliseconds: number, signal: AbortSignal | undefined): Promise<void> {
  return unlessAborted(
    (done) => {
      const timer = setTimeout(done, milliseconds);
      return () => clearTimeout(timer);
    },
    signal,
  );
}

/** Waits for work that others wait for too: an abort ends the wait, not the work. */
export function shared<T>(work: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  work.catch(() => {}); // Nobody may be left to hear of its failure.
  return unlessAborted<T>((done, failed) => {
    work.then(done, failed);
    return () => {};
  }, signal);
}

function unlessAborted<T>(
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
