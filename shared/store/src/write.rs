//! Single writes, usable alone or in a transaction.

use std::borrow::Cow;
use std::collections::HashMap;

use aws_sdk_dynamodb::types::{
    self, AttributeValue, ReturnValuesOnConditionCheckFailure as ReturnOnFailure, TransactWriteItem,
};
use serde::Serialize;

use crate::expression::{Placeholders, value};
use crate::{Condition, Error, Key, Result};

/// One write to one item.
#[derive(Debug, Clone)]
pub enum Write {
    /// Create or replace.
    Put(Put),
    /// Change some attributes.
    Update(Update),
    /// Remove.
    Delete(Delete),
    /// Change nothing, but let the transaction fail unless a condition holds.
    Check(Check),
}

/// Creates or replaces an item.
#[derive(Debug, Clone)]
pub struct Put {
    pub(crate) item: HashMap<String, AttributeValue>,
    pub(crate) condition: Option<Condition>,
}

impl Put {
    /// Puts `item`, which serialises to an item that includes its keys.
    pub fn new(item: &impl Serialize) -> Result<Self> {
        let item = serde_dynamo::to_item(item)
            .map_err(|error| Error::Internal { service: "dynamodb", source: error.into() })?;
        Ok(Self { item, condition: None })
    }

    /// Puts only if `condition` holds for what is there.
    #[must_use]
    pub fn when(mut self, condition: Condition) -> Self {
        self.condition = Some(condition);
        self
    }
}

