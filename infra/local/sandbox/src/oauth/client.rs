//! The only client of each provider.

use aws_lc_rs::hmac;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

/// A client's credentials.
#[derive(Clone)]
pub struct Client {
    /// Public.
    pub id: String,
    /// Derived from the sandbox's key.
    pub secret: String,
}

/// Google's client for this key of the sandbox.
pub fn google_client(api_key: &str) -> Client {
    client("sandbox.apps.googleusercontent.example", api_key)
}

/// Yandex's client for this key of the sandbox.
pub fn yandex_client(api_key: &str) -> Client {
    client("sandbox-yandex", api_key)
}

fn client(id: &str, api_key: &str) -> Client {
    let key = hmac::Key::new(hmac::HMAC_SHA256, api_key.as_bytes());
    let secret = URL_SAFE_NO_PAD.encode(hmac::sign(&key, format!("client secret of {id}").as_bytes()));
    Client { id: id.to_owned(), secret }
}
