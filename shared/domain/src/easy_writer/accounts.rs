//! Registration with its welcome credit, log-in, profile and statement.

use store::Transaction;

use super::emails;
use crate::generation::JobCounts;
use crate::idempotency::Request;
use crate::identity::{
    AccessToken, Callback, Identity, IdentityProvider, NewPassword, OAuth, OAuthFailure, Profile, Registration,
    SignedIn, User,
};
use crate::kernel::{Amount, Page, Paged, Result, Timestamp, UserId};
use crate::ledger::{self, Entry, Ledger, Posting};
use crate::mail::{self, SharedMailer};

/// Welcome credit of a new user.
const WELCOME: Amount = Amount::new(100);

/// Users of Easy Writer and their raits.
#[derive(Clone)]
pub struct Accounts {
    identity: Identity,
    ledger: Ledger,
}

/// A user and their balance.
pub struct Me {
    pub user: User,
    /// Available raits.
    pub balance: Amount,
}

impl Accounts {
    pub fn new(identity: Identity, ledger: Ledger) -> Self {
        Self { identity, ledger }
    }

    /// Registers a user with the welcome credit. A replay with the same idempotency key only logs in.
    pub async fn register(
        &self,
        registration: Registration,
        idempotency_key: Option<String>,
    ) -> Result<(SignedIn, Amount)> {
        let request = idempotency_key.map(|key| {
            // There is no caller yet, so each key is a scope of its own. The password is not part of the content: the
            // record must not hold a fast hash of it.
            let scope = format!("register:{key}");
            Request::new(scope, key, &["register", registration.email.as_str()])
        });
        let opened = self.identity.register(registration, request, gift).await?;
        let balance = if opened.is_new { WELCOME } else { self.balance(opened.signed_in.user.id).await? };
        Ok((opened.signed_in, balance))
    }

    /// Finishes a log-in through an identity provider; a new account has the welcome credit.
    pub async fn callback(
        &self,
        oauth: &OAuth,
        origin: IdentityProvider,
        callback: Callback<'_>,
        login_state: Option<&str>,
    ) -> Result<SignedIn, OAuthFailure> {
        oauth.callback(origin, callback, login_state, gift).await
    }

    /// Logs in.
    pub async fn sign_in(&self, email: &str, password: String) -> Result<(SignedIn, Amount)> {
        let signed_in = self.identity.sign_in(email, password).await?;
        let balance = self.balance(signed_in.user.id).await?;
        Ok((signed_in, balance))
    }

    pub async fn me(&self, user: UserId) -> Result<Me> {
        let (user, balance) = tokio::try_join!(self.identity.user(user), self.balance(user))?;
        Ok(Me { user, balance })
    }

    /// The user, their balance and the number of their completed generations.
    pub async fn profile(&self, user: UserId, jobs: &JobCounts) -> Result<(Me, u64)> {
        tokio::try_join!(self.me(user), jobs.completed(user))
    }

    /// Changes the profile and returns it as [`Accounts::profile`] does.
    pub async fn change_profile(&self, user: UserId, profile: Profile, jobs: &JobCounts) -> Result<(Me, u64)> {
        let change = self.identity.change_profile(user, profile);
        let (user, balance, generations) = tokio::try_join!(change, self.balance(user), jobs.completed(user))?;
        Ok((Me { user, balance }, generations))
    }

    /// Changes the caller's password, revokes all other log-ins, and emails a notice.
    pub async fn change_password(
        &self,
        caller: AccessToken,
        current: String,
        new: NewPassword,
        mailer: Option<&SharedMailer>,
        now: Timestamp,
    ) -> Result<()> {
        let user = self.identity.change_password(caller, current, new).await?;
        if let Some(email) = &user.email {
            let key = format!("password-changed-{}-{}", user.id, now.as_millisecond());
            mail::notify(mailer, &emails::password_changed(email.as_str()), &key).await;
        }
        Ok(())
    }

    /// Available raits.
    pub async fn balance(&self, user: UserId) -> Result<Amount> {
        Ok(self.ledger.account(user.into()).await?.available)
    }

    /// Latest first.
    pub async fn transactions(&self, user: UserId, page: Page) -> Result<Paged<Entry>> {
        self.ledger.statement(user.into(), page).await
    }
}

/// Credits a new account.
fn gift(transaction: &mut Transaction, user: UserId, now: Timestamp) -> Result<()> {
    let description = "Приветственный бонус".to_owned();
    let posting = Posting { operation: user.as_uuid(), amount: WELCOME, description };
    ledger::credit(user.into(), &posting, now).add_to(transaction).map(|_| ())
}
