//! ID tokens (OpenID Connect Core 1.0, 2 and 3.1.3.7).

use domain::identity::{Email, OAuthError, OAuthPerson, UserName};
use domain::kernel::Timestamp;
use jsonwebtoken::{Algorithm, DecodingKey, Validation};
use serde::Deserialize;

use super::super::subject;

/// Clock skew, in seconds: how far our clock may be ahead of Google's.
const SKEW: i64 = 60;

/// Required claims of an ID token.
pub(super) struct Expected<'a> {
    pub(super) client_id: &'a str,
    pub(super) issuers: &'a [String],
    pub(super) nonce: &'a str,
    pub(super) now: Timestamp,
}

#[derive(Deserialize)]
struct Claims {
    iss: String,
    aud: Audience,
    #[serde(default)]
    azp: Option<String>,
    exp: i64,
    #[serde(default)]
    nonce: Option<String>,
    sub: String,
    #[serde(default)]
    email: Option<String>,
    #[serde(default)]
    email_verified: bool,
    #[serde(default)]
    name: Option<String>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Audience {
    One(String),
    Several(Vec<String>),
}

/// The id of the key that signed a token. Only RS256 is accepted: the token's own header must not choose the algorithm.
pub(super) fn key_id(token: &str) -> Result<String, OAuthError> {
    let header = jsonwebtoken::decode_header(token).map_err(|_| OAuthError::Untrusted("the ID token's header"))?;
    if header.alg != Algorithm::RS256 {
        return Err(OAuthError::Untrusted("the ID token is not signed with RS256"));
    }
    header.kid.ok_or(OAuthError::Untrusted("the ID token does not name its key"))
}

/// Validates a token and returns its subject.
pub(super) fn read(token: &str, key: &DecodingKey, expected: &Expected<'_>) -> Result<OAuthPerson, OAuthError> {
    let mut validation = Validation::new(Algorithm::RS256);
    // The library only verifies the signature: it ignores missing claims and uses the system clock.
    validation.validate_exp = false;
    validation.validate_aud = false;
    validation.required_spec_claims.clear();
    let decoded = jsonwebtoken::decode::<Claims>(token, key, &validation);
    let claims = decoded.map_err(|_| OAuthError::Untrusted("the ID token's signature or claims"))?.claims;
    check(&claims, expected)?;
    let email = claims.email.as_deref().and_then(|email| Email::parse(email).ok());
    Ok(OAuthPerson {
        subject: subject(claims.sub)?,
        email_verified: claims.email_verified && email.is_some(),
        email,
        name: claims.name.as_deref().and_then(|name| UserName::parse(name).ok()),
    })
}

fn check(claims: &Claims, expected: &Expected<'_>) -> Result<(), OAuthError> {
    let ours = |id: &String| id == expected.client_id;
    let (for_us, for_others) = match &claims.aud {
        Audience::One(id) => (ours(id), false),
        Audience::Several(ids) => (ids.iter().any(ours), ids.len() > 1),
    };
    // A token for several audiences must name the authorized party.
    let made_for_us = claims.azp.as_ref().map_or(!for_others, ours);
    let wrong = if !expected.issuers.contains(&claims.iss) {
        "the ID token is of another issuer"
    } else if !for_us || !made_for_us {
        "the ID token is for somebody else"
    } else if claims.exp.saturating_add(SKEW) <= expected.now.as_second() {
        "the ID token expired"
    } else if claims.nonce.as_deref() != Some(expected.nonce) {
        "the ID token is of another sign-in"
    } else {
        return Ok(());
    };
    Err(OAuthError::Untrusted(wrong))
}
