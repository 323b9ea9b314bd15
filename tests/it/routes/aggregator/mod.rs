//! AI Aggregator.

mod analytics;
mod auth;
mod billing;
mod chat;
mod payments;
mod webhooks;
