//! Starting, claiming, finishing, listing, deleting and sweeping jobs.

use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use store::{Condition, Delete, Index, Objects, Put, Query, Queue, Table, Transaction, Update, WriteHandle, attr};
use uuid::Uuid;

use super::items::{
    CountsItem, JobItem, OpenJobItem, SHARDS, StoredFailure, StoredStatus, counts_key, due_sort_key, input_object,
    job_key, job_prefix, open_partition, owner_partition, result_object, shard_partition,
};
use super::model::{Claim, Failure, Job, NewJob, Outcome, Source, Started, Status};
use super::progress::{Event, Log};
use crate::idempotency;
use crate::kernel::telemetry::{self, Metric};
use crate::kernel::{Clock, Error, IdSource, JobId, JobKind, Page, Paged, Resource, Result, Rule, Timestamp, UserId};
use crate::ledger::{self, Posting};

/// How long a lease lasts unless it is renewed. A dead worker's job waits at most this long, plus the sweeper's period.
const LEASE: Duration = Duration::from_mins(1);

/// How long a sent job may wait in the queue before the sweeper sends it again. A second message does no harm: the lease decides.
const QUEUE_PATIENCE: Duration = Duration::from_mins(2);

/// How often a job is begun before it fails.
pub const MAX_ATTEMPTS: u32 = 3;

/// The message that asks a worker to run a job.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct WorkMessage {
    /// Whose job.
    pub owner: UserId,
    /// Of which kind.
    #[serde(default)]
    pub kind: JobKind,
    /// Which job.
    pub job: JobId,
}

/// What a sweep did.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Swept {
    /// Jobs sent to the queue again.
    pub requeued: usize,
    /// Jobs that were tried too often and have failed now.
    pub failed: Vec<WorkMessage>,
    /// How often something could not be read, sent or failed. It is still there for the next sweep.
    pub problems: usize,
}

/// The jobs of one kind of one product.
#[derive(Clone)]
pub struct Jobs {
    kind: JobKind,
    table: Table,
    objects: Objects,
    log: Log,
    clock: Arc<dyn Clock>,
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

/// How many texts owners have: all that a profile needs to know of them.
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

/// What a missing job of this kind is called.
fn resource(kind: JobKind) -> Resource {
    match kind {
        JobKind::Text => Resource::Session,
        JobKind::Image | JobKind::Upscale => Resource::Image,
    }
}

impl Jobs {
    /// Jobs that make texts, kept in `table`, with texts that are too large for it in `objects`.
    pub fn new(table: Table, objects: Objects, clock: Arc<dyn Clock>, ids: Arc<dyn IdSource>) -> Self {
        let log = Log::new(table.clone(), objects.clone());
        Self { kind: JobKind::Text, table, objects, log, clock, ids }
    }

    /// The jobs of another kind.
    #[must_use]
    pub fn of(&self, kind: JobKind) -> Self {
        Self { kind, ..self.clone() }
    }

    /// What these jobs make.
    pub fn kind(&self) -> JobKind {
        self.kind
    }

    /// The message that asks for one of these jobs to be worked on.
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

