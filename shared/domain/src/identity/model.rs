//! Users and the values they are made of, valid by construction.

use std::fmt;

use crate::kernel::{Error, Result, Timestamp, UserId};

/// An e-mail address in the form that identifies an account: trimmed, lower case.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Email(String);

impl Email {
    /// Parses an address.
    ///
    /// Accepts what mail systems in use accept: one `@`, up to 64 characters before it, a dotted host after it, 254 in all, no white space or
    /// control characters. Whether mail arrives there is not decided by syntax.
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

    /// The address.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Email {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A password that may be set. The text never leaves the value except into the hash.
pub struct NewPassword(String);

impl NewPassword {
    /// Checks the length: 8 to 128 characters. `field` is the request's field that a violation names.
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

/// A person's display name.
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

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// How an account came into being.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    /// With e-mail and password.
    Local,
    /// Through Google.
    Google,
    /// Through Yandex.
    Yandex,
}

/// A registered person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct User {
    /// The id.
    pub id: UserId,
    /// The address that identifies the account. Accounts from providers that told none, or none that is verified, have none.
    pub email: Option<Email>,
    /// Display name, once given.
    pub name: Option<String>,
    /// How the account came into being.
    pub origin: Origin,
    /// When.
    pub created_at: Timestamp,
}

impl User {
    /// The address as contracts want it: empty when there is none.
    pub fn address(&self) -> &str {
        self.email.as_ref().map_or("", Email::as_str)
    }
}

/// What a person may change about themselves.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Profile {
    /// Display name.
    pub name: UserName,
}

/// A request to open an account.
pub struct Registration {
    /// The address.
    pub email: Email,
    /// The password.
    pub password: NewPassword,
}

/// An account that was asked for, its owner signed in.
pub struct Opened {
    /// The owner.
    pub signed_in: SignedIn,
    /// Whether it came into being now; false for a repeated request.
    pub is_new: bool,
}

/// A signed-in user with fresh tokens.
pub struct SignedIn {
    /// Who.
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
