//! Registration, signing in and out, refreshing, and what people change about themselves.

use std::sync::Arc;
use std::time::Duration;

use store::{Condition, Delete, Put, Query, Table, Update, Write, attr};
use uuid::Uuid;

use super::items::{EmailItem, FAMILY_PREFIX, FamilyItem, UserItem, email_key, family_key, user_key, user_partition};
use super::model::{Email, NewPassword, Origin, Profile, Registration, SignedIn, User};
use super::password;
use super::tokens::{AccessToken, REFRESH_LIFETIME, RefreshToken, TokenIssuer};
use crate::kernel::{AuthFailure, Clock, Error, IdSource, Resource, Result, Rule, Timestamp, UserId, epoch_seconds};

/// How long after a rotation the previous token still gets the current one: a second tab, or an answer that got lost.
const ROTATION_GRACE: Duration = Duration::from_secs(10);

/// The most writes that one transaction takes, less one for the user item.
const FAMILIES_PER_TRANSACTION: usize = 99;

/// The accounts of one product.
#[derive(Clone)]
pub struct Identity {
    table: Table,
    tokens: TokenIssuer,
    clock: Arc<dyn Clock>,
    ids: Arc<dyn IdSource>,
}

impl Identity {
    /// Accounts kept in `table`.
    pub fn new(table: Table, tokens: TokenIssuer, clock: Arc<dyn Clock>, ids: Arc<dyn IdSource>) -> Self {
        Self { table, tokens, clock, ids }
    }

    /// Opens an account and signs its owner in. `with_account` brings the writes that must happen together with it, such as a first credit.
    ///
    /// Fails with [`Error::AlreadyExists`] if the address has an account.
    pub async fn register(
        &self,
        registration: Registration,
        with_account: impl FnOnce(UserId, Timestamp) -> Result<Vec<Write>>,
    ) -> Result<SignedIn> {
        let password_hash = password::hash(registration.password).await?;
        let now = self.clock.now();
        let user = User {
            id: UserId::mint(&*self.ids, now),
            email: registration.email,
            name: None,
            origin: Origin::Local,
            created_at: now,
        };
        let family = self.new_family(user.id, now);
        let email = EmailItem { key: email_key(&user.email), user: user.id };
        let mut writes = vec![
            Put::new(&email)?.when(Condition::item_missing()).into(),
            Put::new(&UserItem::new(&user, Some(password_hash)))?.when(Condition::item_missing()).into(),
            Put::new(&family)?.into(),
        ];
        writes.extend(with_account(user.id, now)?);
        match self.table.transact(writes).await {
            Ok(()) => self.signed_in(user, &family, now),
            Err(error) if error.failed_write(0).is_some() => Err(Error::AlreadyExists(Resource::Email)),
            Err(error) => Err(error.into()),
        }
    }

    /// Signs in with e-mail and password. Unknown addresses take as long as wrong passwords and get the same answer.
    pub async fn sign_in(&self, email: &str, password: String) -> Result<SignedIn> {
        let wrong = || Error::Unauthenticated(AuthFailure::Credentials);
        // An address that does not parse has no account, and says so no differently.
        let pointer = match Email::parse(email) {
            Ok(email) => self.table.get::<EmailItem>(email_key(&email)).await?,
            Err(_) => None,
        };
        // Unknown addresses read a user that cannot exist, so that both paths take the same steps.
        let user = pointer.map_or(UserId::from(Uuid::nil()), |pointer| pointer.user);
        let item = self.table.get::<UserItem>(user_key(user)).await?;
        let stored_hash = item.as_ref().and_then(|item| item.password_hash.clone());
        if !password::verify(password, stored_hash).await? {
            return Err(wrong());
        }
        let user = User::try_from(item.ok_or_else(wrong)?)?;
        let now = self.clock.now();
        let family = self.new_family(user.id, now);
        self.table.put(Put::new(&family)?).await?;
        self.signed_in(user, &family, now)
    }

    /// Trades a refresh token for new tokens.
    pub async fn refresh(&self, token: &str) -> Result<(String, String)> {
        let now = self.clock.now();
        let token = self.tokens.read_refresh(token, now)?;
        let next = token.generation + 1;
        let rotate = Update::new(family_key(token.user, token.family))
            .set("generation", next)
            .set("rotated_at", now.as_millisecond())
            .set("expires_at", expiry(now))
            .when(attr("generation").equals(token.generation).and(attr("expires_at").at_least(epoch_seconds(now))));
        let generation = match self.table.update::<FamilyItem>(rotate).await {
            Ok(_) => next,
            Err(error) => self.refused_rotation(token, error, now).await?,
        };
        let access = self.tokens.sign_access(AccessToken { user: token.user, family: token.family }, now)?;
        let refresh = self.tokens.sign_refresh(RefreshToken { generation, ..token }, now)?;
        Ok((access, refresh))
    }

