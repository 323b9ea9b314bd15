/** Web Crypto; in Node.js 18, only a module has it. */
export async function webCrypto(): Promise<Crypto> {
  if (globalThis.crypto) return globalThis.crypto;
  // Not a literal, so that bundlers for browsers do not look for it.
  const name = 'node:crypto';
  const module: { webcrypto: Crypto } = await import(/* webpackIgnore: true */ /* @vite-ignore */ name);
  return module.webcrypto;
}

export async function newIdempotencyKey(): Promise<string> {
  // Not `randomUUID`: pages without TLS do not have it.
  const bytes = (await webCrypto()).getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}
