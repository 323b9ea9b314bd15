//! Signed tokens: access tokens, refresh tokens, and the login state that a browser keeps while it is at an identity
//! provider.
//!
//! All are JWTs signed with HMAC-SHA256. The key id (`kid`) is derived from the key. To rotate keys, put a new secret
//! in front of the list: it signs from then on, and tokens of older secrets stay valid until they expire.

use std::str::FromStr;
use std::time::Duration;

use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use super::items::StoredOrigin;
use super::oauth::LoginState;
use crate::kernel::{AuthFailure, Error, Result, Timestamp, UserId};

/// How long an access token is valid.
pub(super) const ACCESS_LIFETIME: Duration = Duration::from_mins(15);
/// How long a family lives after its last rotation.
pub(super) const REFRESH_LIFETIME: Duration = Duration::from_hours(720);
/// How long a user may stay at an identity provider: as long as its codes live.
pub(super) const LOGIN_STATE_LIFETIME: Duration = Duration::from_mins(10);

/// The shortest secret accepted: as long as the hash.
const MIN_SECRET_BYTES: usize = 32;

/// The signing secrets, newest first.
#[derive(Clone)]
pub struct TokenKeys {
    newest: SigningKey,
    older: Vec<SigningKey>,
}

#[derive(Clone)]
struct SigningKey {
    id: String,
    encoding: EncodingKey,
    decoding: DecodingKey,
}

impl SigningKey {
    fn new(secret: &str) -> Self {
        let digest = Sha256::new().chain_update(b"token key id:").chain_update(secret.as_bytes()).finalize();
        let id = digest.iter().take(8).fold(0_u64, |id, byte| (id << 8) | u64::from(*byte));
        Self {
            id: format!("{id:016x}"),
            encoding: EncodingKey::from_secret(secret.as_bytes()),
            decoding: DecodingKey::from_secret(secret.as_bytes()),
        }
    }
}

/// The list of secrets is malformed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("expected secrets of at least 32 bytes, separated by commas, newest first")]
pub struct MalformedTokenKeys;

impl FromStr for TokenKeys {
    type Err = MalformedTokenKeys;

    fn from_str(text: &str) -> Result<Self, MalformedTokenKeys> {
        let mut keys = text.split(',').map(|secret| match secret.trim() {
            secret if secret.len() >= MIN_SECRET_BYTES => Ok(SigningKey::new(secret)),
            _ => Err(MalformedTokenKeys),
        });
        let newest = keys.next().ok_or(MalformedTokenKeys)??;
        Ok(Self { newest, older: keys.collect::<Result<_, _>>()? })
    }
}

/// Issues and verifies the tokens of one product.
#[derive(Clone)]
pub struct TokenIssuer {
    keys: TokenKeys,
    issuer: &'static str,
    access_lifetime: Duration,
}

/// Claims of a valid access token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AccessToken {
    pub user: UserId,
    pub family: Uuid,
}

/// Claims of a valid refresh token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RefreshToken {
    pub user: UserId,
    pub family: Uuid,
    /// Counts the rotations of the family.
    pub rotation: u64,
}

#[derive(Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Kind {
    Access,
    Refresh,
    /// Its name in tokens is from before.
    #[serde(rename = "attempt")]
    LoginState,
}

#[derive(Serialize, Deserialize)]
struct Claims {
    iss: String,
    sub: UserId,
    sid: Uuid,
    kind: Kind,
    iat: i64,
    exp: i64,
    #[serde(rename = "generation", default, skip_serializing_if = "Option::is_none")]
    rotation: Option<u64>,
}

#[derive(Serialize, Deserialize)]
struct LoginStateClaims {
    iss: String,
    kind: Kind,
    iat: i64,
    exp: i64,
    origin: StoredOrigin,
    state: String,
    verifier: String,
    nonce: String,
}

/// Claims that all kinds of tokens have.
trait Dated: Serialize + DeserializeOwned {
    fn kind(&self) -> Kind;
    fn exp(&self) -> i64;
}

impl Dated for Claims {
    fn kind(&self) -> Kind {
        self.kind
    }

    fn exp(&self) -> i64 {
        self.exp
    }
}

impl Dated for LoginStateClaims {
    fn kind(&self) -> Kind {
        self.kind
    }

