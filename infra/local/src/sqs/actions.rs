//! The actions other than `ReceiveMessage`, each a function of one transaction.

use std::collections::{BTreeMap, BTreeSet};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::fault::{Fault, MAX_BATCH, MAX_MESSAGE_BYTES};
use super::message::{Outgoing, Sent, invalid, invalid_value};
use super::queue::{Attributes, Queue, READ_ONLY, check_name};
use super::store::Tx;

/// Most queue names in one answer of `ListQueues`.
const MAX_QUEUES: usize = 1_000;

/// Reads a request.
pub(super) fn parse<T: DeserializeOwned>(request: Value) -> Result<T, Fault> {
    serde_json::from_value(request).map_err(|cause| Fault::Serialization(cause.to_string()))
}

/// An action that exists for one message and for a batch: the parameters beside `QueueUrl` are those of a batch entry
/// beside `Id`.
pub(super) trait Action: DeserializeOwned {
    /// What the answer says about one message.
    type Done: Serialize;

    /// Refuses a whole batch for what its entries are together.
    fn check_batch(_queue: &Queue, _entries: &[Entry<Self>]) -> Result<(), Fault> {
        Ok(())
    }

    fn apply(self, tx: &Tx, queue: &Queue) -> Result<Self::Done, Fault>;
}

/// Nothing to say beyond success.
#[derive(Debug, Serialize)]
pub(super) struct Nothing {}

impl Action for Outgoing {
    type Done = Sent;

    fn check_batch(queue: &Queue, entries: &[Entry<Self>]) -> Result<(), Fault> {
        let size = entries.iter().map(|entry| entry.action.size()).sum();
        if size > MAX_MESSAGE_BYTES {
            return Err(Fault::BatchRequestTooLong(size));
        }
        // AWS refuses these two omissions for the batch, and other faults of an entry for the entry.
        for Entry { action, .. } in entries.iter().filter(|_| queue.is_fifo()) {
            action.deduplication_id(queue)?;
            if action.message_group_id.is_none() {
                return Err(invalid("The request must contain the parameter MessageGroupId."));
            }
        }
        Ok(())
    }

    fn apply(self, tx: &Tx, queue: &Queue) -> Result<Sent, Fault> {
        tx.send(queue, &self)
    }
}

/// `DeleteMessage`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Deletion {
    receipt_handle: Option<String>,
}

impl Action for Deletion {
    type Done = Nothing;

    fn apply(self, tx: &Tx, queue: &Queue) -> Result<Nothing, Fault> {
        let handle = self.receipt_handle.ok_or(Fault::MissingParameter("ReceiptHandle"))?;
        tx.delete(queue, &handle).map(|()| Nothing {})
    }
}

/// `ChangeMessageVisibility`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Visibility {
    receipt_handle: Option<String>,
    visibility_timeout: Option<i64>,
}

impl Action for Visibility {
    type Done = Nothing;

    fn apply(self, tx: &Tx, queue: &Queue) -> Result<Nothing, Fault> {
        let handle = self.receipt_handle.ok_or(Fault::MissingParameter("ReceiptHandle"))?;
        let seconds = self.visibility_timeout.ok_or(Fault::MissingParameter("VisibilityTimeout"))?;
        tx.change_visibility(queue, &handle, seconds).map(|()| Nothing {})
    }
}

/// One entry of a batch.
#[derive(Debug, Deserialize)]
pub(super) struct Entry<T> {
    #[serde(rename = "Id", default)]
    id: String,
    #[serde(flatten)]
    action: T,
}

/// Does `T` for one message of `queue`.
pub(super) fn one<T: Action>(tx: &Tx, queue: &str, request: Value) -> Result<Value, Fault> {
    let action: T = parse(request)?;
    Ok(serde_json::to_value(action.apply(tx, &tx.queue(queue)?)?)?)
}

/// Does `T` for each entry. A refused entry is reported and does not hinder the others; a failing store undoes them
/// all.
pub(super) fn batch<T: Action>(tx: &Tx, queue: &str, request: Value) -> Result<Value, Fault> {
    #[derive(Deserialize)]
    struct Batch<T> {
        #[serde(rename = "Entries", default = "Vec::new")]
        entries: Vec<Entry<T>>,
    }

    let queue = tx.queue(queue)?;
    let Batch { entries } = parse::<Batch<T>>(request)?;
    check_entries(&entries)?;
    T::check_batch(&queue, &entries)?;
    let (mut successful, mut failed) = (Vec::new(), Vec::new());
    for Entry { id, action } in entries {
        match action.apply(tx, &queue) {
            Ok(done) => {
                let mut done = serde_json::to_value(done)?;
                if let Some(done) = done.as_object_mut() {
                    done.insert("Id".to_owned(), id.into());
                }
                successful.push(done);
            }
            Err(fault @ Fault::Internal(_)) => return Err(fault),
            Err(fault) => failed.push(json!({
                "Id": id, "Code": fault.code(), "Message": fault.to_string(), "SenderFault": true
            })),
        }
    }
    Ok(json!({ "Successful": successful, "Failed": failed }))
}

fn check_entries<T>(entries: &[Entry<T>]) -> Result<(), Fault> {
    if entries.is_empty() {
        return Err(Fault::EmptyBatchRequest);
    }
    if entries.len() > MAX_BATCH {
        return Err(Fault::TooManyEntriesInBatchRequest(entries.len()));
    }
    let is_allowed = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
    if entries.iter().any(|Entry { id, .. }| !(1..=80).contains(&id.len()) || !id.bytes().all(is_allowed)) {
        return Err(Fault::InvalidBatchEntryId);
    }
    let mut seen = BTreeSet::new();
    match entries.iter().find(|entry| !seen.insert(&entry.id)) {
        Some(repeated) => Err(Fault::BatchEntryIdsNotDistinct(repeated.id.clone())),
        None => Ok(()),
    }
}

