import type { APIPromise } from '../api-promise.js';
import { pathSegment, type RequestOptions } from '../core.js';
import { Resource } from './resource.js';

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

/** A new API key, with its secret. */
export interface CreatedApiKey extends ApiKey {
  /** The key itself. Shown only once. */
  key: string;
}

export interface ApiKeyList {
  data: ApiKey[];
}

export interface ApiKeyCreateParams {
  name: string;
  permissions: ApiKeyPermission[];
}

export class ApiKeys extends Resource {
  create(body: ApiKeyCreateParams, options?: RequestOptions): APIPromise<CreatedApiKey> {
    return this.core.json({ method: 'POST', path: '/auth/api-keys', body, creates: true }, options);
  }

  list(options?: RequestOptions): APIPromise<ApiKeyList> {
    return this.core.json({ method: 'GET', path: '/auth/api-keys' }, options);
  }

  revoke(id: string, options?: RequestOptions): APIPromise<void> {
    return this.core.json({ method: 'DELETE', path: `/auth/api-keys/${pathSegment(id)}` }, options);
  }
}
