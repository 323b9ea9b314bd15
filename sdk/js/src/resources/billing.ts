import type { APIPromise } from '../api-promise.js';
import type { Core, RequestOptions } from '../core.js';
import { paginate, type Page, type PageParams } from '../paging.js';

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
  /** Where the company pays. */
  paymentUrl: string;
  /** What is paid there, in roubles and kopecks. */
  amountRub: string;
  /** Roubles for a dollar. */
  exchangeRate: string | null;
}

/** Balance and transactions of a company. */
export class Billing {
  readonly #core: Core;

  constructor(core: Core) {
    this.#core = core;
  }

  /** What the company has, and how far below zero it may go. */
  balance(options?: RequestOptions): APIPromise<Balance> {
    return this.#core.json({ method: 'GET', path: '/billing/balance', credentials: 'token' }, options);
  }

  /** One page of the transactions. */
  transactions(query: TransactionListParams = {}, options?: RequestOptions): APIPromise<Page<Transaction>> {
    return this.#core.json({ method: 'GET', path: '/billing/transactions', query: { ...query }, credentials: 'token' }, options);
  }

  /** The transactions of this page and of all that follow it. */
  iterateTransactions(query: TransactionListParams = {}, options?: RequestOptions): AsyncGenerator<Transaction, void, undefined> {
    return paginate(query.page ?? 1, (page) => this.transactions({ ...query, page }, options));
  }

  /** Begins a top-up of the balance. */
  deposit(body: DepositParams, options?: RequestOptions): APIPromise<Deposit> {
    return this.#core.json({ method: 'POST', path: '/billing/deposit', body, credentials: 'token', creates: true }, options);
  }
}