/// Changes attributes of an item, creating it if a condition does not prevent that.
#[derive(Debug, Clone)]
pub struct Update {
    pub(crate) key: Key,
    set: Vec<(&'static str, AttributeValue)>,
    add: Vec<(Cow<'static, str>, AttributeValue)>,
    remove: Vec<&'static str>,
    pub(crate) condition: Option<Condition>,
}

impl Update {
    /// An update of the item at `key`.
    pub fn new(key: Key) -> Self {
        Self { key, set: Vec::new(), add: Vec::new(), remove: Vec::new(), condition: None }
    }

    /// Sets an attribute.
    #[must_use]
    pub fn set(mut self, name: &'static str, operand: impl Serialize) -> Self {
        self.set.push((name, value(operand)));
        self
    }

    /// Sets an attribute if there is a value for it.
    #[must_use]
    pub fn set_some(self, name: &'static str, operand: Option<impl Serialize>) -> Self {
        match operand {
            Some(operand) => self.set(name, operand),
            None => self,
        }
    }

    /// Adds a number to an attribute; a missing one counts as zero.
    #[must_use]
    pub fn add(mut self, name: impl Into<Cow<'static, str>>, number: i64) -> Self {
        self.add.push((name.into(), value(number)));
        self
    }

    /// Removes an attribute.
    #[must_use]
    pub fn remove(mut self, name: &'static str) -> Self {
        self.remove.push(name);
        self
    }

    /// Updates only if `condition` holds.
    #[must_use]
    pub fn when(mut self, condition: Condition) -> Self {
        self.condition = Some(condition);
        self
    }

    pub(crate) fn expression(&self, placeholders: &mut Placeholders) -> String {
        let mut clauses = Vec::new();
        let mut pair = |name: &str, separator: &str, operand: &AttributeValue| {
            format!("{}{separator}{}", placeholders.name(name), placeholders.value(operand.clone()))
        };
        if !self.set.is_empty() {
            let parts: Vec<_> = self.set.iter().map(|(name, operand)| pair(name, " = ", operand)).collect();
            clauses.push(format!("SET {}", parts.join(", ")));
        }
        if !self.add.is_empty() {
            let parts: Vec<_> = self.add.iter().map(|(name, operand)| pair(name, " ", operand)).collect();
            clauses.push(format!("ADD {}", parts.join(", ")));
        }
        if !self.remove.is_empty() {
            let names: Vec<_> = self.remove.iter().map(|name| placeholders.name(name)).collect();
            clauses.push(format!("REMOVE {}", names.join(", ")));
        }
        clauses.join(" ")
    }
}

/// Removes an item.
#[derive(Debug, Clone)]
pub struct Delete {
    pub(crate) key: Key,
    pub(crate) condition: Option<Condition>,
}

impl Delete {
    /// Removes the item at `key`; removing what is not there is fine.
    pub fn new(key: Key) -> Self {
        Self { key, condition: None }
    }

    /// Removes only if `condition` holds.
    #[must_use]
    pub fn when(mut self, condition: Condition) -> Self {
        self.condition = Some(condition);
        self
    }
}

/// A condition on an item that the transaction does not change.
#[derive(Debug, Clone)]
pub struct Check {
    key: Key,
    condition: Condition,
}

impl Check {
    /// The transaction fails unless `condition` holds for the item at `key`.
    pub fn new(key: Key, condition: Condition) -> Self {
        Self { key, condition }
    }
}

impl From<Put> for Write {
    fn from(put: Put) -> Self {
        Self::Put(put)
    }
}

impl From<Update> for Write {
    fn from(update: Update) -> Self {
        Self::Update(update)
    }
}

impl From<Delete> for Write {
    fn from(delete: Delete) -> Self {
        Self::Delete(delete)
    }
}

impl From<Check> for Write {
    fn from(check: Check) -> Self {
        Self::Check(check)
    }
}

impl Write {
    /// The write as part of a transaction. A failed condition brings the old item along, so that callers need no second read.
    pub(crate) fn into_transact_item(self, table: &str) -> Result<TransactWriteItem> {
        let mut placeholders = Placeholders::default();
        let item = TransactWriteItem::builder();
        let built = match self {
            Self::Put(put) => {
                let condition = put.condition.map(|condition| condition.render(&mut placeholders));
                types::Put::builder()
                    .table_name(table)
                    .set_item(Some(put.item))
                    .set_condition_expression(condition)
                    .set_expression_attribute_names(placeholders.names())
                    .set_expression_attribute_values(placeholders.values())
                    .return_values_on_condition_check_failure(ReturnOnFailure::AllOld)
                    .build()
                    .map(|put| item.put(put))
            }
            Self::Update(update) => {
                let expression = update.expression(&mut placeholders);
                let condition = update.condition.map(|condition| condition.render(&mut placeholders));
                types::Update::builder()
                    .table_name(table)
                    .set_key(Some(update.key.into_attributes()))
                    .update_expression(expression)
                    .set_condition_expression(condition)
                    .set_expression_attribute_names(placeholders.names())
                    .set_expression_attribute_values(placeholders.values())
                    .return_values_on_condition_check_failure(ReturnOnFailure::AllOld)
                    .build()
                    .map(|update| item.update(update))
            }
            Self::Delete(delete) => {
                let condition = delete.condition.map(|condition| condition.render(&mut placeholders));
                types::Delete::builder()
                    .table_name(table)
                    .set_key(Some(delete.key.into_attributes()))
                    .set_condition_expression(condition)
                    .set_expression_attribute_names(placeholders.names())
                    .set_expression_attribute_values(placeholders.values())
                    .return_values_on_condition_check_failure(ReturnOnFailure::AllOld)
                    .build()
                    .map(|delete| item.delete(delete))
            }
            Self::Check(check) => {
                let condition = check.condition.render(&mut placeholders);
                types::ConditionCheck::builder()
                    .table_name(table)
                    .set_key(Some(check.key.into_attributes()))
                    .condition_expression(condition)
                    .set_expression_attribute_names(placeholders.names())
                    .set_expression_attribute_values(placeholders.values())
                    .return_values_on_condition_check_failure(ReturnOnFailure::AllOld)
                    .build()
                    .map(|check| item.condition_check(check))
            }
        };
        built
            .map(types::builders::TransactWriteItemBuilder::build)
            .map_err(|error| Error::Internal { service: "dynamodb", source: error.into() })
    }
}
