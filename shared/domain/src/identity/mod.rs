//! People and how they prove who they are: accounts, passwords, access and refresh tokens.
//!
//! **Sessions.** A sign-in starts a *family* of refresh tokens. Each refresh moves the family to its next generation and hands out a token of
//! that generation. A token of an older generation is a stolen or replayed one and ends the family, except within a few seconds of the
//! rotation, when it is a browser's second tab or a repeated request and gets the current generation again.
//!
//! **Providers.** Google and Yandex can vouch for a person instead of a password ([`OAuth`]). What is signed in to then, and what is never taken
//! over, is decided in `oauth::joining` and done in `linking`.
//!
//! Access tokens are checked by signature alone and live 15 minutes; ending a family stops their renewal.

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
pub use model::{Email, NewPassword, Opened, Origin, Profile, Registration, SignedIn, User, UserName};
pub use oauth::{
    AuthorizeRequest, CodeExchange, OAuthError, OAuthFailure, OAuthPerson, OAuthProvider, SharedOAuthProvider,
    code_challenge,
};
pub use providers::{Arrival, Departure, OAuth};
pub use service::Identity;
pub use tokens::{AccessToken, MalformedTokenKeys, RefreshToken, TokenIssuer, TokenKeys};

use crate::kernel::Resource;

impl Resource {
    /// A user account.
    pub const USER: Self = Self::new("user");
    /// An e-mail address that identifies an account.
    pub const EMAIL: Self = Self::new("e-mail address");
}
