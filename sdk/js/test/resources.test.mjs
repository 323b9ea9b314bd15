import assert from 'node:assert/strict';
import { test } from 'node:test';
import { inspect } from 'node:util';
import { AIAggregatorClient, VERSION } from '@ai-aggregator/sdk';
import pkg from '@ai-aggregator/sdk/package.json' with { type: 'json' };
import { json, serve } from './server.mjs';

const KEY = 'ak_live_1234567890abcdef';
const SESSION = {
  accessToken: 'access',
  refreshToken: 'refresh',
  tokenType: 'Bearer',
  expiresIn: 3600,
  company: { id: 'company-uuid', email: 'admin@company.com', name: 'My Company', role: 'company', isVerified: false },
};
const messages = [{ role: 'user', content: 'Привет!' }];

/** Name and call; method, path, body, credentials, and whether it has an `Idempotency-Key`. */
// prettier-ignore
const CALLS = [
  ['auth.register', (c) => c.auth.register({ email: 'a@b.c', password: 'secret', name: 'Us', description: 'We' }),
    'POST', '/auth/register', { email: 'a@b.c', password: 'secret', name: 'Us', description: 'We' }, 'none', true],
  ['auth.login', (c) => c.auth.login({ email: 'a@b.c', password: 'secret' }),
    'POST', '/auth/login', { email: 'a@b.c', password: 'secret' }, 'none', false],
  ['auth.refresh', (c) => c.auth.refresh({ refreshToken: 'r' }),
    'POST', '/auth/refresh', { refreshToken: 'r' }, 'none', false],
  ['apiKeys.create', (c) => c.apiKeys.create({ name: 'Production', permissions: ['chat', 'billing'] }),
    'POST', '/auth/api-keys', { name: 'Production', permissions: ['chat', 'billing'] }, 'token', true],
  ['apiKeys.list', (c) => c.apiKeys.list(),
    'GET', '/auth/api-keys', undefined, 'token', false],
  ['apiKeys.revoke', (c) => c.apiKeys.revoke('a/b c'),
    'DELETE', '/auth/api-keys/a%2Fb%20c', undefined, 'token', false],
  ['chat.completions.create',
    (c) => c.chat.completions.create({ model: 'gpt-4', messages, temperature: 0.7, max_tokens: 9, stream: false }),
    'POST', '/chat/completions', { model: 'gpt-4', messages, temperature: 0.7, max_tokens: 9, stream: false },
    'key', true],
  ['embeddings.create',
    (c) => c.embeddings.create({ model: 'text-embedding-3-small', input: ['a', 'b'], dimensions: 2 }),
    'POST', '/embeddings', { model: 'text-embedding-3-small', input: ['a', 'b'], dimensions: 2 }, 'key', true],
  ['models.list', (c) => c.models.list(),
    'GET', '/models', undefined, 'key', false],
  ['billing.balance', (c) => c.billing.balance(),
    'GET', '/billing/balance', undefined, 'token', false],
  ['billing.transactions', (c) => c.billing.transactions(),
    'GET', '/billing/transactions', undefined, 'token', false],
  ['billing.transactions, filtered',
    (c) => c.billing.transactions({
      page: 2, limit: 50, startDate: new Date(0), endDate: '2023-12-31T23:59:59+03:00', type: 'DEBIT',
    }),
    'GET', '/billing/transactions?page=2&limit=50&startDate=1970-01-01T00%3A00%3A00.000Z' +
      '&endDate=2023-12-31T23%3A59%3A59%2B03%3A00&type=DEBIT', undefined, 'token', false],
  ['billing.deposit', (c) => c.billing.deposit({ amount: 50, currency: 'USD', paymentMethod: 'card' }),
    'POST', '/billing/deposit', { amount: 50, currency: 'USD', paymentMethod: 'card' }, 'token', true],
  ['payments.create', (c) => c.payments.create({ amount: 1000, currency: 'RUB', description: 'Пополнение баланса' }),
    'POST', '/payments', { amount: 1000, currency: 'RUB', description: 'Пополнение баланса' }, 'token', true],
  ['payments.retrieve', (c) => c.payments.retrieve('payment-uuid'),
    'GET', '/payments/payment-uuid', undefined, 'token', false],
  ['payments.list', (c) => c.payments.list({ page: 1, limit: 5, status: 'succeeded' }),
    'GET', '/payments?page=1&limit=5&status=succeeded', undefined, 'token', false],
  ['analytics.usage',
    (c) => c.analytics.usage({
      startDate: '2023-12-01', endDate: '2023-12-31', groupBy: 'day', provider: 'openai', model: 'gpt-4',
    }),
    'GET', '/analytics/usage?startDate=2023-12-01&endDate=2023-12-31&groupBy=day&provider=openai&model=gpt-4',
    undefined, 'token', false],
  ['webhooks.create',
    (c) => c.webhooks.create({ url: 'https://us.example/hook', events: ['payment.succeeded'], secret: 's' }),
    'POST', '/webhooks', { url: 'https://us.example/hook', events: ['payment.succeeded'], secret: 's' }, 'token', true],
  ['webhooks.list', (c) => c.webhooks.list(),
    'GET', '/webhooks', undefined, 'token', false],
  ['webhooks.retrieve', (c) => c.webhooks.retrieve('w'),
    'GET', '/webhooks/w', undefined, 'token', false],
  ['webhooks.update', (c) => c.webhooks.update('w', { isActive: false }),
    'PATCH', '/webhooks/w', { isActive: false }, 'token', false],
  ['webhooks.delete', (c) => c.webhooks.delete('w'),
    'DELETE', '/webhooks/w', undefined, 'token', false],
  ['webhooks.test', (c) => c.webhooks.test('w'),
    'POST', '/webhooks/w/test', undefined, 'token', true],
  ['webhooks.deliveries', (c) => c.webhooks.deliveries('w', { limit: 5, cursor: 'd' }),
    'GET', '/webhooks/w/deliveries?limit=5&cursor=d', undefined, 'token', false],
  ['webhooks.replay', (c) => c.webhooks.replay('w', 'd'),
    'POST', '/webhooks/w/deliveries/d/replay', undefined, 'token', true],
];

