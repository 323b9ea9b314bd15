//! Messages: what a producer sends, the rules it must meet, and what a consumer receives.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD as BASE64, URL_SAFE_NO_PAD};
use md5::{Digest as _, Md5};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use sha2::Sha256;

use super::fault::Fault;
use super::queue::{CONTENT_BASED_DEDUPLICATION, MAXIMUM_MESSAGE_SIZE, Queue};

/// Most message attributes on one message.
const MAX_ATTRIBUTES: usize = 10;
/// The one system attribute that a producer may set.
pub(super) const TRACE_HEADER: &str = "AWSTraceHeader";

/// A typed attribute that travels beside the body.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct AttributeValue {
    /// `String`, `Number` or `Binary`, optionally with a custom label as in `Number.cents`.
    #[serde(default)]
    pub data_type: String,
    /// The value of a `String` or `Number`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub string_value: Option<String>,
    /// The value of a `Binary`, in base64.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub binary_value: Option<String>,
}

impl AttributeValue {
    fn is_binary(&self) -> bool {
        self.data_type.starts_with("Binary")
    }

    /// The raw value; empty when it is absent or not base64, both of which [`check_attribute`] refuses.
    fn bytes(&self) -> Vec<u8> {
        match (&self.string_value, &self.binary_value) {
            (_, Some(encoded)) if self.is_binary() => BASE64.decode(encoded).unwrap_or_default(),
            (Some(text), _) if !self.is_binary() => text.clone().into_bytes(),
            _ => Vec::new(),
        }
    }
}

/// A message as its consumer gets it, in the wire shape of `ReceiveMessage`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Message {
    /// The id that the producer was told.
    pub message_id: String,
    /// Names this receive of the message; needed to delete it or to change its visibility.
    pub receipt_handle: String,
    /// MD5 of the body, in hex.
    #[serde(rename = "MD5OfBody")]
    pub md5_of_body: String,
    /// The body as sent.
    pub body: String,
    /// System attributes, such as `ApproximateReceiveCount` and `SentTimestamp` (milliseconds since 1970).
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub attributes: BTreeMap<String, String>,
    /// MD5 over `message_attributes`, in hex; absent without any.
    #[serde(rename = "MD5OfMessageAttributes", skip_serializing_if = "Option::is_none")]
    pub md5_of_message_attributes: Option<String>,
    /// The producer's attributes.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub message_attributes: BTreeMap<String, AttributeValue>,
}

impl Message {
    /// The record that Lambda's event source mapping hands to a function for this message of the queue `arn` in
    /// `region`.
    ///
    /// Source: developer guide of Lambda, "Using Lambda with Amazon SQS", standard queue message event.
    pub fn event_record(&self, arn: &str, region: &str) -> Value {
        let message_attributes: BTreeMap<_, _> = self
            .message_attributes
            .iter()
            .map(|(name, value)| {
                let mut record = json!({ "dataType": value.data_type, "stringListValues": [], "binaryListValues": [] });
                for (field, value) in [("stringValue", &value.string_value), ("binaryValue", &value.binary_value)] {
                    if let (Some(record), Some(value)) = (record.as_object_mut(), value) {
                        record.insert(field.to_owned(), value.as_str().into());
                    }
                }
                (name, record)
            })
            .collect();
        let mut record = json!({
            "messageId": self.message_id,
            "receiptHandle": self.receipt_handle,
            "body": self.body,
            "attributes": self.attributes,
            "messageAttributes": message_attributes,
            "md5OfBody": self.md5_of_body,
            "eventSource": "aws:sqs",
            "eventSourceARN": arn,
            "awsRegion": region,
        });
        if let (Some(record), Some(digest)) = (record.as_object_mut(), &self.md5_of_message_attributes) {
            record.insert("md5OfMessageAttributes".to_owned(), digest.as_str().into());
        }
        record
    }

    /// Drops what the consumer did not ask for. `system` and `user` are attribute names, `All`, or for user attributes
    /// also `.*` and `prefix.*`.
    pub(super) fn keep(&mut self, system: &[String], user: &[String]) {
        let wants = |wanted: &[String], name: &str| wanted.iter().any(|want| want == "All" || want == name);
        self.attributes.retain(|name, _| wants(system, name));
        self.message_attributes.retain(|name, _| {
            wants(user, name)
                || user.iter().any(|want| want.strip_suffix(".*").is_some_and(|prefix| name.starts_with(prefix)))
        });
        self.md5_of_message_attributes = md5_of_attributes(&self.message_attributes);
    }
}

/// A message to send: the parameters of `SendMessage`, which are also those of an entry of `SendMessageBatch`.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub(super) struct Outgoing {
    pub message_body: String,
    pub delay_seconds: Option<i64>,
    pub message_attributes: BTreeMap<String, AttributeValue>,
    pub message_system_attributes: BTreeMap<String, AttributeValue>,
    pub message_group_id: Option<String>,
    pub message_deduplication_id: Option<String>,
}

