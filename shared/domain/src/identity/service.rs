//! Registration, log-in, log-out, refresh, and changes of profile and password.

use std::sync::Arc;
use std::time::Duration;

use store::{Check, Condition, Delete, Failed, MAX_WRITES, Put, Query, Table, Transaction, Update, attr};
use uuid::Uuid;

use super::items::{EmailItem, FAMILY_PREFIX, FamilyItem, UserItem, email_key, family_key, user_key, user_partition};
use super::model::{Email, IdentityProvider, NewPassword, Opened, Profile, Registration, SignedIn, User};
use super::password;
use super::tokens::{AccessToken, REFRESH_LIFETIME, RefreshToken, TokenIssuer};
use crate::idempotency::{self, Request};
use crate::kernel::{AuthFailure, Clock, Error, IdSource, Resource, Result, Rule, Timestamp, UserId, epoch_seconds};

/// How long after a rotation the previous token still gets the current one: a second tab, or a retry after a lost
/// answer.
const ROTATION_GRACE: Duration = Duration::from_secs(10);

/// DynamoDB's limit of writes in a transaction, less one for the user item.
const FAMILIES_PER_TRANSACTION: usize = MAX_WRITES - 1;

/// The accounts of one product.
#[derive(Clone)]
pub struct Identity {
    pub(super) table: Table,
    pub(super) tokens: TokenIssuer,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) ids: Arc<dyn IdSource>,
}

impl Identity {
    /// Accounts kept in `table`.
    pub fn new(table: Table, tokens: TokenIssuer, clock: Arc<dyn Clock>, ids: Arc<dyn IdSource>) -> Self {
        Self { table, tokens, clock, ids }
    }

    /// Creates an account and logs its user in. `with_account` adds writes to the same transaction, such as a first
    /// credit.
    ///
    /// A replay of `request` logs in to the account that the first one created, with that account's password.
    ///
    /// Fails with [`Error::AlreadyExists`] if the address has an account, and with [`Rule::IdempotencyKeyReused`] if
    /// the key was used with another address or password.
    pub async fn register(
        &self,
        registration: Registration,
        request: Option<Request>,
        with_account: impl FnOnce(&mut Transaction, UserId, Timestamp) -> Result<()>,
    ) -> Result<Opened> {
        let password = registration.password.text().to_owned();
        let password_hash = password::hash(registration.password).await?;
        let now = self.clock.now();
        let id = UserId::mint(&*self.ids, now);
        let email = EmailItem { key: email_key(&registration.email), user: id };
        let user =
            User { id, email: Some(registration.email), name: None, origin: IdentityProvider::Local, created_at: now };
        let family = self.new_family(user.id, now);
        let mut transaction = Transaction::new();
        let address = transaction.add(Put::new(&email)?.when(Condition::item_missing()));
        transaction.add(Put::new(&UserItem::new(&user, Some(password_hash)))?.when(Condition::item_missing()));
        transaction.add(Put::new(&family)?);
        with_account(&mut transaction, user.id, now)?;
        let request = idempotency::record(&mut transaction, request.as_ref(), id.as_uuid(), now)?;
        let error = match self.table.commit(transaction).await {
            Ok(()) => return Ok(Opened { signed_in: self.signed_in(user, &family, now)?, is_new: true }),
            Err(error) => error,
        };
        if let Some(earlier) = request.replay_of(&error)? {
            // The record of a request holds no hash of the password: a fast hash could be guessed. The account's own
            // hash decides.
            let signed_in = self.sign_in_to(UserId::from(earlier), password).await?;
            let other = Error::Conflict(Rule::IdempotencyKeyReused);
            return Ok(Opened { signed_in: signed_in.ok_or(other)?, is_new: false });
        }
        match error.failed(address) {
            Some(_) => Err(Error::AlreadyExists(Resource::EMAIL)),
            None => Err(error.into()),
        }
    }

