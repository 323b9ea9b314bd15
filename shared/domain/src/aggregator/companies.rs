//! Companies: registration, what is known of them, and the proof that their address is theirs.

use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest as _, Sha256};
use store::{Condition, Delete, Put, Table, Transaction, Update, attr};

use super::PRODUCT_NAME;
use super::items::{CompanyItem, ConfirmationItem, company_key, confirmation_key};
use crate::idempotency::Request;
use crate::identity::{Email, Identity, NewPassword, Registration, SignedIn};
use crate::kernel::{Amount, AuthFailure, Clock, Error, IdSource, Resource, Result, Timestamp, UserId, epoch_seconds};
use crate::ledger::{self, Ledger, Posting};
use crate::mail::{self, Mail, SharedMailer};

/// How long the link in a letter works.
const CONFIRMATION_LIFETIME: Duration = Duration::from_hours(72);

/// What the statement says of the gift.
const GIFT: &str = "Приветственный баланс";

/// A company's name: 1 to 200 characters after trimming, no control characters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CompanyName(String);

impl CompanyName {
    /// Parses a name.
    pub fn parse(text: &str) -> Result<Self> {
        let name = text.trim();
        if name.is_empty() {
            return Err(Error::invalid("name", "required", "Укажите название компании"));
        }
        if name.chars().count() > 200 || name.chars().any(char::is_control) {
            return Err(Error::invalid("name", "format", "Название: до 200 символов, без управляющих"));
        }
        Ok(Self(name.to_owned()))
    }

    /// The name of a company that told none: the host of its address.
    pub fn of(email: &Email) -> Self {
        Self(email.as_str().rsplit('@').next().unwrap_or_default().to_owned())
    }
}

/// A request to register.
pub struct NewCompany {
    /// The address.
    pub email: Email,
    /// The password.
    pub password: NewPassword,
    /// The name.
    pub name: CompanyName,
    /// A few words, up to 2000 characters.
    pub description: Option<String>,
}

/// A company.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Company {
    /// Its id.
    pub id: UserId,
    /// Its address.
    pub email: String,
    /// Its name.
    pub name: String,
    /// Whether the address is known to be its own.
    pub is_verified: bool,
}

/// How addresses are confirmed.
#[derive(Clone)]
pub struct Verification {
    /// Who delivers the letter; nobody where no service is configured.
    pub mailer: Option<SharedMailer>,
    /// Where the link leads; the token is added.
    pub link: Arc<str>,
    /// What a company has on its account once its address is confirmed.
    pub gift: Amount,
}

/// The companies.
#[derive(Clone)]
pub struct Companies {
    identity: Identity,
    ledger: Ledger,
    table: Table,
    clock: Arc<dyn Clock>,
    ids: Arc<dyn IdSource>,
    verification: Verification,
}

impl Companies {
    /// The companies of `identity`, kept in `table`.
    pub fn new(
        identity: Identity,
        table: Table,
        clock: Arc<dyn Clock>,
        ids: Arc<dyn IdSource>,
        verification: Verification,
    ) -> Self {
        Self { identity, ledger: Ledger::new(table.clone()), table, clock, ids, verification }
    }

    /// Registers a company, signs it in, and sends the letter that confirms its address. A repeat with the same idempotency key signs in again.
    pub async fn register(&self, new: NewCompany, idempotency_key: Option<String>) -> Result<(SignedIn, Company)> {
        if new.description.as_ref().is_some_and(|text| text.chars().count() > 2000) {
            return Err(Error::invalid("description", "too_long", "Описание: до 2000 символов"));
        }
        let request = idempotency_key.map(|key| {
            // There is no caller yet to file the key under, so each key is a scope of its own.
            Request::new(format!("register:{key}"), key, &["register", new.email.as_str()])
        });
        let email = new.email.clone();
        let registration = Registration { email: new.email, password: new.password };
        let profile = |transaction: &mut Transaction, id: UserId, now: Timestamp| {
            let (CompanyName(name), description) = (new.name, new.description);
            let created_at = now.as_millisecond();
            let item =
                CompanyItem { key: company_key(id), company: id, name, description, verified: false, created_at };
            transaction.add(Put::new(&item)?.when(Condition::item_missing()));
            Ok(())
        };
        let opened = self.identity.register(registration, request, profile).await?;
        let company = self.get(opened.signed_in.user.id, email.to_string()).await?;
        if opened.is_new {
            self.write_to(&company).await?;
        }
        Ok((opened.signed_in, company))
    }

