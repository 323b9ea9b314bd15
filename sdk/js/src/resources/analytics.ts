import type { APIPromise } from '../api-promise.js';
import type { RequestOptions } from '../core.js';
import { Resource } from './resource.js';

export interface UsageParams {
  /** ISO 8601, or a `Date`. */
  startDate?: string | Date;
  /** ISO 8601, or a `Date`. */
  endDate?: string | Date;
  groupBy?: 'day' | 'week' | 'month';
  provider?: string;
  model?: string;
}

/** Requests, tokens and cost in US dollars. */
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
    /** Seconds. */
    averageResponseTime: number;
  };
  byProvider: ({ provider: string } & UsageTotals)[];
  byModel: ({ model: string } & UsageTotals)[];
  timeline: ({ date: string } & UsageTotals)[];
}

export class Analytics extends Resource {
  /** Usage in a period: total, by provider, by model and over time. */
  usage(query: UsageParams = {}, options?: RequestOptions): APIPromise<UsageReport> {
    return this.core.json({ method: 'GET', path: '/analytics/usage', query: { ...query } }, options);
  }
}