impl Outgoing {
    /// The size that the limits count: body, and names, types and raw values of the message attributes. Bytes.
    pub(super) fn size(&self) -> usize {
        let attributes = &self.message_attributes;
        self.message_body.len()
            + attributes.iter().map(|(name, it)| name.len() + it.data_type.len() + it.bytes().len()).sum::<usize>()
    }

    /// Whether `queue` takes this message.
    pub(super) fn check(&self, queue: &Queue) -> Result<(), Fault> {
        if self.message_body.is_empty() {
            return Err(Fault::MissingParameter("MessageBody"));
        }
        if !self.message_body.chars().all(is_allowed) {
            return Err(Fault::InvalidMessageContents);
        }
        if self.message_attributes.len() > MAX_ATTRIBUTES {
            let sent = self.message_attributes.len();
            return Err(invalid(format!(
                "Number of message attributes [{sent}] exceeds the allowed maximum [{MAX_ATTRIBUTES}]."
            )));
        }
        self.message_attributes.iter().try_for_each(|(name, value)| check_attribute(name, value))?;
        let limit = queue.attributes.number(MAXIMUM_MESSAGE_SIZE);
        if i64::try_from(self.size()).is_ok_and(|size| size > limit) {
            return Err(invalid(format!(
                "One or more parameters are invalid. Reason: Message must be shorter than {limit} bytes."
            )));
        }
        check_token("MessageGroupId", self.message_group_id.as_deref())?;
        check_token("MessageDeduplicationId", self.message_deduplication_id.as_deref())?;
        if queue.is_fifo() { self.check_fifo(queue) } else { self.check_standard() }
    }

    fn check_standard(&self) -> Result<(), Fault> {
        if let Some(id) = &self.message_deduplication_id {
            return Err(wrong_queue_type("MessageDeduplicationId", id));
        }
        match self.delay_seconds {
            Some(delay) if !(0..=900).contains(&delay) => {
                Err(invalid_value("DelaySeconds", delay, "DelaySeconds must be >= 0 and <= 900."))
            }
            _ => Ok(()),
        }
    }

    fn check_fifo(&self, queue: &Queue) -> Result<(), Fault> {
        // Zero is accepted and means nothing: the queue's own delay applies.
        if let Some(delay) = self.delay_seconds.filter(|&delay| delay != 0) {
            return Err(wrong_queue_type("DelaySeconds", &delay.to_string()));
        }
        if self.message_group_id.is_none() {
            return Err(Fault::MissingParameter("MessageGroupId"));
        }
        self.deduplication_id(queue).map(drop)
    }

    /// What makes this message a duplicate of another in a FIFO queue.
    pub(super) fn deduplication_id(&self, queue: &Queue) -> Result<String, Fault> {
        match &self.message_deduplication_id {
            Some(id) => Ok(id.clone()),
            None if queue.attributes.is_true(CONTENT_BASED_DEDUPLICATION) => {
                Ok(hex(&Sha256::digest(&self.message_body)))
            }
            None => Err(invalid(
                "The queue should either have ContentBasedDeduplication enabled or MessageDeduplicationId provided explicitly",
            )),
        }
    }
}

/// The answer to one sent message.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Sent {
    pub message_id: String,
    #[serde(rename = "MD5OfMessageBody")]
    pub md5_of_message_body: String,
    #[serde(rename = "MD5OfMessageAttributes", skip_serializing_if = "Option::is_none")]
    pub md5_of_message_attributes: Option<String>,
    #[serde(rename = "MD5OfMessageSystemAttributes", skip_serializing_if = "Option::is_none")]
    pub md5_of_message_system_attributes: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sequence_number: Option<String>,
}

/// One receive of one message. Its text form is opaque to consumers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Receipt {
    /// Row of the queue.
    pub queue: i64,
    /// Row of the message.
    pub message: i64,
    /// How often the message had been received then. A later receive makes this receipt stale.
    pub receive: i64,
}

impl Receipt {
    pub(super) fn encode(self) -> String {
        URL_SAFE_NO_PAD.encode(format!("sqs:{}:{}:{}", self.queue, self.message, self.receive))
    }

    /// Reads back a handle, which must come from the queue it is used on.
    pub(super) fn decode(handle: &str, queue: &Queue) -> Result<Self, Fault> {
        let parse = || {
            let text = String::from_utf8(URL_SAFE_NO_PAD.decode(handle).ok()?).ok()?;
            let mut numbers = text.strip_prefix("sqs:")?.split(':').map(|part| part.parse::<i64>().ok());
            let receipt = Self { queue: numbers.next()??, message: numbers.next()??, receive: numbers.next()?? };
            numbers.next().is_none().then_some(receipt)
        };
        parse().filter(|receipt| receipt.queue == queue.id).ok_or(Fault::ReceiptHandleIsInvalid)
    }
}

