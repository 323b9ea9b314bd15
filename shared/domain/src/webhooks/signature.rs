//! What is sent and how it is signed, twice.
//!
//! **In the body**, as the products' contracts show: the body before signing is the JSON object
//! `{"id":…,"event":…,"data":…,"timestamp":…}`, in this order and without spaces. `signature` is appended as its last
//! field: `sha256=` and the hexadecimal HMAC-SHA256 of the body before, keyed with the bytes of the secret as its owner
//! sees it. A receiver cuts `,"signature":"sha256=…"` out of what it got and compares. While a secret is being
//! replaced, the new one signs.
//!
//! **In headers**, as [Standard Webhooks](https://www.standardwebhooks.com) has it: `webhook-signature` is `v1,` and
//! the base64 HMAC-SHA256 of `{webhook-id}.{webhook-timestamp}.{body}`, with the body as sent. The key is what follows
//! `whsec_` in the secret, decoded from base64, or the bytes of a secret without that prefix. While a secret is being
//! replaced, there are two signatures, with a space between.

use std::fmt::Write as _;

use base64::Engine as _;
use base64::engine::DecodePaddingMode;
use base64::engine::GeneralPurpose;
use base64::engine::general_purpose::{GeneralPurposeConfig, STANDARD};
use bytes::Bytes;
use hmac::{Hmac, KeyInit as _, Mac as _};
use serde::Serialize;
use sha2::Sha256;
use uuid::Uuid;

use super::{Header, SigningSecret};
use crate::kernel::{Error, Result, Timestamp, epoch_seconds};

/// What standard secrets start with.
pub(super) const STANDARD_PREFIX: &str = "whsec_";

/// Secrets are pasted with and without padding.
const LENIENT: GeneralPurpose = GeneralPurpose::new(
    &base64::alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// The largest body before signing: receivers commonly take little more.
const MAX_BODY: usize = 20_000;

/// What is posted.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Signed {
    pub(super) headers: Vec<Header>,
    pub(super) body: Bytes,
}

/// The body before it is signed. It is the same for all endpoints and attempts.
///
/// Events are composed by us, so one that is too large is a defect.
pub(super) fn unsigned(id: Uuid, event: &str, data: &impl Serialize, at: Timestamp) -> Result<String> {
    #[derive(Serialize)]
    struct Unsigned<'a, T> {
        id: Uuid,
        event: &'a str,
        data: &'a T,
        timestamp: String,
    }
    let unsigned = Unsigned { id, event, data, timestamp: format!("{at:.3}") };
    let body = serde_json::to_string(&unsigned).map_err(|error| Error::internal("webhook body", error))?;
    if body.len() > MAX_BODY {
        return Err(Error::internal("webhook body", format!("{} bytes of {event}", body.len())));
    }
    Ok(body)
}

