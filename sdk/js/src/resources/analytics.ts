import type { APIPromise } from '../api-promise.js';
import type { Core, RequestOptions } from '../core.js';

export interface UsageParams {
  /** ISO 8601, or a `Date`. */
  startDate?: string | Date;
  /** ISO 8601, or a `Date`. */
  endDate?: string | Date;
  groupBy?: 'day' | 'week' | 'month';
  provider?: string;
  model?: string;
}

/** Requests, tokens and cost in dollars of a part of the usage. */
export interface UsageTotals {
  requests: number;
  tokens: number;
  cost: number;
}

export interface UsageReport {
  period: { startDate: string; endDate: string };
  summary: {
    totalRequests: number;
    totalTokens: number;
    totalCost: number;
    /** In seconds. */
    averageResponseTime: number;
  };
  byProvider: ({ provider: string } & UsageTotals)[];
  byModel: ({ model: string } & UsageTotals)[];
  timeline: ({ date: string } & UsageTotals)[];
}

export class Analytics {
  readonly #core: Core;

  constructor(core: Core) {
    this.#core = core;
  }

  /** What was used in a period: in total, by provider, by model and over time. */
  usage(query: UsageParams = {}, options?: RequestOptions): APIPromise<UsageReport> {
    return this.#core.json({ method: 'GET', path: '/analytics/usage', query: { ...query }, credentials: 'token' }, options);
  }
}
