/** One event of a `text/event-stream`. */
export interface ServerSentEvent {
  event: string | undefined;
  data: string;
}

/** Decodes server-sent events from bytes that may be split anywhere. */
export class SSEDecoder {
  readonly #utf8 = new TextDecoder();
  /** An incomplete line. */
  #rest = '';
  #afterCarriageReturn = false;
  #event: string | undefined;
  #data: string[] = [];

  /** The events that the bytes complete. */
  push(bytes: Uint8Array): ServerSentEvent[] {
    let text = this.#utf8.decode(bytes, { stream: true });
    if (text === '') return [];
    const endsWithCarriageReturn = text.endsWith('\r');
    if (this.#afterCarriageReturn && text.startsWith('\n')) text = text.slice(1);
    this.#afterCarriageReturn = endsWithCarriageReturn;

    const lines = (this.#rest + text).split(/\r\n|\r|\n/);
    this.#rest = lines.pop() ?? '';
    const events: ServerSentEvent[] = [];
    for (const line of lines) {
      const event = this.#line(line);
      if (event) events.push(event);
    }
    return events;
  }

  /** A last event that no empty line ended. */
  end(): ServerSentEvent | undefined {
    if (this.#rest !== '') this.#line(this.#rest);
    this.#rest = '';
    return this.#line('');
  }

  #line(line: string): ServerSentEvent | undefined {
    if (line === '') {
      const event = this.#data.length > 0 ? { event: this.#event, data: this.#data.join('\n') } : undefined;
      this.#event = undefined;
      this.#data = [];
      return event;
    }
    const colon = line.indexOf(':');
    if (colon === 0) return undefined; // a comment
    const field = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? '' : line.slice(line[colon + 1] === ' ' ? colon + 2 : colon + 1);
    if (field === 'data') this.#data.push(value);
    else if (field === 'event') this.#event = value;
    return undefined;
  }
}
