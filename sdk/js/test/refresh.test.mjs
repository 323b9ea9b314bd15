import assert from 'node:assert/strict';
import { test } from 'node:test';
import { AIAggregatorClient, AuthenticationError } from '@ai-aggregator/sdk';
import { failure, json, serve } from './server.mjs';

const session = (number) => ({
  accessToken: `access-${number}`,
  refreshToken: `refresh-${number}`,
  tokenType: 'Bearer',
  expiresIn: 3600,
});

/** A server with rotating refresh tokens; only the newest access token is valid. */
const renewing = async (t, options) => {
  let rotation = 0;
  const { requests, baseUrl } = await serve(t, async (request, response) => {
    if (request.url === '/api/v1/auth/refresh') {
      await new Promise((done) => setTimeout(done, 30));
      if (request.body.refreshToken !== `refresh-${rotation}`) return failure(response, 401, 'Unauthorized', 'used up');
      rotation += 1;
      return json(response, 200, session(rotation));
    }
    if (rotation > 0 && request.headers.authorization === `Bearer access-${rotation}`)
      return json(response, 200, { id: 'x' });
    return failure(response, 401, 'Unauthorized', 'expired');
  });
  const renewed = [];
  const client = new AIAggregatorClient({
    accessToken: 'access-0',
    refreshToken: 'refresh-0',
    onRefresh: (tokens) => renewed.push(tokens),
    baseUrl,
    ...options,
  });
  const paths = () => requests.map(({ url }) => url.replace('/api/v1', ''));
  return { client, requests, renewed, paths };
};

test('an expired token is renewed, the call is retried once, and onRefresh gets the new tokens', async (t) => {
  const { client, requests, renewed, paths } = await renewing(t);

  await client.payments.create({ amount: 1, currency: 'RUB' });
  await client.billing.balance();

  assert.deepEqual(paths(), ['/payments', '/auth/refresh', '/payments', '/billing/balance']);
  assert.deepEqual(requests[1].body, { refreshToken: 'refresh-0' });
  assert.equal(requests[1].headers.authorization, undefined);
  assert.equal(requests[0].headers['idempotency-key'], requests[2].headers['idempotency-key']);
  assert.deepEqual(renewed, [session(1)]);
});

test('calls refused at the same time share one renewal', async (t) => {
  const { client, paths } = await renewing(t);
  await Promise.all(Array.from({ length: 8 }, () => client.billing.balance()));
  assert.equal(paths().filter((path) => path === '/auth/refresh').length, 1);
  assert.equal(paths().length, 17);
});

test('aborting one call does not abort the renewal', async (t) => {
  const { client } = await renewing(t);
  const controller = new AbortController();
  const first = client.billing.balance({ signal: controller.signal });
  const second = client.billing.balance();
  setTimeout(() => controller.abort(), 25);
  await assert.rejects(first, { name: 'AbortError' });
  await second;
});

test('a refresh token alone is enough', async (t) => {
  const { client, paths } = await renewing(t, { accessToken: undefined });
  await client.billing.balance();
  assert.deepEqual(paths(), ['/auth/refresh', '/billing/balance']);
});

test('a refused refresh token is not used again', async (t) => {
  const { client, paths, renewed } = await renewing(t, { refreshToken: 'stolen' });
  await assert.rejects(client.billing.balance(), AuthenticationError);
  await assert.rejects(client.billing.balance(), AuthenticationError);
  assert.deepEqual(paths(), ['/billing/balance', '/auth/refresh', '/billing/balance']);
  assert.deepEqual(renewed, []);
});

test('a call refused again after the renewal fails', async (t) => {
  const { requests, baseUrl } = await serve(t, (request, response) => {
    if (request.url.endsWith('/refresh')) json(response, 200, session(1));
    else failure(response, 401, 'Unauthorized', 'no');
  });
  const client = new AIAggregatorClient({ baseUrl, accessToken: 'a', refreshToken: 'r' });
  await assert.rejects(client.billing.balance(), AuthenticationError);
  assert.equal(requests.length, 3);
});

test('without a refresh token, and for an API key, 401 is final', async (t) => {
  const { client, paths } = await renewing(t, { refreshToken: undefined });
  await assert.rejects(client.billing.balance(), AuthenticationError);
  const other = await renewing(t, { apiKey: 'k' });
  await assert.rejects(other.client.models.list(), AuthenticationError);
  assert.equal(paths().length + other.paths().length, 2);
});