    /// What a rotation that did not happen means: a repeat within the grace period gets the current generation; anything older is a replay
    /// and ends the family; a family that is gone was revoked.
    async fn refused_rotation(&self, token: RefreshToken, error: store::Error, now: Timestamp) -> Result<u64> {
        let revoked = Error::Unauthenticated(AuthFailure::TokenInvalid);
        let Some(failed) = error.failed_write(0) else { return Err(error.into()) };
        let Some(family) = failed.item::<FamilyItem>()? else { return Err(revoked) };
        if family.expires_at < epoch_seconds(now) {
            return Err(Error::Unauthenticated(AuthFailure::TokenExpired));
        }
        let since_rotation = now.as_millisecond() - family.rotated_at;
        let within_grace = since_rotation <= i64::try_from(ROTATION_GRACE.as_millis()).unwrap_or_default();
        if family.generation == token.generation + 1 && within_grace {
            return Ok(family.generation);
        }
        tracing::warn!(user = %token.user, family = %token.family, "refresh token replayed, family revoked");
        self.table.delete(Delete::new(family_key(token.user, token.family))).await?;
        Err(revoked)
    }

    /// Ends the family of a refresh token. Whatever the token, the caller is signed out afterwards.
    pub async fn sign_out(&self, token: &str) -> Result<()> {
        match self.tokens.read_refresh(token, self.clock.now()) {
            Ok(token) => Ok(self.table.delete(Delete::new(family_key(token.user, token.family))).await?),
            Err(_) => Ok(()),
        }
    }

    /// Who an access token speaks for.
    pub fn authenticate(&self, token: &str) -> Result<AccessToken> {
        self.tokens.read_access(token, self.clock.now())
    }

    /// The user.
    pub async fn user(&self, user: UserId) -> Result<User> {
        self.user_item(user).await?.try_into()
    }

    async fn user_item(&self, user: UserId) -> Result<UserItem> {
        self.table.get(user_key(user)).await?.ok_or(Error::NotFound(Resource::User))
    }

    /// Changes the profile.
    pub async fn change_profile(&self, user: UserId, profile: Profile) -> Result<User> {
        let update = Update::new(user_key(user)).set("name", profile.name.as_str()).when(Condition::item_exists());
        match self.table.update::<UserItem>(update).await {
            Ok(item) => item.try_into(),
            Err(store::Error::ConditionFailed(_)) => Err(Error::NotFound(Resource::User)),
            Err(error) => Err(error.into()),
        }
    }

    /// Changes the password and ends all other sign-ins, in one transaction.
    ///
    /// Fails with [`AuthFailure::Credentials`] if `current` is wrong.
    pub async fn change_password(&self, caller: AccessToken, current: String, new: NewPassword) -> Result<()> {
        let families = Query::partition(user_partition(caller.user)).prefix(FAMILY_PREFIX);
        let (item, families) = tokio::try_join!(self.user_item(caller.user), async {
            Ok(self.table.query_all::<FamilyItem>(families).await?)
        })?;
        let Some(old_hash) = item.password_hash else { return Err(Error::Conflict(Rule::NoPassword)) };
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
            self.table.transact(batch.into_iter().map(Write::from).collect()).await?;
        }
        let change = Update::new(user_key(caller.user))
            .set("password_hash", new_hash)
            .when(attr("password_hash").equals(old_hash));
        let writes = std::iter::once(change.into()).chain(others.into_iter().map(Write::from)).collect();
        match self.table.transact(writes).await {
            Ok(()) => Ok(()),
            // Somebody changed the password in between: `current` is not current any more.
            Err(error) if error.failed_write(0).is_some() => Err(Error::Unauthenticated(AuthFailure::Credentials)),
            Err(error) => Err(error.into()),
        }
    }

    fn new_family(&self, user: UserId, now: Timestamp) -> FamilyItem {
        FamilyItem::new(user, self.ids.uuid(now), now, expiry(now))
    }

    fn signed_in(&self, user: User, family: &FamilyItem, now: Timestamp) -> Result<SignedIn> {
        let access_token = self.tokens.sign_access(AccessToken { user: user.id, family: family.family }, now)?;
        let refresh = RefreshToken { user: user.id, family: family.family, generation: family.generation };
        Ok(SignedIn { user, access_token, refresh_token: self.tokens.sign_refresh(refresh, now)? })
    }
}

fn expiry(now: Timestamp) -> i64 {
    epoch_seconds(now) + i64::try_from(REFRESH_LIFETIME.as_secs()).unwrap_or_default()
}
