//! Ordered reads of one partition.

use std::fmt;
use std::str::FromStr;

use aws_sdk_dynamodb::types::{AttributeValue, ReturnConsumedCapacity};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::de::DeserializeOwned;

use crate::error::parse;
use crate::expression::{Placeholders, value};
use crate::meter::{self, Kind};
use crate::{Condition, Error, Result, Table};

/// Which key a query walks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Index {
    /// `pk` and `sk`; reads what was last written.
    Primary,
    /// `gsi1pk` and `gsi1sk`; lags behind writes by a moment.
    Gsi1,
    /// `gsi2pk` and `gsi2sk`; lags behind writes by a moment.
    Gsi2,
}

impl Index {
    const fn partition(self) -> &'static str {
        match self {
            Self::Primary => "pk",
            Self::Gsi1 => "gsi1pk",
            Self::Gsi2 => "gsi2pk",
        }
    }

    const fn sort(self) -> &'static str {
        match self {
            Self::Primary => "sk",
            Self::Gsi1 => "gsi1sk",
            Self::Gsi2 => "gsi2sk",
        }
    }

    const fn name(self) -> Option<&'static str> {
        match self {
            Self::Primary => None,
            Self::Gsi1 => Some("gsi1"),
            Self::Gsi2 => Some("gsi2"),
        }
    }
}

/// A read of one partition, in order of the sort key.
#[derive(Debug, Clone)]
pub struct Query {
    index: Index,
    partition: String,
    range: Range,
    reverse: bool,
    limit: Option<u32>,
    after: Option<Cursor>,
    filter: Option<Condition>,
}

#[derive(Debug, Clone)]
enum Range {
    All,
    Prefix(String),
    AtLeast(String),
    AtMost(String),
    Between(String, String),
}

impl Query {
    /// All items of the partition `pk`.
    pub fn partition(pk: impl Into<String>) -> Self {
        Self {
            index: Index::Primary,
            partition: pk.into(),
            range: Range::All,
            reverse: false,
            limit: None,
            after: None,
            filter: None,
        }
    }

    /// All items of a partition of an index.
    pub fn index(index: Index, partition: impl Into<String>) -> Self {
        Self { index, ..Self::partition(partition) }
    }

    /// Only items whose sort key starts with `prefix`.
    #[must_use]
    pub fn prefix(mut self, prefix: impl Into<String>) -> Self {
        self.range = Range::Prefix(prefix.into());
        self
    }

    /// Only items whose sort key is `bound` or later.
    #[must_use]
    pub fn at_least(mut self, bound: impl Into<String>) -> Self {
        self.range = Range::AtLeast(bound.into());
        self
    }

    /// Only items whose sort key is `bound` or earlier.
    #[must_use]
    pub fn at_most(mut self, bound: impl Into<String>) -> Self {
        self.range = Range::AtMost(bound.into());
        self
    }

    /// Only items whose sort key is from `first` to `last`.
    #[must_use]
    pub fn between(mut self, first: impl Into<String>, last: impl Into<String>) -> Self {
        self.range = Range::Between(first.into(), last.into());
        self
    }

    /// Latest first.
    #[must_use]
    pub fn reverse(mut self) -> Self {
        self.reverse = true;
        self
    }

    /// Reads at most `limit` items, before the filter.
    #[must_use]
    pub fn limit(mut self, limit: u32) -> Self {
        self.limit = Some(limit);
        self
    }

    /// Goes on where an earlier page ended.
    #[must_use]
    pub fn after(mut self, cursor: Option<Cursor>) -> Self {
        self.after = cursor;
        self
    }

    /// Leaves out items for which `filter` does not hold. They are read, and paid for, all the same.
    #[must_use]
    pub fn filter(mut self, filter: Condition) -> Self {
        self.filter = Some(filter);
        self
    }
}

/// Items in order, and where to go on if there may be more.
#[derive(Debug)]
pub struct ItemPage<T> {
    /// The items.
    pub items: Vec<T>,
    /// Where the next page starts; `None` at the end.
    pub next: Option<Cursor>,
}