    /// Logs in with e-mail and password. An unknown address takes as long as a wrong password and gets the same answer.
    pub async fn sign_in(&self, email: &str, password: String) -> Result<SignedIn> {
        // A malformed address gets the same answer as an unknown one.
        let pointer = match Email::parse(email) {
            Ok(email) => self.table.get::<EmailItem>(email_key(&email)).await?,
            Err(_) => None,
        };
        // An unknown address reads a user that cannot exist, so that both paths take the same time.
        let user = pointer.map_or(UserId::from(Uuid::nil()), |pointer| pointer.user);
        self.sign_in_to(user, password).await?.ok_or(Error::Unauthenticated(AuthFailure::Credentials))
    }

    /// Logs in to an account; `None` if the password is wrong or there is no account.
    async fn sign_in_to(&self, user: UserId, password: String) -> Result<Option<SignedIn>> {
        let item = self.table.get::<UserItem>(user_key(user)).await?;
        let stored_hash = item.as_ref().and_then(|item| item.password_hash.clone());
        if !password::verify(password, stored_hash.clone()).await? {
            return Ok(None);
        }
        let Some(item) = item else { return Ok(None) };
        let user = User::try_from(item)?;
        let now = self.clock.now();
        let family = self.new_family(user.id, now);
        // Removing a password and then revoking all families must not miss one that is being created.
        let unchanged = Check::new(user_key(user.id), attr("password_hash").equals(stored_hash));
        let mut transaction = Transaction::new();
        let unchanged = transaction.add(unchanged);
        transaction.add(Put::new(&family)?);
        match self.table.commit(transaction).await {
            Ok(()) => self.signed_in(user, &family, now).map(Some),
            Err(error) if error.failed(unchanged).is_some() => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// Exchanges a refresh token for an access token and a new refresh token.
    pub async fn refresh(&self, token: &str) -> Result<(String, String)> {
        let now = self.clock.now();
        let token = self.tokens.read_refresh(token, now)?;
        let next = token.rotation + 1;
        let rotate = Update::new(family_key(token.user, token.family))
            .set("generation", next)
            .set("rotated_at", now.as_millisecond())
            .set("expires_at", expiry(now))
            .when(attr("generation").equals(token.rotation).and(attr("expires_at").at_least(epoch_seconds(now))));
        let rotation = match self.table.update::<FamilyItem>(rotate).await {
            Ok(_) => next,
            Err(store::Error::ConditionFailed(failed)) => self.refused_rotation(token, &failed, now).await?,
            Err(error) => return Err(error.into()),
        };
        let access = self.tokens.sign_access(AccessToken { user: token.user, family: token.family }, now)?;
        let refresh = self.tokens.sign_refresh(RefreshToken { rotation, ..token }, now)?;
        Ok((access, refresh))
    }

    /// What a failed rotation means: a repeat within the grace period gets the current rotation; an older token is a
    /// replay and revokes the family; a missing family was revoked.
    async fn refused_rotation(&self, token: RefreshToken, failed: &Failed, now: Timestamp) -> Result<u64> {
        let revoked = Error::Unauthenticated(AuthFailure::TokenInvalid);
        let Some(family) = failed.item::<FamilyItem>()? else { return Err(revoked) };
        if family.expires_at < epoch_seconds(now) {
            return Err(Error::Unauthenticated(AuthFailure::TokenExpired));
        }
        let since_rotation = now.as_millisecond() - family.rotated_at;
        let within_grace = since_rotation <= i64::try_from(ROTATION_GRACE.as_millis()).unwrap_or_default();
        if family.rotation == token.rotation + 1 && within_grace {
            return Ok(family.rotation);
        }
        tracing::warn!(user = %token.user, family = %token.family, "refresh token replayed, family revoked");
        self.table.delete(Delete::new(family_key(token.user, token.family))).await?;
        Err(revoked)
    }

    /// Revokes the family of a refresh token. An invalid token has nothing to revoke.
    pub async fn sign_out(&self, token: &str) -> Result<()> {
        match self.tokens.read_refresh(token, self.clock.now()) {
            Ok(token) => Ok(self.table.delete(Delete::new(family_key(token.user, token.family))).await?),
            Err(_) => Ok(()),
        }
    }

    /// Verifies an access token.
    pub fn authenticate(&self, token: &str) -> Result<AccessToken> {
        self.tokens.read_access(token, self.clock.now())
    }

    pub async fn user(&self, user: UserId) -> Result<User> {
        self.user_item(user).await?.try_into()
    }

    pub(super) async fn user_item(&self, user: UserId) -> Result<UserItem> {
        self.table.get(user_key(user)).await?.ok_or(Error::NotFound(Resource::USER))
    }

    pub async fn change_profile(&self, user: UserId, profile: Profile) -> Result<User> {
        let update = Update::new(user_key(user)).set("name", profile.name.as_str()).when(Condition::item_exists());
        match self.table.update::<UserItem>(update).await {
            Ok(item) => item.try_into(),
            Err(store::Error::ConditionFailed(_)) => Err(Error::NotFound(Resource::USER)),
            Err(error) => Err(error.into()),
        }
    }

    /// Changes the password and revokes all other families, in one transaction.
    ///
    /// Fails with [`AuthFailure::Credentials`] if `current` is wrong.
    pub async fn change_password(&self, caller: AccessToken, current: String, new: NewPassword) -> Result<User> {
        let (item, families) = tokio::try_join!(self.user_item(caller.user), self.families(caller.user))?;
        let Some(old_hash) = item.password_hash.clone() else { return Err(Error::Conflict(Rule::NoPassword)) };
        if !password::verify(current, Some(old_hash.clone())).await? {
            return Err(Error::Unauthenticated(AuthFailure::Credentials));
        }
        let new_hash = password::hash(new).await?;
        let mut others: Vec<_> = families
            .into_iter()
            .filter(|family| family.family != caller.family)
            .map(|family| Delete::new(family.key))
            .collect();
        while others.len() > FAMILIES_PER_TRANSACTION {
            let batch = others.split_off(others.len() - FAMILIES_PER_TRANSACTION);
            self.table.commit(batch.into_iter().collect()).await?;
        }
        let change = Update::new(user_key(caller.user))
            .set("password_hash", new_hash)
            .when(attr("password_hash").equals(old_hash));
        let mut transaction = Transaction::new();
        let change = transaction.add(change);
        transaction.extend(others);
        match self.table.commit(transaction).await {
            Ok(()) => item.try_into(),
            // The password changed meanwhile, so `current` is wrong now.
            Err(error) if error.failed(change).is_some() => Err(Error::Unauthenticated(AuthFailure::Credentials)),
            Err(error) => Err(error.into()),
        }
    }

    pub(super) async fn families(&self, user: UserId) -> Result<Vec<FamilyItem>> {
        Ok(self.table.query_all(Query::partition(user_partition(user)).prefix(FAMILY_PREFIX)).await?)
    }

    pub(super) fn new_family(&self, user: UserId, now: Timestamp) -> FamilyItem {
        FamilyItem::new(user, self.ids.uuid(now), now, expiry(now))
    }

    pub(super) fn signed_in(&self, user: User, family: &FamilyItem, now: Timestamp) -> Result<SignedIn> {
        let access_token = self.tokens.sign_access(AccessToken { user: user.id, family: family.family }, now)?;
        let refresh = RefreshToken { user: user.id, family: family.family, rotation: family.rotation };
        Ok(SignedIn { user, access_token, refresh_token: self.tokens.sign_refresh(refresh, now)? })
    }
}

fn expiry(now: Timestamp) -> i64 {
    epoch_seconds(now) + i64::try_from(REFRESH_LIFETIME.as_secs()).unwrap_or_default()
}
