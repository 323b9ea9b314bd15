//! Registration with its gift, and what users see of themselves.

use crate::generation::JobCounts;
use crate::identity::{Identity, Profile, Registration, SignedIn, User};
use crate::kernel::{Amount, Page, Paged, Result, UserId};
use crate::ledger::{self, Entry, Ledger, Posting};

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

impl Accounts {
    /// Accounts of the users of `identity` in `ledger`.
    pub fn new(identity: Identity, ledger: Ledger) -> Self {
        Self { identity, ledger }
    }

    /// Opens an account with the welcome gift on it.
    pub async fn register(&self, registration: Registration) -> Result<(SignedIn, Amount)> {
        let gift = |user: UserId, now| {
            let posting =
                Posting {
                    operation: user.as_uuid(), amount: WELCOME, description: "Приветственный бонус".to_owned()
                };
            ledger::credit_writes(user.into(), &posting, now)
        };
        Ok((self.identity.register(registration, gift).await?, WELCOME))
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

    /// What the user can spend now.
    pub async fn balance(&self, user: UserId) -> Result<Amount> {
        Ok(self.ledger.account(user.into()).await?.available)
    }

    /// The user's transactions, latest first.
    pub async fn transactions(&self, user: UserId, page: Page) -> Result<Paged<Entry>> {
        self.ledger.statement(user.into(), page).await
    }
}
