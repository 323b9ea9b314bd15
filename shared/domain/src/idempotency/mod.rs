//! Requests that may be repeated: the same key with the same content leads to what the first one made.
//!
//! The record of a request is written in the transaction that makes the thing, so either both exist or neither does.

mod items;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};
use store::{Condition, Delete, Put, Write, attr};
use uuid::Uuid;

use crate::kernel::{Error, Result, Rule, Timestamp, epoch_seconds};
use items::{RequestItem, request_key};

/// How many seconds a key is remembered.
const MEMORY: i64 = 24 * 3600;

/// A request with the key that its caller gave it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    scope: String,
    key: String,
    fingerprint: String,
}

impl Request {
    /// A request that asked for `content`, the endpoint's name first, under `key`. Keys of different `scope`s (callers) have nothing to do with
    /// each other.
    pub fn new(scope: impl Into<String>, key: String, content: &[&str]) -> Self {
        Self { scope: scope.into(), key, fingerprint: fingerprint(content) }
    }

    /// The write that remembers what the request `made`. It fails if the key was used within the last day; [`Request::earlier`] then says what
    /// that means.
    pub(crate) fn write(&self, made: Uuid, now: Timestamp) -> Result<Write> {
        let item = RequestItem {
            key: request_key(&self.scope, &self.key),
            made,
            fingerprint: self.fingerprint.clone(),
            expires_at: epoch_seconds(now) + MEMORY,
        };
        // TTL takes its time, so an expired record may still be there.
        let unused = Condition::item_missing().or(attr("expires_at").less_than(epoch_seconds(now)));
        Ok(Put::new(&item)?.when(unused).into())
    }

    /// The write that forgets the request: what it was to make was not made, so it may be tried again.
    pub(crate) fn forget(&self) -> Write {
        Delete::new(request_key(&self.scope, &self.key)).into()
    }

    /// What the same request made before, if [`Request::write`], at position `index` of a transaction, was what failed it.
    ///
    /// Fails with [`Rule::IdempotencyKeyReused`] if the key was used for another request.
    pub(crate) fn earlier(&self, error: &store::Error, index: usize) -> Result<Option<Uuid>> {
        let Some(failed) = error.failed_write(index) else { return Ok(None) };
        match failed.item::<RequestItem>()? {
            Some(before) if before.fingerprint == self.fingerprint => Ok(Some(before.made)),
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
