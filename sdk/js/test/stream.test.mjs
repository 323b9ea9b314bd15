import assert from 'node:assert/strict';
import { once } from 'node:events';
import { test } from 'node:test';
import { AIAggregatorClient, APIError, APITimeoutError, RateLimitError, StreamError } from '@ai-aggregator/sdk';
import { SSE, chunk, deferred, failure, frame, json, serve } from './server.mjs';

const ASK = { model: 'gpt-4', messages: [{ role: 'user', content: 'Расскажи' }], stream: true };

const textOf = async (stream) => {
  let text = '';
  for await (const { choices } of stream) text += choices[0]?.delta.content ?? '';
  return text;
};

/** A client of a server that sends a stream in chunks of `size` bytes. */
const streaming = async (t, text, size = Infinity) => {
  const { requests, baseUrl } = await serve(t, async (_request, response) => {
    response.writeHead(200, SSE);
    response.socket.setNoDelay();
    const bytes = Buffer.from(text);
    for (let at = 0; at < bytes.length; at += size) {
      response.write(bytes.subarray(at, at + size));
      await new Promise(setImmediate);
    }
    response.end();
  });
  return { requests, client: new AIAggregatorClient({ apiKey: 'k', baseUrl }) };
};

test('chunks come in order', async (t) => {
  const { requests, client } = await streaming(
    t,
    frame(chunk('Однажды')) + frame(chunk(' в далекой', 'stop')) + frame('[DONE]'),
  );

  const chunks = [];
  for await (const piece of await client.chat.completions.create(ASK)) chunks.push(piece);

  assert.deepEqual(chunks, [chunk('Однажды'), chunk(' в далекой', 'stop')]);
  assert.deepEqual(requests[0].body, ASK);
  assert.equal(requests[0].headers.accept, 'text/event-stream');
});

for (const [name, newline] of [
  ['LF', '\n'],
  ['CRLF', '\r\n'],
  ['CR', '\r'],
]) {
  test(`a stream is read byte by byte, with ${name}, comments, other fields and data on several lines`, async (t) => {
    const [first, second] = JSON.stringify(chunk('Ж😀')).split(',"object"');
    const text =
      `\uFEFF: keep-alive\n\n:\n\nevent: message\nid: 1\nretry: 10\ndata:${first},\ndata: "object"${second}\n\n` +
      `: keep-alive\n\n${frame(chunk('ё'))}${frame('[DONE]')}`;
    const { client } = await streaming(t, text.replaceAll('\n', newline), 1);
    assert.equal(await textOf(await client.chat.completions.create(ASK)), 'Ж😀ё');
  });
}

test('[DONE] needs no empty line after it', async (t) => {
  const { client } = await streaming(t, `${frame(chunk('a'))}data: [DONE]`);
  assert.equal(await textOf(await client.chat.completions.create(ASK)), 'a');
});

test('nothing is read after [DONE], and the connection is closed', async (t) => {
  const left = deferred();
  const { baseUrl } = await serve(t, async (_request, response) => {
    response.on('close', left.resolve);
    response.writeHead(200, SSE).write(frame(chunk('a')) + frame('[DONE]') + frame(chunk('b')));
  });
  const client = new AIAggregatorClient({ baseUrl });
  assert.equal(await textOf(await client.chat.completions.create(ASK)), 'a');
  await left.promise;
});

test('a connection is reused after a stream', async (t) => {
  const sockets = new Set();
  const { baseUrl } = await serve(t, async (_request, response) => {
    sockets.add(response.socket);
    response.writeHead(200, SSE).write(frame(chunk('a')));
    response.write(frame('[DONE]'));
    await new Promise((done) => setTimeout(done, 20));
    response.end();
  });
  const client = new AIAggregatorClient({ baseUrl });
  for (let count = 0; count < 3; count += 1) {
    await textOf(await client.chat.completions.create(ASK));
    await new Promise((done) => setTimeout(done, 60));
  }
  assert.equal(sockets.size, 1);
});

