//! Callers who ask, wait for the answer, and ask again.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use http::{HeaderMap, StatusCode};
use http_body_util::BodyExt as _;
use tokio::task::JoinSet;

use crate::Outcome;
use crate::client::{Client, post};
use crate::upstream::SAID;

/// What is asked.
const QUESTION: &str = r#"{"model":"gpt-4o-mini","messages":[{"role":"system","content":"You are a helpful assistant."},{"role":"user","content":"What is the capital of France?"}],"temperature":0.7,"max_tokens":100}"#;

/// Where a gateway takes chats.
#[derive(Debug, Clone)]
pub(crate) struct Target {
    pub(crate) address: SocketAddr,
    pub(crate) path: &'static str,
    pub(crate) headers: HeaderMap,
}

/// How the answer is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// All at once; what counts is its last byte.
    Whole,
    /// Piece by piece; what counts is the first byte of its body.
    Streamed,
}

impl Kind {
    pub(crate) fn question(self) -> Bytes {
        match self {
            Self::Whole => Bytes::from_static(QUESTION.as_bytes()),
            Self::Streamed => Bytes::from(QUESTION.replacen('{', r#"{"stream":true,"#, 1)),
        }
    }
}

/// What came of asking for a while.
#[derive(Debug)]
pub(crate) struct Sample {
    /// How long each call took, the shortest first.
    latencies: Vec<Duration>,
    /// How long it took in all.
    elapsed: Duration,
}

impl Sample {
    pub(crate) fn calls(&self) -> u32 {
        u32::try_from(self.latencies.len()).unwrap_or(u32::MAX)
    }

    pub(crate) fn per_second(&self) -> f64 {
        f64::from(self.calls()) / self.elapsed.as_secs_f64()
    }

    /// How long so many of a hundred calls took at most.
    pub(crate) fn percentile(&self, percent: usize) -> Duration {
        let rank = (self.latencies.len() * percent).div_ceil(100).saturating_sub(1);
        self.latencies.get(rank).copied().unwrap_or_default()
    }
}

/// Has `callers` ask for `lasting`; calls that are under way then are waited for. An answer that is not the vendor's is a failure of the whole.
pub(crate) async fn run(target: &Target, callers: usize, kind: Kind, lasting: Duration) -> Outcome<Sample> {
    let shared = Arc::new((target.clone(), kind.question()));
    let mut clients = Vec::with_capacity(callers);
    for _ in 0..callers {
        clients.push(Client::connect(target.address).await?);
    }
    let begun = Instant::now();
    let mut asking = JoinSet::new();
    for mut client in clients {
        let shared = Arc::clone(&shared);
        asking.spawn(async move {
            let mut latencies = Vec::new();
            let until = begun + lasting;
            while Instant::now() < until {
                latencies.push(ask(&mut client, &shared.0, kind, &shared.1).await?);
            }
            client.close().await;
            Outcome::Ok(latencies)
        });
    }
    let mut latencies = Vec::new();
    while let Some(asked) = asking.join_next().await {
        latencies.extend(asked??);
    }
    let elapsed = begun.elapsed();
    latencies.sort_unstable();
    Ok(Sample { latencies, elapsed })
}

/// One call; how long it took, as `kind` counts it.
pub(crate) async fn ask(client: &mut Client, target: &Target, kind: Kind, question: &Bytes) -> Outcome<Duration> {
    let request = post(target.address, target.path, &target.headers, question)?;
    let begun = Instant::now();
    let (head, mut body) = client.send(request).await?.into_parts();
    let (mut first, mut text) = (None, Vec::new());
    while let Some(frame) = body.frame().await {
        if let Ok(data) = frame?.into_data().map(|data| data.to_vec())
            && !data.is_empty()
        {
            first.get_or_insert_with(|| begun.elapsed());
            text.extend(data);
        }
    }
    let whole = begun.elapsed();
    let said = text.windows(SAID.len()).any(|part| part == SAID.as_bytes());
    if head.status != StatusCode::OK || !said {
        let start: String = String::from_utf8_lossy(&text).chars().take(500).collect();
        return Err(format!("{}: {start}", head.status).into());
    }
    Ok(match kind {
        Kind::Whole => whole,
        Kind::Streamed => first.unwrap_or(whole),
    })
}
