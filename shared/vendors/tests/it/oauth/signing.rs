//! ID tokens, good and forged.

use std::sync::LazyLock;

use aws_lc_rs::rsa::{KeyPair, KeySize};
use aws_lc_rs::signature::KeyPair as _;
use aws_lc_rs::{hmac, rand, signature};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

/// A key that signs.
pub(super) struct Key {
    id: &'static str,
    pair: KeyPair,
}

/// Two keys of the provider, and one of somebody else who uses the first one's name. Making one takes a moment, so all tests share them.
pub(super) static FIRST: LazyLock<Key> = LazyLock::new(|| Key::generate("key-1"));
pub(super) static SECOND: LazyLock<Key> = LazyLock::new(|| Key::generate("key-2"));
pub(super) static FORGER: LazyLock<Key> = LazyLock::new(|| Key::generate("key-1"));

fn encode(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

impl Key {
    fn generate(id: &'static str) -> Self {
        Self { id, pair: KeyPair::generate(KeySize::Rsa2048).unwrap() }
    }

    fn modulus(&self) -> Vec<u8> {
        self.pair.public_key().modulus().big_endian_without_leading_zero().to_vec()
    }

    /// The public half, as a key set has it.
    pub(super) fn jwk(&self) -> Value {
        let exponent = self.pair.public_key().exponent().big_endian_without_leading_zero().to_vec();
        json!({ "kty": "RSA", "alg": "RS256", "use": "sig", "kid": self.id, "n": encode(self.modulus()), "e": encode(exponent) })
    }

    /// A token with these claims.
    pub(super) fn sign(&self, claims: &Value) -> String {
        self.sign_with(&json!({ "alg": "RS256", "typ": "JWT", "kid": self.id }), claims)
    }

    /// A token with any header.
    pub(super) fn sign_with(&self, header: &Value, claims: &Value) -> String {
        let message = unsigned(header, claims);
        let mut signature = vec![0; self.pair.public_modulus_len()];
        let random = rand::SystemRandom::new();
        self.pair.sign(&signature::RSA_PKCS1_SHA256, &random, message.as_bytes(), &mut signature).unwrap();
        format!("{message}.{}", encode(signature))
    }

    /// A token that is signed with the public key as if it were a shared secret.
    pub(super) fn confuse(&self, secret: &[u8], claims: &Value) -> String {
        let message = unsigned(&json!({ "alg": "HS256", "typ": "JWT", "kid": self.id }), claims);
        let tag = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, secret), message.as_bytes());
        format!("{message}.{}", encode(tag))
    }

    /// What a forger may try as that secret.
    pub(super) fn public_secrets(&self) -> Vec<Vec<u8>> {
        let der = self.pair.public_key().as_ref().to_vec();
        vec![self.modulus(), encode(self.modulus()).into_bytes(), der, Vec::new()]
    }
}

/// Header and claims, not signed yet.
pub(super) fn unsigned(header: &Value, claims: &Value) -> String {
    format!("{}.{}", encode(header.to_string()), encode(claims.to_string()))
}

/// A set of public keys.
pub(super) fn set(keys: &[&Key]) -> String {
    let keys: Vec<_> = keys.iter().map(|key| key.jwk()).collect();
    json!({ "keys": keys }).to_string()
}
