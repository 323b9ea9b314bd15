//! Mail services: [`UnisenderGo`].

mod unisender_go;

use std::sync::Arc;

use domain::kernel::Clock;
use domain::mail::SharedMailer;

use crate::Timeouts;
use crate::variables::{MalformedVariable, Variables};

pub use unisender_go::{UnisenderGo, UnisenderGoSettings};

/// Settings of the mail service; without them no email is sent.
#[derive(Debug, Clone, Default)]
pub struct MailSettings {
    pub unisender_go: Option<UnisenderGoSettings>,
}

impl MailSettings {
    /// Reads the settings through `get`, which returns a variable's value unless it is unset or empty.
    ///
    /// Unisender Go is configured if `UNISENDER_API_KEY` is set. `UNISENDER_BASE_URL` is the account's data centre,
    /// `MAIL_FROM` the sender's address (required), `MAIL_FROM_NAME` the sender's name.
    pub fn read<'v>(get: impl Fn(&str) -> Option<&'v str>) -> Result<Self, MalformedVariable> {
        let vars = Variables(&get);
        let Some(api_key) = vars.secret("UNISENDER_API_KEY") else { return Ok(Self::default()) };
        let mut settings = UnisenderGoSettings {
            base_url: UnisenderGoSettings::DEFAULT_BASE_URL.to_owned(),
            api_key,
            from_email: vars.require("MAIL_FROM")?.to_owned(),
            from_name: vars.owned("MAIL_FROM_NAME").unwrap_or_default(),
            timeouts: Timeouts::default(),
        };
        vars.url("UNISENDER_BASE_URL", &mut settings.base_url)?;
        Ok(Self { unisender_go: Some(settings) })
    }
}

/// The configured mail service.
pub fn mailer(settings: MailSettings, clock: &Arc<dyn Clock>) -> Option<SharedMailer> {
    let unisender_go = settings.unisender_go?;
    Some(Arc::new(UnisenderGo::new(unisender_go, Arc::clone(clock))))
}
