//! User accounts and authentication: passwords, identity providers, access and refresh tokens.
//!
//! **Sessions.** A log-in starts a *family* of refresh tokens. Each refresh rotates the family and returns a token of
//! the new rotation. A token of an older rotation is stolen or replayed and revokes the family (RFC 9700, 4.14.2),
//! except within a few seconds of the rotation: then it is a browser's second tab or a retry, and gets the current
//! rotation again.
//!
//! **Identity providers.** Google and Yandex can authenticate a user instead of a password ([`OAuth`]).
//! `oauth::joining` decides which account the user gets, `linking` writes it.
//!
//! Access tokens are verified by signature alone and live 15 minutes; revoking the family stops their renewal.

mod items;
mod linking;
mod log_in;
mod model;
mod oauth;
mod password;
mod providers;
mod service;
mod tokens;

pub use log_in::{LogInAttempt, LogInThrottle};
pub use model::{Email, IdentityProvider, NewPassword, Opened, Profile, Registration, SignedIn, User, UserName};
pub use oauth::{
    AuthorizeRequest, CodeExchange, OAuthError, OAuthFailure, OAuthPerson, OAuthProvider, SharedOAuthProvider,
    code_challenge,
};
pub use providers::{Authorization, Callback, OAuth};
pub use service::Identity;
pub use tokens::{AccessToken, MalformedTokenKeys, RefreshToken, TokenIssuer, TokenKeys};

use crate::kernel::Resource;

impl Resource {
    /// A user account.
    pub const USER: Self = Self::new("User");
    /// An e-mail address that identifies an account.
    pub const EMAIL: Self = Self::new("Email");
}
