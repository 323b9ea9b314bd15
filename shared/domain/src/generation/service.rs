//! Starting, claiming, finishing, listing, deleting and sweeping jobs.

use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use store::{Condition, Delete, Index, Objects, Put, Query, Queue, Table, Update, Write, attr};
use uuid::Uuid;

use super::items::{
    CountsItem, JOB_PREFIX, JobItem, OpenJobItem, RequestItem, SHARDS, StoredFailure, StoredStatus, counts_key,
    due_sort_key, input_object, job_key, open_partition, owner_partition, request_key, result_object, shard_partition,
};
use super::model::{Claim, Failure, Job, Mode, NewJob, Outcome, Started, Status, preview};
use super::progress::{Event, Log};
use crate::kernel::{
    Clock, Error, IdSource, JobId, Page, Paged, Resource, Result, Rule, Timestamp, UserId, epoch_seconds,
};
use crate::ledger::{self, Posting};

/// How long a lease lasts unless it is renewed. A dead worker's job waits at most this long, plus the sweeper's period.
const LEASE: Duration = Duration::from_mins(1);

/// How long a sent job may wait in the queue before the sweeper sends it again. A second message does no harm: the lease decides.
const QUEUE_PATIENCE: Duration = Duration::from_mins(2);

/// How many seconds an idempotency key is remembered.
const REQUEST_MEMORY: i64 = 24 * 3600;

/// How often a job is begun before it fails.
pub const MAX_ATTEMPTS: u32 = 3;

/// The message that asks a worker to run a job.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct WorkMessage {
    /// Whose job.
    pub owner: UserId,
    /// Which job.
    pub job: JobId,
}

/// What a sweep did.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Swept {
    /// Jobs sent to the queue again.
    pub requeued: usize,
    /// Jobs that were tried too often and have failed now.
    pub failed: Vec<(UserId, JobId)>,
    /// How often something could not be read, sent or failed. It is still there for the next sweep.
    pub problems: usize,
}

/// The jobs of one product.
#[derive(Clone)]
pub struct Jobs {
    table: Table,
    objects: Objects,
    log: Log,
    clock: Arc<dyn Clock>,
    ids: Arc<dyn IdSource>,
}

/// Answers whose a job is: all that a WebSocket handshake needs to know.
#[derive(Clone)]
pub struct JobReader {
    table: Table,
}

impl JobReader {
    /// Reads the jobs kept in `table`.
    pub fn new(table: Table) -> Self {
        Self { table }
    }

    /// Fails with [`Error::NotFound`] unless `owner` has this job.
    pub async fn check_owner(&self, owner: UserId, job: JobId) -> Result<()> {
        let found: Option<JobItem> = self.table.get(job_key(owner, job)).await?;
        found.map(|_| ()).ok_or(Error::NotFound(Resource::Session))
    }
}

/// How many jobs owners have: all that a profile needs to know of them.
#[derive(Clone)]
pub struct JobCounts {
    table: Table,
}

impl JobCounts {
    /// Counts of the jobs kept in `table`.
    pub fn new(table: Table) -> Self {
        Self { table }
    }

    /// How many jobs the owner has completed, deleted ones included.
    pub async fn completed(&self, owner: UserId) -> Result<u64> {
        Ok(counts(&self.table, owner).await?.completed)
    }
}

async fn counts(table: &Table, owner: UserId) -> Result<CountsItem> {
    Ok(table.get(counts_key(owner)).await?.unwrap_or_default())
}

/// Position of the job in the transactions that start and settle it: the ledger's two writes come first.
const JOB_WRITE: usize = 2;

