//! The keys that sign ID tokens.

use std::collections::VecDeque;
use std::sync::Arc;

use aws_lc_rs::rsa::{KeyPair, KeySize};
use aws_lc_rs::signature::KeyPair as _;
use aws_lc_rs::{digest, rand, signature};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};
use tokio::sync::Mutex;

use super::desk::Refusal;

/// Number of published keys: the signing one, and the previous one, whose tokens may still be in use.
const PUBLISHED: usize = 2;

/// The keys, the signing one first. Generating one takes a moment, so the first is generated on first use.
#[derive(Clone, Default)]
pub(super) struct Keys(Arc<Mutex<VecDeque<Key>>>);

struct Key {
    id: String,
    pair: KeyPair,
}

impl Key {
    async fn generate() -> Result<Self, Refusal> {
        let made = tokio::task::spawn_blocking(|| KeyPair::generate(KeySize::Rsa2048)).await;
        let pair = made.map_err(|_| Refusal::broken())?.map_err(|_| Refusal::broken())?;
        let modulus = pair.public_key().modulus();
        let hash = digest::digest(&digest::SHA256, modulus.big_endian_without_leading_zero());
        let id = hash.as_ref().iter().take(8).fold(0_u64, |id, byte| (id << 8) | u64::from(*byte));
        Ok(Self { id: format!("{id:016x}"), pair })
    }

    fn jwk(&self) -> Value {
        let public = self.pair.public_key();
        let encode = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
        let modulus = encode(public.modulus().big_endian_without_leading_zero());
        let exponent = encode(public.exponent().big_endian_without_leading_zero());
        json!({ "kty": "RSA", "alg": "RS256", "use": "sig", "kid": self.id, "n": modulus, "e": exponent })
    }

    fn sign(&self, claims: &Value) -> Result<String, Refusal> {
        let header = json!({ "alg": "RS256", "typ": "JWT", "kid": self.id });
        let encode = |json: &Value| URL_SAFE_NO_PAD.encode(json.to_string());
        let message = format!("{}.{}", encode(&header), encode(claims));
        let mut signed = vec![0; self.pair.public_modulus_len()];
        let random = rand::SystemRandom::new();
        let done = self.pair.sign(&signature::RSA_PKCS1_SHA256, &random, message.as_bytes(), &mut signed);
        done.map_err(|_| Refusal::broken())?;
        Ok(format!("{message}.{}", URL_SAFE_NO_PAD.encode(signed)))
    }
}

impl Keys {
    /// A signed token with these claims.
    pub(super) async fn sign(&self, claims: &Value) -> Result<String, Refusal> {
        let mut keys = self.0.lock().await;
        if keys.is_empty() {
            keys.push_front(Key::generate().await?);
        }
        keys.front().ok_or_else(Refusal::broken)?.sign(claims)
    }

    /// The public halves (JWKS).
    pub(super) async fn published(&self) -> Value {
        let keys = self.0.lock().await;
        json!({ "keys": keys.iter().map(Key::jwk).collect::<Vec<_>>() })
    }

    /// Rotates the signing key. Returns the new key's id.
    pub(super) async fn rotate(&self) -> Result<String, Refusal> {
        let key = Key::generate().await?;
        let id = key.id.clone();
        let mut keys = self.0.lock().await;
        keys.push_front(key);
        keys.truncate(PUBLISHED);
        Ok(id)
    }
}
