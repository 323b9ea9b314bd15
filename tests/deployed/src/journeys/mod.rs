//! What people and operators do. One file per part of the product; a new journey is a function and a line in [`ALL`].

mod account;
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

/// All journeys, in the order in which they are made.
pub const ALL: &[(&str, Journey)] = &[
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
