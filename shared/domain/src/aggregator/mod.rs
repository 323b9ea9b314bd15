//! AI Aggregator: one gateway to many vendors of language models, for companies.
//!
//! Money is in whole nano-dollars (10⁻⁹ US dollars). A company is a user of [`crate::identity`]; [`CompanyId`] says how
//! each context knows it.

mod authenticator;
mod billing;
mod catalogue;
mod chat;
mod companies;
mod deposits;
mod events;
mod hooks;
mod ids;
mod items;
mod price;
mod record;
mod settlement;
mod usage;

use std::time::Duration;

pub use authenticator::{ApiKey, Authenticator, Caller, Credential, NewApiKey, Permission};
pub use billing::{Billing, Direction, Filter, Statement, Transaction};
pub use catalogue::{Catalogue, Feature, MalformedModels, Model, Route};
pub use chat::{AnsweredBy, Chat, ChatCall, StreamOutcome, Streaming};
pub use companies::{Companies, Company, CompanyName, NewCompany, Verification};
pub use deposits::{Deposits, ExchangeRate, MalformedRate, PaymentStatus, Sum, roubles};
pub use events::{EVENTS, PAYMENT_FAILED, PAYMENT_SUCCEEDED, USAGE_TRACKED, describe_payment};
pub use hooks::{UsageReporter, WebhookNotifier, deliveries, endpoints};
pub use ids::{CompanyId, KeyId};
pub use price::{MalformedDollars, NANOS, Price, Rate, dollars, parse_dollars};
pub use record::{CallOutcome, Charge, UsageMessage, UsageRecord};
pub use settlement::{CallBilling, Hold, HoldOutcome, LedgerBilling};
pub use usage::{Cell, Day, Grouping, Report, Row, Span, UsageLog};

use crate::kernel::Resource;
use crate::kernel::telemetry::Metric;

/// The name of the product: issuer of its tokens, label in its logs.
pub const PRODUCT: &str = "aggregator";

/// How long access tokens are valid: the contract's `expiresIn`.
pub const ACCESS_TOKEN_LIFETIME: Duration = Duration::from_hours(1);

/// The name of the product for people.
pub const PRODUCT_NAME: &str = "AI Aggregator";

/// Code of a violation: the messages exceed the model's context.
pub const CONTEXT_LENGTH: &str = "context_length_exceeded";
/// Code of a violation: a vendor's content filter refused the request.
pub const CONTENT_FILTER: &str = "content_filter";
/// Code of a violation: no vendor of the model has a counterpart of the field.
pub const UNSUPPORTED: &str = "unsupported";
/// Code of a violation: a vendor says that the request is wrong, in its own words.
pub const REJECTED: &str = "rejected";

impl Resource {
    /// A language model.
    pub const MODEL: Self = Self::new("Model");
    /// A key for programs.
    pub const API_KEY: Self = Self::new("ApiKey");
}

impl Metric {
    /// Unsettled model calls whose hold the sweeper released.
    pub const CALLS_RELEASED: Self = Self::new("CallsReleased");
    /// Calls of models that were not counted, whose usage message the sweeper sent again.
    pub const CALLS_RETOLD: Self = Self::new("CallsRetold");
}
