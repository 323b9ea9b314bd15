//! Companies: registration, log-in, and confirmation of their e-mail address.

use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use store::{Condition, Delete, Put, Table, Transaction, Update, attr};

use super::PRODUCT_NAME;
use super::ids::CompanyId;
use super::items::{CompanyItem, ConfirmationItem, company_key, confirmation_key};
use crate::idempotency::Request;
use crate::identity::{Email, Identity, NewPassword, Registration, SignedIn};
use crate::kernel::{
    Amount, AuthFailure, Clock, Error, IdSource, Resource, Result, Timestamp, UserId, digest, epoch_seconds,
};
use crate::ledger::{self, Ledger, Posting};
use crate::mail::{self, Mail, SharedMailer};

/// How long a confirmation link works.
const CONFIRMATION_TTL: Duration = Duration::from_hours(72);

/// Description of the welcome credit in the statement.
const GIFT: &str = "Приветственный баланс";

/// A company's name: 1 to 200 characters after trimming, no control characters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CompanyName(String);

impl CompanyName {
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

    /// Default name: the host of the address.
    pub fn of(email: &Email) -> Self {
        Self(email.as_str().rsplit('@').next().unwrap_or_default().to_owned())
    }
}

/// A request to register.
pub struct NewCompany {
    pub email: Email,
    pub password: NewPassword,
    pub name: CompanyName,
    /// Up to 2000 characters.
    pub description: Option<String>,
}

/// A company.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Company {
    pub id: CompanyId,
    pub email: String,
    pub name: String,
    /// Whether the address is confirmed.
    pub is_verified: bool,
}

/// Settings of address confirmation.
#[derive(Clone)]
pub struct Verification {
    /// `None` where no mail service is configured.
    pub mailer: Option<SharedMailer>,
    /// The confirmation link; `{token}` in it becomes the token.
    pub link: Arc<str>,
    /// Welcome credit, once the address is confirmed.
    pub gift: Amount,
}

/// The companies of the product.
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

    /// Registers a company, logs it in, and emails the confirmation link. A replay with the same idempotency key only
    /// logs in.
    pub async fn register(&self, new: NewCompany, idempotency_key: Option<String>) -> Result<(SignedIn, Company)> {
        if new.description.as_ref().is_some_and(|text| text.chars().count() > 2000) {
            return Err(Error::invalid("description", "too_long", "Описание: до 2000 символов"));
        }
        let request = idempotency_key.map(|key| {
            // There is no caller yet, so each key is a scope of its own.
            Request::new(format!("register:{key}"), key, &["register", new.email.as_str()])
        });
        let email = new.email.clone();
        let registration = Registration { email: new.email, password: new.password };
        let profile = |transaction: &mut Transaction, id: UserId, now: Timestamp| {
            let (CompanyName(name), description, company) = (new.name, new.description, CompanyId::from(id));
            let created_at = now.as_millisecond();
            let item =
                CompanyItem { key: company_key(company), company, name, description, verified: false, created_at };
            transaction.add(Put::new(&item)?.when(Condition::item_missing()));
            Ok(())
        };
        let opened = self.identity.register(registration, request, profile).await?;
        let company = self.get(opened.signed_in.user.id.into(), email.to_string()).await?;
        if opened.is_new {
            self.send_confirmation(&company).await?;
        }
        Ok((opened.signed_in, company))
    }

    /// Logs in.
    pub async fn sign_in(&self, email: &str, password: String) -> Result<(SignedIn, Company)> {
        let signed_in = self.identity.sign_in(email, password).await?;
        let company = self.get(signed_in.user.id.into(), signed_in.user.address().to_owned()).await?;
        Ok((signed_in, company))
    }

    async fn get(&self, id: CompanyId, email: String) -> Result<Company> {
        let item: Option<CompanyItem> = self.table.get(company_key(id)).await?;
        let item = item.ok_or(Error::NotFound(Resource::USER))?;
        Ok(Company { id, email, name: item.name, is_verified: item.verified })
    }

    /// Emails a new link, unless the address is confirmed.
    pub async fn resend_confirmation(&self, id: CompanyId) -> Result<()> {
        let user = self.identity.user(id.into()).await?;
        let company = self.get(id, user.address().to_owned()).await?;
        if company.is_verified { Ok(()) } else { self.send_confirmation(&company).await }
    }

    async fn send_confirmation(&self, company: &Company) -> Result<()> {
        let now = self.clock.now();
        let token = URL_SAFE_NO_PAD.encode(self.ids.secret()?);
        let item = ConfirmationItem {
            key: confirmation_key(&hash(&token)),
            company: company.id,
            expires_at: epoch_seconds(now + CONFIRMATION_TTL),
        };
        self.table.put(Put::new(&item)?).await?;
        let email = confirmation(&company.email, &self.verification.link.replace("{token}", &token));
        let key = format!("confirm-{}-{}", company.id, now.as_millisecond());
        mail::notify(self.verification.mailer.as_ref(), &email, &key).await;
        Ok(())
    }

    /// Confirms the address that `token` was sent to, and credits the gift. A token works once; a company gets the gift
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
            // The operation is the company's id, so there is at most one such entry.
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
            // Confirmed already, through another email.
            Err(error) if error.failed(verification).is_some() => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    pub fn ledger(&self) -> &Ledger {
        &self.ledger
    }
}

fn hash(token: &str) -> String {
    digest(token)
}

fn confirmation(to: &str, link: &str) -> Mail {
    Mail {
        to: to.to_owned(),
        subject: "Подтвердите адрес электронной почты".to_owned(),
        text: format!(
            "Здравствуйте!\n\nНа этот адрес зарегистрирована компания в {PRODUCT_NAME}. Чтобы подтвердить адрес, откройте ссылку:\n\n{link}\n\n\
             Ссылка действует трое суток. Если вы не регистрировались, просто не открывайте её.\n"
        ),
    }
}