impl Jobs {
    /// Jobs kept in `table`, with texts that are too large for it in `objects`.
    pub fn new(table: Table, objects: Objects, clock: Arc<dyn Clock>, ids: Arc<dyn IdSource>) -> Self {
        let log = Log::new(table.clone(), objects.clone());
        Self { table, objects, log, clock, ids }
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
    /// Fails with [`Error::InsufficientFunds`] if the balance does not cover the price, and with [`Rule::IdempotencyKeyReused`] if the key
    /// was used for another request.
    pub async fn start(&self, new: NewJob, leased: bool) -> Result<Started> {
        let now = self.clock.now();
        let request = new.idempotency_key.as_deref().map(|key| RequestItem {
            key: request_key(new.owner, key),
            job: new.id,
            fingerprint: fingerprint(&new),
            expires_at: epoch_seconds(now) + REQUEST_MEMORY,
        });
        let account = new.owner.into();
        let posting = Posting { operation: new.id.as_uuid(), amount: new.price, description: new.title.clone() };
        let mut writes = ledger::hold_writes(account, &posting, now)?;
        let (lease, due) = if leased { (Some(self.ids.uuid(now)), now + LEASE) } else { (None, now + QUEUE_PATIENCE) };
        let input = self.objects.store_text(&input_object(new.id), new.input).await?;
        let item = JobItem {
            key: job_key(new.owner, new.id),
            gsi1pk: Some(open_partition(new.id)),
            gsi1sk: Some(due_sort_key(due)),
            job: new.id,
            owner: new.owner,
            subject: new.subject,
            title: new.title,
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
        writes.push(Put::new(&item)?.when(Condition::item_missing()).into());
        writes.push(Update::new(counts_key(new.owner)).add("listed", 1).into());
        let request_write = writes.len();
        if let Some(request) = &request {
            let unused = Condition::item_missing().or(attr("expires_at").less_than(epoch_seconds(now)));
            writes.push(Put::new(request)?.when(unused).into());
        }
        match self.table.transact(writes).await {
            Ok(()) => Ok(Started::New(item.into())),
            Err(error) => {
                // Refused for certain: an input that went to the bucket is not needed. After any other failure the job may exist.
                if matches!(error, store::Error::Cancelled(_)) {
                    self.objects.delete_text(&item.input).await?;
                }
                let before = match error.failed_write(request_write) {
                    Some(failed) => failed.item::<RequestItem>()?,
                    None => None,
                };
                match (before, request) {
                    (Some(before), Some(request)) if before.fingerprint == request.fingerprint => {
                        Ok(Started::Before(self.get(new.owner, before.job).await?))
                    }
                    (Some(_), _) => Err(Error::Conflict(Rule::IdempotencyKeyReused)),
                    (None, _) => Err(ledger::refused(error, ledger::BALANCE_WRITE, new.price)?),
                }
            }
        }
    }

    /// Takes the lease of a job that nobody works on.
    pub async fn claim(&self, owner: UserId, job: JobId) -> Result<Claim> {
        let now = self.clock.now();
        let token = self.ids.uuid(now);
        let free = attr("lease_until").missing().or(attr("lease_until").less_than(now.as_millisecond()));
        let update = Update::new(job_key(owner, job))
            .set("status", StoredStatus::InProgress)
            .set("lease", token)
            .set("lease_until", (now + LEASE).as_millisecond())
            .set("gsi1sk", due_sort_key(now + LEASE))
            .add("attempts", 1)
            .when(attr("status").one_of([StoredStatus::Pending, StoredStatus::InProgress]).and(free));
        let error = match self.table.update::<JobItem>(update).await {
            Ok(item) => return Ok(Claim::Granted(item.into())),
            Err(error) => error,
        };
        let Some(failed) = error.failed_write(0) else { return Err(error.into()) };
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
        let update = Update::new(job_key(job.owner, job.id))
            .set("lease_until", until.as_millisecond())
            .set("gsi1sk", due_sort_key(until))
            .when(is_leased(job));
        lease_kept(self.table.update::<JobItem>(update).await.map(|_| ()))
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
        let update = Update::new(job_key(job.owner, job.id))
            .set("status", StoredStatus::Pending)
            .set("gsi1sk", due_sort_key(due))
            .remove("lease")
            .remove("lease_until")
            .when(is_leased(job));
        lease_kept(self.table.update::<JobItem>(update).await.map(|_| ()))
    }

    /// Stores the result and charges for it, in one transaction. `None` if the caller has lost the job: nothing was stored or charged.
    pub async fn complete(&self, job: &Job, outcome: Outcome) -> Result<Option<Job>> {
        let now = self.clock.now();
        let cost = outcome.cost.min(job.price);
        let preview = preview(&outcome.text);
        let result = self.objects.store_text(&result_object(job.id, lease_token(job)), outcome.text).await?;
        let mut writes = ledger::capture_writes(job.owner.into(), job.id.as_uuid(), job.price, cost);
        let finish = finished(job, StoredStatus::Completed, now)
            .set("result", &result)
            .set("preview", &preview)
            .set("provider", outcome.provider)
            .set("tokens_used", outcome.tokens_used)
            .set("cost", cost.units())
            .set("events", outcome.events);
        writes.push(finish.into());
        writes.push(Update::new(counts_key(job.owner)).add("completed", 1).into());
        if !lease_kept(self.table.transact(writes).await)? {
            self.objects.delete_text(&result).await?;
            return Ok(None);
        }
        Ok(Some(Job {
            status: Status::Completed,
            lease: None,
            completed_at: Some(now),
            result: Some(result),
            preview,
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
        let mut writes = ledger::release_writes(job.owner.into(), job.id.as_uuid(), job.price);
        let finish =
            finished(job, StoredStatus::Failed, now).set("failure", StoredFailure::from(failure)).set("events", events);
        writes.push(finish.into());
        if !lease_kept(self.table.transact(writes).await)? {
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
        self.find(owner, job).await?.ok_or(Error::NotFound(Resource::Session))
    }

    /// The owner's job, unless there is none.
    pub async fn find(&self, owner: UserId, job: JobId) -> Result<Option<Job>> {
        Ok(self.table.get::<JobItem>(job_key(owner, job)).await?.map(Job::from))
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
        let query = Query::partition(owner_partition(owner)).prefix(JOB_PREFIX).reverse();
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
        let (counts, items) = tokio::try_join!(counts(&self.table, owner), jobs)?;
        let items = items.into_iter().skip(page.offset as usize).map(Job::from).collect();
        Ok(Paged { items, total: counts.listed, page })
    }

    /// Deletes the owner's job. One that is still running is stopped and its hold released: nothing is charged for what nobody will see.
    pub async fn delete(&self, owner: UserId, id: JobId) -> Result<()> {
        // A second round is only needed if the job finishes between the read and the transaction.
        for _ in 0..2 {
            let job = self.get(owner, id).await?;
            let mut writes: Vec<Write> = Vec::new();
            if !job.status.is_final() {
                writes.extend(ledger::release_writes(owner.into(), id.as_uuid(), job.price));
            }
            let unchanged = if job.status.is_final() {
                Condition::item_exists()
            } else {
                attr("status").one_of([StoredStatus::Pending, StoredStatus::InProgress])
            };
            let job_write = writes.len();
            writes.push(Delete::new(job_key(owner, id)).when(unchanged).into());
            writes.push(Update::new(counts_key(owner)).add("listed", -1).into());
            match self.table.transact(writes).await {
                Ok(()) => return self.delete_texts(&job).await,
                Err(error) if error.failed_write(job_write).is_some() => {}
                Err(error) => return Err(error.into()),
            }
        }
        // Deleted by somebody else in between.
        Err(Error::NotFound(Resource::Session))
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

    /// Sends the jobs whose due time has passed to `queue` again, and fails those that were tried too often. What cannot be swept does not
    /// keep the rest from being swept: somebody's raits wait there.
    pub async fn sweep(&self, queue: &Queue) -> Swept {
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
                if let Err(error) = self.sweep_one(&overdue, queue, &mut swept).await {
                    tracing::error!(%error, job = ?overdue.names().ok(), "job not swept");
                    swept.problems += 1;
                }
            }
        }
        swept
    }

    async fn sweep_one(&self, overdue: &OpenJobItem, queue: &Queue, swept: &mut Swept) -> Result<()> {
        let (owner, id) = overdue.names()?;
        let Some(job) = self.find(owner, id).await? else { return Ok(()) };
        if job.attempts >= MAX_ATTEMPTS {
            if let Claim::Granted(job) = self.claim(owner, id).await?
                && self.give_up(&job).await?.is_some()
            {
                swept.failed.push((owner, id));
            }
            return Ok(());
        }
        // Only if nobody touched the job since the index was read, so that two sweepers send one message.
        let postpone = Update::new(job_key(owner, id))
            .set("gsi1sk", due_sort_key(self.clock.now() + QUEUE_PATIENCE))
            .when(attr("gsi1sk").equals(&overdue.gsi1sk));
        match self.table.update::<JobItem>(postpone).await {
            Ok(_) => {
                queue.send(&WorkMessage { owner, job: id }).await?;
                swept.requeued += 1;
                Ok(())
            }
            Err(store::Error::ConditionFailed(_)) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }
}

/// Hash of everything that a request asks for.
fn fingerprint(new: &NewJob) -> String {
    let mut hash = Sha256::new();
    let mode = if new.mode == Mode::Quick { "quick" } else { "standard" };
    for part in [new.subject.as_str(), mode, &new.input] {
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part);
    }
    URL_SAFE_NO_PAD.encode(hash.finalize())
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
    Update::new(job_key(job.owner, job.id))
        .set("status", status)
        .set("completed_at", now.as_millisecond())
        .remove("lease")
        .remove("lease_until")
        .remove("gsi1pk")
        .remove("gsi1sk")
        .when(is_leased(job))
}

/// Whether a write that only the lease's holder may do was done.
fn lease_kept(written: store::Result<()>) -> Result<bool> {
    match written {
        Ok(()) => Ok(true),
        Err(store::Error::ConditionFailed(_)) => Ok(false),
        Err(error) if error.failed_write(JOB_WRITE).is_some() => Ok(false),
        Err(store::Error::Contended) => Err(Error::Conflict(Rule::Busy)),
        Err(error) => Err(error.into()),
    }
}
