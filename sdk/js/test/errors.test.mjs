import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { once } from 'node:events';
import { test } from 'node:test';
import * as sdk from '@ai-aggregator/sdk';
import { failure, json, serve } from './server.mjs';

const { AIAggregatorClient, APIError } = sdk;
const failing = async (t, answer, options) => {
  const { requests, baseUrl } = await serve(t, answer);
  return { requests, client: new AIAggregatorClient({ apiKey: 'k', baseUrl, maxRetries: 0, ...options }) };
};

for (const [status, name] of [
  [400, 'BadRequestError'],
  [401, 'AuthenticationError'],
  [402, 'InsufficientFundsError'],
  [403, 'PermissionDeniedError'],
  [404, 'NotFoundError'],
  [405, 'APIError'],
  [409, 'ConflictError'],
  [422, 'UnprocessableEntityError'],
  [429, 'RateLimitError'],
  [500, 'InternalServerError'],
  [503, 'InternalServerError'],
]) {
  test(`${status} is ${name}, with the fields of the contract`, async (t) => {
    const body = {
      statusCode: status,
      message: 'Validation failed',
      error: 'Bad Request',
      details: [{ field: 'email', message: 'Invalid email format' }],
      timestamp: '2023-12-01T12:00:00.000Z',
      path: '/api/v1/auth/register',
    };
    const { client } = await failing(t, (_request, response) =>
      json(response, status, body, { 'X-Request-ID': 'req-7', 'Retry-After': '61' }),
    );

    const error = await client.models.list().catch((reason) => reason);

    assert.ok(error instanceof sdk[name]);
    assert.ok(error instanceof APIError);
    assert.equal(error.name, name);
    assert.equal(error.constructor, sdk[name]);
    assert.equal(error.status, status);
    assert.equal(error.message, body.message);
    assert.equal(error.error, body.error);
    assert.deepEqual(error.details, body.details);
    assert.equal(error.timestamp, body.timestamp);
    assert.equal(error.path, body.path);
    assert.equal(error.requestId, 'req-7');
    assert.equal(error.retryAfter, 61);
    assert.equal(error.headers.get('x-request-id'), 'req-7');
    assert.deepEqual(error.body, body);
  });
}

for (const [name, body, message, parsed] of [
  ['a page of a proxy', '<h1>Oops</h1>', 'The server answered 502 Bad Gateway.', '<h1>Oops</h1>'],
  ['no body', '', 'The server answered 502 Bad Gateway.', undefined],
  ['JSON that is no object', 'null', 'The server answered 502 Bad Gateway.', null],
  [
    "OpenAI's error",
    '{"error":{"message":"No","type":"server_error","code":"x"}}',
    'No',
    { error: { message: 'No', type: 'server_error', code: 'x' } },
  ],
  ['a bare error', '{"error":"No"}', 'No', { error: 'No' }],
  ['several messages', '{"message":["a","b"]}', 'a; b', { message: ['a', 'b'] }],
]) {
  test(`an error body is read: ${name}`, async (t) => {
    const { client } = await failing(t, (_request, response) => response.writeHead(502).end(body));
    await assert.rejects(client.models.list(), (error) => {
      assert.ok(error instanceof sdk.InternalServerError);
      assert.equal(error.message, message);
      assert.deepEqual(error.body, parsed);
      return true;
    });
  });
}

test('a success that is not JSON is an error, and not retried', async (t) => {
  const { client, requests } = await failing(t, (_request, response) => response.writeHead(200).end('<html>'), {
    maxRetries: 2,
  });
  await assert.rejects(client.models.list(), { name: 'APIError', status: 200, body: '<html>' });
  assert.equal(requests.length, 1);
});

test('redirects are not followed', async (t) => {
  const { client, requests } = await failing(t, (_request, response) =>
    response.writeHead(307, { Location: '/elsewhere' }).end(),
  );
  await assert.rejects(client.models.list(), { name: 'APIError', status: 307, message: /redirect/ });
  assert.equal(requests.length, 1);
});

test('a refused connection is a connection error', async () => {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address();
  await new Promise((done) => server.close(done));
  const client = new AIAggregatorClient({ baseUrl: `http://127.0.0.1:${port}`, maxRetries: 0 });
  await assert.rejects(client.models.list(), (error) => {
    assert.equal(error.name, 'APIConnectionError');
    assert.match(error.message, /ECONNREFUSED/);
    assert.ok(error instanceof APIError && error.cause instanceof Error);
    assert.equal(error.status, undefined);
    return true;
  });
});

test('a truncated response is a connection error', async (t) => {
  const { client } = await failing(t, (_request, response) => {
    response.writeHead(200, { 'Content-Length': 100 }).write('{"data"', () => response.destroy());
  });
  await assert.rejects(client.models.list(), { name: 'APIConnectionError' });
});

test('a late response is a time-out', async (t) => {
  const { client } = await failing(t, () => {}, { timeout: 50 });
  await assert.rejects(client.models.list(), (error) => {
    assert.equal(error.name, 'APITimeoutError');
    assert.ok(error instanceof sdk.APIConnectionError);
    return true;
  });
});

test('a late body is a time-out', async (t) => {
  const { client } = await failing(t, (_request, response) => response.writeHead(200).write('{'));
  await assert.rejects(client.models.list({ timeout: 50 }), { name: 'APITimeoutError' });
});

test('an abort rejects with its reason: before the call, during it, and between attempts', async (t) => {
  const { client, requests } = await failing(
    t,
    (request, response) => {
      if (request.url.endsWith('/models'))
        failure(response, 503, 'Service Unavailable', 'later', { 'Retry-After': '30' });
    },
    { maxRetries: 5 },
  );

  const reason = new Error('enough');
  await assert.rejects(client.models.list({ signal: AbortSignal.abort(reason) }), reason);
  assert.equal(requests.length, 0);

  const soon = () => {
    const controller = new AbortController();
    setTimeout(() => controller.abort(reason), 50);
    return controller.signal;
  };
  await assert.rejects(client.billing.balance({ signal: soon() }), reason);
  await assert.rejects(client.models.list({ signal: soon() }), reason);
  assert.equal(requests.length, 2);
});

test('a rejection handled only through withResponse is reported once', async (t) => {
  const { client } = await failing(t, (_request, response) => failure(response, 404, 'Not Found', 'no'));
  await assert.rejects(client.models.list().withResponse(), sdk.NotFoundError);
  let finished = false;
  await assert.rejects(
    client.models.list().finally(() => (finished = true)),
    sdk.NotFoundError,
  );
  assert.ok(finished);
  assert.equal(await client.models.list().catch(() => 'caught'), 'caught');
});
