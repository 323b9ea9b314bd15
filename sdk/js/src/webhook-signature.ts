import { webCrypto } from './crypto.js';
import { WebhookVerificationError } from './errors.js';

/** Headers of `fetch` or Node.js. */
export type WebhookHeaders = Headers | Record<string, string | string[] | undefined>;

/** Seconds that `webhook-timestamp` may differ from now. */
const TOLERANCE = 5 * 60;

export async function verify(
  payload: string | Uint8Array | ArrayBuffer,
  headers: WebhookHeaders,
  secret: string,
): Promise<unknown> {
  const id = header(headers, 'webhook-id');
  const timestamp = header(headers, 'webhook-timestamp');
  const signatures = header(headers, 'webhook-signature');

  if (!/^\d{1,12}$/.test(timestamp)) throw new WebhookVerificationError('webhook-timestamp is not a number.');
  const age = Math.floor(Date.now() / 1000) - Number(timestamp);
  if (age > TOLERANCE) throw new WebhookVerificationError('The webhook is too old.');
  if (age < -TOLERANCE) throw new WebhookVerificationError('The webhook is from the future.');

  const body = typeof payload === 'string' ? new TextEncoder().encode(payload) : new Uint8Array(payload);
  const signed = concat(new TextEncoder().encode(`${id}.${timestamp}.`), body);
  if (!(await anyMatches(signatures, signed, secret))) {
    throw new WebhookVerificationError('No signature of the webhook matches.');
  }
  try {
    return JSON.parse(new TextDecoder().decode(body));
  } catch {
    throw new WebhookVerificationError('The body of the webhook is not JSON.');
  }
}

async function anyMatches(signatures: string, signed: Uint8Array<ArrayBuffer>, secret: string): Promise<boolean> {
  const { subtle } = await webCrypto();
  const key = await subtle.importKey('raw', keyOf(secret), { name: 'HMAC', hash: 'SHA-256' }, false, ['verify']);
  for (const candidate of signatures.split(' ')) {
    if (!candidate.startsWith('v1,')) continue;
    const signature = decodeBase64(candidate.slice(3));
    // `verify` compares in constant time.
    if (signature && (await subtle.verify('HMAC', key, signature, signed))) return true;
  }
  return false;
}

function keyOf(secret: string): Uint8Array<ArrayBuffer> {
  const decoded = secret.startsWith('whsec_') ? decodeBase64(secret.slice('whsec_'.length)) : undefined;
  const key = decoded ?? new TextEncoder().encode(secret);
  if (key.length === 0) throw new WebhookVerificationError('The secret is empty.');
  return key;
}

/** `undefined` if it is not base64. */
function decodeBase64(text: string): Uint8Array<ArrayBuffer> | undefined {
  if (!/^[A-Za-z0-9+/]*={0,2}$/.test(text)) return undefined;
  try {
    return Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
  } catch {
    return undefined;
  }
}

function header(headers: WebhookHeaders, name: string): string {
  let value: string | string[] | null | undefined;
  if (headers instanceof Headers) value = headers.get(name);
  else value = Object.entries(headers).find(([key]) => key.toLowerCase() === name)?.[1];
  if (Array.isArray(value)) value = value.join(' ');
  if (!value) throw new WebhookVerificationError(`${name} is missing.`);
  return value;
}

function concat(first: Uint8Array, second: Uint8Array): Uint8Array<ArrayBuffer> {
  const result = new Uint8Array(first.length + second.length);
  result.set(first);
  result.set(second, first.length);
  return result;
}
