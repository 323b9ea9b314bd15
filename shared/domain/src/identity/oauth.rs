//! The port to companies that vouch for their users (OAuth 2.0, authorization code with PKCE), and the rules of joining them to accounts.

use std::sync::Arc;

use async_trait::async_trait;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};

use super::model::{Email, Origin, UserName};
use crate::kernel::{Error, UserId};

/// A company that vouches for its users.
#[async_trait]
pub trait OAuthProvider: Send + Sync {
    /// Which one it is.
    fn origin(&self) -> Origin;

    /// Where a browser asks its person for permission.
    fn authorize_url(&self, request: &AuthorizeRequest<'_>) -> String;

    /// Trades the code that a browser brought back for who the person is. Asks once.
    async fn exchange(&self, exchange: &CodeExchange<'_>) -> Result<OAuthPerson, OAuthError>;
}

/// A provider that many requests share.
pub type SharedOAuthProvider = Arc<dyn OAuthProvider>;

/// What a provider is asked for permission with.
#[derive(Debug, Clone, Copy)]
pub struct AuthorizeRequest<'a> {
    /// Comes back with the browser, and ties the answer to it.
    pub state: &'a str,
    /// Of the verifier, by [`code_challenge`]. The method is always `S256`.
    pub code_challenge: &'a str,
    /// Comes back inside the ID token, where a provider has one.
    pub nonce: &'a str,
    /// Where the provider sends the browser afterwards.
    pub redirect_uri: &'a str,
}

/// A code, and what proves that we are who asked for it.
#[derive(Clone, Copy)]
pub struct CodeExchange<'a> {
    /// What the browser brought back. Works once.
    pub code: &'a str,
    /// What the challenge was made of.
    pub verifier: &'a str,
    /// What the ID token must repeat.
    pub nonce: &'a str,
    /// The same as in the request for permission.
    pub redirect_uri: &'a str,
}

/// Who a provider says a person is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OAuthPerson {
    /// The person's id at the provider: never changes, and is never given to somebody else.
    pub subject: String,
    /// The address that the provider has, if it told one.
    pub email: Option<Email>,
    /// Whether the provider itself stands for the address being this person's. Only then it may lead to an account that exists.
    pub email_verified: bool,
    /// The name, if the provider told one that we take.
    pub name: Option<UserName>,
}

/// Why a provider did not say who a person is.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum OAuthError {
    /// The code is wrong, was used before, or came too late.
    #[error("the code is not valid")]
    InvalidCode,
    /// The provider does not answer, or with nothing usable.
    #[error("unavailable: {0}")]
    Unavailable(String),
    /// The provider does not take us for who we say we are: credentials or settings are wrong.
    #[error("refused: {0}")]
    Refused(String),
    /// What came back is not proved to be from the provider, for us, and about this sign-in.
    #[error("untrusted: {0}")]
    Untrusted(&'static str),
}

/// Why a sign-in through a provider did not happen.
#[derive(Debug, thiserror::Error)]
pub enum OAuthFailure {
    /// This product does not work with the provider.
    #[error("the provider is not configured")]
    NotConfigured,
    /// The person said no.
    #[error("permission denied")]
    Denied,
    /// The browser is not the one that set out, set out too long ago, or has come back already.
    #[error("the state is not this browser's")]
    StateMismatch,
    /// The provider did not ask the person at all; its word for why.
    #[error("the provider turned the request down: {0}")]
    TurnedDown(String),
    /// The address has an account, and the provider does not stand for it being this person's.
    #[error("the address is not verified")]
    EmailNotVerified,
    /// The provider did not say who the person is.
    #[error("provider")]
    Provider(#[from] OAuthError),
    /// Anything else.
    #[error(transparent)]
    Domain(#[from] Error),
}

/// What a browser keeps while its person is at a provider.
#[derive(Clone, PartialEq, Eq)]
#[cfg_attr(test, derive(Debug))]
pub(super) struct Attempt {
    pub(super) origin: Origin,
    pub(super) state: String,
    pub(super) verifier: String,
    pub(super) nonce: String,
}

/// The challenge that belongs to a verifier: its SHA-256 in base64url without padding (RFC 7636, 4.2, `S256`).
pub fn code_challenge(verifier: &str) -> String {
    URL_SAFE_NO_PAD.encode(Sha256::digest(verifier))
}

/// What becomes of a person whom a provider vouches for.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Joining {
    /// They have been here: sign them in to this account.
    Known(UserId),
    /// The account of their address becomes theirs.
    Join(UserId),
    /// They get a new account, which claims their address, or none.
    Open(Option<Email>),
    /// Their address has an account, and nobody stands for it being theirs.
    Refuse,
}

/// Decides it from the account that the person is linked to and the account of their address.
///
/// The link comes first: an address can change at the provider, the subject cannot. An address that is not verified never leads to an account
/// and is never claimed: whoever owns it can still register it.
pub(super) fn joining(person: &OAuthPerson, linked: Option<UserId>, of_address: Option<UserId>) -> Joining {
    match (linked, of_address) {
        (Some(user), _) => Joining::Known(user),
        (None, Some(user)) if person.email_verified => Joining::Join(user),
        (None, Some(_)) => Joining::Refuse,
        (None, None) => Joining::Open(person.email.clone().filter(|_| person.email_verified)),
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    fn person(email: Option<&str>, email_verified: bool) -> OAuthPerson {
        let email = email.map(|email| Email::parse(email).unwrap());
        OAuthPerson { subject: "1".to_owned(), email, email_verified, name: None }
    }

    fn user(number: u128) -> UserId {
        Uuid::from_u128(number).into()
    }

    #[test]
    fn the_challenge_of_rfc_7636_comes_out() {
        let challenge = code_challenge("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk");
        assert_eq!(challenge, "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM");
    }

    #[test]
    fn a_linked_person_is_known_whatever_their_address_says() {
        for who in [person(Some("a@b.ru"), true), person(Some("a@b.ru"), false), person(None, false)] {
            assert_eq!(joining(&who, Some(user(1)), Some(user(2))), Joining::Known(user(1)));
            assert_eq!(joining(&who, Some(user(1)), None), Joining::Known(user(1)));
        }
    }

    #[test]
    fn only_a_verified_address_leads_to_its_account() {
        assert_eq!(joining(&person(Some("a@b.ru"), true), None, Some(user(2))), Joining::Join(user(2)));
        assert_eq!(joining(&person(Some("a@b.ru"), false), None, Some(user(2))), Joining::Refuse);
    }

    #[test]
    fn only_a_verified_address_is_claimed() {
        let claimed = Email::parse("a@b.ru").unwrap();
        assert_eq!(joining(&person(Some("a@b.ru"), true), None, None), Joining::Open(Some(claimed)));
        assert_eq!(joining(&person(Some("a@b.ru"), false), None, None), Joining::Open(None));
        assert_eq!(joining(&person(None, false), None, None), Joining::Open(None));
    }
}