for (const [name, call, method, path, body, credentials, creates] of CALLS) {
  test(`${name} sends ${method} ${path}`, async (t) => {
    const { requests, baseUrl } = await serve(t, (request, response) => {
      if (request.method === 'DELETE') response.writeHead(204).end();
      else json(response, 200, { id: 'x', fresh: { unknown: 1 } });
    });
    const client = new AIAggregatorClient({ apiKey: KEY, accessToken: 'token', baseUrl: `${baseUrl}/` });

    const result = await call(client);

    assert.deepEqual(result, method === 'DELETE' ? undefined : { id: 'x', fresh: { unknown: 1 } });
    assert.equal(requests.length, 1);
    const [request] = requests;
    assert.equal(request.method, method);
    assert.equal(request.url, `/api/v1${path}`);
    assert.deepEqual(request.body, body);
    assert.equal(request.headers['content-type'], body && 'application/json');
    assert.equal(request.headers['x-api-key'], credentials === 'key' ? KEY : undefined);
    assert.equal(request.headers.authorization, credentials === 'token' ? 'Bearer token' : undefined);
    assert.match(request.headers['idempotency-key'] ?? '', creates ? /^[0-9a-f]{32}$/ : /^$/);
  });
}

test('either credential works for all endpoints', async (t) => {
  const { requests, baseUrl } = await serve(t, (_request, response) => json(response, 200, {}));

  await new AIAggregatorClient({ apiKey: KEY, baseUrl }).billing.balance();
  await new AIAggregatorClient({ accessToken: 'token', baseUrl }).models.list();

  assert.equal(requests[0].headers['x-api-key'], KEY);
  assert.equal(requests[1].headers.authorization, 'Bearer token');
});

test('the session of the contract is read', async (t) => {
  const { baseUrl } = await serve(t, (_request, response) => json(response, 201, SESSION));
  const session = await new AIAggregatorClient({ baseUrl }).auth.login({ email: 'a@b.c', password: 'secret' });
  assert.deepEqual(session, SESSION);
});

