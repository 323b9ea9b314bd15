import type { APIPromise } from '../api-promise.js';
import type { RequestOptions } from '../core.js';
import { paginate, type Page, type PageParams } from '../paging.js';
import { Resource } from './resource.js';

export interface Balance {
  companyId: string;
  balance: number;
  currency: string;
  creditLimit: number;
  lastUpdated: string;
}

export type TransactionType = 'DEBIT' | 'CREDIT';

export interface Transaction {
  id: string;
  type: TransactionType;
  amount: number;
  currency: string;
  description: string;
  metadata: Record<string, unknown>;
  createdAt: string;
}

export interface TransactionListParams extends PageParams {
  /** ISO 8601, or a `Date`. */
  startDate?: string | Date;
  /** ISO 8601, or a `Date`. */
  endDate?: string | Date;
  type?: TransactionType;
}

export interface DepositParams {
  amount: number;
  currency: string;
  paymentMethod: string;
}

export interface Deposit {
  transactionId: string;
  amount: number;
  currency: string;
  status: string;
  /** Payment page: redirect the payer to it. */
  paymentUrl: string;
  /** Amount to pay there, in roubles, such as `4625.00`. */
  amountRub: string;
  /** Roubles per US dollar. */
  exchangeRate: string | null;
}

export class Billing extends Resource {
  /** Balance and credit limit. */
  balance(options?: RequestOptions): APIPromise<Balance> {
    return this.core.json({ method: 'GET', path: '/billing/balance' }, options);
  }

  /** One page of the transactions. */
  transactions(query: TransactionListParams = {}, options?: RequestOptions): APIPromise<Page<Transaction>> {
    return this.core.json({ method: 'GET', path: '/billing/transactions', query: { ...query } }, options);
  }

  /** Iterates over the transactions from `page` on; fetches each page when it is reached. */
  iterateTransactions(
    query: TransactionListParams = {},
    options?: RequestOptions,
  ): AsyncGenerator<Transaction, void, undefined> {
    return paginate(query.page ?? 1, (page) => this.transactions({ ...query, page }, options));
  }

  /** Creates a deposit; redirect the payer to its `paymentUrl`. */
  deposit(body: DepositParams, options?: RequestOptions): APIPromise<Deposit> {
    return this.core.json({ method: 'POST', path: '/billing/deposit', body, creates: true }, options);
  }
}
