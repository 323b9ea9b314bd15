//! What is measured of a gateway.

use std::path::PathBuf;
use std::time::Duration;

use futures_util::future::BoxFuture;
use http::{HeaderMap, StatusCode};
use serde::Serialize;
use tokio::process::Command;

use crate::client::call;
use crate::load::{self, Kind, Target};
use crate::process::Process;
use crate::upstream::Upstream;
use crate::{CALLERS, Outcome};

/// How long callers ask before what they ask counts.
const WARM_UP: Duration = Duration::from_millis(300);

/// The name of calls that go to the vendor directly.
pub(crate) const DIRECT: &str = "directly";

/// Gets a key from a gateway that has begun to answer.
pub(crate) type Enrol = Box<dyn Fn(Target) -> BoxFuture<'static, Outcome<Target>>>;

/// A gateway.
pub(crate) struct Subject {
    pub(crate) name: String,
    pub(crate) command: Box<dyn Fn() -> Command>,
    pub(crate) target: Target,
    /// How callers get their key, if it is not there from the beginning.
    pub(crate) enrol: Option<Enrol>,
    pub(crate) log: PathBuf,
}

/// What was seen of a gateway in one round.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Figures {
    pub(crate) name: String,
    /// From the start of its process to its first answer.
    pub(crate) start: Option<Duration>,
    /// MiB, after the calls of 32 callers.
    pub(crate) memory: Option<u32>,
    pub(crate) whole: Vec<Measured>,
    pub(crate) streamed: Vec<Measured>,
}

/// Some callers at once.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Measured {
    pub(crate) callers: usize,
    pub(crate) p50: Duration,
    pub(crate) p99: Duration,
    pub(crate) per_second: f64,
    /// The processor's time of the gateway for each call.
    pub(crate) cpu: Option<Duration>,
}

/// What calls of the vendor itself take.
pub(crate) async fn direct(upstream: &Upstream, lasting: Duration) -> Outcome<Figures> {
    let target = Target { address: upstream.address, path: "/v1/chat/completions", headers: HeaderMap::new() };
    let mut figures =
        Figures { name: DIRECT.to_owned(), start: None, memory: None, whole: Vec::new(), streamed: Vec::new() };
    for callers in CALLERS {
        figures.whole.push(one(&target, callers, Kind::Whole, lasting, None).await?);
        figures.streamed.push(one(&target, callers, Kind::Streamed, lasting, None).await?);
    }
    Ok(figures)
}

impl Subject {
    /// Starts the gateway, measures it, and ends it.
    pub(crate) async fn measure(&self, lasting: Duration) -> Outcome<Figures> {
        let (process, target, start) = self.start().await?;
        let mut figures = Figures {
            name: self.name.clone(),
            start: Some(start),
            memory: None,
            whole: Vec::new(),
            streamed: Vec::new(),
        };
        for callers in CALLERS {
            figures.whole.push(one(&target, callers, Kind::Whole, lasting, Some(&process)).await?);
            figures.streamed.push(one(&target, callers, Kind::Streamed, lasting, Some(&process)).await?);
            if callers == 32 {
                figures.memory = Some(process.memory()?);
            }
        }
        process.stop().await?;
        Ok(figures)
    }

    /// Starts the gateway; where it takes chats, and how long it took until it answered.
    pub(crate) async fn start(&self) -> Outcome<(Process, Target, Duration)> {
        let mut process = Process::start((self.command)(), &self.log)?;
        let Some(enrol) = &self.enrol else {
            let start = process.wait(async || chats(&self.target).await).await?;
            return Ok((process, self.target.clone(), start));
        };
        // Nobody has a key yet: an answer is one that says so.
        let start =
            process.wait(async || call(self.target.address, "/v1/models", &HeaderMap::new(), None).await.is_ok());
        let start = start.await?;
        let target = enrol(self.target.clone()).await?;
        Ok((process, target, start))
    }
}

async fn chats(target: &Target) -> bool {
    let Ok(question) = serde_json::from_slice(&Kind::Whole.question()) else { return false };
    let answered = call(target.address, target.path, &target.headers, Some(&question)).await;
    answered.is_ok_and(|(status, _)| status == StatusCode::OK)
}

async fn one(
    target: &Target,
    callers: usize,
    kind: Kind,
    lasting: Duration,
    process: Option<&Process>,
) -> Outcome<Measured> {
    load::run(target, callers, kind, WARM_UP).await?;
    let before = process.map(Process::cpu).transpose()?;
    let sample = load::run(target, callers, kind, lasting).await?;
    let after = process.map(Process::cpu).transpose()?;
    let used = after.zip(before).map(|(after, before)| after.saturating_sub(before));
    Ok(Measured {
        callers,
        p50: sample.percentile(50),
        p99: sample.percentile(99),
        per_second: sample.per_second(),
        cpu: used.map(|used| used / sample.calls().max(1)),
    })
}
