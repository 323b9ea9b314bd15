//! Thirty-two calls at once on a balance for one, with a vendor that takes its time: how many run?

use std::time::Duration;

use http::StatusCode;
use serde::Serialize;
use tokio::task::JoinSet;

use crate::Outcome;
use crate::client::{Client, post};
use crate::load::Kind;
use crate::subject::Subject;
use crate::upstream::Upstream;

const CALLS: usize = 32;
pub(crate) const VENDOR_TAKES: Duration = Duration::from_millis(500);

/// The question may cost up to 0.0001 US dollars: 100 tokens of an answer at 0.60 a million, and what is read. Twice that is more than this.
pub(crate) const BALANCE: &str = "0.00015";

/// What became of the calls.
#[derive(Debug, Serialize)]
pub(crate) struct Race {
    pub(crate) name: String,
    pub(crate) calls: usize,
    /// How many were answered.
    pub(crate) ran: usize,
    /// How many were refused.
    pub(crate) refused: usize,
    /// How many the vendor saw.
    pub(crate) seen: u64,
}

/// `subject` asks a vendor who takes [`VENDOR_TAKES`], and its caller has [`BALANCE`].
pub(crate) async fn run(subject: &Subject, upstream: &Upstream) -> Outcome<Race> {
    let (process, target, _) = subject.start().await?;
    let before = upstream.answered();
    let mut clients = Vec::with_capacity(CALLS);
    for _ in 0..CALLS {
        clients.push(Client::connect(target.address).await?);
    }
    let mut calls = JoinSet::new();
    for mut client in clients {
        let request = post(target.address, target.path, &target.headers, &Kind::Whole.question())?;
        calls.spawn(async move {
            let status = client.send(request).await?.status();
            Outcome::Ok(status)
        });
    }
    let mut race = Race { name: subject.name.clone(), calls: CALLS, ran: 0, refused: 0, seen: 0 };
    while let Some(status) = calls.join_next().await {
        match status?? {
            StatusCode::OK => race.ran += 1,
            // Not everybody has the same word for it.
            StatusCode::PAYMENT_REQUIRED | StatusCode::TOO_MANY_REQUESTS | StatusCode::FORBIDDEN => race.refused += 1,
            other => return Err(format!("the race's answer is {other}").into()),
        }
    }
    race.seen = upstream.answered() - before;
    process.stop().await?;
    Ok(race)
}
