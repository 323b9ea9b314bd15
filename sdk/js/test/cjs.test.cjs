const assert = require('node:assert/strict');
const { execFileSync } = require('node:child_process');
const { test } = require('node:test');
const sdk = require('@ai-aggregator/sdk');

test('both builds export the same names', async () => {
  const esm = await import('@ai-aggregator/sdk');
  assert.deepEqual(Object.keys(sdk).sort(), Object.keys(esm).sort());
});

test('the CommonJS build verifies webhooks', async () => {
  const client = new sdk.AIAggregatorClient();
  await assert.rejects(client.webhooks.verify('{}', {}, 'secret'), sdk.WebhookVerificationError);
});

// As in Node.js 18, where only a module has Web Crypto.
for (const [name, type, load] of [
  ['ESM', 'module', "const { AIAggregatorClient } = await import('@ai-aggregator/sdk')"],
  ['CommonJS', 'commonjs', "const { AIAggregatorClient } = require('@ai-aggregator/sdk')"],
]) {
  test(`the ${name} build works without a global Web Crypto`, () => {
    const program = `${load};
      (async () => {
        delete globalThis.crypto;
        if (globalThis.crypto) throw new Error('there still is one');
        const client = new AIAggregatorClient({ baseUrl: 'http://127.0.0.1:1', maxRetries: 0 });
        const error = await client.auth.register({ email: '', password: '' }).catch((reason) => reason);
        const time = String(Math.floor(Date.now() / 1000));
        const headers = { 'webhook-id': 'a', 'webhook-timestamp': time, 'webhook-signature': 'v1,AAAA' };
        const refused = await client.webhooks.verify('{}', headers, 's').catch((reason) => reason);
        console.log(error.name, refused.message);
      })();`;
    const args = [`--input-type=${type}`, '--eval', program];
    const output = execFileSync(process.execPath, args, { cwd: __dirname, encoding: 'utf8', stdio: 'pipe' });
    assert.equal(output, 'APIConnectionError No signature of the webhook matches.\n');
  });
}
