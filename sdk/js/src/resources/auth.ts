import type { APIPromise } from '../api-promise.js';
import type { Core, RequestOptions } from '../core.js';

/** A company, as it is told at sign-in. */
export interface Company {
  id: string;
  email: string;
  name: string;
  role: string;
  isVerified: boolean;
}

/** The tokens of a sign-in. */
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

/** Sign-in of a company. These calls send no credentials of the client, and do not change them. */
export class Auth {
  readonly #core: Core;

  constructor(core: Core) {
    this.#core = core;
  }

  /** Registers a company and signs it in. */
  register(body: RegisterParams, options?: RequestOptions): APIPromise<Session> {
    return this.#core.json({ method: 'POST', path: '/auth/register', body, credentials: 'none', creates: true }, options);
  }

  /** Signs a company in. */
  login(body: LoginParams, options?: RequestOptions): APIPromise<Session> {
    return this.#core.json({ method: 'POST', path: '/auth/login', body, credentials: 'none' }, options);
  }

  /** Exchanges a refresh token for new tokens. */
  refresh(body: RefreshParams, options?: RequestOptions): APIPromise<Session> {
    return this.#core.json({ method: 'POST', path: '/auth/refresh', body, credentials: 'none' }, options);
  }
}
