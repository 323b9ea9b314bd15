import assert from 'node:assert/strict';
import { test } from 'node:test';
import { AIAggregatorClient } from '@ai-aggregator/sdk';
import { failure, json, serve } from './server.mjs';

const ASK = { model: 'gpt-4', messages: [{ role: 'user', content: 'Привет!' }] };
const NOW = { 'Retry-After': '0' };

/** A client of a server that responds in the given ways, one after another, and then succeeds. */
const failing = async (t, answers, options) => {
  const times = [];
  const { requests, baseUrl } = await serve(t, (_request, response, before) => {
    times.push(performance.now());
    const answer = answers[before] ?? [200];
    if (answer === 'reset') return response.destroy();
    const [status, headers] = answer;
    return status === 200 ? json(response, 200, { id: 'x' }) : failure(response, status, 'Failed', 'failed', headers);
  });
  return { requests, times, client: new AIAggregatorClient({ apiKey: 'k', baseUrl, ...options }) };
};

for (const [status, headers, retried] of [
  [400, NOW, false],
  [401, NOW, false],
  [402, NOW, false],
  [404, NOW, false],
  [408, NOW, true],
  [409, {}, false],
  [409, NOW, true],
  [422, NOW, false],
  [429, NOW, true],
  [500, NOW, true],
  [502, NOW, true],
  [503, NOW, true],
  [504, NOW, true],
]) {
  test(`${status} with ${JSON.stringify(headers)} is ${retried ? 'retried' : 'final'}`, async (t) => {
    const { requests, client } = await failing(t, [[status, headers]]);
    const call = client.models.list();
    if (retried) await call;
    else await assert.rejects(call, { status });
    assert.equal(requests.length, retried ? 2 : 1);
  });
}

test('all attempts of a call have the same Idempotency-Key', async (t) => {
  const { requests, client } = await failing(t, [[500, NOW], 'reset']);
  await client.chat.completions.create(ASK);
  const keys = requests.map(({ headers }) => headers['idempotency-key']);
  assert.equal(keys.length, 3);
  assert.equal(new Set(keys).size, 1);
  assert.ok(keys[0]);
  assert.deepEqual(requests[0].body, requests[2].body);

  await client.chat.completions.create(ASK);
  assert.notEqual(requests[3].headers['idempotency-key'], keys[0]);
});

test("the caller's Idempotency-Key is used", async (t) => {
  const { requests, client } = await failing(t, [[500, NOW]]);
  await client.payments.create({ amount: 1, currency: 'RUB' }, { idempotencyKey: 'order-1' });
  assert.deepEqual(
    requests.map(({ headers }) => headers['idempotency-key']),
    ['order-1', 'order-1'],
  );
});

test('a call fails after maxRetries', async (t) => {
  const answers = Array(20).fill([500, NOW]);
  const { requests, client } = await failing(t, answers);
  await assert.rejects(client.models.list(), { status: 500 });
  assert.equal(requests.length, 3);
  await assert.rejects(client.models.list({ maxRetries: 0 }), { status: 500 });
  assert.equal(requests.length, 4);
  await assert.rejects(client.models.list({ maxRetries: 3 }), { status: 500 });
  assert.equal(requests.length, 8);
});

test('lost connections are retried', async (t) => {
  const { requests, client } = await failing(t, ['reset', 'reset']);
  await client.models.list();
  assert.equal(requests.length, 3);
});

test('time-outs are retried', async (t) => {
  const { requests, baseUrl } = await serve(t, (_request, response, before) => before > 0 && json(response, 200, {}));
  await new AIAggregatorClient({ baseUrl, timeout: 300 }).models.list();
  assert.equal(requests.length, 2);
});

test('without Retry-After the delay grows', async (t) => {
  const { times, client } = await failing(t, [[500], [500]]);
  await client.models.list();
  const [first, second] = [times[1] - times[0], times[2] - times[1]];
  assert.ok(first >= 370 && first < 900, `${first}`);
  assert.ok(second >= 740 && second < 1500, `${second}`);
});

test('Retry-After in seconds is waited for', async (t) => {
  const { times, client } = await failing(t, [[429, { 'Retry-After': '1' }]]);
  await client.models.list();
  assert.ok(times[1] - times[0] >= 990);
});

test('Retry-After as a date is waited for', async (t) => {
  const date = new Date(Math.ceil(Date.now() / 1000) * 1000 + 1000);
  const { requests, client } = await failing(t, [[503, { 'Retry-After': date.toUTCString() }]]);
  await client.models.list();
  assert.ok(Date.now() >= date.getTime() - 10);
  assert.equal(requests.length, 2);
});

test('a Retry-After of more than a minute is not waited for', async (t) => {
  const { requests, client } = await failing(t, [[429, { 'Retry-After': '61' }]]);
  await assert.rejects(client.models.list(), { status: 429, retryAfter: 61 });
  assert.equal(requests.length, 1);
});
