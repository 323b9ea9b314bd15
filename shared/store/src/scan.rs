//! Walks over whole tables, for operators.

use aws_sdk_dynamodb::types::ReturnConsumedCapacity;
use serde::de::DeserializeOwned;

use crate::error::parse;
use crate::expression::{Placeholders, value};
use crate::meter::{self, Kind};
use crate::query::{Cursor, ItemPage};
use crate::{Error, Result, Table};

/// A walk over all items of a table, in no order that means anything.
#[derive(Debug, Clone)]
pub struct Scan {
    prefix: String,
    attributes: &'static [&'static str],
    limit: Option<u32>,
    after: Option<Cursor>,
}

impl Scan {
    /// The items whose partition key starts with `prefix`, and of these only the `attributes`.
    ///
    /// DynamoDB reads, and charges for, every item of the table with all its attributes nevertheless.
    pub fn partitions(prefix: impl Into<String>, attributes: &'static [&'static str]) -> Self {
        Self { prefix: prefix.into(), attributes, limit: None, after: None }
    }

    /// Reads at most `limit` items, before those of other partitions are left out.
    #[must_use]
    pub fn limit(mut self, limit: Option<u32>) -> Self {
        self.limit = limit;
        self
    }

    /// Goes on where an earlier page ended.
    #[must_use]
    pub fn after(mut self, cursor: Option<Cursor>) -> Self {
        self.after = cursor;
        self
    }
}

impl Table {
    /// One page of a scan: 1 MB of the table, or the scan's limit, which may leave nothing over.
    ///
    /// **FOR THE CHECK OF THE BOOKS ONLY, NEVER FOR A REQUEST OR A WORKER.** It reads the whole table: time and cost grow with
    /// everything that was ever stored, and it competes with every user for the table's throughput. A test counts who calls it. What a
    /// request needs has a key, or gets one.
    ///
    /// Reads are eventually consistent, which costs half: two items of one page may be from different moments. Whoever draws conclusions
    /// from a page reads again by key first.
    pub async fn scan<T: DeserializeOwned>(&self, scan: Scan) -> Result<ItemPage<T>> {
        let mut placeholders = Placeholders::default();
        let filter = format!("begins_with({}, {})", placeholders.name("pk"), placeholders.value(value(&scan.prefix)));
        let attributes: Vec<_> = scan.attributes.iter().map(|name| placeholders.name(name)).collect();
        let output = self
            .client
            .scan()
            .table_name(&*self.name)
            .filter_expression(filter)
            .projection_expression(attributes.join(", "))
            .set_expression_attribute_names(placeholders.names())
            .set_expression_attribute_values(placeholders.values())
            .set_limit(scan.limit.map(|limit| i32::try_from(limit).unwrap_or(i32::MAX)))
            .set_exclusive_start_key(scan.after.map(Cursor::into_key))
            .return_consumed_capacity(ReturnConsumedCapacity::Total)
            .send()
            .await
            .map_err(|error| Error::from_sdk("dynamodb", error))?;
        meter::add_table_call(output.consumed_capacity(), Kind::Read);
        let next = output.last_evaluated_key.filter(|key| !key.is_empty()).map(Cursor::from_key).transpose()?;
        let items = output.items.unwrap_or_default().into_iter().map(parse).collect::<Result<_>>()?;
        Ok(ItemPage { items, next })
    }
}
