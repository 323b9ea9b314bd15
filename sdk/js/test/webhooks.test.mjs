import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { AIAggregatorClient, WebhookVerificationError } from '@ai-aggregator/sdk';

// Signatures are from OpenSSL:
//   printf '<id>.<time>.<body>' | openssl dgst -sha256 -mac HMAC -macopt key:<secret> -binary | base64
const SENT = 1701432000;
const BODY =
  '{"id":"webhook-uuid","event":"payment.succeeded","data":{"paymentId":"payment-uuid","amount":"1000.00",' +
  '"currency":"RUB","status":"succeeded","description":"Пополнение"},"timestamp":"2023-12-01T12:00:00.000Z",' +
  '"signature":"sha256=abc123"}';
const TEXT_SECRET = 'your-webhook-secret';
const TEXT_SIGNATURE = 'v1,fzXGWaTRbYM1pZpeGKEiomWBNybQQKPyK6yAaN9V4KI=';
const BASE64_SECRET = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw';
const BASE64_SIGNATURE = 'v1,egu8IARG9fCvi9k4tIRGm4Z0pUl0tEmxo5dYDJ+/d94=';
const ODD_SECRET = 'whsec_not base64!';
const ODD_SIGNATURE = 'v1,tzq/vqJx1WQFmyqzzMzXCut3d78pKJqI9NVoqmPogV4=';

const { webhooks } = new AIAggregatorClient();
const headers = (signature, changes = {}) => ({
  'webhook-id': 'msg_1',
  'webhook-timestamp': String(SENT),
  'webhook-signature': signature,
  ...changes,
});

/** Runs `check` at a given time. */
const at = async (seconds, check) => {
  const { now } = Date;
  Date.now = () => seconds * 1000;
  try {
    return await check();
  } finally {
    Date.now = now;
  }
};

describe('webhooks', { concurrency: false }, () => {
  test('a secret may be base64 or any text', async () => {
    for (const [secret, signature] of [
      [TEXT_SECRET, TEXT_SIGNATURE],
      [BASE64_SECRET, BASE64_SIGNATURE],
      [ODD_SECRET, ODD_SIGNATURE],
    ]) {
      const event = await at(SENT, () => webhooks.verify(BODY, headers(signature), secret));
      assert.deepEqual(event, JSON.parse(BODY));
    }
  });

  test('the shared example of Standard Webhooks is accepted', async () => {
    const example = {
      'webhook-id': 'msg_p5jXN8AQM9LWM0D4loKWxJek',
      'webhook-timestamp': '1614265330',
      'webhook-signature': 'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=',
    };
    assert.deepEqual(await at(1614265330, () => webhooks.verify('{"test": 2432232314}', example, BASE64_SECRET)), {
      test: 2432232314,
    });
  });

  test('the body may be bytes', async () => {
    const bytes = Buffer.from(`--${BODY}--`).subarray(2, -2);
    await at(SENT, () => webhooks.verify(bytes, headers(TEXT_SIGNATURE), TEXT_SECRET));
    await at(SENT, () => webhooks.verify(new TextEncoder().encode(BODY).buffer, headers(TEXT_SIGNATURE), TEXT_SECRET));
  });

  test('headers may be of fetch, in any case, or lists', async () => {
    await at(SENT, () => webhooks.verify(BODY, new Headers(headers(TEXT_SIGNATURE)), TEXT_SECRET));
    const odd = {
      'Webhook-Id': ['msg_1'],
      'WEBHOOK-TIMESTAMP': String(SENT),
      'Webhook-Signature': ['v1,AAAA', TEXT_SIGNATURE],
    };
    await at(SENT, () => webhooks.verify(BODY, odd, TEXT_SECRET));
  });

  test('one of several signatures is enough', async () => {
    for (const signature of [
      `${BASE64_SIGNATURE} ${TEXT_SIGNATURE}`,
      `v1a,xyz v1,%% v1, ${TEXT_SIGNATURE}`,
      `${TEXT_SIGNATURE} v2,AAAA`,
    ]) {
      await at(SENT, () => webhooks.verify(BODY, headers(signature), TEXT_SECRET));
    }
  });

  for (const [name, body, changes, secret, message] of [
    ['another body', BODY.replace('1000', '9000'), {}, TEXT_SECRET, /matches/],
    ['a body that was parsed and written again', JSON.stringify(JSON.parse(BODY), null, 1), {}, TEXT_SECRET, /matches/],
    ['another id', BODY, { 'webhook-id': 'msg_2' }, TEXT_SECRET, /matches/],
    ['another time', BODY, { 'webhook-timestamp': String(SENT + 1) }, TEXT_SECRET, /matches/],
    ['another secret', BODY, {}, 'your-webhook-secret2', /matches/],
    ['another version', BODY, { 'webhook-signature': TEXT_SIGNATURE.replace('v1', 'v2') }, TEXT_SECRET, /matches/],
    ['half a signature', BODY, { 'webhook-signature': 'v1,fzXGWaTRbYM1pZpeGKEiog==' }, TEXT_SECRET, /matches/],
    ['no version', BODY, { 'webhook-signature': TEXT_SIGNATURE.slice(3) }, TEXT_SECRET, /matches/],
    ['a time that is no number', BODY, { 'webhook-timestamp': `${SENT}.0` }, TEXT_SECRET, /not a number/],
    ['no id', BODY, { 'webhook-id': undefined }, TEXT_SECRET, /webhook-id is missing/],
    ['no time', BODY, { 'webhook-timestamp': '' }, TEXT_SECRET, /webhook-timestamp is missing/],
    ['no signature', BODY, { 'webhook-signature': undefined }, TEXT_SECRET, /webhook-signature is missing/],
    ['an empty secret', BODY, {}, '', /secret is empty/],
    ['an empty secret in base64', BODY, {}, 'whsec_', /secret is empty/],
  ]) {
    test(`${name} is rejected`, async () => {
      const check = () => webhooks.verify(body, headers(TEXT_SIGNATURE, changes), secret);
      await assert.rejects(
        at(SENT, check),
        (error) => error instanceof WebhookVerificationError && message.test(error.message),
      );
    });
  }

  test('the tolerance is five minutes either way', async () => {
    const check = () => webhooks.verify(BODY, headers(TEXT_SIGNATURE), TEXT_SECRET);
    await at(SENT + 300, check);
    await at(SENT - 300, check);
    await assert.rejects(at(SENT + 301, check), { name: 'WebhookVerificationError', message: /too old/ });
    await assert.rejects(at(SENT - 301, check), { name: 'WebhookVerificationError', message: /future/ });
  });
});
