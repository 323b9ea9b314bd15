//! `JOBS#{owner}` holds for each kind of job its counters (`COUNTS` of texts, `IMAGE_COUNTS`, `UPSCALE_COUNTS`) and one
//! slim item per job (`JOB#{id}` of texts, `IMAGE#{id}`, `UPSCALE#{id}`); `EVENTS#{job}` holds the job's log, one
//! `{number}` per event.
//!
//! Unfinished jobs are in the due index `OPEN_JOBS#{shard}`.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use store::{Body, Key};
use uuid::Uuid;

use super::ProviderId;
use super::model::{Failure, Job, Mode, Status};
use crate::due::{DueIndex, DueKeys, Lease, Leased};
use crate::kernel::{Amount, JobId, JobKind, UserId, from_epoch_millis};

const OWNER_PREFIX: &str = "JOBS#";

/// How long a lease lasts unless it is renewed. A dead worker's job waits at most this long, plus the sweeper's period.
pub(super) const LEASE: Lease = Lease::new("lease", "lease_until", Duration::from_mins(1));

/// Jobs that are not finished: due when their lease ends, or when their message should have come.
pub(super) const OPEN_JOBS: DueIndex<(UserId, JobKind, JobId)> = DueIndex::new("OPEN_JOBS#", 16, |key| {
    let owner = key.pk.strip_prefix(OWNER_PREFIX)?.parse().ok()?;
    [JobKind::Text, JobKind::Image, JobKind::Upscale].into_iter().find_map(|kind| {
        let id = key.sk.strip_prefix(job_prefix(kind))?.parse().ok()?;
        Some((owner, kind, id))
    })
});

pub(super) fn owner_partition(owner: UserId) -> String {
    format!("{OWNER_PREFIX}{owner}")
}

pub(super) const fn job_prefix(kind: JobKind) -> &'static str {
    match kind {
        JobKind::Text => "JOB#",
        JobKind::Image => "IMAGE#",
        JobKind::Upscale => "UPSCALE#",
    }
}

pub(super) fn job_key(owner: UserId, kind: JobKind, job: JobId) -> Key {
    Key::new(owner_partition(owner), format!("{}{job}", job_prefix(kind)))
}

pub(super) fn counts_key(owner: UserId, kind: JobKind) -> Key {
    let counts = match kind {
        JobKind::Text => "COUNTS",
        JobKind::Image => "IMAGE_COUNTS",
        JobKind::Upscale => "UPSCALE_COUNTS",
    };
    Key::new(owner_partition(owner), counts)
}

pub(super) fn log_partition(job: JobId) -> String {
    format!("EVENTS#{job}")
}

pub(super) fn event_sort_key(number: u32) -> String {
    format!("{number:06}")
}

pub(super) fn event_key(job: JobId, number: u32) -> Key {
    Key::new(log_partition(job), event_sort_key(number))
}

/// Keys of the objects that hold texts too large for items.
pub(super) fn input_object(job: JobId) -> String {
    format!("jobs/{job}/input.json")
}

/// Objects carry the lease's token in their names, so a holder that lost its lease cannot overwrite another's result.
pub(super) fn result_object(job: JobId, lease: Uuid) -> String {
    format!("jobs/{job}/result-{lease}.txt")
}

pub(super) fn step_object(job: JobId, number: u32, lease: Uuid) -> String {
    format!("steps/{job}/{number}-{lease}.txt")
}

pub(super) fn drawing_object(job: JobId, lease: Uuid) -> String {
    format!("steps/{job}/drawing-{lease}")
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum StoredStatus {
    Pending,
    InProgress,
    Completed,
    Failed,
}

#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum StoredMode {
    Quick,
    Standard,
}

#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum StoredFailure {
    ProviderUnavailable,
    GenerationFailed,
}

#[derive(Debug, Serialize, Deserialize)]
pub(super) struct JobItem {
    #[serde(flatten)]
    pub(super) key: Key,
    #[serde(flatten)]
    pub(super) due: DueKeys,
    #[serde(default)]
    pub(super) kind: JobKind,
    pub(super) job: JobId,
    pub(super) owner: UserId,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) source: Option<JobId>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) successor: Option<JobId>,
    pub(super) subject: String,
    pub(super) title: String,
    pub(super) mode: StoredMode,
    pub(super) status: StoredStatus,
    pub(super) input: Body,
    pub(super) price: i64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) lease: Option<Uuid>,
    /// Milliseconds since 1970.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) lease_until: Option<i64>,
    pub(super) attempts: u32,
    /// Milliseconds since 1970.
    pub(super) created_at: i64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) completed_at: Option<i64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) result: Option<Body>,
    #[serde(default)]
    pub(super) preview: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) provider: Option<ProviderId>,
    #[serde(default)]
    pub(super) tokens_used: u64,
    #[serde(default)]
    pub(super) cost: i64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) failure: Option<StoredFailure>,
    #[serde(default)]
    pub(super) events: u32,
}

/// An owner's job counters. The attribute names are spelled in `service` too.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(super) struct CountsItem {
    #[serde(default)]
    pub(super) listed: u64,
    #[serde(default)]
    pub(super) completed: u64,
}

impl Leased for JobItem {
    fn token(&self) -> Option<Uuid> {
        self.lease
    }
}

impl From<Mode> for StoredMode {
    fn from(mode: Mode) -> Self {
        match mode {
            Mode::Quick => Self::Quick,
            Mode::Standard => Self::Standard,
        }
    }
}

impl From<Failure> for StoredFailure {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::ProviderUnavailable => Self::ProviderUnavailable,
            Failure::GenerationFailed => Self::GenerationFailed,
        }
    }
}

impl From<JobItem> for Job {
    fn from(item: JobItem) -> Self {
        Self {
            id: item.job,
            kind: item.kind,
            owner: item.owner,
            source: item.source,
            successor: item.successor,
            subject: item.subject,
            title: item.title,
            mode: match item.mode {
                StoredMode::Quick => Mode::Quick,
                StoredMode::Standard => Mode::Standard,
            },
            status: match item.status {
                StoredStatus::Pending => Status::Pending,
                StoredStatus::InProgress => Status::InProgress,
                StoredStatus::Completed => Status::Completed,
                StoredStatus::Failed => Status::Failed,
            },
            input: item.input,
            price: Amount::new(item.price),
            lease: item.lease,
            attempts: item.attempts,
            created_at: from_epoch_millis(item.created_at),
            completed_at: item.completed_at.map(from_epoch_millis),
            result: item.result,
            preview: item.preview,
            provider: item.provider,
            tokens_used: item.tokens_used,
            cost: Amount::new(item.cost),
            failure: item.failure.map(|failure| match failure {
                StoredFailure::ProviderUnavailable => Failure::ProviderUnavailable,
                StoredFailure::GenerationFailed => Failure::GenerationFailed,
            }),
            events: item.events,
        }
    }
}