    fn exp(&self) -> i64 {
        self.exp
    }
}

impl TokenIssuer {
    /// Tokens of the product `issuer`.
    pub fn new(issuer: &'static str, keys: TokenKeys) -> Self {
        Self { keys, issuer, access_lifetime: ACCESS_LIFETIME }
    }

    /// Access tokens with another lifetime than 15 minutes, because a contract says so.
    #[must_use]
    pub fn with_access_lifetime(self, access_lifetime: Duration) -> Self {
        Self { access_lifetime, ..self }
    }

    /// Default lifetime of access tokens, in seconds.
    pub const fn access_lifetime_seconds() -> u64 {
        ACCESS_LIFETIME.as_secs()
    }

    /// Lifetime of refresh tokens, in seconds.
    pub const fn refresh_lifetime_seconds() -> u64 {
        REFRESH_LIFETIME.as_secs()
    }

    /// Lifetime of a login state, in seconds.
    pub const fn login_state_lifetime_seconds() -> u64 {
        LOGIN_STATE_LIFETIME.as_secs()
    }

    pub fn sign_access(&self, token: AccessToken, now: Timestamp) -> Result<String> {
        let (iat, exp) = lifetime(self.access_lifetime, now);
        let AccessToken { user: sub, family: sid } = token;
        self.sign(&Claims { iss: self.issuer.to_owned(), sub, sid, kind: Kind::Access, iat, exp, rotation: None })
    }

    pub fn sign_refresh(&self, token: RefreshToken, now: Timestamp) -> Result<String> {
        let (iat, exp) = lifetime(REFRESH_LIFETIME, now);
        let RefreshToken { user: sub, family: sid, rotation } = token;
        let rotation = Some(rotation);
        self.sign(&Claims { iss: self.issuer.to_owned(), sub, sid, kind: Kind::Refresh, iat, exp, rotation })
    }

    pub(super) fn sign_login_state(&self, login_state: LoginState, now: Timestamp) -> Result<String> {
        let (iat, exp) = lifetime(LOGIN_STATE_LIFETIME, now);
        let (iss, kind) = (self.issuer.to_owned(), Kind::LoginState);
        let LoginState { origin, state, verifier, nonce } = login_state;
        self.sign(&LoginStateClaims { iss, kind, iat, exp, origin: origin.into(), state, verifier, nonce })
    }

    pub fn read_access(&self, text: &str, now: Timestamp) -> Result<AccessToken> {
        let claims: Claims = self.read(Kind::Access, text, now)?;
        Ok(AccessToken { user: claims.sub, family: claims.sid })
    }

    /// Verifies a refresh token, but not that its family exists.
    pub fn read_refresh(&self, text: &str, now: Timestamp) -> Result<RefreshToken> {
        let claims: Claims = self.read(Kind::Refresh, text, now)?;
        let rotation = claims.rotation.ok_or(Error::Unauthenticated(AuthFailure::TokenInvalid))?;
        Ok(RefreshToken { user: claims.sub, family: claims.sid, rotation })
    }

    pub(super) fn read_login_state(&self, text: &str, now: Timestamp) -> Result<LoginState> {
        let claims: LoginStateClaims = self.read(Kind::LoginState, text, now)?;
        let LoginStateClaims { origin, state, verifier, nonce, .. } = claims;
        Ok(LoginState { origin: origin.into(), state, verifier, nonce })
    }

    fn sign(&self, claims: &impl Dated) -> Result<String> {
        let key = &self.keys.newest;
        let header = Header { kid: Some(key.id.clone()), ..Header::new(Algorithm::HS256) };
        jsonwebtoken::encode(&header, claims, &key.encoding).map_err(|error| Error::internal("sign token", error))
    }

