//! Starting, claiming, finishing, listing and deleting jobs.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use store::{Condition, Delete, Objects, Put, Query, Table, Transaction, Update, WriteHandle, attr};
use uuid::Uuid;

use super::items::{
    CountsItem, JobItem, LEASE, OPEN_JOBS, StoredFailure, StoredStatus, counts_key, input_object, job_key, job_prefix,
    owner_partition, result_object,
};
use super::model::{Claim, Failure, Job, NewJob, Outcome, Source, Started, Status};
use super::progress::{Event, Log};
use crate::due::{RESEND_AFTER, Reschedule as _, Taken};
use crate::idempotency;
use crate::kernel::telemetry::{self, Metric};
use crate::kernel::{Clock, Error, IdSource, JobId, JobKind, Page, Paged, Resource, Result, Rule, Timestamp, UserId};
use crate::ledger::{self, Posting};

/// How often a job is claimed before it fails.
pub const MAX_ATTEMPTS: u32 = 3;

/// The message that asks a worker to run a job.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct WorkMessage {
    pub owner: UserId,
    #[serde(default)]
    pub kind: JobKind,
    pub job: JobId,
}

/// The jobs of one kind of one product.
#[derive(Clone)]
pub struct Jobs {
    kind: JobKind,
    pub(super) table: Table,
    objects: Objects,
    log: Log,
    pub(super) clock: Arc<dyn Clock>,
    ids: Arc<dyn IdSource>,
}

/// Reads jobs: all that a WebSocket handshake needs.
#[derive(Clone)]
pub struct JobReader {
    table: Table,
}

impl JobReader {
    /// Reads the jobs kept in `table`.
    pub fn new(table: Table) -> Self {
        Self { table }
    }

    /// The owner's job.
    pub async fn get(&self, owner: UserId, kind: JobKind, job: JobId) -> Result<Job> {
        let found: Option<JobItem> = self.table.get(job_key(owner, kind, job)).await?;
        found.map(Job::from).ok_or(Error::NotFound(resource(kind)))
    }
}

/// Reads the number of an owner's texts: all that a profile needs.
#[derive(Clone)]
pub struct JobCounts {
    table: Table,
}

impl JobCounts {
    /// Counts of the jobs kept in `table`.
    pub fn new(table: Table) -> Self {
        Self { table }
    }

    /// How many texts the owner has completed, deleted ones included.
    pub async fn completed(&self, owner: UserId) -> Result<u64> {
        Ok(counts(&self.table, owner, JobKind::Text).await?.completed)
    }
}

async fn counts(table: &Table, owner: UserId, kind: JobKind) -> Result<CountsItem> {
    Ok(table.get(counts_key(owner, kind)).await?.unwrap_or_default())
}

/// The resource of `NotFound` for this kind of job.
fn resource(kind: JobKind) -> Resource {
    match kind {
        JobKind::Text => Resource::SESSION,
        JobKind::Image | JobKind::Upscale => Resource::IMAGE,
    }
}

impl Jobs {
    /// Text jobs in `table`, with bodies that are too large for it in `objects`.
    pub fn new(table: Table, objects: Objects, clock: Arc<dyn Clock>, ids: Arc<dyn IdSource>) -> Self {
        let log = Log::new(table.clone(), objects.clone());
        Self { kind: JobKind::Text, table, objects, log, clock, ids }
    }

    /// The jobs of another kind.
    #[must_use]
    pub fn of(&self, kind: JobKind) -> Self {
        Self { kind, ..self.clone() }
    }

    pub fn kind(&self) -> JobKind {
        self.kind
    }

    /// The message that asks a worker to run the job.
    pub fn message(&self, owner: UserId, job: JobId) -> WorkMessage {
        WorkMessage { owner, kind: self.kind, job }
    }

    /// The jobs' logs.
    pub fn log(&self) -> &Log {
        &self.log
    }

    /// Mints the id of a job to be started.
    pub fn mint_id(&self) -> JobId {
        JobId::mint(&*self.ids, self.clock.now())
    }

