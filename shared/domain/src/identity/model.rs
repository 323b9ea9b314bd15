//! Users and the values they are made of, valid by construction.

use std::fmt;

use crate::kernel::{Error, Result, Timestamp, UserId};

/// An e-mail address, normalised to identify an account: trimmed, lower case.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Email(String);

impl Email {
    /// Parses an address.
    ///
    /// Accepts one `@`, up to 64 characters before it, a dotted host after it, 254 in all, no white space or control
    /// characters. Only a confirmation email can show that mail arrives there.
    pub fn parse(text: &str) -> Result<Self> {
        let email = text.trim().to_lowercase();
        let invalid = || Error::invalid("email", "format", "Укажите корректный адрес электронной почты");
        let (local, host) = email.split_once('@').ok_or_else(invalid)?;
        let host_is_dotted = host.split('.').count() >= 2 && host.split('.').all(|label| !label.is_empty());
        let has_odd_characters =
            email.chars().any(|c| c.is_whitespace() || c.is_control() || "<>()[],;:\\\"".contains(c));
        if local.is_empty()
            || local.len() > 64
            || email.len() > 254
            || host.contains('@')
            || !host_is_dotted
            || has_odd_characters
        {
            return Err(invalid());
        }
        Ok(Self(email))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Email {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A password to be set. Its text leaves the value only as a hash.
pub struct NewPassword(String);

impl NewPassword {
    /// Parses a password of 8 to 128 characters. A violation names `field`.
    pub fn parse(field: &'static str, text: String) -> Result<Self> {
        match text.chars().count() {
            0..8 => Err(Error::invalid(field, "too_short", "Пароль должен быть не короче 8 символов")),
            8..=128 => Ok(Self(text)),
            _ => Err(Error::invalid(field, "too_long", "Пароль должен быть не длиннее 128 символов")),
        }
    }

    pub(super) fn text(&self) -> &str {
        &self.0
    }

    pub(super) fn into_text(self) -> String {
        self.0
    }
}

/// A display name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UserName(String);

impl UserName {
    /// Parses a name: 1 to 100 characters after trimming, no control characters.
    pub fn parse(text: &str) -> Result<Self> {
        let name = text.trim();
        if name.is_empty() {
            return Err(Error::invalid("name", "required", "Укажите имя"));
        }
        if name.chars().count() > 100 {
            return Err(Error::invalid("name", "too_long", "Имя должно быть не длиннее 100 символов"));
        }
        if name.chars().any(char::is_control) {
            return Err(Error::invalid("name", "format", "Имя содержит недопустимые символы"));
        }
        Ok(Self(name.to_owned()))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// How an account was created.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum IdentityProvider {
    /// E-mail and password.
    Local,
    Google,
    Yandex,
}

/// A registered user.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct User {
    pub id: UserId,
    /// `None` if an identity provider gave no verified address.
    pub email: Option<Email>,
    pub name: Option<String>,
    pub origin: IdentityProvider,
    pub created_at: Timestamp,
}

impl User {
    /// The address as contracts want it: empty if there is none.
    pub fn address(&self) -> &str {
        self.email.as_ref().map_or("", Email::as_str)
    }
}

/// What a user can change about the account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Profile {
    pub name: UserName,
}

/// A request to create an account.
pub struct Registration {
    pub email: Email,
    pub password: NewPassword,
}

/// The result of a registration: the user is logged in.
pub struct Opened {
    pub signed_in: SignedIn,
    /// False for an idempotent replay.
    pub is_new: bool,
}

/// A logged-in user with new tokens.
pub struct SignedIn {
    pub user: User,
    pub access_token: String,
    pub refresh_token: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_trimmed_and_lowered() {
        assert_eq!(Email::parse("  User@Example.COM ").unwrap().as_str(), "user@example.com");
        assert_eq!(Email::parse("иван@почта.рф").unwrap().as_str(), "иван@почта.рф");
    }

    #[test]
    fn malformed_addresses_are_refused() {
        for bad in ["", "a", "@b.ru", "a@", "a@b", "a@b.", "a@.b", "a@b@c.ru", "a b@c.ru", "<a@b.ru>", "a\n@b.ru"] {
            assert!(Email::parse(bad).is_err(), "{bad:?}");
        }
        assert!(Email::parse(&format!("{}@b.ru", "a".repeat(65))).is_err());
    }

    #[test]
    fn passwords_are_counted_in_characters() {
        assert!(NewPassword::parse("password", "пароль1".to_owned()).is_err());
        assert!(NewPassword::parse("password", "пароль12".to_owned()).is_ok());
        assert!(NewPassword::parse("password", "x".repeat(129)).is_err());
    }
}
