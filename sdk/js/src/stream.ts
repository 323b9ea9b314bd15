import { APIError, StreamError, errorOfFrame } from './errors.js';
import type { Lifeline } from './lifeline.js';
import { SSEDecoder } from './sse.js';

/** How long an answer may take to end after `[DONE]`, before its connection is given up. */
const LAST_BYTES = 1_000;

/**
 * The chunks of a streamed answer, in the order in which they come. It can be read once.
 *
 * Leaving the loop, an abort of the call's `signal` and `close()` all end the request. An abort also makes the loop throw the signal's
 * reason.
 */
export class Stream<T> implements AsyncIterable<T> {
  readonly #response: Response;
  readonly #lifeline: Lifeline;
  #taken = false;
  #closed = false;

  constructor(response: Response, lifeline: Lifeline) {
    this.#response = response;
    this.#lifeline = lifeline;
  }

  /** Ends the request. A loop that is reading ends too, without an error. */
  close(): void {
    this.#closed = true;
    this.#lifeline.close();
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<T, void, undefined> {
    if (this.#taken) throw new TypeError('A stream can be read only once.');
    this.#taken = true;
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
          this.#lifeline.throwIfAborted();
        }
      }
      // An event without the empty line after it may be cut; of this one it does not matter.
      done = decoder.end()?.data === '[DONE]';
      if (!done && !this.#closed) throw this.#failure('The stream ended before it was complete.');
    } finally {
      if (done && reader) void this.#finish(reader);
      else this.close();
    }
  }

  async #read(reader: ReadableStreamDefaultReader<Uint8Array>): Promise<Uint8Array | undefined> {
    try {
      return (await this.#lifeline.step(() => reader.read())).value;
    } catch (cause) {
      if (this.#closed) return undefined;
      this.#lifeline.throwIfAborted();
      throw cause instanceof APIError ? cause : this.#failure('The connection was lost in the middle of the stream.', cause);
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
      throw errorOfFrame(chunk, this.#response.headers);
    }
    return chunk as T;
  }

  /** Lets the answer end by itself, in the background: its connection can then be used again. */
  async #finish(reader: ReadableStreamDefaultReader<Uint8Array>): Promise<void> {
    const timer = setTimeout(() => this.close(), LAST_BYTES);
    try {
      while (!(await reader.read()).done);
    } catch {
      // Everything that matters has been received.
    } finally {
      clearTimeout(timer);
      this.close();
    }
  }

  #failure(message: string, cause?: unknown): StreamError {
    return new StreamError(message, { headers: this.#response.headers, cause });
  }
}
