// Against a running gateway: AGGREGATOR_URL=http://localhost:3000 npm test
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { AIAggregatorClient, AuthenticationError } from '@ai-aggregator/sdk';

const baseUrl = process.env.AGGREGATOR_URL;
const skip = baseUrl ? false : 'AGGREGATOR_URL is not set';

test('a company registers, makes a key, and chats', { skip, timeout: 120_000 }, async () => {
  const email = `sdk-js-${Date.now()}-${Math.random().toString(36).slice(2)}@example.com`;
  const session = await new AIAggregatorClient({ baseUrl }).auth.register({ email, password: 'securepassword123', name: 'SDK' });
  assert.equal(session.tokenType, 'Bearer');
  assert.equal(session.company.email, email);

  const company = new AIAggregatorClient({ baseUrl, accessToken: session.accessToken, refreshToken: session.refreshToken });
  const { key, id } = await company.apiKeys.create({ name: 'Live test', permissions: ['chat', 'billing', 'analytics'] });
  assert.ok((await company.apiKeys.list()).data.some((listed) => listed.id === id));
  assert.equal(typeof (await company.billing.balance()).balance, 'number');

  const client = new AIAggregatorClient({ baseUrl, apiKey: key });
  const { data } = await client.models.list();
  const model = process.env.AGGREGATOR_MODEL ?? data.find((candidate) => candidate.is_available && candidate.supported_features.includes('chat'))?.id;
  assert.ok(model, 'no model is available');
  const messages = [{ role: 'user', content: 'Привет! Как дела?' }];

  const { data: completion, requestId } = await client.chat.completions.create({ model, messages, max_tokens: 50 }).withResponse();
  assert.ok(completion.choices[0].message.content);
  assert.equal(typeof completion.cost, 'number');
  assert.ok(completion.provider);
  assert.ok(requestId);

  let text = '';
  const stream = await client.chat.completions.create({ model, messages, max_tokens: 50, stream: true });
  for await (const { choices } of stream) text += choices[0]?.delta.content ?? '';
  assert.ok(text);

  await company.apiKeys.revoke(id);
  await assert.rejects(client.chat.completions.create({ model, messages }), AuthenticationError);
});
