//! The port to identity providers (OAuth 2.0, authorization code with PKCE), and the rules that link their users to
//! accounts.

use std::sync::Arc;

use async_trait::async_trait;

use super::model::{Email, IdentityProvider, UserName};
use crate::kernel::{Error, UserId, digest};

/// An identity provider.
#[async_trait]
pub trait OAuthProvider: Send + Sync {
    fn origin(&self) -> IdentityProvider;

    /// The URL of the authorization endpoint for `request`.
    fn authorize_url(&self, request: &AuthorizeRequest<'_>) -> String;

    /// Exchanges an authorization code for the user's identity. Does not retry.
    async fn exchange(&self, exchange: &CodeExchange<'_>) -> Result<OAuthPerson, OAuthError>;
}

/// A provider that requests share.
pub type SharedOAuthProvider = Arc<dyn OAuthProvider>;

/// Parameters of an authorization request.
#[derive(Debug, Clone, Copy)]
pub struct AuthorizeRequest<'a> {
    /// Returned with the callback; binds it to the browser.
    pub state: &'a str,
    /// [`code_challenge`] of the verifier. The method is always `S256`.
    pub code_challenge: &'a str,
    /// Returned inside the ID token, where the provider has one.
    pub nonce: &'a str,
    pub redirect_uri: &'a str,
}

/// Parameters of a token request.
#[derive(Clone, Copy)]
pub struct CodeExchange<'a> {
    /// The authorization code. Works once.
    pub code: &'a str,
    /// The PKCE code verifier.
    pub verifier: &'a str,
    /// The nonce that the ID token must have.
    pub nonce: &'a str,
    /// The same as in the authorization request.
    pub redirect_uri: &'a str,
}

/// A user's identity at a provider.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OAuthPerson {
    /// The user's id at the provider: never changes, never reassigned.
    pub subject: String,
    pub email: Option<Email>,
    /// Whether the provider has verified the address. Only then may it lead to an existing account.
    pub email_verified: bool,
    /// `None` if the provider's is not a valid name.
    pub name: Option<UserName>,
}

/// Why an exchange failed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum OAuthError {
    /// The code is wrong, used, or expired.
    #[error("the code is not valid")]
    InvalidCode,
    /// The provider does not answer, or its answer is unusable.
    #[error("unavailable: {0}")]
    Unavailable(String),
    /// The provider rejects our client: credentials or settings are wrong.
    #[error("refused: {0}")]
    Refused(String),
    /// The answer is not verifiably from the provider, for us, and about this log-in.
    #[error("untrusted: {0}")]
    Untrusted(&'static str),
}

/// Why a log-in through an identity provider failed.
#[derive(Debug, thiserror::Error)]
pub enum OAuthFailure {
    /// The provider is not configured.
    #[error("the provider is not configured")]
    NotConfigured,
    /// The user denied access.
    #[error("permission denied")]
    Denied,
    /// The login state is of another browser, expired, or used.
    #[error("the state is not this browser's")]
    StateMismatch,
    /// The provider returned another error (RFC 6749, 4.1.2.1).
    #[error("the provider turned the request down: {0}")]
    TurnedDown(String),
    /// The address has an account, and the provider has not verified the address.
    #[error("the address is not verified")]
    EmailNotVerified,
    /// The exchange failed.
    #[error("provider")]
    Provider(#[from] OAuthError),
    /// Anything else.
    #[error(transparent)]
    Domain(#[from] Error),
}

/// What a browser keeps while its user is at an identity provider.
#[derive(Clone, PartialEq, Eq)]
#[cfg_attr(test, derive(Debug))]
pub(super) struct LoginState {
    pub(super) origin: IdentityProvider,
    pub(super) state: String,
    pub(super) verifier: String,
    pub(super) nonce: String,
}

/// The code challenge of a verifier: its SHA-256 in base64url without padding (RFC 7636, 4.2, `S256`).
pub fn code_challenge(verifier: &str) -> String {
    digest(verifier)
}

/// The account of a user whom an identity provider authenticated.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Joining {
    /// The linked account.
    Known(UserId),
    /// The existing account of the address.
    Join(UserId),
    /// A new account, with the address if it is verified.
    Open(Option<Email>),
    /// None: the address has an account and is not verified.
    Refuse,
}

/// Decides from the linked account and the account of the address.
///
/// The link comes first: an address can change at the provider, the subject cannot. An unverified address never leads
/// to an account and is never claimed: its owner can still register it.
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
