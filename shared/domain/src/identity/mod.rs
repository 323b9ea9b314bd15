//! People and how they prove who they are: accounts, passwords, access and refresh tokens.
//!
//! **Sessions.** A sign-in starts a *family* of refresh tokens. Each refresh moves the family to its next generation and hands out a token of
//! that generation. A token of an older generation is a stolen or replayed one and ends the family, except within a few seconds of the
//! rotation, when it is a browser's second tab or a repeated request and gets the current generation again.
//!
//! Access tokens are checked by signature alone and live 15 minutes; ending a family stops their renewal.

mod items;
mod model;
mod password;
mod service;
mod tokens;

pub use model::{Email, NewPassword, Origin, Profile, Registration, SignedIn, User, UserName};
pub use service::Identity;
pub use tokens::{AccessToken, MalformedTokenKeys, RefreshToken, TokenIssuer, TokenKeys};
