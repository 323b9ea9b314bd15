//! `functions/aggregator/payments`

mod create_payment;
mod deposit;
mod list_payments;
mod receive_notice;
mod show_payment;
