//! Registration with its gift, and what users see of themselves.

use store::Transaction;

use super::letters;
use crate::generation::JobCounts;
use crate::idempotency::Request;
use crate::identity::{
    AccessToken, Arrival, Identity, NewPassword, OAuth, OAuthFailure, Origin, Profile, Registration, SignedIn, User,
};
use crate::kernel::{Amount, Page, Paged, Result, Timestamp, UserId};
use crate::ledger::{self, Entry, Ledger, Posting};
use crate::mail::{self, SharedMailer};

/// What every new user gets.
const WELCOME: Amount = Amount::new(100);

/// Users of Easy Writer and their raits.
#[derive(Clone)]
pub struct Accounts {
    identity: Identity,
    ledger: Ledger,
}

/// A user and what they can spend.
pub struct Me {
    /// The user.
    pub user: User,
    /// Raits that can be spent now.
    pub balance: Amount,
}

/// What a letter needs.
#[derive(Clone, Copy)]
pub struct Letter<'a> {
    /// Who delivers it; nobody where no service is configured.
    pub mailer: Option<&'a SharedMailer>,
    /// The time.
    pub now: Timestamp,
}

impl Accounts {
    /// Accounts of the users of `identity` in `ledger`.
    pub fn new(identity: Identity, ledger: Ledger) -> Self {
        Self { identity, ledger }
    }

    /// Opens an account with the welcome gift on it. A repeat with the same idempotency key opens nothing and signs in again.
    pub async fn register(
        &self,
        registration: Registration,
        idempotency_key: Option<String>,
    ) -> Result<(SignedIn, Amount)> {
        let request = idempotency_key.map(|key| {
            // There is no caller yet to file the key under, so each key is a scope of its own. The password is not part of the content, because
            // the record must not hold a fast hash of it.
            let scope = format!("register:{key}");
            Request::new(scope, key, &["register", registration.email.as_str()])
        });
        let opened = self.identity.register(registration, request, gift).await?;
        let balance = if opened.is_new { WELCOME } else { self.balance(opened.signed_in.user.id).await? };
        Ok((opened.signed_in, balance))
    }

    /// Signs in the person whose browser came back from a provider; a new account has the welcome gift on it.
    pub async fn arrive(
        &self,
        oauth: &OAuth,
        origin: Origin,
        arrival: Arrival<'_>,
        attempt: Option<&str>,
    ) -> Result<SignedIn, OAuthFailure> {
        oauth.arrive(origin, arrival, attempt, gift).await
    }

    /// Signs in.
    pub async fn sign_in(&self, email: &str, password: String) -> Result<(SignedIn, Amount)> {
        let signed_in = self.identity.sign_in(email, password).await?;
        let balance = self.balance(signed_in.user.id).await?;
        Ok((signed_in, balance))
    }

    /// The user and their balance.
    pub async fn me(&self, user: UserId) -> Result<Me> {
        let (user, balance) = tokio::try_join!(self.identity.user(user), self.balance(user))?;
        Ok(Me { user, balance })
    }

    /// The user, their balance and how many generations they have completed.
    pub async fn profile(&self, user: UserId, jobs: &JobCounts) -> Result<(Me, u64)> {
        tokio::try_join!(self.me(user), jobs.completed(user))
    }

    /// Changes the profile and returns it as [`Accounts::profile`] does.
    pub async fn change_profile(&self, user: UserId, profile: Profile, jobs: &JobCounts) -> Result<(Me, u64)> {
        let change = self.identity.change_profile(user, profile);
        let (user, balance, generations) = tokio::try_join!(change, self.balance(user), jobs.completed(user))?;
        Ok((Me { user, balance }, generations))
    }

    /// Changes the caller's password, ends all other sign-ins, and writes to the owner that it happened.
    pub async fn change_password(
        &self,
        caller: AccessToken,
        current: String,
        new: NewPassword,
        letter: Letter<'_>,
    ) -> Result<()> {
        let user = self.identity.change_password(caller, current, new).await?;
        if let Some(email) = &user.email {
            let key = format!("password-changed-{}-{}", user.id, letter.now.as_millisecond());
            mail::notify(letter.mailer, &letters::password_changed(email.as_str()), &key).await;
        }
        Ok(())
    }

    /// What the user can spend now.
    pub async fn balance(&self, user: UserId) -> Result<Amount> {
        Ok(self.ledger.account(user.into()).await?.available)
    }

    /// The user's transactions, latest first.
    pub async fn transactions(&self, user: UserId, page: Page) -> Result<Paged<Entry>> {
        self.ledger.statement(user.into(), page).await
    }
}

/// Puts the welcome gift on a new account.
fn gift(transaction: &mut Transaction, user: UserId, now: Timestamp) -> Result<()> {
    let description = "Приветственный бонус".to_owned();
    let posting = Posting { operation: user.as_uuid(), amount: WELCOME, description };
    ledger::credit(user.into(), &posting, now).add_to(transaction).map(|_| ())
}
