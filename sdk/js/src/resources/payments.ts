import type { APIPromise } from '../api-promise.js';
import { segment, type Core, type RequestOptions } from '../core.js';
import { paginate, type Page, type PageParams } from '../paging.js';

export type PaymentStatus = 'pending' | 'succeeded' | 'failed' | 'canceled';

export interface PaymentCreateParams {
  amount: number;
  currency: string;
  description?: string;
}

/** A payment that was just created. */
export interface CreatedPayment {
  id: string;
  status: PaymentStatus;
  /** Where the company pays. */
  confirmationUrl: string;
  /** A decimal number, such as `1000.00`. */
  amount: string;
  currency: string;
}

export interface Payment {
  id: string;
  status: PaymentStatus;
  /** A decimal number, such as `1000.00`. */
  amount: string;
  currency: string;
  /** What it puts on the account, in US dollars. */
  creditUsd: number;
  /** Roubles for a dollar, when the payment was begun. */
  exchangeRate: string | null;
  /** What went back to the payer, if anything did. */
  refunded?: string;
  yookassaId?: string | null;
  /** Where the company pays, while it can. */
  confirmationUrl?: string;
  createdAt: string;
  /** Absent until it is paid. */
  paidAt?: string | null;
}

export interface PaymentListParams extends PageParams {
  status?: PaymentStatus;
}

/** Payments of a company. */
export class Payments {
  readonly #core: Core;

  constructor(core: Core) {
    this.#core = core;
  }

  /** Begins a payment; the company pays at its `confirmationUrl`. */
  create(body: PaymentCreateParams, options?: RequestOptions): APIPromise<CreatedPayment> {
    return this.#core.json({ method: 'POST', path: '/payments', body, credentials: 'token', creates: true }, options);
  }

  /** How a payment stands. */
  retrieve(id: string, options?: RequestOptions): APIPromise<Payment> {
    return this.#core.json({ method: 'GET', path: `/payments/${segment(id)}`, credentials: 'token' }, options);
  }

  /** One page of the payments. */
  list(query: PaymentListParams = {}, options?: RequestOptions): APIPromise<Page<Payment>> {
    return this.#core.json({ method: 'GET', path: '/payments', query: { ...query }, credentials: 'token' }, options);
  }

  /** The payments of this page and of all that follow it. */
  iterate(query: PaymentListParams = {}, options?: RequestOptions): AsyncGenerator<Payment, void, undefined> {
    return paginate(query.page ?? 1, (page) => this.list({ ...query, page }, options));
  }
}
