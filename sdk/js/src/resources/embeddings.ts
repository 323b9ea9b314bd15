import type { APIPromise } from '../api-promise.js';
import type { Core, RequestOptions } from '../core.js';

export interface EmbeddingCreateParams {
  model: string;
  /** A text, several texts, or tokens. */
  input: string | string[] | number[] | number[][];
  dimensions?: number;
  user?: string;
}

export interface Embedding {
  object: 'embedding';
  /** Which of the inputs it belongs to. */
  index: number;
  embedding: number[];
}

export interface EmbeddingList {
  object: 'list';
  data: Embedding[];
  model: string;
  usage: { prompt_tokens: number; total_tokens: number };
  /** What the call cost, in dollars. */
  cost?: number;
  /** The vendor that answered. */
  provider?: string;
}

export class Embeddings {
  readonly #core: Core;

  constructor(core: Core) {
    this.#core = core;
  }

  /** Turns texts into vectors. */
  create(body: EmbeddingCreateParams, options?: RequestOptions): APIPromise<EmbeddingList> {
    return this.#core.json({ method: 'POST', path: '/embeddings', body, credentials: 'key', creates: true }, options);
  }
}