    /// Holds the price and writes the job, in one transaction. The caller gets the lease if it wants to work on the job itself, and must send a
    /// [`WorkMessage`] otherwise.
    ///
    /// Fails with [`Error::InsufficientFunds`] if the balance does not cover the price, with [`Rule::IdempotencyKeyReused`] if the key was used
    /// for another request, and with [`Rule::InProgress`] if another job went on from the same source meanwhile.
    pub async fn start(&self, new: NewJob, leased: bool) -> Result<Started> {
        let now = self.clock.now();
        let account = new.owner.into();
        let (lease, due) = if leased { (Some(self.ids.uuid(now)), now + LEASE) } else { (None, now + QUEUE_PATIENCE) };
        let input = self.objects.store_text(&input_object(new.id), new.input).await?;
        let item = JobItem {
            key: job_key(new.owner, self.kind, new.id),
            gsi1pk: Some(open_partition(new.id)),
            gsi1sk: Some(due_sort_key(due)),
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
        // Refused for certain: an input that went to the bucket is not needed. After any other failure the job may exist.
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

    /// Takes the lease of a job that nobody works on.
    pub async fn claim(&self, owner: UserId, job: JobId) -> Result<Claim> {
        let now = self.clock.now();
        let token = self.ids.uuid(now);
        let free = attr("lease_until").missing().or(attr("lease_until").less_than(now.as_millisecond()));
        let update = Update::new(job_key(owner, self.kind, job))
            .set("status", StoredStatus::InProgress)
            .set("lease", token)
            .set("lease_until", (now + LEASE).as_millisecond())
            .set("gsi1sk", due_sort_key(now + LEASE))
            .add("attempts", 1)
            .when(attr("status").one_of([StoredStatus::Pending, StoredStatus::InProgress]).and(free));
        let failed = match self.table.update::<JobItem>(update).await {
            Ok(item) => return Ok(Claim::Granted(item.into())),
            Err(store::Error::ConditionFailed(failed)) => failed,
            Err(error) => return Err(error.into()),
        };
        Ok(match failed.item::<JobItem>()?.map(Job::from) {
            None => Claim::Gone,
            Some(job) if job.status.is_final() => Claim::Finished(job),
            // The SDK repeats a write whose answer got lost: the lease may be ours already.
            Some(job) if job.lease == Some(token) => Claim::Granted(job),
            Some(_) => Claim::Busy,
        })
    }

    /// Prolongs the lease of `job`. Returns whether the caller still has it.
    pub async fn renew(&self, job: &Job) -> Result<bool> {
        let until = self.clock.now() + LEASE;
        let update = Update::new(job_key(job.owner, job.kind, job.id))
            .set("lease_until", until.as_millisecond())
            .set("gsi1sk", due_sort_key(until))
            .when(is_leased(job));
        self.update_leased(update).await
    }

    /// Gives the lease up so that a worker can take the job from the queue, where the caller will put it. Returns whether the caller still
    /// had it.
    pub async fn hand_over(&self, job: &Job) -> Result<bool> {
        self.free(job, self.clock.now() + QUEUE_PATIENCE).await
    }

    /// Gives the lease up so that the next sweep sends the job to the queue. Returns whether the caller still had it.
    pub async fn give_back(&self, job: &Job) -> Result<bool> {
        self.free(job, self.clock.now()).await
    }

    async fn free(&self, job: &Job, due: Timestamp) -> Result<bool> {
        let update = Update::new(job_key(job.owner, job.kind, job.id))
            .set("status", StoredStatus::Pending)
            .set("gsi1sk", due_sort_key(due))
            .remove("lease")
            .remove("lease_until")
            .when(is_leased(job));
        self.update_leased(update).await
    }

    /// Does an update that only the lease's holder may do. Returns whether it was done.
    async fn update_leased(&self, update: Update) -> Result<bool> {
        match self.table.update::<JobItem>(update).await {
            Ok(_) => Ok(true),
            Err(store::Error::ConditionFailed(_)) => Ok(false),
            Err(error) => Err(error.into()),
        }
    }

    /// Stores the result and charges for it, in one transaction. `None` if the caller has lost the job: nothing was stored or charged.
    pub async fn complete(&self, job: &Job, outcome: Outcome) -> Result<Option<Job>> {
        let now = self.clock.now();
        let cost = outcome.cost.min(job.price);
        let result = self.objects.store_text(&result_object(job.id, lease_token(job)), outcome.text).await?;
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
        telemetry::note(Metric::Charged, cost.units().unsigned_abs());
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

    /// Records that the job failed after `events` events and releases its hold, in one transaction. `None` if the caller has lost the job.
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

    /// Fails a claimed job that was begun too often, or fails to be begun. `None` if the caller has lost the job.
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

    /// Deletes the owner's job. One that is still running is stopped and its hold released: nothing is charged for what nobody will see.
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
        // Deleted by somebody else in between.
        Err(Error::NotFound(resource(self.kind)))
    }

    /// Removes the objects behind a job's texts: input, result, and what its steps wrote.
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

    /// Sends the jobs of all kinds whose due time has passed to their `queue` again, and fails those that were tried too often. What cannot be
    /// swept does not keep the rest from being swept: somebody's raits wait there.
    pub async fn sweep(&self, queue: impl Fn(JobKind) -> Queue) -> Swept {
        let mut swept = Swept::default();
        for shard in 0..SHARDS {
            let due = Query::index(Index::Gsi1, shard_partition(shard)).at_most(due_sort_key(self.clock.now()));
            let open: Vec<OpenJobItem> = match self.table.query_all(due).await {
                Ok(open) => open,
                Err(error) => {
                    tracing::error!(%error, shard, "open jobs not read");
                    swept.problems += 1;
                    continue;
                }
            };
            for overdue in open {
                if let Err(error) = self.sweep_one(&overdue, &queue, &mut swept).await {
                    tracing::error!(%error, job = ?overdue.names().ok(), "job not swept");
                    swept.problems += 1;
                }
            }
        }
        swept
    }

    async fn sweep_one(
        &self,
        overdue: &OpenJobItem,
        queue: &impl Fn(JobKind) -> Queue,
        swept: &mut Swept,
    ) -> Result<()> {
        let (owner, kind, id) = overdue.names()?;
        let jobs = self.of(kind);
        let message = jobs.message(owner, id);
        let Some(job) = jobs.find(owner, id).await? else { return Ok(()) };
        if job.attempts >= MAX_ATTEMPTS {
            if let Claim::Granted(job) = jobs.claim(owner, id).await?
                && jobs.give_up(&job).await?.is_some()
            {
                swept.failed.push(message);
            }
            return Ok(());
        }
        // Only if nobody touched the job since the index was read, so that two sweepers send one message.
        let postpone = Update::new(job_key(owner, kind, id))
            .set("gsi1sk", due_sort_key(self.clock.now() + QUEUE_PATIENCE))
            .when(attr("gsi1sk").equals(&overdue.gsi1sk));
        match self.table.update::<JobItem>(postpone).await {
            Ok(_) => {
                queue(kind).send(&message).await?;
                swept.requeued += 1;
                Ok(())
            }
            Err(store::Error::ConditionFailed(_)) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }
}

/// Makes `job` the last that went on from `source`, if it is completed and nobody else was faster.
fn succession(owner: UserId, source: &Source, job: JobId) -> Update {
    let last = match source.successor {
        Some(last) => attr("successor").equals(last),
        None => attr("successor").missing(),
    };
    Update::new(job_key(owner, source.kind, source.id))
        .set("successor", job)
        .when(attr("status").equals(StoredStatus::Completed).and(last))
}

/// The lease that `job` was granted with. A nil one matches no stored lease: a job that was not claimed cannot be finished.
fn lease_token(job: &Job) -> Uuid {
    job.lease.unwrap_or(Uuid::nil())
}

/// The job is being worked on by whoever holds this lease.
fn is_leased(job: &Job) -> Condition {
    attr("lease").equals(lease_token(job)).and(attr("status").equals(StoredStatus::InProgress))
}

fn finished(job: &Job, status: StoredStatus, now: Timestamp) -> Update {
    Update::new(job_key(job.owner, job.kind, job.id))
        .set("status", status)
        .set("completed_at", now.as_millisecond())
        .remove("lease")
        .remove("lease_until")
        .remove("gsi1pk")
        .remove("gsi1sk")
        .when(is_leased(job))
}

/// Whether a transaction that only the lease's holder may do was done; `job` is the write that says so.
fn lease_kept(committed: store::Result<()>, job: WriteHandle) -> Result<bool> {
    match committed {
        Ok(()) => Ok(true),
        Err(error) if error.failed(job).is_some() => Ok(false),
        Err(error) => Err(error.into()),
    }
}
