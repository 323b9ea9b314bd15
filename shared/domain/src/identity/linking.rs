//! Log-in through an identity provider: links the provider's user to an account.

use store::{Condition, Delete, MAX_WRITES, Put, Transaction, Update};

use super::items::{EmailItem, LinkItem, UserItem, email_key, link_key, user_key};
use super::model::{Email, IdentityProvider, SignedIn, User};
use super::oauth::{Joining, OAuthFailure, OAuthPerson, joining};
use super::service::Identity;
use crate::kernel::{Error, Result, Rule, Timestamp, UserId};

/// Attempts, if a concurrent request wins: the same user in another tab, or a registration of the same address.
const DECISIONS: u32 = 4;

impl Identity {
    /// Logs in a user whom `origin` authenticated. `with_account` adds writes to the transaction that creates an
    /// account.
    ///
    /// **Joining an existing account.** The address of an account with a password is not verified: an attacker can
    /// register a victim's address and wait for the victim to log in through Google. So joining removes the password
    /// and revokes all families before the link exists; from then on the provider is the way in. Access tokens that are
    /// out stay valid until they expire, at most 15 minutes, and cannot set a password.
    ///
    /// Fails with [`OAuthFailure::EmailNotVerified`] if the address has an account and the provider has not verified
    /// it.
    pub(super) async fn sign_in_linked(
        &self,
        origin: IdentityProvider,
        person: &OAuthPerson,
        with_account: impl Fn(&mut Transaction, UserId, Timestamp) -> Result<()>,
    ) -> Result<SignedIn, OAuthFailure> {
        for _ in 0..DECISIONS {
            let linked = self.linked(origin, person).await?;
            let of_address = match (&person.email, linked) {
                (Some(email), None) => self.of_address(email).await?,
                _ => None,
            };
            let signed_in = match joining(person, linked, of_address) {
                Joining::Known(user) => Some(self.sign_in_known(user).await?),
                Joining::Join(user) => self.join(user, origin, person).await?,
                Joining::Open(address) => self.open(origin, person, address, &with_account).await?,
                Joining::Refuse => return Err(OAuthFailure::EmailNotVerified),
            };
            if let Some(signed_in) = signed_in {
                return Ok(signed_in);
            }
        }
        Err(Error::Conflict(Rule::Busy).into())
    }

    async fn linked(&self, origin: IdentityProvider, person: &OAuthPerson) -> Result<Option<UserId>> {
        Ok(self.table.get::<LinkItem>(link_key(origin, &person.subject)).await?.map(|link| link.user))
    }

    async fn of_address(&self, email: &Email) -> Result<Option<UserId>> {
        Ok(self.table.get::<EmailItem>(email_key(email)).await?.map(|pointer| pointer.user))
    }

    async fn sign_in_known(&self, user: UserId) -> Result<SignedIn> {
        let user = User::try_from(self.user_item(user).await?)?;
        let now = self.clock.now();
        let family = self.new_family(user.id, now);
        self.table.put(Put::new(&family)?).await?;
        self.signed_in(user, &family, now)
    }

    /// Links the provider's user to an existing account. `None` if a concurrent request has linked it.
    async fn join(&self, user: UserId, origin: IdentityProvider, person: &OAuthPerson) -> Result<Option<SignedIn>> {
        // In this order: without the password no new family starts, so the list of families is complete. After a crash
        // in between, the next attempt starts from the same state.
        let disarm = Update::new(user_key(user)).remove("password_hash").when(Condition::item_exists());
        let user = User::try_from(self.table.update::<UserItem>(disarm).await?)?;
        for some in self.families(user.id).await?.chunks(MAX_WRITES) {
            self.table.commit(some.iter().map(|family| Delete::new(family.key.clone())).collect()).await?;
        }
        let now = self.clock.now();
        let family = self.new_family(user.id, now);
        let mut transaction = Transaction::new();
        let link = transaction.add(link(origin, person, user.id, now)?);
        transaction.add(Put::new(&family)?);
        match self.table.commit(transaction).await {
            Ok(()) => self.signed_in(user, &family, now).map(Some),
            Err(error) if error.failed(link).is_some() => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// Creates an account. `None` if a concurrent request has linked the user, or taken the address.
    async fn open(
        &self,
        origin: IdentityProvider,
        person: &OAuthPerson,
        address: Option<Email>,
        with_account: impl Fn(&mut Transaction, UserId, Timestamp) -> Result<()>,
    ) -> Result<Option<SignedIn>> {
        let now = self.clock.now();
        let id = UserId::mint(&*self.ids, now);
        let name = person.name.as_ref().map(|name| name.as_str().to_owned());
        let claim = address.as_ref().map(|email| EmailItem { key: email_key(email), user: id });
        let user = User { id, email: address, name, origin, created_at: now };
        let family = self.new_family(id, now);
        let mut transaction = Transaction::new();
        let mut contested = vec![transaction.add(link(origin, person, id, now)?)];
        if let Some(claim) = &claim {
            contested.push(transaction.add(Put::new(claim)?.when(Condition::item_missing())));
        }
        transaction.add(Put::new(&UserItem::new(&user, None))?.when(Condition::item_missing()));
        transaction.add(Put::new(&family)?);
        with_account(&mut transaction, id, now)?;
        match self.table.commit(transaction).await {
            Ok(()) => self.signed_in(user, &family, now).map(Some),
            Err(error) if contested.iter().any(|write| error.failed(*write).is_some()) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }
}

fn link(origin: IdentityProvider, person: &OAuthPerson, user: UserId, now: Timestamp) -> Result<Put> {
    let item = LinkItem { key: link_key(origin, &person.subject), user, linked_at: now.as_millisecond() };
    Ok(Put::new(&item)?.when(Condition::item_missing()))
}
