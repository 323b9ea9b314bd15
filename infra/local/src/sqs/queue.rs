//! Queues and their attributes: names, ranges, defaults and the rules of `CreateQueue` and `SetQueueAttributes`.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::fault::Fault;
use super::message::{invalid, invalid_value};

pub(super) const DELAY_SECONDS: &str = "DelaySeconds";
pub(super) const MAXIMUM_MESSAGE_SIZE: &str = "MaximumMessageSize";
pub(super) const MESSAGE_RETENTION_PERIOD: &str = "MessageRetentionPeriod";
pub(super) const RECEIVE_MESSAGE_WAIT_TIME_SECONDS: &str = "ReceiveMessageWaitTimeSeconds";
pub(super) const VISIBILITY_TIMEOUT: &str = "VisibilityTimeout";
pub(super) const CONTENT_BASED_DEDUPLICATION: &str = "ContentBasedDeduplication";
const FIFO_QUEUE: &str = "FifoQueue";
const REDRIVE_POLICY: &str = "RedrivePolicy";
const DEDUPLICATION_SCOPE: &str = "DeduplicationScope";

/// What values an attribute takes.
enum Kind {
    /// An integer from the first to the second number.
    Number(i64, i64),
    /// `true` or `false`, in any case.
    Flag,
    /// One of these words.
    Word(&'static [&'static str]),
    /// A [`RedrivePolicy`] in JSON; empty removes it.
    Redrive,
    /// Kept but not acted on: the local stack neither encrypts nor authorises. Empty removes it.
    Text,
}

/// An attribute that a caller can set: its name, values and default, and whether only FIFO queues have it.
struct Rule {
    name: &'static str,
    kind: Kind,
    default: Option<&'static str>,
    fifo: bool,
}

const fn rule(name: &'static str, kind: Kind, default: Option<&'static str>) -> Rule {
    Rule { name, kind, default, fifo: false }
}

const fn fifo_rule(name: &'static str, kind: Kind, default: Option<&'static str>) -> Rule {
    Rule { name, kind, default, fifo: true }
}

/// Ranges and defaults as in the service model, `SetQueueAttributes`.
static RULES: [Rule; 15] = [
    rule(DELAY_SECONDS, Kind::Number(0, 900), Some("0")),
    rule(MAXIMUM_MESSAGE_SIZE, Kind::Number(1_024, 1_048_576), Some("1048576")),
    rule(MESSAGE_RETENTION_PERIOD, Kind::Number(60, 1_209_600), Some("345600")),
    rule(RECEIVE_MESSAGE_WAIT_TIME_SECONDS, Kind::Number(0, 20), Some("0")),
    rule(VISIBILITY_TIMEOUT, Kind::Number(0, 43_200), Some("30")),
    rule(REDRIVE_POLICY, Kind::Redrive, None),
    rule("SqsManagedSseEnabled", Kind::Flag, Some("true")),
    rule("KmsMasterKeyId", Kind::Text, None),
    rule("KmsDataKeyReusePeriodSeconds", Kind::Number(60, 86_400), None),
    rule("Policy", Kind::Text, None),
    rule("RedriveAllowPolicy", Kind::Text, None),
    fifo_rule(FIFO_QUEUE, Kind::Flag, None),
    fifo_rule(CONTENT_BASED_DEDUPLICATION, Kind::Flag, Some("false")),
    fifo_rule(DEDUPLICATION_SCOPE, Kind::Word(&["queue", "messageGroup"]), Some("queue")),
    fifo_rule("FifoThroughputLimit", Kind::Word(&["perQueue", "perMessageGroupId"]), Some("perQueue")),
];

/// Attributes that the queue reports but that nobody sets.
pub(super) const READ_ONLY: [&str; 6] = [
    "QueueArn",
    "CreatedTimestamp",
    "LastModifiedTimestamp",
    "ApproximateNumberOfMessages",
    "ApproximateNumberOfMessagesNotVisible",
    "ApproximateNumberOfMessagesDelayed",
];

/// A queue as stored.
#[derive(Debug, Clone)]
pub(super) struct Queue {
    /// Its row, never used again after the queue is deleted.
    pub id: i64,
    pub name: String,
    pub attributes: Attributes,
    /// Milliseconds since 1970, like every time here.
    pub created_at: i64,
    pub modified_at: i64,
    pub purged_at: Option<i64>,
}

impl Queue {
    pub(super) fn is_fifo(&self) -> bool {
        is_fifo(&self.name)
    }
}

/// Whether `name` is that of a FIFO queue: AWS ties the two together.
pub(super) fn is_fifo(name: &str) -> bool {
    name.strip_suffix(".fifo").is_some()
}

/// Whether a queue may have this name.
pub(super) fn check_name(name: &str) -> Result<(), Fault> {
    let stem = name.strip_suffix(".fifo").unwrap_or(name);
    let is_allowed = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
    if name.is_empty() {
        return Err(Fault::MissingParameter("QueueName"));
    }
    if name.len() > 80 || stem.is_empty() || !stem.bytes().all(is_allowed) {
        return Err(invalid("Can only include alphanumeric characters, hyphens, or underscores. 1 to 80 in length"));
    }
    Ok(())
}

