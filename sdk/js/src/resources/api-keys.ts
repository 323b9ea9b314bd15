import type { APIPromise } from '../api-promise.js';
import { segment, type Core, type RequestOptions } from '../core.js';

/** What an API key may be used for. */
export type ApiKeyPermission = 'chat' | 'billing' | 'analytics' | (string & {});

/** An API key, without its secret. */
export interface ApiKey {
  id: string;
  name: string;
  isActive: boolean;
  permissions: ApiKeyPermission[];
  createdAt: string;
  expiresAt: string | null;
}

/** An API key that was just created. */
export interface CreatedApiKey extends ApiKey {
  /** The key itself. It is told only now. */
  key: string;
}

export interface ApiKeyList {
  data: ApiKey[];
}

export interface ApiKeyCreateParams {
  name: string;
  permissions: ApiKeyPermission[];
}

/** API keys of a company. */
export class ApiKeys {
  readonly #core: Core;

  constructor(core: Core) {
    this.#core = core;
  }

  /** Creates a key. */
  create(body: ApiKeyCreateParams, options?: RequestOptions): APIPromise<CreatedApiKey> {
    return this.#core.json({ method: 'POST', path: '/auth/api-keys', body, credentials: 'token', creates: true }, options);
  }

  /** The company's keys. */
  list(options?: RequestOptions): APIPromise<ApiKeyList> {
    return this.#core.json({ method: 'GET', path: '/auth/api-keys', credentials: 'token' }, options);
  }

  /** Ends a key. */
  revoke(id: string, options?: RequestOptions): APIPromise<void> {
    return this.#core.json({ method: 'DELETE', path: `/auth/api-keys/${segment(id)}`, credentials: 'token' }, options);
  }
}
