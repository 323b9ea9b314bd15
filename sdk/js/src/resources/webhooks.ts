import type { APIPromise } from '../api-promise.js';
import { segment, type Core, type RequestOptions } from '../core.js';
import { verify, type WebhookHeaders } from '../webhook-signature.js';

export type WebhookEventName = 'payment.succeeded' | 'payment.failed' | 'usage.tracked' | (string & {});

export interface Webhook {
  id: string;
  url: string;
  events: WebhookEventName[];
  /** In answers that tell it. */
  secret?: string;
  isActive?: boolean;
  createdAt?: string;
}

export interface WebhookList {
  data: Webhook[];
}

export interface WebhookCreateParams {
  url: string;
  events: WebhookEventName[];
  /** Any text, or `whsec_` and base64. */
  secret?: string;
}

export interface WebhookUpdateParams {
  url?: string;
  events?: WebhookEventName[];
  secret?: string;
  isActive?: boolean;
}

/** One event on its way to a webhook. */
export interface WebhookDelivery {
  id: string;
  event?: WebhookEventName;
  status?: string;
  createdAt?: string;
  [field: string]: unknown;
}

export interface WebhookDeliveryList {
  data: WebhookDelivery[];
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

  /** Sends a test event to a webhook. */
  test(id: string, options?: RequestOptions): APIPromise<WebhookDelivery> {
    return this.#core.json({ method: 'POST', path: `/webhooks/${segment(id)}/test`, credentials: 'token', creates: true }, options);
  }

  /** What was sent to a webhook. */
  deliveries(id: string, options?: RequestOptions): APIPromise<WebhookDeliveryList> {
    return this.#core.json({ method: 'GET', path: `/webhooks/${segment(id)}/deliveries`, credentials: 'token' }, options);
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
