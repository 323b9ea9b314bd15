// Tests AI Aggregator with OpenAI's JavaScript client, as official.py does with the Python one.
//
//     npm ci && GATEWAY=http://localhost:3000 SANDBOX=http://localhost:8090 node official.mjs
//
// Registers companies and confirms their email addresses from the sandbox's mailbox.
import assert from 'node:assert/strict';
import OpenAI from 'openai';

const { GATEWAY, SANDBOX, MODEL = 'gpt-4o-mini' } = process.env;
const HELLO = [{ role: 'user', content: 'Привет!' }];

const post = async (path, body, token) => {
  const headers = { 'content-type': 'application/json', ...(token && { authorization: `Bearer ${token}` }) };
  const answer = await fetch(`${GATEWAY}${path}`, { method: 'POST', headers, body: JSON.stringify(body) });
  assert.ok(answer.ok, `${path}: ${answer.status}`);
  return answer.json();
};

/** A client with the API key of a new company; if confirmed, with its welcome balance. */
const company = async (confirmed) => {
  const email = `clients-js-${process.hrtime.bigint()}@example.com`;
  const { accessToken } = await post('/api/v1/auth/register', { email, password: 'securepassword123' });
  if (confirmed) {
    const emails = await (await fetch(`${SANDBOX}/mailbox/letters.json`)).json();
    const message = JSON.stringify(emails.find((it) => JSON.stringify(it).includes(email)));
    const [path] = message.match(/\/api\/v1\/auth\/verify-email\?token=[\w-]+/);
    assert.ok((await fetch(`${GATEWAY}${path}`)).ok);
  }
  const { key } = await post('/api/v1/auth/api-keys', { name: 'clients', permissions: ['chat'] }, accessToken);
  return new OpenAI({ apiKey: key, baseURL: `${GATEWAY}/v1`, maxRetries: 0 });
};

const parameters = { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] };
const TOOLS = [
  { type: 'function', function: { name: 'get_weather', description: 'Погода в городе', parameters } },
  { type: 'function', function: { name: 'local_time', description: 'Который час в городе', parameters } },
];