    /// Signs in.
    pub async fn sign_in(&self, email: &str, password: String) -> Result<(SignedIn, Company)> {
        let signed_in = self.identity.sign_in(email, password).await?;
        let company = self.get(signed_in.user.id, signed_in.user.address().to_owned()).await?;
        Ok((signed_in, company))
    }

    async fn get(&self, id: UserId, email: String) -> Result<Company> {
        let item: Option<CompanyItem> = self.table.get(company_key(id)).await?;
        let item = item.ok_or(Error::NotFound(Resource::User))?;
        Ok(Company { id, email, name: item.name, is_verified: item.verified })
    }

    /// Sends the letter again, unless there is nothing to confirm any more.
    pub async fn remind(&self, id: UserId) -> Result<()> {
        let user = self.identity.user(id).await?;
        let company = self.get(id, user.address().to_owned()).await?;
        if company.is_verified { Ok(()) } else { self.write_to(&company).await }
    }

    async fn write_to(&self, company: &Company) -> Result<()> {
        let now = self.clock.now();
        let token = URL_SAFE_NO_PAD.encode(self.ids.secret()?);
        let item = ConfirmationItem {
            key: confirmation_key(&hash(&token)),
            company: company.id,
            expires_at: epoch_seconds(now + CONFIRMATION_LIFETIME),
        };
        self.table.put(Put::new(&item)?).await?;
        let letter = letter(&company.email, &format!("{}?token={token}", self.verification.link));
        let key = format!("confirm-{}-{}", company.id, now.as_millisecond());
        mail::notify(self.verification.mailer.as_ref(), &letter, &key).await;
        Ok(())
    }

    /// Confirms the address of the company that `token` was sent to, and puts the gift on its account. A token works once, and a company gets the gift
    /// once.
    pub async fn confirm(&self, token: &str) -> Result<()> {
        let invalid = || Error::Unauthenticated(AuthFailure::TokenInvalid);
        let now = self.clock.now();
        let key = confirmation_key(&hash(token));
        let sent: ConfirmationItem = self.table.get(key.clone()).await?.ok_or_else(invalid)?;
        if sent.expires_at <= epoch_seconds(now) {
            return Err(Error::Unauthenticated(AuthFailure::TokenExpired));
        }
        let mut transaction = Transaction::new();
        let token_use = transaction.add(Delete::new(key).when(Condition::item_exists()));
        let verify = Update::new(company_key(sent.company)).set("verified", true);
        let verification = transaction.add(verify.when(attr("verified").equals(false)));
        if self.verification.gift.is_positive() {
            // The operation is the company's own id, so there is one such entry at most.
            let posting = Posting {
                operation: sent.company.as_uuid(),
                amount: self.verification.gift,
                description: GIFT.to_owned(),
            };
            ledger::credit(sent.company.into(), &posting, now).add_to(&mut transaction)?;
        }
        match self.table.commit(transaction).await {
            Ok(()) => Ok(()),
            Err(error) if error.failed(token_use).is_some() => Err(invalid()),
            // Confirmed by another letter.
            Err(error) if error.failed(verification).is_some() => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    /// The ledger of all companies.
    pub fn ledger(&self) -> &Ledger {
        &self.ledger
    }
}

fn hash(token: &str) -> String {
    URL_SAFE_NO_PAD.encode(Sha256::digest(token))
}

fn letter(to: &str, link: &str) -> Mail {
    Mail {
        to: to.to_owned(),
        subject: "Подтвердите адрес электронной почты".to_owned(),
        text: format!(
            "Здравствуйте!\n\nНа этот адрес зарегистрирована компания в {PRODUCT_NAME}. Чтобы подтвердить адрес, откройте ссылку:\n\n{link}\n\n\
             Ссылка действует трое суток. Если вы не регистрировались, просто не открывайте её.\n"
        ),
    }
}