/// MD5 in hex, which SDKs use to find bodies damaged on the way.
pub(super) fn md5_of(bytes: impl AsRef<[u8]>) -> String {
    hex(&Md5::digest(bytes))
}

/// MD5 over attributes sorted by name, each as length-prefixed name and type, a transport byte and a length-prefixed
/// value.
///
/// Source: developer guide of SQS, "Calculating the MD5 message digest for message attributes".
pub(super) fn md5_of_attributes(attributes: &BTreeMap<String, AttributeValue>) -> Option<String> {
    fn part(digest: &mut Md5, bytes: &[u8]) {
        digest.update(u32::try_from(bytes.len()).unwrap_or(u32::MAX).to_be_bytes());
        digest.update(bytes);
    }
    if attributes.is_empty() {
        return None;
    }
    let mut digest = Md5::new();
    for (name, value) in attributes {
        part(&mut digest, name.as_bytes());
        part(&mut digest, value.data_type.as_bytes());
        digest.update([if value.is_binary() { 2 } else { 1 }]);
        part(&mut digest, &value.bytes());
    }
    Some(hex(&digest.finalize()))
}

fn hex(bytes: &[u8]) -> String {
    let digit = |nibble: u8| char::from_digit(u32::from(nibble), 16).unwrap_or('0');
    bytes.iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]).collect()
}

/// The characters of XML 1.0, to which SQS limits message bodies.
const fn is_allowed(character: char) -> bool {
    matches!(character, '\t' | '\n' | '\r' | ' '..='\u{D7FF}' | '\u{E000}'..='\u{FFFD}' | '\u{10000}'..)
}

fn check_attribute(name: &str, value: &AttributeValue) -> Result<(), Fault> {
    let lower = name.to_ascii_lowercase();
    if name.is_empty() || name.len() > 256 {
        return Err(invalid("Message (user) attribute names must be shorter than 256 Bytes"));
    }
    if !name.chars().all(|it| it.is_alphanumeric() || matches!(it, '_' | '-' | '.')) || name.contains("..") {
        return Err(invalid(
            "Message (user) attributes name can only contain upper and lower score characters, digits, periods, hyphens and underscores.",
        ));
    }
    if lower.starts_with("aws.") || lower.starts_with("amazon.") || name.starts_with('.') || name.ends_with('.') {
        return Err(invalid(
            "You can't use message attribute names beginning with 'AWS.' or 'Amazon.'. These strings are reserved for internal use. Additionally, they cannot start or end with '.'.",
        ));
    }
    let base = value.data_type.split('.').next().unwrap_or_default();
    if !matches!(base, "String" | "Number" | "Binary") {
        return Err(invalid(format!(
            "The type of message (user) attribute '{name}' is invalid. You must use only the following supported type prefixes: Binary, Number, String."
        )));
    }
    let bytes = value.bytes();
    if bytes.is_empty() {
        return Err(invalid(format!(
            "Message (user) attribute '{name}' must contain a non-empty value of type '{base}'."
        )));
    }
    if base == "Number" && str::from_utf8(&bytes).ok().and_then(|text| text.parse::<f64>().ok()).is_none() {
        return Err(invalid(format!("Can't cast the value of message (user) attribute '{name}' to a number.")));
    }
    if base == "String" && !value.string_value.iter().flat_map(|text| text.chars()).all(is_allowed) {
        return Err(invalid(Fault::InvalidMessageContents.to_string()));
    }
    Ok(())
}

/// Group and deduplication ids are 1 to 128 printable ASCII characters without spaces.
fn check_token(parameter: &str, token: Option<&str>) -> Result<(), Fault> {
    match token {
        Some(token) if !(1..=128).contains(&token.len()) || !token.bytes().all(|byte| byte.is_ascii_graphic()) => {
            let reason =
                format!("{parameter} can only include alphanumeric and punctuation characters. 1 to 128 in length.");
            Err(invalid_value(parameter, token, &reason))
        }
        _ => Ok(()),
    }
}

fn wrong_queue_type(parameter: &str, value: &str) -> Fault {
    invalid_value(parameter, value, "The request include parameter that is not valid for this queue type.")
}

pub(super) fn invalid(text: impl Into<String>) -> Fault {
    Fault::InvalidParameterValue(text.into())
}

/// The text that AWS uses for a value outside its range.
pub(super) fn invalid_value(parameter: &str, value: impl std::fmt::Display, reason: &str) -> Fault {
    invalid(format!("Value {value} for parameter {parameter} is invalid. Reason: {reason}"))
}
