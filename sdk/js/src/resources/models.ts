import type { APIPromise } from '../api-promise.js';
import type { RequestOptions } from '../core.js';
import { Resource } from './resource.js';

export interface Model {
  id: string;
  name: string;
  provider: string;
  /** Maximum tokens of prompt and completion together. */
  context_length: number;
  /** US dollars. */
  input_cost_per_token: number;
  /** US dollars. */
  output_cost_per_token: number;
  supported_features: string[];
  is_available: boolean;
}

export interface ModelList {
  data: Model[];
}

export class Models extends Resource {
  /** Lists the available models. */
  list(options?: RequestOptions): APIPromise<ModelList> {
    return this.core.json({ method: 'GET', path: '/models', credentials: 'key' }, options);
  }
}