const checks = {
  async chats(client) {
    const answer = await client.chat.completions.create({ model: MODEL, messages: HELLO, temperature: 0.7, max_tokens: 200 });
    assert.ok(answer.choices[0].message.content);
    assert.equal(answer.choices[0].finish_reason, 'stop');
    assert.equal(answer.usage.total_tokens, answer.usage.prompt_tokens + answer.usage.completion_tokens);
    assert.ok(answer.cost > 0 && answer.provider === 'openai' && answer._request_id);
  },

  async streams(client) {
    const stream = await client.chat.completions.create({ model: MODEL, messages: HELLO, stream: true, stream_options: { include_usage: true } });
    const chunks = [];
    for await (const chunk of stream) chunks.push(chunk);
    assert.ok(chunks.map(({ choices }) => choices[0]?.delta.content ?? '').join(''));
    assert.deepEqual(chunks.at(-1).choices, []);
    assert.ok(chunks.at(-1).usage.total_tokens > 0);
    assert.equal(chunks.at(-2).choices[0].finish_reason, 'stop');
    assert.ok(await client.chat.completions.stream({ model: MODEL, messages: HELLO }).finalContent());
  },

  /** The client's own loop: runs the called tools and sends their results until there are no more calls. */
  async tools(client) {
    const run = (name) => ({ function: ({ city }) => `${name}: 21 в ${city}`, parse: JSON.parse });
    const tools = TOOLS.map((tool) => ({ ...tool, function: { ...tool.function, ...run(tool.function.name) } }));
    const messages = [{ role: 'user', content: 'Какая погода в Париже и который час в Риме?' }];
    for (const model of [MODEL, 'claude-sonnet-4']) {
      for (const stream of [false, true]) {
        const runner = client.chat.completions.runTools({ model, messages, tools, stream });
        const said = await runner.finalContent();
        assert.ok(said.includes('get_weather: 21') && said.includes('local_time: 21'), said);
        const called = runner.messages.flatMap((message) => message.tool_calls ?? []);
        assert.deepEqual(called.map((call) => call.function.name), ['get_weather', 'local_time']);
      }
    }
    for (const [tool_choice, called] of [['none', 0], ['required', 1]]) {
      const { choices } = await client.chat.completions.create({ model: MODEL, messages: HELLO, tools: TOOLS, tool_choice });
      assert.equal(choices[0].message.tool_calls?.length ?? 0, called);
    }
  },

  async vendors(client) {
    for (const [model, provider] of [['claude-sonnet-4', 'anthropic'], ['gigachat-2', 'gigachat'], ['yandexgpt', 'yandexgpt']]) {
      const answer = await client.chat.completions.create({ model, messages: HELLO, temperature: 0.3, max_tokens: 300 });
      assert.equal(answer.provider, provider);
      const stream = client.chat.completions.stream({ model, messages: HELLO, max_tokens: 300 });
      assert.equal(await stream.finalContent(), answer.choices[0].message.content);
    }
  },

  async structured(client) {
    const properties = { name: { type: 'string' }, population: { type: 'integer' } };
    const schema = { type: 'object', properties, required: ['name', 'population'], additionalProperties: false };
    const response_format = { type: 'json_schema', json_schema: { name: 'city', strict: true, schema } };
    const messages = [{ role: 'user', content: 'Назови город' }];
    const { choices } = await client.chat.completions.parse({ model: MODEL, messages, response_format });
    const { name, population } = JSON.parse(choices[0].message.content);
    assert.ok(typeof name === 'string' && Number.isInteger(population));
  },

  async models(client) {
    const ids = [];
    for await (const { id, object } of client.models.list()) ids.push(`${object} ${id}`);
    assert.ok(ids.includes(`model ${MODEL}`));
    assert.equal((await client.models.retrieve(MODEL)).id, MODEL);
  },

  async embeddings(client) {
    // The client requests base64 and decodes it.
    const input = ['Осень в городе', 'Курс валют'];
    const { data, usage } = await client.embeddings.create({ model: 'text-embedding-3-small', input, dimensions: 256 });
    assert.deepEqual(data.map(({ index, embedding }) => [index, embedding.length]), [[0, 256], [1, 256]]);
    assert.ok(usage.total_tokens > 0);
  },

  async errors(client) {
    const fails = (call, kind, status, code) =>
      assert.rejects(call, (error) => {
        assert.ok(error instanceof kind && error.message && error.requestID, error);
        assert.deepEqual([error.status, error.code], [status, code]);
        return true;
      });
    const wrong = new OpenAI({ apiKey: 'ak_live_wrong', baseURL: `${GATEWAY}/v1`, maxRetries: 0 });
    const ask = (of, fields) => of.chat.completions.create({ model: MODEL, messages: HELLO, ...fields });
    await fails(ask(wrong), OpenAI.AuthenticationError, 401, 'invalid_api_key');
    await fails(ask(client, { model: 'none' }), OpenAI.NotFoundError, 404, 'model_not_found');
    await fails(ask(client, { temperature: 5 }), OpenAI.BadRequestError, 400, 'invalid_request');
    await fails(ask(client, { model: 'yandexgpt', tools: TOOLS }), OpenAI.BadRequestError, 400, 'unsupported_parameter');
    const poor = await company(false);
    await fails(ask(poor), OpenAI.APIError, 402, 'insufficient_funds');
    await fails(ask(poor, { stream: true }), OpenAI.APIError, 402, 'insufficient_funds');
    const often = async () => {
      for (let call = 0; call < 101; call += 1) await poor.models.list();
    };
    await fails(often(), OpenAI.RateLimitError, 429, 'rate_limit_exceeded');
  },
};

const client = await company(true);
for (const [name, check] of Object.entries(checks)) {
  await check(client);
  console.log(`ok  ${name}`);
}
