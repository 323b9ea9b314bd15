//! `functions/aggregator/billing`

mod list_transactions;
mod show_balance;