test('an error event becomes a StreamError after the chunks before it, and nothing is retried', async (t) => {
  const error = { error: { message: 'The vendor went away', type: 'upstream_error', code: 'provider_error' } };
  const { requests, client } = await streaming(t, frame(chunk('a')) + frame(error) + frame('[DONE]'));

  const seen = [];
  await assert.rejects(
    async () => {
      for await (const piece of await client.chat.completions.create(ASK)) seen.push(piece);
    },
    (failed) => {
      assert.ok(failed instanceof StreamError && failed instanceof APIError);
      assert.equal(failed.message, 'The vendor went away');
      assert.equal(failed.error, 'upstream_error');
      assert.equal(failed.code, 'provider_error');
      assert.equal(failed.status, undefined);
      assert.equal(failed.requestId, 'req-stream');
      assert.deepEqual(failed.body, error);
      return true;
    },
  );
  assert.equal(seen.length, 1);
  assert.equal(requests.length, 1);
});

test('an error event in the format of the contract is recognised', async (t) => {
  const { client } = await streaming(
    t,
    frame({ statusCode: 402, message: 'No money', error: 'Payment Required', path: '/x' }),
  );
  await assert.rejects(client.chat.completions.create(ASK).then(textOf), {
    name: 'StreamError',
    message: 'No money',
    error: 'Payment Required',
  });
});

for (const [name, text] of [
  ['nothing at all', ''],
  ['a chunk', frame(chunk('a'))],
  ['half a chunk', frame(chunk('a')).slice(0, 40)],
  ['a page of a proxy', '<html>Bad gateway</html>'],
]) {
  test(`a stream that ends after ${name} is an error`, async (t) => {
    const { client, requests } = await streaming(t, text);
    await assert.rejects(client.chat.completions.create(ASK).then(textOf), {
      name: 'StreamError',
      message: /ended before/,
    });
    assert.equal(requests.length, 1);
  });
}

test('a chunk that is not JSON is an error', async (t) => {
  const { client } = await streaming(t, frame('{oops'));
  await assert.rejects(client.chat.completions.create(ASK).then(textOf), { name: 'StreamError', message: /not JSON/ });
});

test('a connection lost mid-stream is an error, and not retried', async (t) => {
  const { requests, baseUrl } = await serve(t, (_request, response) => {
    response.writeHead(200, SSE).write(frame(chunk('a')), () => setTimeout(() => response.destroy(), 20));
  });
  const client = new AIAggregatorClient({ baseUrl });
  await assert.rejects(client.chat.completions.create(ASK).then(textOf), {
    name: 'StreamError',
    message: /connection was lost/,
  });
  assert.equal(requests.length, 1);
});

/** A client of a server that sends one chunk and then waits; `left` resolves when the client disconnects. */
const waiting = async (t, options) => {
  const left = deferred();
  const { requests, baseUrl } = await serve(t, (_request, response) => {
    response.on('close', left.resolve);
    response.writeHead(200, SSE).write(frame(chunk('a')) + frame(chunk('b')));
  });
  return { requests, left: left.promise, client: new AIAggregatorClient({ baseUrl, ...options }) };
};

test('leaving the loop ends the request', async (t) => {
  const { client, left } = await waiting(t);
  for await (const _ of await client.chat.completions.create(ASK)) break;
  await left;
});

test('close() ends the request and the loop', async (t) => {
  const { client, left } = await waiting(t);
  const stream = await client.chat.completions.create(ASK);
  const seen = [];
  for await (const piece of stream) {
    seen.push(piece);
    if (seen.length === 2) setTimeout(() => stream.close(), 10);
  }
  assert.equal(seen.length, 2);
  await left;
});

test('close() before reading ends the request', async (t) => {
  const { client, left } = await waiting(t);
  const stream = await client.chat.completions.create(ASK);
  stream.close();
  await left;
  assert.equal(await textOf(stream), '');
});

