//! Idempotency keys: a request that is repeated with the same key and content gets what the first one made.
//!
//! The record of a request is written in the transaction that makes the resource, so either both exist or neither does.

mod items;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};
use store::{Condition, Delete, Put, Transaction, WriteHandle, attr};
use uuid::Uuid;

use crate::kernel::{Error, Result, Rule, Timestamp, epoch_seconds};
use items::{RequestItem, request_key};

/// How long a key is kept, in seconds.
const KEY_TTL: i64 = 24 * 3600;

/// A request with the key that its caller gave it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    scope: String,
    key: String,
    fingerprint: String,
}

impl Request {
    /// A request for `content`, the endpoint's name first, under `key`. Keys are unique per `scope` (the caller).
    pub fn new(scope: impl Into<String>, key: String, content: &[&str]) -> Self {
        Self { scope: scope.into(), key, fingerprint: fingerprint(content) }
    }

    /// Deletes the record of a request whose resource was not made after all, so that it may be tried again.
    pub(crate) fn forget(&self) -> Delete {
        Delete::new(request_key(&self.scope, &self.key))
    }

    fn put(&self, made: Uuid, now: Timestamp) -> Result<Put> {
        let item = RequestItem {
            key: request_key(&self.scope, &self.key),
            made,
            fingerprint: self.fingerprint.clone(),
            expires_at: epoch_seconds(now) + KEY_TTL,
        };
        // TTL takes its time, so an expired record may still be there.
        let unused = Condition::item_missing().or(attr("expires_at").less_than(epoch_seconds(now)));
        Ok(Put::new(&item)?.when(unused))
    }
}

/// The record of a request in a transaction; of no request, if its caller gave no key.
#[derive(Debug, Clone, Copy)]
pub(crate) struct RequestRecord<'a>(Option<(&'a Request, WriteHandle)>);

/// Records in `transaction` what `request` `made`. The transaction fails if the key was used within the last day;
/// [`RequestRecord::replay_of`] then says what that means.
pub(crate) fn record<'a>(
    transaction: &mut Transaction,
    request: Option<&'a Request>,
    made: Uuid,
    now: Timestamp,
) -> Result<RequestRecord<'a>> {
    let Some(request) = request else { return Ok(RequestRecord(None)) };
    let write = transaction.add(request.put(made, now)?);
    Ok(RequestRecord(Some((request, write))))
}

impl RequestRecord<'_> {
    /// What the same request made before, if this record was what failed the transaction.
    ///
    /// Fails with [`Rule::IdempotencyKeyReused`] if the key was used for another request.
    pub(crate) fn replay_of(self, error: &store::Error) -> Result<Option<Uuid>> {
        let Some((request, write)) = self.0 else { return Ok(None) };
        let Some(failed) = error.failed(write) else { return Ok(None) };
        match failed.item::<RequestItem>()? {
            Some(before) if before.fingerprint == request.fingerprint => Ok(Some(before.made)),
            Some(_) => Err(Error::Conflict(Rule::IdempotencyKeyReused)),
            None => Ok(None),
        }
    }
}

/// Hash of everything that a request asks for. Lengths keep neighbours apart.
fn fingerprint(content: &[&str]) -> String {
    let mut hash = Sha256::new();
    for part in content {
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part);
    }
    URL_SAFE_NO_PAD.encode(hash.finalize())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn other_content_has_another_fingerprint() {
        let of = |content: &[&str]| Request::new("user", "key".to_owned(), content).fingerprint;
        assert_eq!(of(&["a", "b"]), of(&["a", "b"]));
        for other in [&["a", "c"][..], &["ab", ""], &["a"], &["", "ab"], &["b", "a"]] {
            assert_ne!(of(&["a", "b"]), of(other), "{other:?}");
        }
    }
}
