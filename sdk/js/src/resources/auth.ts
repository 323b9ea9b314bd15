import type { APIPromise } from '../api-promise.js';
import type { RequestOptions } from '../core.js';
import { Resource } from './resource.js';

export interface Company {
  id: string;
  email: string;
  name: string;
  role: string;
  isVerified: boolean;
}

/** Tokens of a signed-in company. */
export interface Session {
  accessToken: string;
  refreshToken: string;
  tokenType: string;
  /** Seconds until the access token expires. */
  expiresIn: number;
  company: Company;
}

export interface RegisterParams {
  email: string;
  password: string;
  name?: string;
  description?: string;
}

export interface LoginParams {
  email: string;
  password: string;
}

export interface RefreshParams {
  refreshToken: string;
}

/** Sign-in of a company. These calls neither send nor change the credentials of the client. */
export class Auth extends Resource {
  /** Registers a company and signs it in. */
  register(body: RegisterParams, options?: RequestOptions): APIPromise<Session> {
    const call = { method: 'POST', path: '/auth/register', body, credentials: 'none', creates: true } as const;
    return this.core.json(call, options);
  }

  /** Signs a company in. */
  login(body: LoginParams, options?: RequestOptions): APIPromise<Session> {
    return this.core.json({ method: 'POST', path: '/auth/login', body, credentials: 'none' }, options);
  }

  /** Exchanges a refresh token for new tokens. */
  refresh(body: RefreshParams, options?: RequestOptions): APIPromise<Session> {
    return this.core.json({ method: 'POST', path: '/auth/refresh', body, credentials: 'none' }, options);
  }
}