test('an abort ends the request and throws its reason, at once', async (t) => {
  const { client, left, requests } = await waiting(t);
  const controller = new AbortController();
  const reason = new Error('changed my mind');
  const seen = [];
  await assert.rejects(async () => {
    for await (const piece of await client.chat.completions.create(ASK, { signal: controller.signal })) {
      seen.push(piece);
      controller.abort(reason);
    }
  }, reason);
  assert.equal(seen.length, 1);
  assert.equal(requests.length, 1);
  await left;
});

test('an abort while the stream is silent throws its reason', async (t) => {
  const { client, left } = await waiting(t);
  const controller = new AbortController();
  await assert.rejects(
    async () => {
      for await (const _ of await client.chat.completions.create(ASK, { signal: controller.signal })) {
        setTimeout(() => controller.abort(), 20);
      }
    },
    { name: 'AbortError' },
  );
  await left;
});

test('a finished call, streamed or not, has no listener on the signal', async (t) => {
  const { baseUrl } = await serve(t, (request, response) => {
    if (request.method === 'GET') json(response, 200, {});
    else response.writeHead(200, SSE).end(frame('[DONE]'));
  });
  const client = new AIAggregatorClient({ baseUrl });
  const { signal } = new AbortController();
  let [added, removed] = [0, 0];
  const { addEventListener, removeEventListener } = signal;
  signal.addEventListener = (...args) => (added++, addEventListener.apply(signal, args));
  signal.removeEventListener = (...args) => (removed++, removeEventListener.apply(signal, args));

  await client.models.list({ signal });
  assert.deepEqual([added, removed], [1, 1]);
  await textOf(await client.chat.completions.create(ASK, { signal }));
  await new Promise((done) => setTimeout(done, 50));
  assert.equal(added, 2);
  assert.ok(removed >= 2);
});

test('a silent stream times out', async (t) => {
  const { client, left } = await waiting(t);
  await assert.rejects(client.chat.completions.create(ASK, { timeout: 100 }).then(textOf), APITimeoutError);
  await left;
});

test('a stream may take longer than the time-out between chunks', async (t) => {
  const { baseUrl } = await serve(t, async (_request, response) => {
    response.writeHead(200, SSE);
    for (let count = 0; count < 6; count += 1) {
      response.write(': keep-alive\n\n');
      await new Promise((done) => setTimeout(done, 100));
    }
    response.end(frame(chunk('a')) + frame('[DONE]'));
  });
  const client = new AIAggregatorClient({ baseUrl, timeout: 400 });
  assert.equal(await textOf(await client.chat.completions.create(ASK)), 'a');
});

test('a stream can be read only once', async (t) => {
  const { client } = await streaming(t, frame('[DONE]'));
  const stream = await client.chat.completions.create(ASK);
  await textOf(stream);
  await assert.rejects(textOf(stream), TypeError);
});

test('a stream that has not begun is retried like any other call', async (t) => {
  const { requests, baseUrl } = await serve(t, (_request, response, before) => {
    if (before === 0) return failure(response, 503, 'Service Unavailable', 'later', { 'Retry-After': '0' });
    return failure(response, 429, 'Too Many Requests', 'slowly', { 'Retry-After': '61' });
  });
  const client = new AIAggregatorClient({ baseUrl });
  await assert.rejects(client.chat.completions.create(ASK), RateLimitError);
  assert.equal(requests.length, 2);
  assert.equal(requests[0].headers['idempotency-key'], requests[1].headers['idempotency-key']);
});

test('a stream has a request id and a rate limit', async (t) => {
  const { client } = await streaming(t, frame(chunk('a')) + frame('[DONE]'));
  const { data, requestId } = await client.chat.completions.create(ASK).withResponse();
  assert.equal(requestId, 'req-stream');
  assert.equal(await textOf(data), 'a');
});