    /// Holds the price and writes the job, in one transaction. If `leased`, the caller has the lease and runs the job
    /// itself; otherwise it must send a [`WorkMessage`].
    ///
    /// Fails with [`Error::InsufficientFunds`] if the balance does not cover the price, with
    /// [`Rule::IdempotencyKeyReused`] if the key was used for another request, and with [`Rule::InProgress`] if another
    /// job continued the same source meanwhile.
    pub async fn start(&self, new: NewJob, leased: bool) -> Result<Started> {
        let now = self.clock.now();
        let account = new.owner.into();
        let (lease, due) = if leased { (Some(self.ids.uuid(now)), LEASE.end(now)) } else { (None, now + RESEND_AFTER) };
        let input = self.objects.store_text(&input_object(new.id), new.input).await?;
        let item = JobItem {
            key: job_key(new.owner, self.kind, new.id),
            due: OPEN_JOBS.keys(new.id.as_uuid(), due),
            kind: self.kind,
            job: new.id,
            owner: new.owner,
            source: new.source.as_ref().map(|source| source.id),
            successor: None,
            subject: new.subject,
            title: new.title.clone(),
            mode: new.mode.into(),
            status: if leased { StoredStatus::InProgress } else { StoredStatus::Pending },
            input,
            price: new.price.units(),
            lease,
            lease_until: lease.map(|_| due.as_millisecond()),
            attempts: u32::from(leased),
            created_at: now.as_millisecond(),
            completed_at: None,
            result: None,
            preview: String::new(),
            provider: None,
            tokens_used: 0,
            cost: 0,
            failure: None,
            events: 0,
        };
        let mut transaction = Transaction::new();
        transaction.add(Put::new(&item)?.when(Condition::item_missing()));
        transaction.add(Update::new(counts_key(new.owner, self.kind)).add("listed", 1));
        let hold = if new.price.is_positive() {
            let posting = Posting { operation: new.id.as_uuid(), amount: new.price, description: new.title };
            Some(ledger::hold(account, &posting, now).add_to(&mut transaction)?)
        } else {
            None
        };
        let succession = new.source.as_ref().map(|source| transaction.add(succession(new.owner, source, new.id)));
        let request = idempotency::record(&mut transaction, new.request.as_ref(), new.id.as_uuid(), now)?;
        let error = match self.table.commit(transaction).await {
            Ok(()) => return Ok(Started::New(item.into())),
            Err(error) => error,
        };
        // The job was certainly not written, so its input in the bucket is not needed. After any other failure the job
        // may exist.
        if matches!(error, store::Error::Cancelled(_)) {
            self.objects.delete_text(&item.input).await?;
        }
        if let Some(before) = request.replay_of(&error)? {
            return Ok(Started::Before(self.get(new.owner, before.into()).await?));
        }
        if succession.is_some_and(|write| error.failed(write).is_some()) {
            return Err(Error::Conflict(Rule::InProgress));
        }
        match hold {
            Some(hold) => Err(hold.refused(error, new.price)?),
            None => Err(error.into()),
        }
    }

    /// Takes the lease of an unfinished job, if it is free.
    pub async fn claim(&self, owner: UserId, job: JobId) -> Result<Claim> {
        let now = self.clock.now();
        let update = Update::new(job_key(owner, self.kind, job))
            .set("status", StoredStatus::InProgress)
            .due_at(LEASE.end(now))
            .add("attempts", 1);
        let open = attr("status").one_of([StoredStatus::Pending, StoredStatus::InProgress]);
        Ok(match LEASE.take::<JobItem>(&self.table, update, open, self.ids.uuid(now), now).await? {
            Taken::Granted(item) => Claim::Granted(item.into()),
            Taken::Refused(None) => Claim::Gone,
            Taken::Refused(Some(item)) => match Job::from(item) {
                job if job.status.is_final() => Claim::Finished(job),
                _ => Claim::Busy,
            },
        })
    }

    /// Renews the lease of `job`. Returns whether the caller still has it.
    pub async fn renew(&self, job: &Job) -> Result<bool> {
        let now = self.clock.now();
        let update = Update::new(job_key(job.owner, job.kind, job.id)).due_at(LEASE.end(now)).when(is_leased(job));
        Ok(self.table.try_update::<JobItem>(LEASE.renew(update, now)).await?.is_some())
    }

    /// Releases the lease for the worker that will receive the message that the caller sends next. Returns whether the
    /// caller still had it.
    pub async fn hand_over(&self, job: &Job) -> Result<bool> {
        self.free(job, self.clock.now() + RESEND_AFTER).await
    }

