import { Core, type ClientOptions } from './core.js';
import { Analytics } from './resources/analytics.js';
import { ApiKeys } from './resources/api-keys.js';
import { Auth } from './resources/auth.js';
import { Billing } from './resources/billing.js';
import { Chat } from './resources/chat.js';
import { Embeddings } from './resources/embeddings.js';
import { Models } from './resources/models.js';
import { Payments } from './resources/payments.js';
import { Webhooks } from './resources/webhooks.js';

/**
 * Client of the AI Aggregator API.
 *
 * `chat`, `embeddings` and `models` prefer the API key, all other resources the access token.
 */
export class AIAggregatorClient {
  readonly auth: Auth;
  readonly apiKeys: ApiKeys;
  readonly chat: Chat;
  readonly embeddings: Embeddings;
  readonly models: Models;
  readonly billing: Billing;
  readonly payments: Payments;
  readonly analytics: Analytics;
  readonly webhooks: Webhooks;

  constructor(options: ClientOptions = {}) {
    const core = new Core(options);
    this.auth = new Auth(core);
    this.apiKeys = new ApiKeys(core);
    this.chat = new Chat(core);
    this.embeddings = new Embeddings(core);
    this.models = new Models(core);
    this.billing = new Billing(core);
    this.payments = new Payments(core);
    this.analytics = new Analytics(core);
    this.webhooks = new Webhooks(core);
  }
}
