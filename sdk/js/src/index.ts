export { AIAggregatorClient } from './client.js';
export type { ClientOptions, RequestOptions } from './core.js';
export { APIPromise, type RateLimit, type WithResponse } from './api-promise.js';
export { Stream } from './stream.js';
export type { Page, PageParams, Pagination } from './paging.js';
export type { WebhookHeaders } from './webhook-signature.js';
export { VERSION } from './version.js';
export {
  APIConnectionError,
  APIError,
  APITimeoutError,
  AuthenticationError,
  BadRequestError,
  ConflictError,
  InsufficientFundsError,
  InternalServerError,
  NotFoundError,
  PermissionDeniedError,
  RateLimitError,
  StreamError,
  UnprocessableEntityError,
  WebhookVerificationError,
  type ErrorDetail,
  type ErrorInfo,
} from './errors.js';
export type * from './resources/analytics.js';
export type * from './resources/api-keys.js';
export type * from './resources/auth.js';
export type * from './resources/billing.js';
export type * from './resources/chat.js';
export type * from './resources/embeddings.js';
export type * from './resources/models.js';
export type * from './resources/payments.js';
export type * from './resources/webhooks.js';
