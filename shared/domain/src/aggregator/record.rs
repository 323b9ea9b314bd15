//! What a call used: stored with its ledger entry, sent to the usage worker.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use uuid::Uuid;

use super::ids::{CompanyId, KeyId};
use crate::gateway::Usage;
use crate::kernel::{Amount, Error, Result, Timestamp, from_epoch_millis};

/// The cost of a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Charge {
    pub cost: Amount,
    /// Tokens, as billed.
    pub usage: Usage,
}

/// How a call that is charged ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CallOutcome {
    Completed,
    /// The caller left before the end of the stream.
    Cancelled,
}

/// What a call used. Details of its ledger entry in the table.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct UsageRecord {
    pub provider: String,
    pub model: String,
    #[serde(rename = "prompt")]
    pub prompt_tokens: u64,
    #[serde(rename = "completion")]
    pub completion_tokens: u64,
    /// Prompt tokens that the vendor had in its cache.
    #[serde(rename = "cached")]
    pub cached_tokens: u64,
    /// Completion tokens that the model spent on reasoning.
    #[serde(rename = "reasoning")]
    pub reasoning_tokens: u64,
    /// The vendor reported no usage: tokens are estimated from the texts' lengths.
    pub estimated: bool,
    pub outcome: CallOutcome,
    /// Duration of the call.
    pub millis: u64,
    /// `None` for calls with an access token.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<KeyId>,
}

impl UsageRecord {
    /// Reads the details of a ledger entry. Entries of other operations than calls have none.
    pub(super) fn read(details: Option<Value>) -> Result<Option<Self>> {
        let record = details.map(serde_json::from_value).transpose();
        record.map_err(|error| Error::internal("stored usage record", error))
    }

    pub fn total_tokens(&self) -> u64 {
        self.prompt_tokens + self.completion_tokens
    }
}

/// Message of the usage queue: a call that has ended, to be captured unless it was, and counted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct UsageMessage {
    pub(super) company: CompanyId,
    pub(super) operation: Uuid,
    /// Nano-dollars.
    pub(super) held: i64,
    /// Nano-dollars.
    pub(super) cost: i64,
    #[serde(rename = "details")]
    pub(super) record: UsageRecord,
}

impl UsageMessage {
    /// When the call began: the time in its operation's id.
    pub(super) fn began_at(&self) -> Timestamp {
        let time = self.operation.get_timestamp().map(|time| time.to_unix());
        let millis = time.map(|(seconds, nanos)| seconds.saturating_mul(1000) + u64::from(nanos / 1_000_000));
        from_epoch_millis(millis.and_then(|millis| i64::try_from(millis).ok()).unwrap_or_default())
    }
}