    /// Releases the lease so that the next sweep sends the job to the queue. Returns whether the caller still had it.
    pub async fn give_back(&self, job: &Job) -> Result<bool> {
        self.free(job, self.clock.now()).await
    }

    async fn free(&self, job: &Job, due: Timestamp) -> Result<bool> {
        let update = Update::new(job_key(job.owner, job.kind, job.id))
            .set("status", StoredStatus::Pending)
            .due_at(due)
            .when(is_leased(job));
        Ok(self.table.try_update::<JobItem>(LEASE.release(update)).await?.is_some())
    }

    /// Stores the result and captures the hold, in one transaction. `None` if the caller has lost the lease: nothing
    /// was stored or captured.
    pub async fn complete(&self, job: &Job, outcome: Outcome) -> Result<Option<Job>> {
        let now = self.clock.now();
        let cost = outcome.cost.min(job.price);
        let result =
            self.objects.store_text(&result_object(job.id, job.lease.unwrap_or(Uuid::nil())), outcome.text).await?;
        let finish = finished(job, StoredStatus::Completed, now)
            .set("result", &result)
            .set("preview", &outcome.preview)
            .set("provider", outcome.provider)
            .set("tokens_used", outcome.tokens_used)
            .set("cost", cost.units())
            .set("events", outcome.events);
        let mut transaction = Transaction::new();
        let finish = transaction.add(finish);
        transaction.add(Update::new(counts_key(job.owner, job.kind)).add("completed", 1));
        if job.price.is_positive() {
            ledger::capture(job.owner.into(), job.id.as_uuid(), job.price, cost).add_to(&mut transaction);
        }
        if !lease_kept(self.table.commit(transaction).await, finish)? {
            self.objects.delete_text(&result).await?;
            return Ok(None);
        }
        telemetry::note(Metric::CHARGED, cost.units().unsigned_abs());
        Ok(Some(Job {
            status: Status::Completed,
            lease: None,
            completed_at: Some(now),
            result: Some(result),
            preview: outcome.preview,
            provider: Some(outcome.provider),
            tokens_used: outcome.tokens_used,
            cost,
            events: outcome.events,
            ..job.clone()
        }))
    }

    /// Records that the job failed after `events` events and releases its hold, in one transaction. `None` if the
    /// caller has lost the lease.
    pub async fn fail(&self, job: &Job, failure: Failure, events: u32) -> Result<Option<Job>> {
        let now = self.clock.now();
        let finish =
            finished(job, StoredStatus::Failed, now).set("failure", StoredFailure::from(failure)).set("events", events);
        let mut transaction = Transaction::new();
        let finish = transaction.add(finish);
        if job.price.is_positive() {
            ledger::release(job.owner.into(), job.id.as_uuid(), job.price).add_to(&mut transaction);
        }
        if !lease_kept(self.table.commit(transaction).await, finish)? {
            return Ok(None);
        }
        Ok(Some(Job {
            status: Status::Failed,
            lease: None,
            completed_at: Some(now),
            failure: Some(failure),
            events,
            ..job.clone()
        }))
    }

    /// Fails a claimed job that was claimed too often or cannot be run. `None` if the caller has lost the lease.
    pub async fn give_up(&self, job: &Job) -> Result<Option<Job>> {
        let events = self.log.read(job.id, 1).await?.last().map_or(0, |recorded| recorded.number);
        self.fail(job, Failure::GenerationFailed, events).await
    }

    /// The owner's job.
    pub async fn get(&self, owner: UserId, job: JobId) -> Result<Job> {
        self.find(owner, job).await?.ok_or(Error::NotFound(resource(self.kind)))
    }

    /// The owner's job, unless there is none.
    pub async fn find(&self, owner: UserId, job: JobId) -> Result<Option<Job>> {
        Ok(self.table.get::<JobItem>(job_key(owner, self.kind, job)).await?.map(Job::from))
    }

    /// The owner's job with its input and, once it has one, its result.
    pub async fn read(&self, owner: UserId, job: JobId) -> Result<(Job, String, Option<String>)> {
        let job = self.get(owner, job).await?;
        let (input, result) = tokio::try_join!(self.input(&job), self.result(&job))?;
        Ok((job, input, result))
    }

    /// The job's input.
    pub async fn input(&self, job: &Job) -> Result<String> {
        Ok(self.objects.load_text(&job.input).await?)
    }