/// An attempt at `now`, signed with each of `secrets`, the current one first.
pub(super) fn sign(id: Uuid, unsigned: &str, secrets: &[&SigningSecret], now: Timestamp) -> Result<Signed> {
    let current = secrets.first().map(|secret| secret.expose()).unwrap_or_default();
    let mut signature = String::new();
    for byte in mac(current.as_bytes(), unsigned.as_bytes())? {
        // Writing to a string cannot fail.
        let _ = write!(signature, "{byte:02x}");
    }
    let open = unsigned.strip_suffix('}').unwrap_or(unsigned);
    let body = format!(r#"{open},"signature":"sha256={signature}"}}"#);
    let seconds = epoch_seconds(now);
    let message = format!("{id}.{seconds}.{body}");
    let signatures = secrets.iter().map(|secret| {
        let key = standard_key(secret.expose()).unwrap_or_else(|| secret.expose().as_bytes().to_vec());
        Ok(format!("v1,{}", STANDARD.encode(mac(&key, message.as_bytes())?)))
    });
    let headers = vec![
        ("content-type", "application/json".to_owned()),
        ("webhook-id", id.to_string()),
        ("webhook-timestamp", seconds.to_string()),
        ("webhook-signature", signatures.collect::<Result<Vec<_>>>()?.join(" ")),
    ];
    Ok(Signed { headers, body: body.into() })
}

/// A fresh secret of the standard's form.
pub(super) fn standard_secret(random: [u8; 32]) -> SigningSecret {
    format!("{STANDARD_PREFIX}{}", STANDARD.encode(random)).into()
}

/// The key in a secret of the standard's form.
pub(super) fn standard_key(secret: &str) -> Option<Vec<u8>> {
    LENIENT.decode(secret.strip_prefix(STANDARD_PREFIX)?).ok()
}

fn mac(key: &[u8], message: &[u8]) -> Result<Vec<u8>> {
    let mac = Hmac::<Sha256>::new_from_slice(key).map_err(|error| Error::internal("webhook signature", error))?;
    Ok(mac.chain_update(message).finalize().into_bytes().to_vec())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const BODY: &str = r#"{"id":"019bc1a2-0000-8000-8000-000000000001","event":"payment.succeeded","data":{"paymentId":"p-1","amount":"1000.00","currency":"RUB","status":"succeeded","note":"Оплата"},"timestamp":"2023-12-01T12:00:00.000Z"}"#;
    const PLAIN: &str = "your-webhook-secret";
    const STANDARD_SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

    fn id() -> Uuid {
        "019bc1a2-0000-8000-8000-000000000001".parse().unwrap()
    }

    fn at() -> Timestamp {
        "2023-12-01T12:00:00Z".parse().unwrap()
    }

    fn signed(secrets: &[&str]) -> (String, String) {
        let secrets: Vec<SigningSecret> = secrets.iter().map(|&secret| secret.to_owned().into()).collect();
        let signed = sign(id(), BODY, &secrets.iter().collect::<Vec<_>>(), at()).unwrap();
        let body = String::from_utf8(signed.body.to_vec()).unwrap();
        let rest = body.strip_prefix(BODY.strip_suffix('}').unwrap()).unwrap();
        let hex = rest.strip_prefix(r#","signature":"sha256="#).unwrap().strip_suffix(r#""}"#).unwrap();
        let header = signed.headers.iter().find(|(name, _)| *name == "webhook-signature").unwrap();
        (hex.to_owned(), header.1.clone())
    }

    #[test]
    fn the_body_is_in_the_contracts_order_without_spaces() {
        let data = json!({
            "paymentId": "p-1", "amount": "1000.00", "currency": "RUB", "status": "succeeded", "note": "Оплата"
        });
        assert_eq!(unsigned(id(), "payment.succeeded", &data, at()).unwrap(), BODY);
        assert!(unsigned(id(), "payment.succeeded", &json!("x".repeat(MAX_BODY)), at()).is_err());
    }

    /// Computed with Python's `hmac`.
    #[test]
    fn signatures_are_what_another_implementation_computes() {
        let plain = signed(&[PLAIN]);
        assert_eq!(plain.0, "f42c9fd65ce7d08be0a6ec47e563858116f869cea4255518c3675fbc8e21f060");
        assert_eq!(plain.1, "v1,1d2VL0bWjxPfPij1+emYWvV3EEsaVXeT9nVUO4rs4Wo=");
        let standard = signed(&[STANDARD_SECRET]);
        assert_eq!(standard.0, "7af4c8704da32b72679603a06d92fa8453a962b45c5ec3075fd540b90ac7f3c8");
        assert_eq!(standard.1, "v1,AtVMNgRqA7NsyQDTYVYacFPrQuaWOohd+b8nziYpZSI=");
    }

    #[test]
    fn during_a_rotation_both_secrets_sign_the_same_body() {
        let both = signed(&[STANDARD_SECRET, PLAIN]);
        assert_eq!(both.0, signed(&[STANDARD_SECRET]).0);
        assert_eq!(
            both.1,
            "v1,AtVMNgRqA7NsyQDTYVYacFPrQuaWOohd+b8nziYpZSI= v1,Xv4oedhXWuYOl7RXITFKK3n7dUyMT1pQa61r42kakrI="
        );
    }

    /// The example of the Standard Webhooks libraries.
    #[test]
    fn the_standards_example_comes_out() {
        let message = br#"msg_p5jXN8AQM9LWM0D4loKWxJek.1614265330.{"test": 2432232314}"#;
        let key = standard_key(STANDARD_SECRET).unwrap();
        assert_eq!(STANDARD.encode(mac(&key, message).unwrap()), "g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
    }

    #[test]
    fn headers_name_the_event_and_the_attempt() {
        let secret = SigningSecret::from(PLAIN.to_owned());
        let signed = sign(id(), BODY, &[&secret], at()).unwrap();
        assert_eq!(signed.headers[0], ("content-type", "application/json".to_owned()));
        assert_eq!(signed.headers[1], ("webhook-id", id().to_string()));
        assert_eq!(signed.headers[2], ("webhook-timestamp", "1701432000".to_owned()));
    }

    #[test]
    fn a_generated_secret_is_of_the_standards_form() {
        let secret = standard_secret([7; 32]);
        assert_eq!(secret.expose(), "whsec_BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc=");
        assert_eq!(standard_key(secret.expose()).unwrap(), [7; 32]);
        assert_eq!(standard_key("whsec_BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc").unwrap(), [7; 32]);
    }
}
