import type { APIPromise } from '../api-promise.js';
import { segment, type Core, type RequestOptions } from '../core.js';
import { verify, type WebhookHeaders } from '../webhook-signature.js';

export type WebhookEventName = 'payment.succeeded' | 'payment.failed' | 'usage.tracked' | (string & {});

export interface Webhook {
  id: string;
  url: string;
  events: WebhookEventName[];
  /** In the answer to the request that set it. */
  secret?: string;
  isActive: boolean;
  /** Why the gateway stopped sending: `gone` (it was answered 410) or `failing` (nothing was taken for too long). */
  disabledReason: 'gone' | 'failing' | null;
  /** Since when nothing has got through. */
  failingSince: string | null;
  createdAt: string;
  updatedAt: string;
}

export interface WebhookList {
  data: Webhook[];
}

export interface WebhookCreateParams {
  url: string;
  events: WebhookEventName[];
  /** Any text of 8 to 256 characters, or `whsec_` and base64. The gateway makes one up without it. */
  secret?: string;
}

export interface WebhookUpdateParams {
  url?: string;
  events?: WebhookEventName[];
  secret?: string;
  isActive?: boolean;
}

/** One attempt to post an event. */
export interface WebhookAttempt {
  startedAt: string;
  durationMs: number;
  /** Of the answer, if there was one. */
  statusCode: number | null;
  /** Why there was none. */
  error: 'timed_out' | 'blocked' | 'unreachable' | null;
  /** The beginning of the answer, or what happened in words. */
  detail: string;
}

/** One event on its way to a webhook. */
export interface WebhookDelivery {
  id: string;
  /** `id` of the event, and `webhook-id` of every attempt. */
  eventId: string;
  event: WebhookEventName;
  status: 'pending' | 'delivered' | 'failed' | 'cancelled';
  /** The latest ones, the earliest first. */
  attempts: WebhookAttempt[];
  nextAttemptAt: string | null;
  /** What is sent, without its signature. Absent from the answer of a test. */
  payload?: Omit<WebhookEvent, 'signature'>;
  createdAt: string;
}

export interface WebhookDeliveryListParams {
  limit?: number;
  /** `nextCursor` of the page before. */
  cursor?: string;
}

export interface WebhookDeliveryList {
  /** The latest first. */
  data: WebhookDelivery[];
  /** `null` on the last page. */
  nextCursor: string | null;
}

/** What the gateway posts to a webhook. */
export interface WebhookEvent<Data = Record<string, unknown>> {
  id: string;
  event: WebhookEventName;
  data: Data;
  timestamp: string;
  /** `sha256=` and hexadecimal digits. `verify` checks the signature in the headers instead, which covers the bytes as they came. */
  signature: string;
}

/** Webhooks of a company, and the check of what they receive. */
export class Webhooks {
  readonly #core: Core;

  constructor(core: Core) {
    this.#core = core;
  }

  /** Subscribes an address to events. */
  create(body: WebhookCreateParams, options?: RequestOptions): APIPromise<Webhook> {
    return this.#core.json({ method: 'POST', path: '/webhooks', body, credentials: 'token', creates: true }, options);
  }

  /** The company's webhooks. */
  list(options?: RequestOptions): APIPromise<WebhookList> {
    return this.#core.json({ method: 'GET', path: '/webhooks', credentials: 'token' }, options);
  }

  /** One webhook. */
  retrieve(id: string, options?: RequestOptions): APIPromise<Webhook> {
    return this.#core.json({ method: 'GET', path: `/webhooks/${segment(id)}`, credentials: 'token' }, options);
  }

  /** Changes the fields that are given. */
  update(id: string, body: WebhookUpdateParams, options?: RequestOptions): APIPromise<Webhook> {
    return this.#core.json({ method: 'PATCH', path: `/webhooks/${segment(id)}`, body, credentials: 'token' }, options);
  }

  /** Removes a webhook. */
  delete(id: string, options?: RequestOptions): APIPromise<void> {
    return this.#core.json({ method: 'DELETE', path: `/webhooks/${segment(id)}`, credentials: 'token' }, options);
  }

  /** Sends a test event to a webhook now, and says how it went. */
  test(id: string, options?: RequestOptions): APIPromise<WebhookDelivery> {
    return this.#core.json({ method: 'POST', path: `/webhooks/${segment(id)}/test`, credentials: 'token', creates: true }, options);
  }

  /** One page of what was sent to a webhook in the last 30 days. */
  deliveries(id: string, query: WebhookDeliveryListParams = {}, options?: RequestOptions): APIPromise<WebhookDeliveryList> {
    const path = `/webhooks/${segment(id)}/deliveries`;
    return this.#core.json({ method: 'GET', path, query: { ...query }, credentials: 'token' }, options);
  }

  /** Sends a delivery again. */
  replay(id: string, deliveryId: string, options?: RequestOptions): APIPromise<WebhookDelivery> {
    const path = `/webhooks/${segment(id)}/deliveries/${segment(deliveryId)}/replay`;
    return this.#core.json({ method: 'POST', path, credentials: 'token', creates: true }, options);
  }

  /**
   * The event of a request to a webhook, once its Standard Webhooks headers prove that the gateway sent it within the last five minutes.
   * Otherwise it rejects with `WebhookVerificationError`.
   *
   * @param payload The body as it came, before any parsing.
   * @param headers The headers of the request.
   * @param secret The secret of the webhook.
   */
  verify<Data = Record<string, unknown>>(
    payload: string | Uint8Array | ArrayBuffer,
    headers: WebhookHeaders,
    secret: string,
  ): Promise<WebhookEvent<Data>> {
    return verify(payload, headers, secret) as Promise<WebhookEvent<Data>>;
  }
}