    fn read<C: Dated>(&self, kind: Kind, text: &str, now: Timestamp) -> Result<C> {
        let invalid = || Error::Unauthenticated(AuthFailure::TokenInvalid);
        let header = jsonwebtoken::decode_header(text).map_err(|_| invalid())?;
        let id = header.kid.ok_or_else(invalid)?;
        let key =
            std::iter::once(&self.keys.newest).chain(&self.keys.older).find(|key| key.id == id).ok_or_else(invalid)?;
        let mut validation = Validation::new(Algorithm::HS256);
        // Expiry is checked below, against the injected clock.
        validation.validate_exp = false;
        validation.required_spec_claims.clear();
        validation.set_issuer(&[self.issuer]);
        let claims = jsonwebtoken::decode::<C>(text, &key.decoding, &validation).map_err(|_| invalid())?.claims;
        if claims.kind() != kind {
            return Err(invalid());
        }
        if claims.exp() <= now.as_second() {
            return Err(Error::Unauthenticated(AuthFailure::TokenExpired));
        }
        Ok(claims)
    }
}

/// `iat` and `exp`, in seconds since 1970.
fn lifetime(lifetime: Duration, now: Timestamp) -> (i64, i64) {
    let iat = now.as_second();
    (iat, iat + i64::try_from(lifetime.as_secs()).unwrap_or(i64::MAX))
}

#[cfg(test)]
mod tests {
    use super::super::model::IdentityProvider;
    use super::*;

    const OLD: &str = "old-secret-old-secret-old-secret-old";
    const NEW: &str = "new-secret-new-secret-new-secret-new";

    fn issuer(keys: &str) -> TokenIssuer {
        TokenIssuer::new("easy-writer", keys.parse().unwrap())
    }

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    fn access() -> AccessToken {
        AccessToken { user: Uuid::from_u128(1).into(), family: Uuid::from_u128(2) }
    }

    #[test]
    fn a_token_reads_back_until_it_expires() {
        let tokens = issuer(NEW);
        let text = tokens.sign_access(access(), at(1000)).unwrap();
        assert_eq!(tokens.read_access(&text, at(1899)).unwrap(), access());
        assert!(matches!(tokens.read_access(&text, at(1900)), Err(Error::Unauthenticated(AuthFailure::TokenExpired))));
    }

    #[test]
    fn rotating_keys_keeps_older_tokens_valid() {
        let before = issuer(OLD).sign_access(access(), at(1000)).unwrap();
        let rotated = issuer(&format!("{NEW},{OLD}"));
        assert!(rotated.read_access(&before, at(1001)).is_ok());
        let after = rotated.sign_access(access(), at(1002)).unwrap();
        assert!(issuer(OLD).read_access(&after, at(1003)).is_err(), "the new key signs");
        assert!(issuer(NEW).read_access(&before, at(1003)).is_err(), "a dropped key is not accepted");
    }

    #[test]
    fn a_refresh_token_is_not_an_access_token_nor_of_another_product() {
        let tokens = issuer(NEW);
        let refresh = tokens
            .sign_refresh(RefreshToken { user: access().user, family: access().family, rotation: 0 }, at(0))
            .unwrap();
        assert!(tokens.read_access(&refresh, at(1)).is_err());
        let other = TokenIssuer::new("novels", NEW.parse().unwrap());
        assert!(other.read_access(&tokens.sign_access(access(), at(0)).unwrap(), at(1)).is_err());
    }

    #[test]
    fn an_attempt_reads_back_for_ten_minutes_and_is_no_other_token() {
        let tokens = issuer(NEW);
        let (state, verifier, nonce) = ("s".to_owned(), "v".to_owned(), "n".to_owned());
        let login_state = LoginState { origin: IdentityProvider::Google, state, verifier, nonce };
        let text = tokens.sign_login_state(login_state.clone(), at(1000)).unwrap();
        assert_eq!(tokens.read_login_state(&text, at(1599)).unwrap(), login_state);
        assert!(tokens.read_login_state(&text, at(1600)).is_err());
        assert!(tokens.read_access(&text, at(1001)).is_err() && tokens.read_refresh(&text, at(1001)).is_err());
        let access = tokens.sign_access(access(), at(1000)).unwrap();
        assert!(tokens.read_login_state(&access, at(1001)).is_err());
        assert!(issuer(OLD).read_login_state(&text, at(1001)).is_err(), "nobody else can sign one");
    }

    #[test]
    fn short_or_empty_secrets_are_refused() {
        for bad in ["", "short", &format!("{NEW},short"), ","] {
            assert!(bad.parse::<TokenKeys>().is_err(), "{bad}");
        }
    }
}
