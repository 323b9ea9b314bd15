import type { APIPromise } from '../api-promise.js';
import type { RequestOptions } from '../core.js';
import { Resource } from './resource.js';

export interface EmbeddingCreateParams {
  model: string;
  /** A text, several texts, or tokens. */
  input: string | string[] | number[] | number[][];
  dimensions?: number;
  user?: string;
}

export interface Embedding {
  object: 'embedding';
  /** Index of the input. */
  index: number;
  embedding: number[];
}

export interface EmbeddingList {
  object: 'list';
  data: Embedding[];
  model: string;
  usage: { prompt_tokens: number; total_tokens: number };
  /** Cost of the call in US dollars. */
  cost?: number;
  /** Vendor that served the call. */
  provider?: string;
}

export class Embeddings extends Resource {
  /** Creates embeddings of a text, several texts, or tokens. */
  create(body: EmbeddingCreateParams, options?: RequestOptions): APIPromise<EmbeddingList> {
    return this.core.json({ method: 'POST', path: '/embeddings', body, credentials: 'key', creates: true }, options);
  }
}
