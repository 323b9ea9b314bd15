// Against a running gateway: AGGREGATOR_URL=http://localhost:3000 SANDBOX_URL=http://localhost:8090 npm test
// A new company gets its welcome balance when its email address is confirmed; the sandbox keeps the confirmation email.
// Without SANDBOX_URL, calls must be free.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { AIAggregatorClient, AuthenticationError } from '@ai-aggregator/sdk';

const baseUrl = process.env.AGGREGATOR_URL;
const sandboxUrl = process.env.SANDBOX_URL;
const skip = baseUrl ? false : 'AGGREGATOR_URL is not set';

const confirm = async (email) => {
  const emails = await (await fetch(`${sandboxUrl}/mailbox/letters.json`)).json();
  const confirmation = emails.map((it) => JSON.stringify(it)).find((text) => text.includes(email));
  const [path] = confirmation.match(/\/api\/v1\/auth\/verify-email\?token=[\w-]+/);
  assert.ok((await fetch(`${baseUrl}${path}`)).ok);
};

test('a company registers, makes a key, and chats', { skip, timeout: 120_000 }, async () => {
  const email = `sdk-js-${Date.now()}-${Math.random().toString(36).slice(2)}@example.com`;
  const session = await new AIAggregatorClient({ baseUrl }).auth.register({
    email,
    password: 'securepassword123',
    name: 'SDK',
  });
  assert.equal(session.tokenType, 'Bearer');
  assert.equal(session.company.email, email);
  if (sandboxUrl) await confirm(email);

  const company = new AIAggregatorClient({
    baseUrl,
    accessToken: session.accessToken,
    refreshToken: session.refreshToken,
  });
  const { key, id } = await company.apiKeys.create({
    name: 'Live test',
    permissions: ['chat', 'billing', 'analytics'],
  });
  assert.ok((await company.apiKeys.list()).data.some((listed) => listed.id === id));
  assert.equal(typeof (await company.billing.balance()).balance, 'number');

  const client = new AIAggregatorClient({ baseUrl, apiKey: key });
  const { data } = await client.models.list();
  const model =
    process.env.AGGREGATOR_MODEL ??
    data.find((candidate) => candidate.is_available && candidate.supported_features.includes('chat'))?.id;
  assert.ok(model, 'no model is available');
  const messages = [{ role: 'user', content: 'Привет! Как дела?' }];

  const { data: completion, requestId } = await client.chat.completions
    .create({ model, messages, max_tokens: 50 })
    .withResponse();
  assert.ok(completion.choices[0].message.content);
  assert.equal(typeof completion.cost, 'number');
  assert.ok(completion.provider);
  assert.ok(requestId);

  let text = '';
  const stream = await client.chat.completions.create({ model, messages, max_tokens: 50, stream: true });
  for await (const { choices } of stream) text += choices[0]?.delta.content ?? '';
  assert.ok(text);

  // A key used before may work for some seconds more: gateways cache it.
  const other = await company.apiKeys.create({ name: 'Revoked', permissions: ['chat'] });
  await company.apiKeys.revoke(other.id);
  const revoked = new AIAggregatorClient({ baseUrl, apiKey: other.key });
  await assert.rejects(revoked.chat.completions.create({ model, messages }), AuthenticationError);
});
