//! Payments: intents to pay, what providers report about them, and their settlement.

pub mod provider;