/// Names and values of queue attributes.
type Given = BTreeMap<String, String>;

/// Creates a queue, unless it exists with the same values for the `given` attributes.
fn create_queue(tx: &Tx, name: &str, given: &Given) -> Result<(), Fault> {
    check_name(name)?;
    let attributes = Attributes::create(name, given)?;
    let Some(existing) = tx.find_queue(name)? else { return tx.create_queue(name, &attributes) };
    match existing.attributes.difference(&attributes, given) {
        Some(attribute) => Err(Fault::QueueNameExists(attribute)),
        None => Ok(()),
    }
}

/// Creates a queue or gives the existing one exactly the `given` attributes.
pub(super) fn put_queue(tx: &Tx, name: &str, given: &Given) -> Result<(), Fault> {
    check_name(name)?;
    let attributes = Attributes::create(name, given)?;
    match tx.find_queue(name)? {
        Some(queue) => tx.set_attributes(&queue, &attributes),
        None => tx.create_queue(name, &attributes),
    }
}

/// Sets the `given` attributes of a queue.
fn set_attributes(tx: &Tx, name: &str, given: &Given) -> Result<(), Fault> {
    let queue = tx.queue(name)?;
    let mut attributes = queue.attributes.clone();
    attributes.set(queue.is_fifo(), given)?;
    tx.set_attributes(&queue, &attributes)
}

/// Queue parameters of the actions below.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct QueueRequest {
    queue_name: String,
    queue_name_prefix: String,
    attributes: Given,
    attribute_names: Vec<String>,
    max_results: Option<i64>,
    next_token: Option<String>,
}

/// The actions on queues. `queue` is the name in the request's URL, which not all of them have.
pub(super) fn administer(tx: &Tx, action: &str, queue: Result<String, Fault>, request: Value) -> Result<Value, Fault> {
    let request: QueueRequest = parse(request)?;
    match action {
        "CreateQueue" => {
            create_queue(tx, &request.queue_name, &request.attributes)?;
            Ok(json!({ "QueueUrl": tx.config.url(&request.queue_name) }))
        }
        "GetQueueUrl" => {
            let queue = tx.queue(&request.queue_name)?;
            Ok(json!({ "QueueUrl": tx.config.url(&queue.name) }))
        }
        "ListQueues" => list_queues(tx, &request),
        "GetQueueAttributes" => get_attributes(tx, &tx.queue(&queue?)?, &request.attribute_names),
        "SetQueueAttributes" => set_attributes(tx, &queue?, &request.attributes).map(|()| json!({})),
        "PurgeQueue" => tx.purge(&tx.queue(&queue?)?).map(|()| json!({})),
        "DeleteQueue" => tx.delete_queue(&tx.queue(&queue?)?).map(|()| json!({})),
        _ => Err(Fault::InvalidAction(action.to_owned())),
    }
}

fn list_queues(tx: &Tx, request: &QueueRequest) -> Result<Value, Fault> {
    let limit = match request.max_results {
        None => MAX_QUEUES,
        Some(limit) => usize::try_from(limit)
            .ok()
            .filter(|limit| (1..=MAX_QUEUES).contains(limit))
            .ok_or_else(|| invalid_value("MaxResults", limit, "MaxResults must be an integer between 1 and 1000."))?,
    };
    let after = match &request.next_token {
        None => String::new(),
        Some(token) => URL_SAFE_NO_PAD
            .decode(token)
            .ok()
            .and_then(|bytes| String::from_utf8(bytes).ok())
            .ok_or_else(|| invalid("Invalid or expired next token."))?,
    };
    // One more than asked for tells whether there is a next page, which AWS only offers to callers that set a limit.
    let mut names = tx.queue_names(&request.queue_name_prefix, &after, Some(limit + 1))?;
    let has_more = names.len() > limit;
    names.truncate(limit);
    let next_token =
        names.last().filter(|_| has_more && request.max_results.is_some()).map(|last| URL_SAFE_NO_PAD.encode(last));
    let mut answer = Map::new();
    // Both members are absent rather than empty.
    if !names.is_empty() {
        let urls: Vec<String> = names.iter().map(|name| tx.config.url(name)).collect();
        answer.insert("QueueUrls".to_owned(), urls.into());
    }
    if let Some(token) = next_token {
        answer.insert("NextToken".to_owned(), token.into());
    }
    Ok(answer.into())
}

fn get_attributes(tx: &Tx, queue: &Queue, names: &[String]) -> Result<Value, Fault> {
    let counts = tx.counts(queue)?;
    let read_only = [
        tx.config.arn(&queue.name),
        (queue.created_at / 1_000).to_string(),
        (queue.modified_at / 1_000).to_string(),
        counts.visible.to_string(),
        counts.in_flight.to_string(),
        counts.delayed.to_string(),
    ];
    let all: BTreeMap<&str, String> = READ_ONLY
        .into_iter()
        .zip(read_only)
        .chain(queue.attributes.all(queue.is_fifo()).map(|(name, value)| (name, value.to_owned())))
        .collect();
    let mut answer = Map::new();
    for name in names {
        match name.as_str() {
            "All" => answer.extend(all.iter().map(|(&name, value)| (name.to_owned(), value.as_str().into()))),
            name => match all.get(name) {
                Some(value) => drop(answer.insert(name.to_owned(), value.as_str().into())),
                None if Attributes::is_known(name) => {}
                None => return Err(Fault::InvalidAttributeName(name.to_owned())),
            },
        }
    }
    Ok(if answer.is_empty() { json!({}) } else { json!({ "Attributes": answer }) })
}