test('iterating fetches all pages, each when it is reached', async (t) => {
  const { requests, baseUrl } = await serve(t, (request, response) => {
    const page = Number(new URL(request.url, 'http://x').searchParams.get('page'));
    json(response, 200, {
      data: [{ id: `${page}a` }, { id: `${page}b` }],
      pagination: { page, limit: 2, total: 6, totalPages: 3 },
    });
  });
  const client = new AIAggregatorClient({ accessToken: 'token', baseUrl });

  const ids = [];
  for await (const { id } of client.billing.iterateTransactions({ limit: 2, type: 'DEBIT' })) ids.push(id);

  assert.deepEqual(ids, ['1a', '1b', '2a', '2b', '3a', '3b']);
  assert.deepEqual(
    requests.map(({ url }) => new URL(url, 'http://x').search),
    ['?limit=2&type=DEBIT&page=1', '?limit=2&type=DEBIT&page=2', '?limit=2&type=DEBIT&page=3'],
  );

  for await (const { id } of client.payments.iterate({ page: 2 })) {
    assert.equal(id, '2a');
    break;
  }
  assert.equal(requests.length, 4);
});

test('iterating over an empty list ends', async (t) => {
  const { requests, baseUrl } = await serve(t, (_request, response) =>
    json(response, 200, { data: [], pagination: { page: 1, limit: 20, total: 0, totalPages: 0 } }),
  );
  for await (const _ of new AIAggregatorClient({ baseUrl }).billing.iterateTransactions()) assert.fail();
  assert.equal(requests.length, 1);
});

test('a result has a request id and a rate limit', async (t) => {
  const { baseUrl } = await serve(t, (_request, response) =>
    json(
      response,
      200,
      { data: [] },
      {
        'X-Request-ID': 'req-1',
        'X-RateLimit-Limit': '100',
        'X-RateLimit-Remaining': '95',
        'X-RateLimit-Reset': '1640995200',
      },
    ),
  );

  const { data, response, requestId, rateLimit } = await new AIAggregatorClient({ baseUrl }).models
    .list()
    .withResponse();

  assert.deepEqual(data, { data: [] });
  assert.equal(response.status, 200);
  assert.equal(requestId, 'req-1');
  assert.deepEqual(rateLimit, { limit: 100, remaining: 95, reset: 1640995200 });
});

test('absent headers are undefined', async (t) => {
  const { baseUrl } = await serve(t, (_request, response) => json(response, 200, {}));
  const { requestId, rateLimit } = await new AIAggregatorClient({ baseUrl }).models.list().withResponse();
  assert.equal(requestId, undefined);
  assert.deepEqual(rateLimit, { limit: undefined, remaining: undefined, reset: undefined });
});

test('headers of a call take precedence over those of the client, and those over the defaults', async (t) => {
  const { requests, baseUrl } = await serve(t, (_request, response) => json(response, 200, {}));
  const client = new AIAggregatorClient({ apiKey: KEY, baseUrl, headers: { 'X-One': '1', 'X-Two': '1' } });

  await client.models.list({ headers: { 'x-two': '2', 'X-Request-ID': 'mine', authorization: 'Bearer other' } });

  const { headers } = requests[0];
  assert.equal(headers['x-one'], '1');
  assert.equal(headers['x-two'], '2');
  assert.equal(headers['x-request-id'], 'mine');
  assert.equal(headers.authorization, 'Bearer other');
  assert.equal(headers['x-api-key'], undefined);
});

test('extraBody adds undeclared fields', async (t) => {
  const { requests, baseUrl } = await serve(t, (_request, response) => json(response, 200, {}));
  await new AIAggregatorClient({ baseUrl }).chat.completions.create(
    { model: 'm', messages },
    { extraBody: { top_k: 5 } },
  );
  assert.deepEqual(requests[0].body, { model: 'm', messages, top_k: 5 });
});

test('ids that would change the path are rejected', () => {
  const client = new AIAggregatorClient();
  for (const id of ['', '.', '..', undefined]) assert.throws(() => client.payments.retrieve(id), TypeError);
});

test('printing a client shows no credentials', () => {
  const client = new AIAggregatorClient({ apiKey: KEY, accessToken: 'token-secret', refreshToken: 'refresh-secret' });
  assert.doesNotMatch(inspect(client, { depth: 9, showHidden: true }) + JSON.stringify(client), /ak_live|secret/);
});

test('the version is that of the package', async (t) => {
  const { requests, baseUrl } = await serve(t, (_request, response) => json(response, 200, {}));
  await new AIAggregatorClient({ baseUrl }).models.list();
  assert.equal(VERSION, pkg.version);
  assert.equal(requests[0].headers['user-agent'], `ai-aggregator-js/${VERSION}`);
});
