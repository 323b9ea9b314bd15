//! What people and operators do. One file per part of a product; a new journey is a function and a line in [`EASY_WRITER`] or [`AGGREGATOR`].

mod account;
mod aggregator;
mod catalogue;
mod pictures;
mod runs;
mod sign_in;
mod top_up;
mod upkeep;

use futures_util::future::BoxFuture;

use crate::{Outcome, Site};

/// Something that is done from beginning to end.
pub type Journey = for<'a> fn(&'a Site) -> BoxFuture<'a, Outcome>;

/// Journeys with their names, in the order in which they are made.
pub type Journeys = &'static [(&'static str, Journey)];

/// The journeys through a product.
pub fn of(product: &str) -> Outcome<Journeys> {
    match product {
        "easy-writer" => Ok(EASY_WRITER),
        "aggregator" => Ok(AGGREGATOR),
        other => Err(format!("nobody makes journeys through {other}").into()),
    }
}

/// Those through AI Aggregator.
pub const AGGREGATOR: Journeys = &[
    ("company", |site| Box::pin(aggregator::companies::registers_confirms_and_comes_back(site))),
    ("keys", |site| Box::pin(aggregator::companies::makes_uses_and_revokes_keys(site))),
    ("chat", |site| Box::pin(aggregator::chats::chats_and_sees_what_it_cost(site))),
    ("stream", |site| Box::pin(aggregator::chats::reads_a_stream(site))),
    ("repeated chat", |site| Box::pin(aggregator::chats::asks_again_and_pays_once(site))),
    ("refusals", |site| Box::pin(aggregator::chats::is_refused_in_both_shapes(site))),
    ("payment", |site| Box::pin(aggregator::money::pays_and_gets_money_back(site))),
    ("reconciliation", |site| Box::pin(aggregator::money::is_credited_although_no_notice_came(site))),
    ("webhook", |site| Box::pin(aggregator::hooks::is_told_what_happens(site))),
    ("servers that fail", |site| Box::pin(aggregator::hooks::has_a_server_that_fails_and_one_that_goes(site))),
    ("lost event", |site| Box::pin(aggregator::hooks::is_told_although_a_message_was_lost(site))),
    ("lost call", |site| Box::pin(aggregator::upkeep::a_call_is_counted_although_its_message_was_lost(site))),
    ("ledger", |site| Box::pin(aggregator::upkeep::the_books_are_checked(site))),
];

/// Those through Easy Writer.
pub const EASY_WRITER: Journeys = &[
    ("account", |site| Box::pin(account::registers_leaves_and_comes_back(site))),
    ("password", |site| Box::pin(account::changes_name_and_password(site))),
    ("catalogue", |site| Box::pin(catalogue::looks_around_without_a_token(site))),
    ("quick run", |site| Box::pin(runs::corrects_a_text_once(site))),
    ("standard run", |site| Box::pin(runs::watches_an_essay_early_twice_and_late(site))),
    ("long text", |site| Box::pin(runs::keeps_long_texts_and_removes_them(site))),
    ("stopped run", |site| Box::pin(runs::stops_a_run(site))),
    ("history", |site| Box::pin(runs::finds_and_removes_runs(site))),
    ("empty purse", |site| Box::pin(runs::cannot_spend_what_is_held(site))),
    ("handshakes", |site| Box::pin(runs::lets_nobody_else_watch(site))),
    ("picture", |site| Box::pin(pictures::draws_and_enlarges(site))),
    ("pictures that fail", |site| Box::pin(pictures::pays_nothing_for_what_is_refused(site))),
    ("Google", |site| Box::pin(sign_in::through_google(site))),
    ("Yandex", |site| Box::pin(sign_in::through_yandex(site))),
    ("top-up", |site| Box::pin(top_up::pays_with_each_provider(site))),
    ("top-up that fails", |site| Box::pin(top_up::is_credited_nothing_without_proof(site))),
    ("refund", |site| Box::pin(top_up::gets_money_back(site))),
    ("reconciliation", |site| Box::pin(top_up::is_credited_although_no_notice_came(site))),
    ("dead letter", |site| Box::pin(upkeep::a_message_that_fails_is_kept_and_can_be_redriven(site))),
    ("lost messages", |site| Box::pin(upkeep::the_sweeper_sends_what_was_lost(site))),
    ("hopeless job", |site| Box::pin(upkeep::the_sweeper_gives_up_and_the_money_comes_back(site))),
    ("ledger", |site| Box::pin(upkeep::the_books_are_checked(site))),
];
