import { createServer } from 'node:http';
import { once } from 'node:events';

/**
 * A server that records requests. `answer` gets the request with its parsed `body`, the response, and the number of
 * earlier requests.
 */
export async function serve(t, answer) {
  const requests = [];
  const server = createServer(async (request, response) => {
    const pieces = [];
    for await (const piece of request) pieces.push(piece);
    const text = Buffer.concat(pieces).toString();
    const { method, url, headers } = request;
    const seen = { method, url, headers, body: text === '' ? undefined : JSON.parse(text) };
    requests.push(seen);
    await answer(seen, response, requests.length - 1);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  return { requests, baseUrl: `http://127.0.0.1:${server.address().port}` };
}

export function json(response, status, body, headers = {}) {
  response.writeHead(status, { 'Content-Type': 'application/json', ...headers });
  response.end(JSON.stringify(body));
}

/** Responds with an error in the format of the contract. */
export function failure(response, status, error, message, headers = {}) {
  const body = { statusCode: status, message, error, timestamp: '2023-12-01T12:00:00.000Z', path: '/api/v1/x' };
  json(response, status, body, headers);
}

export const SSE = { 'Content-Type': 'text/event-stream', 'X-Request-ID': 'req-stream' };

export function chunk(content, finish_reason = null) {
  return {
    id: 'chatcmpl-123',
    object: 'chat.completion.chunk',
    created: 1677652288,
    model: 'gpt-4',
    choices: [{ index: 0, delta: { content }, finish_reason }],
  };
}

export function frame(value) {
  return `data: ${typeof value === 'string' ? value : JSON.stringify(value)}\n\n`;
}

export function deferred() {
  let resolve;
  const promise = new Promise((done) => {
    resolve = done;
  });
  return { promise, resolve };
}
