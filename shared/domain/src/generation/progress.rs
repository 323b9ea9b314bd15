//! The log of a job's progress.

use serde::{Deserialize, Serialize};
use store::{Body, Condition, Key, Objects, Put, Query, Table};
use uuid::Uuid;

use super::ProviderId;
use super::items::{drawing_object, event_key, event_sort_key, log_partition, step_object};
use super::model::Job;
use crate::kernel::{Error, JobId, Result, Timestamp, epoch_seconds};

/// How long a log is kept; the job itself stays.
const RETENTION_SECONDS: i64 = 7 * 24 * 3600;

/// Something that happened while a job ran. Steps count from 1.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// A step began.
    StepStarted {
        /// Which.
        step: u32,
        /// What it does, in the owner's words.
        name: String,
        /// How many steps there are.
        total: u32,
    },
    /// A step has come some way.
    StepProgress {
        /// Which.
        step: u32,
        /// Per cent.
        progress: u32,
    },
    /// A step ended.
    StepCompleted {
        /// Which.
        step: u32,
        /// What it leaves to the next.
        checkpoint: Checkpoint,
    },
    /// Work that has no steps has come some way.
    Progress {
        /// Per cent.
        progress: u32,
    },
    /// A picture was ordered from a vendor, which will have it later. Not told to subscribers.
    Ordered {
        /// The vendor.
        provider: ProviderId,
        /// What to ask for it with.
        ticket: String,
    },
    /// A vendor's picture was received and kept. Not told to subscribers.
    Drawn {
        /// The vendor.
        provider: ProviderId,
        /// Key of the object that holds it.
        object: String,
    },
}

/// What a step made and used.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Checkpoint {
    /// Its text.
    pub output: Body,
    /// Who wrote it.
    pub provider: ProviderId,
    /// Tokens used.
    pub tokens: u64,
}

/// An event and its number in the log, counted from 1 without gaps.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recorded {
    /// Its number.
    pub number: u32,
    /// What happened.
    pub event: Event,
}

#[derive(Debug, Serialize, Deserialize)]
struct EventItem {
    #[serde(flatten)]
    key: Key,
    number: u32,
    #[serde(flatten)]
    event: StoredEvent,
    expires_at: i64,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
enum StoredEvent {
    Started { step: u32, name: String, total: u32 },
    Progressed { step: u32, progress: u32 },
    Completed { step: u32, checkpoint: Checkpoint },
    Worked { progress: u32 },
    Ordered { provider: ProviderId, ticket: String },
    Drawn { provider: ProviderId, object: String },
}

impl From<Event> for StoredEvent {
    fn from(event: Event) -> Self {
        match event {
            Event::StepStarted { step, name, total } => Self::Started { step, name, total },
            Event::StepProgress { step, progress } => Self::Progressed { step, progress },
            Event::StepCompleted { step, checkpoint } => Self::Completed { step, checkpoint },
            Event::Progress { progress } => Self::Worked { progress },
            Event::Ordered { provider, ticket } => Self::Ordered { provider, ticket },
            Event::Drawn { provider, object } => Self::Drawn { provider, object },
        }
    }
}

impl From<EventItem> for Recorded {
    fn from(item: EventItem) -> Self {
        let event = match item.event {
            StoredEvent::Started { step, name, total } => Event::StepStarted { step, name, total },
            StoredEvent::Progressed { step, progress } => Event::StepProgress { step, progress },
            StoredEvent::Completed { step, checkpoint } => Event::StepCompleted { step, checkpoint },
            StoredEvent::Worked { progress } => Event::Progress { progress },
            StoredEvent::Ordered { provider, ticket } => Event::Ordered { provider, ticket },
            StoredEvent::Drawn { provider, object } => Event::Drawn { provider, object },
        };
        Self { number: item.number, event }
    }
}

/// The logs of all jobs.
#[derive(Debug, Clone)]
pub struct Log {
    table: Table,
    objects: Objects,
}

impl Log {
    /// Logs kept in `table`, with step texts that are too large for it in `objects`.
    pub fn new(table: Table, objects: Objects) -> Self {
        Self { table, objects }
    }

    /// The events numbered `from` and up.
    pub async fn read(&self, job: JobId, from: u32) -> Result<Vec<Recorded>> {
        let query = Query::partition(log_partition(job)).at_least(event_sort_key(from));
        let items: Vec<EventItem> = self.table.query_all(query).await?;
        Ok(items.into_iter().map(Recorded::from).collect())
    }

    /// Writes event `number`. Returns whether it was written: if somebody else wrote an event of that number, the caller has lost the job.
    pub async fn append(&self, job: JobId, number: u32, event: Event, now: Timestamp) -> Result<bool> {
        let item = EventItem {
            key: event_key(job, number),
            number,
            event: event.clone().into(),
            expires_at: epoch_seconds(now) + RETENTION_SECONDS,
        };
        match self.table.put(Put::new(&item)?.when(Condition::item_missing())).await {
            Ok(()) => Ok(true),
            // The SDK repeats a write whose answer got lost; our own event being there already is success.
            Err(store::Error::ConditionFailed(failed)) => {
                let there = failed.item::<EventItem>()?.map(|item| Recorded::from(item).event);
                Ok(there == Some(event))
            }
            Err(error) => Err(error.into()),
        }
    }

    /// Stores the text of a step, to be put into its checkpoint.
    pub async fn store_output(&self, job: &Job, step: u32, text: String) -> Result<Body> {
        let key = step_object(job.id, step, job.lease.unwrap_or(Uuid::nil()));
        self.objects.store_text(&key, text).await.map_err(Error::from)
    }

    /// Keeps a vendor's picture before anything else is done with it: the vendor may have forgotten it by now. Its key.
    pub async fn store_drawing(&self, job: &Job, file: Vec<u8>) -> Result<String> {
        let key = drawing_object(job.id, job.lease.unwrap_or(Uuid::nil()));
        self.objects.put(&key, "application/octet-stream", file).await?;
        Ok(key)
    }

    /// A picture that [`Log::store_drawing`] kept.
    pub async fn load_drawing(&self, key: &str) -> Result<Vec<u8>> {
        let drawing = self.objects.get(key).await?;
        drawing.ok_or_else(|| Error::internal("kept drawing", "object is missing"))
    }

    /// Loads the text of a step.
    pub async fn load_output(&self, checkpoint: &Checkpoint) -> Result<String> {
        Ok(self.objects.load_text(&checkpoint.output).await?)
    }
}
