import type { APIPromise } from '../api-promise.js';
import type { Core, RequestOptions } from '../core.js';

export interface Model {
  id: string;
  name: string;
  provider: string;
  /** Tokens that question and answer may have together. */
  context_length: number;
  /** In dollars. */
  input_cost_per_token: number;
  /** In dollars. */
  output_cost_per_token: number;
  supported_features: string[];
  is_available: boolean;
}

export interface ModelList {
  data: Model[];
}

export class Models {
  readonly #core: Core;

  constructor(core: Core) {
    this.#core = core;
  }

  /** The models that can be called. */
  list(options?: RequestOptions): APIPromise<ModelList> {
    return this.#core.json({ method: 'GET', path: '/models', credentials: 'key' }, options);
  }
}
