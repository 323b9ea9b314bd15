//! The domain of all products: what the business does, apart from HTTP, vendors and tables' wire format.
//!
//! [`kernel`] holds the vocabulary that everything shares. Each *context* ([`identity`], [`ledger`], [`payments`], [`generation`],
//! [`realtime`], [`rate_limit`], [`idempotency`], [`due`]) is a capability that several products use and knows none of them. Each *product* module
//! ([`easy_writer`]) combines contexts into that product's use cases. Inside a module: `model` has types and pure rules, `items` has keys and
//! stored items and is the only place that spells a key, `service` has the use cases.

pub mod aggregator;
pub mod due;
pub mod easy_writer;
pub mod gateway;
pub mod generation;
pub mod idempotency;
pub mod identity;
pub mod kernel;
pub mod ledger;
pub mod mail;
pub mod payments;
pub mod rate_limit;
pub mod realtime;
pub mod webhooks;
