//! AI Aggregator: one gateway to many vendors of language models, for companies.
//!
//! Money is in whole nano-dollars (10⁻⁹ US dollars). Companies are the users of [`crate::identity`]; what belongs to a company is filed under its id.

mod access;
mod billing;
mod catalogue;
mod chat;
mod companies;
mod deposits;
mod hooks;
mod items;
mod price;
mod settlement;
mod usage;

use std::time::Duration;

pub use access::{Access, ApiKey, Caller, Credential, KeyId, NewApiKey, Permission};
pub use billing::{Billing, Direction, Filter, Statement, Transaction};
pub use catalogue::{Catalogue, Feature, MalformedModels, Model, Route};
pub use chat::{Begun, By, Chat, ChatCall, Streaming};
pub use companies::{Companies, Company, CompanyName, NewCompany, Verification};
pub use deposits::{Deposits, ExchangeRate, MalformedRate, PaymentStatus, Sum, describe_payment, roubles};
pub use hooks::{
    EVENTS, PAYMENT_FAILED, PAYMENT_SUCCEEDED, Postman, USAGE_TRACKED, UsageReporter, deliveries, endpoints,
};
pub use price::{MalformedDollars, NANOS, Price, Rate, dollars, parse_dollars};
pub use settlement::{Cashier, Details, Held, Hold, Settled, Till, UsageMessage};
pub use usage::{Cell, Day, Grouping, Report, Row, Span, UsageLog};

/// The name of the product: issuer of its tokens, label in its logs.
pub const PRODUCT: &str = "aggregator";

/// How long access tokens are valid: the contract's `expiresIn`.
pub const ACCESS_TOKEN_LIFETIME: Duration = Duration::from_hours(1);

/// What people call it.
pub const PRODUCT_NAME: &str = "AI Aggregator";

/// Code of a violation: the conversation is longer than the model takes.
pub const CONTEXT_LENGTH: &str = "context_length_exceeded";
/// Code of a violation: a vendor's content filter refused the request.
pub const CONTENT_FILTER: &str = "content_filter";
/// Code of a violation: no vendor of the model has a counterpart of the field.
pub const UNSUPPORTED: &str = "unsupported";
/// Code of a violation: a vendor says that the request is wrong, in its own words.
pub const REJECTED: &str = "rejected";