impl Table {
    /// One page of a query: up to 1 MB, or the query's limit.
    pub async fn query<T: DeserializeOwned>(&self, query: Query) -> Result<ItemPage<T>> {
        let mut placeholders = Placeholders::default();
        let partition =
            format!("{} = {}", placeholders.name(query.index.partition()), placeholders.value(value(&query.partition)));
        let mut sort = |operator: &str, bound: &str| {
            format!(
                "{partition} AND {} {operator} {}",
                placeholders.name(query.index.sort()),
                placeholders.value(value(bound))
            )
        };
        let condition = match &query.range {
            Range::All => partition,
            Range::Prefix(prefix) => format!(
                "{partition} AND begins_with({}, {})",
                placeholders.name(query.index.sort()),
                placeholders.value(value(prefix))
            ),
            Range::AtLeast(bound) => sort(">=", bound),
            Range::AtMost(bound) => sort("<=", bound),
            Range::Between(first, last) => format!(
                "{partition} AND {} BETWEEN {} AND {}",
                placeholders.name(query.index.sort()),
                placeholders.value(value(first)),
                placeholders.value(value(last))
            ),
        };
        let filter = query.filter.map(|filter| filter.render(&mut placeholders));
        let output = self
            .client
            .query()
            .table_name(&*self.name)
            .set_index_name(query.index.name().map(str::to_owned))
            .key_condition_expression(condition)
            .set_filter_expression(filter)
            .set_expression_attribute_names(placeholders.names())
            .set_expression_attribute_values(placeholders.values())
            .scan_index_forward(!query.reverse)
            .consistent_read(query.index == Index::Primary)
            .set_limit(query.limit.map(|limit| i32::try_from(limit).unwrap_or(i32::MAX)))
            .set_exclusive_start_key(query.after.map(Cursor::into_key))
            .return_consumed_capacity(ReturnConsumedCapacity::Total)
            .send()
            .await
            .map_err(|error| Error::from_sdk("dynamodb", error))?;
        meter::add_table_call(output.consumed_capacity(), Kind::Read);
        let next = output.last_evaluated_key.filter(|key| !key.is_empty()).map(Cursor::from_key).transpose()?;
        let items = output.items.unwrap_or_default().into_iter().map(parse).collect::<Result<_>>()?;
        Ok(ItemPage { items, next })
    }

    /// All items of a query, page after page. For partitions that are small by design.
    pub async fn query_all<T: DeserializeOwned>(&self, query: Query) -> Result<Vec<T>> {
        let mut items = Vec::new();
        let mut after = query.after.clone();
        loop {
            let mut page = self.query(query.clone().after(after)).await?;
            items.append(&mut page.items);
            after = page.next;
            if after.is_none() {
                return Ok(items);
            }
        }
    }
}

/// A place in an ordered list: the key of the last item read, opaque to clients.
///
/// It holds key attributes only, never a secret, and is checked by shape alone: a forged cursor can move within the partition that the query
/// names, nowhere else, because DynamoDB refuses a start key of another partition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cursor(Vec<(String, String)>);

impl Cursor {
    /// A cursor of the given key attributes.
    pub fn new(attributes: impl IntoIterator<Item = (String, String)>) -> Self {
        let mut attributes: Vec<_> = attributes.into_iter().collect();
        attributes.sort();
        Self(attributes)
    }

    pub(crate) fn from_key(key: std::collections::HashMap<String, AttributeValue>) -> Result<Self> {
        let attributes = key
            .into_iter()
            .map(|(name, value)| match value {
                AttributeValue::S(text) => Ok((name, text)),
                _ => Err(Error::Corrupt { key: name, source: "key attribute is not a string".into() }),
            })
            .collect::<Result<Vec<_>>>()?;
        Ok(Self::new(attributes))
    }

    pub(crate) fn into_key(self) -> std::collections::HashMap<String, AttributeValue> {
        self.0.into_iter().map(|(name, text)| (name, AttributeValue::S(text))).collect()
    }
}

impl fmt::Display for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let json = serde_json::to_vec(&self.0).map_err(|_| fmt::Error)?;
        f.write_str(&URL_SAFE_NO_PAD.encode(json))
    }
}

/// The text is not a cursor that this service gave out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("malformed cursor")]
pub struct MalformedCursor;

impl FromStr for Cursor {
    type Err = MalformedCursor;

    fn from_str(text: &str) -> Result<Self, MalformedCursor> {
        let json = URL_SAFE_NO_PAD.decode(text).map_err(|_| MalformedCursor)?;
        let attributes: Vec<(String, String)> = serde_json::from_slice(&json).map_err(|_| MalformedCursor)?;
        Ok(Self::new(attributes))
    }
}