/// Attribute values that differ from the defaults, normalised and in range.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub(super) struct Attributes(BTreeMap<String, String>);

impl Attributes {
    /// The attributes of a new queue called `name`.
    pub(super) fn create(name: &str, given: &BTreeMap<String, String>) -> Result<Self, Fault> {
        let asks_for_fifo = given.get(FIFO_QUEUE).is_some_and(|value| value.eq_ignore_ascii_case("true"));
        if asks_for_fifo != is_fifo(name) {
            return Err(invalid(
                "The name of a FIFO queue can only include alphanumeric characters, hyphens, or underscores, must end with .fifo suffix and be 1 to 80 in length",
            ));
        }
        let mut attributes = Self::default();
        attributes.set(is_fifo(name), given)?;
        Ok(attributes)
    }

    /// Sets the `given` attributes and leaves the others.
    pub(super) fn set(&mut self, fifo: bool, given: &BTreeMap<String, String>) -> Result<(), Fault> {
        for (name, value) in given {
            let rule = find(name).filter(|rule| fifo || !rule.fifo);
            let rule = rule.ok_or_else(|| Fault::InvalidAttributeName(name.clone()))?;
            match normalise(rule, value)? {
                Some(value) => self.0.insert(name.clone(), value),
                None => self.0.remove(name),
            };
        }
        Ok(())
    }

    /// The first of the `given` attributes whose value here is not the one in `other`.
    pub(super) fn difference(&self, other: &Self, given: &BTreeMap<String, String>) -> Option<String> {
        given.keys().find(|name| self.get(name) != other.get(name)).cloned()
    }

    /// Every attribute of a queue of that type, defaults included.
    pub(super) fn all(&self, fifo: bool) -> impl Iterator<Item = (&'static str, &str)> {
        let rules = RULES.iter().filter(move |rule| fifo || !rule.fifo);
        rules.filter_map(|rule| Some((rule.name, self.get(rule.name)?)))
    }

    /// Whether some queue has an attribute of that name.
    pub(super) fn is_known(name: &str) -> bool {
        find(name).is_some()
    }

    fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str).or_else(|| find(name)?.default)
    }

    /// The value of an attribute that is a number and has a default.
    pub(super) fn number(&self, name: &str) -> i64 {
        self.get(name).and_then(|value| value.parse().ok()).unwrap_or_default()
    }

    pub(super) fn is_true(&self, name: &str) -> bool {
        self.get(name) == Some("true")
    }

    /// Whether deduplication looks at each message group by itself.
    pub(super) fn deduplicates_by_group(&self) -> bool {
        self.get(DEDUPLICATION_SCOPE) == Some("messageGroup")
    }

    /// Where messages go that were received too often.
    pub(super) fn redrive(&self) -> Option<RedrivePolicy> {
        self.get(REDRIVE_POLICY).and_then(RedrivePolicy::parse)
    }
}

/// When and where a queue gives up on a message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct RedrivePolicy {
    pub dead_letter_target_arn: String,
    /// Receives after which the next one moves the message, 1 to 1,000.
    pub max_receive_count: i64,
}

impl RedrivePolicy {
    /// Reads the policy; templates write the count as a number or as a string.
    fn parse(text: &str) -> Option<Self> {
        let policy: Value = serde_json::from_str(text).ok()?;
        let count = policy.get("maxReceiveCount")?;
        let max_receive_count = count.as_i64().or_else(|| count.as_str()?.parse().ok())?;
        let dead_letter_target_arn = policy.get("deadLetterTargetArn")?.as_str()?.to_owned();
        (1..=1_000).contains(&max_receive_count).then_some(Self { dead_letter_target_arn, max_receive_count })
    }
}

fn find(name: &str) -> Option<&'static Rule> {
    RULES.iter().find(|rule| rule.name == name)
}

/// The value in the one form in which it is compared and reported; `None` removes the attribute.
fn normalise(rule: &Rule, value: &str) -> Result<Option<String>, Fault> {
    let accepted = match &rule.kind {
        Kind::Redrive | Kind::Text if value.is_empty() => return Ok(None),
        Kind::Redrive => {
            let policy = RedrivePolicy::parse(value).ok_or_else(|| {
                let reason = "It must be JSON with deadLetterTargetArn and a maxReceiveCount from 1 to 1000.";
                invalid_value(rule.name, value, reason)
            })?;
            Some(serde_json::to_string(&policy)?)
        }
        Kind::Text => Some(value.to_owned()),
        Kind::Number(low, high) => {
            value.parse::<i64>().ok().filter(|number| (low..=high).contains(&number)).map(|number| number.to_string())
        }
        Kind::Word(words) => words.contains(&value).then(|| value.to_owned()),
        Kind::Flag => match value.to_ascii_lowercase() {
            // A queue never changes its type.
            flag if flag == "true" || flag == "false" && rule.name != FIFO_QUEUE => Some(flag),
            _ => None,
        },
    };
    accepted.map(Some).ok_or_else(|| Fault::InvalidAttributeValue(rule.name.to_owned()))
}
