import type { APIPromise } from '../api-promise.js';
import { pathSegment, type RequestOptions } from '../core.js';
import { paginate, type Page, type PageParams } from '../paging.js';
import { Resource } from './resource.js';

export type PaymentStatus = 'pending' | 'succeeded' | 'failed' | 'canceled';

export interface PaymentCreateParams {
  amount: number;
  currency: string;
  description?: string;
}

/** A new payment. */
export interface CreatedPayment {
  id: string;
  status: PaymentStatus;
  /** Payment page: redirect the payer to it. */
  confirmationUrl: string;
  /** Decimal, such as `1000.00`. */
  amount: string;
  currency: string;
}

export interface Payment {
  id: string;
  status: PaymentStatus;
  /** Decimal, such as `1000.00`. */
  amount: string;
  currency: string;
  /** Amount credited to the balance, in US dollars. */
  creditUsd: number;
  /** Roubles per US dollar when the payment was created. */
  exchangeRate: string | null;
  /** Refunded amount, if any. */
  refunded?: string;
  yookassaId?: string | null;
  /** Payment page, while the payment is pending. */
  confirmationUrl?: string;
  createdAt: string;
  /** Absent until it is paid. */
  paidAt?: string | null;
}

export interface PaymentListParams extends PageParams {
  status?: PaymentStatus;
}

export class Payments extends Resource {
  /** Creates a payment; redirect the payer to its `confirmationUrl`. */
  create(body: PaymentCreateParams, options?: RequestOptions): APIPromise<CreatedPayment> {
    return this.core.json({ method: 'POST', path: '/payments', body, creates: true }, options);
  }

  retrieve(id: string, options?: RequestOptions): APIPromise<Payment> {
    return this.core.json({ method: 'GET', path: `/payments/${pathSegment(id)}` }, options);
  }

  /** One page of the payments. */
  list(query: PaymentListParams = {}, options?: RequestOptions): APIPromise<Page<Payment>> {
    return this.core.json({ method: 'GET', path: '/payments', query: { ...query } }, options);
  }

  /** Iterates over the payments from `page` on; fetches each page when it is reached. */
  iterate(query: PaymentListParams = {}, options?: RequestOptions): AsyncGenerator<Payment, void, undefined> {
    return paginate(query.page ?? 1, (page) => this.list({ ...query, page }, options));
  }
}