    /// The job's result, once it has one.
    pub async fn result(&self, job: &Job) -> Result<Option<String>> {
        match &job.result {
            Some(body) => Ok(Some(self.objects.load_text(body).await?)),
            None => Ok(None),
        }
    }

    /// A page of the owner's jobs, latest first.
    pub async fn list(&self, owner: UserId, page: Page) -> Result<Paged<Job>> {
        let query = Query::partition(owner_partition(owner)).prefix(job_prefix(self.kind)).reverse();
        let wanted = (page.offset + page.limit) as usize;
        let jobs = async {
            let mut items: Vec<JobItem> = Vec::new();
            let mut cursor = None;
            loop {
                let limit = u32::try_from(wanted - items.len()).unwrap_or(u32::MAX);
                let read = self.table.query(query.clone().limit(limit).after(cursor)).await?;
                items.extend(read.items);
                cursor = read.next;
                if items.len() >= wanted || cursor.is_none() {
                    return Ok(items);
                }
            }
        };
        let (counts, items) = tokio::try_join!(counts(&self.table, owner, self.kind), jobs)?;
        let items = items.into_iter().skip(page.offset as usize).map(Job::from).collect();
        Ok(Paged { items, total: counts.listed, page })
    }

    /// Deletes the owner's job. A running one is stopped and its hold released: nothing is charged.
    pub async fn delete(&self, owner: UserId, id: JobId) -> Result<()> {
        // A second round is only needed if the job finishes between the read and the transaction.
        for _ in 0..2 {
            let job = self.get(owner, id).await?;
            let unchanged = if job.status.is_final() {
                Condition::item_exists()
            } else {
                attr("status").one_of([StoredStatus::Pending, StoredStatus::InProgress])
            };
            let mut transaction = Transaction::new();
            let deletion = transaction.add(Delete::new(job_key(owner, self.kind, id)).when(unchanged));
            transaction.add(Update::new(counts_key(owner, self.kind)).add("listed", -1));
            if !job.status.is_final() && job.price.is_positive() {
                ledger::release(owner.into(), id.as_uuid(), job.price).add_to(&mut transaction);
            }
            match self.table.commit(transaction).await {
                Ok(()) => return self.delete_texts(&job).await,
                Err(error) if error.failed(deletion).is_some() => {}
                Err(error) => return Err(error.into()),
            }
        }
        // Deleted by another request in between.
        Err(Error::NotFound(resource(self.kind)))
    }

    /// Deletes the objects of a job: input, result and the outputs of its steps.
    async fn delete_texts(&self, job: &Job) -> Result<()> {
        let log = self.log.read(job.id, 1).await?;
        let steps = log.iter().filter_map(|recorded| match &recorded.event {
            Event::StepCompleted { checkpoint, .. } => Some(&checkpoint.output),
            _ => None,
        });
        for text in steps.chain([&job.input]).chain(&job.result) {
            self.objects.delete_text(text).await?;
        }
        Ok(())
    }
}

/// Makes `job` the successor of `source`, if that is completed and no other job was faster.
fn succession(owner: UserId, source: &Source, job: JobId) -> Update {
    let last = match source.successor {
        Some(last) => attr("successor").equals(last),
        None => attr("successor").missing(),
    };
    Update::new(job_key(owner, source.kind, source.id))
        .set("successor", job)
        .when(attr("status").equals(StoredStatus::Completed).and(last))
}

/// The stored lease is the one that `job` carries. A job that was not claimed carries none and matches nothing.
fn is_leased(job: &Job) -> Condition {
    LEASE.is_held(job.lease).and(attr("status").equals(StoredStatus::InProgress))
}

fn finished(job: &Job, status: StoredStatus, now: Timestamp) -> Update {
    let update = Update::new(job_key(job.owner, job.kind, job.id))
        .set("status", status)
        .set("completed_at", now.as_millisecond())
        .not_due()
        .when(is_leased(job));
    LEASE.release(update)
}

/// Whether a transaction that needs the lease was committed; `job` is the write with that condition.
fn lease_kept(committed: store::Result<()>, job: WriteHandle) -> Result<bool> {
    match committed {
        Ok(()) => Ok(true),
        Err(error) if error.failed(job).is_some() => Ok(false),
        Err(error) => Err(error.into()),
    }
}
