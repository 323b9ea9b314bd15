import { APIError, StreamError, errorFromEvent } from './errors.js';
import type { CancelScope } from './cancel-scope.js';
import { SSEDecoder } from './sse.js';

/** Milliseconds to wait for the end of the response after `[DONE]`, before its connection is closed. */
const DRAIN_TIMEOUT = 1_000;

/**
 * The chunks of a streamed response, in order. It can be read once.
 *
 * Leaving the loop, `close()` and an abort of the call's `signal` end the request. After an abort, the loop throws the
 * signal's reason.
 */
export class Stream<T> implements AsyncIterable<T> {
  readonly #response: Response;
  readonly #scope: CancelScope;
  #consumed = false;
  #closed = false;

  constructor(response: Response, scope: CancelScope) {
    this.#response = response;
    this.#scope = scope;
  }

  /** Ends the request. A loop that is reading it ends without an error. */
  close(): void {
    this.#closed = true;
    this.#scope.cancel();
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<T, void, undefined> {
    if (this.#consumed) throw new TypeError('A stream can be read only once.');
    this.#consumed = true;
    const reader = this.#response.body?.getReader();
    const decoder = new SSEDecoder();
    let done = false;
    try {
      while (reader && !this.#closed) {
        const piece = await this.#read(reader);
        if (!piece) break;
        for (const { data } of decoder.push(piece)) {
          if (data === '[DONE]') {
            done = true;
            return;
          }
          yield this.#parse(data);
          if (this.#closed) return;
          this.#scope.throwIfAborted();
        }
      }
      // `[DONE]` is complete even without the empty line that ends an event.
      done = decoder.end()?.data === '[DONE]';
      if (!done && !this.#closed) throw this.#failure('The stream ended before it was complete.');
    } finally {
      if (done && reader) void this.#drain(reader);
      else this.close();
    }
  }

  async #read(reader: ReadableStreamDefaultReader<Uint8Array>): Promise<Uint8Array | undefined> {
    try {
      return (await this.#scope.withTimeout(() => reader.read())).value;
    } catch (cause) {
      if (this.#closed) return undefined;
      this.#scope.throwIfAborted();
      if (cause instanceof APIError) throw cause;
      throw this.#failure('The connection was lost in the middle of the stream.', cause);
    }
  }

  #parse(data: string): T {
    let chunk: unknown;
    try {
      chunk = JSON.parse(data);
    } catch (cause) {
      throw this.#failure('The stream sent a chunk that is not JSON.', cause);
    }
    if (typeof chunk === 'object' && chunk !== null && 'error' in chunk && chunk.error != null) {
      throw errorFromEvent(chunk, this.#response.headers);
    }
    return chunk as T;
  }

  /** Reads the response to its end, in the background, so that its connection can be reused. */
  async #drain(reader: ReadableStreamDefaultReader<Uint8Array>): Promise<void> {
    const timer = setTimeout(() => this.close(), DRAIN_TIMEOUT);
    try {
      while (!(await reader.read()).done);
    } catch {
      // All chunks have been received.
    } finally {
      clearTimeout(timer);
      this.close();
    }
  }

  #failure(message: string, cause?: unknown): StreamError {
    return new StreamError(message, { headers: this.#response.headers, cause });
  }
}
