//! One DynamoDB table.

use std::collections::HashMap;
use std::sync::Arc;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::error::SdkError;
use aws_sdk_dynamodb::types::{
    AttributeValue, ReturnConsumedCapacity, ReturnValue, ReturnValuesOnConditionCheckFailure as ReturnOnFailure,
};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::error::{Failed, parse};
use crate::expression::Placeholders;
use crate::meter::{self, Kind};
use crate::{Delete, Error, Put, Result, Update};

pub(crate) const SERVICE: &str = "dynamodb";

/// A table with the schema that all products share: `pk`, `sk`, two sparse indexes, `expires_at`.
#[derive(Debug, Clone)]
pub struct Table {
    pub(crate) client: Client,
    pub(crate) name: Arc<str>,
}

/// The primary key of an item.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, serde::Deserialize)]
pub struct Key {
    /// Partition key.
    pub pk: String,
    /// Sort key.
    pub sk: String,
}

impl Key {
    /// A key from its two halves.
    pub fn new(pk: impl Into<String>, sk: impl Into<String>) -> Self {
        Self { pk: pk.into(), sk: sk.into() }
    }

    pub(crate) fn into_attributes(self) -> HashMap<String, AttributeValue> {
        HashMap::from([("pk".to_owned(), AttributeValue::S(self.pk)), ("sk".to_owned(), AttributeValue::S(self.sk))])
    }
}

impl Table {
    /// The table called `name`.
    pub fn new(client: Client, name: &str) -> Self {
        Self { client, name: name.into() }
    }

    /// The item at `key`, as last written.
    pub async fn get<T: DeserializeOwned>(&self, key: Key) -> Result<Option<T>> {
        let output = self
            .client
            .get_item()
            .table_name(&*self.name)
            .set_key(Some(key.into_attributes()))
            .consistent_read(true)
            .return_consumed_capacity(ReturnConsumedCapacity::Total)
            .send()
            .await
            .map_err(|error| Error::from_sdk(SERVICE, error))?;
        meter::add_table_call(output.consumed_capacity(), Kind::Read);
        output.item.map(parse).transpose()
    }

    /// Writes an item.
    ///
    /// Fails with [`Error::ConditionFailed`] if its condition does not hold.
    pub async fn put(&self, put: Put) -> Result<()> {
        let mut placeholders = Placeholders::default();
        let condition = put.condition.map(|condition| condition.render(&mut placeholders));
        let output = self
            .client
            .put_item()
            .table_name(&*self.name)
            .set_item(Some(put.item))
            .set_condition_expression(condition)
            .set_expression_attribute_names(placeholders.names())
            .set_expression_attribute_values(placeholders.values())
            .return_values_on_condition_check_failure(ReturnOnFailure::AllOld)
            .return_consumed_capacity(ReturnConsumedCapacity::Total)
            .send()
            .await
            .map_err(|error| match error {
                SdkError::ServiceError(failure) if failure.err().is_conditional_check_failed_exception() => {
                    condition_failed(failure.into_err(), |error| match error {
                        aws_sdk_dynamodb::operation::put_item::PutItemError::ConditionalCheckFailedException(
                            failed,
                        ) => failed.item,
                        _ => None,
                    })
                }
                error => Error::from_sdk(SERVICE, error),
            })?;
        meter::add_table_call(output.consumed_capacity(), Kind::Write);
        Ok(())
    }

    /// Changes an item and returns it as it is afterwards.
    ///
    /// Fails with [`Error::ConditionFailed`] if its condition does not hold.
    pub async fn update<T: DeserializeOwned>(&self, update: Update) -> Result<T> {
        let mut placeholders = Placeholders::default();
        let expression = update.expression(&mut placeholders);
        let condition = update.condition.map(|condition| condition.render(&mut placeholders));
        let output = self
            .client
            .update_item()
            .table_name(&*self.name)
            .set_key(Some(update.key.into_attributes()))
            .update_expression(expression)
            .set_condition_expression(condition)
            .set_expression_attribute_names(placeholders.names())
            .set_expression_attribute_values(placeholders.values())
            .return_values(ReturnValue::AllNew)
            .return_values_on_condition_check_failure(ReturnOnFailure::AllOld)
            .return_consumed_capacity(ReturnConsumedCapacity::Total)
            .send()
            .await
            .map_err(|error| match error {
                SdkError::ServiceError(failure) if failure.err().is_conditional_check_failed_exception() => {
                    condition_failed(failure.into_err(), |error| match error {
                        aws_sdk_dynamodb::operation::update_item::UpdateItemError::ConditionalCheckFailedException(
                            failed,
                        ) => failed.item,
                        _ => None,
                    })
                }
                error => Error::from_sdk(SERVICE, error),
            })?;
        meter::add_table_call(output.consumed_capacity(), Kind::Write);
        parse(output.attributes.unwrap_or_default())
    }

    /// Changes an item like [`Table::update`]; `None` if its condition does not hold.
    pub async fn try_update<T: DeserializeOwned>(&self, update: Update) -> Result<Option<T>> {
        match self.update(update).await {
            Ok(item) => Ok(Some(item)),
            Err(Error::ConditionFailed(_)) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Removes an item.
    ///
    /// Fails with [`Error::ConditionFailed`] if its condition does not hold.
    pub async fn delete(&self, delete: Delete) -> Result<()> {
        let mut placeholders = Placeholders::default();
        let condition = delete.condition.map(|condition| condition.render(&mut placeholders));
        let output = self
            .client
            .delete_item()
            .table_name(&*self.name)
            .set_key(Some(delete.key.into_attributes()))
            .set_condition_expression(condition)
            .set_expression_attribute_names(placeholders.names())
            .set_expression_attribute_values(placeholders.values())
            .return_values_on_condition_check_failure(ReturnOnFailure::AllOld)
            .return_consumed_capacity(ReturnConsumedCapacity::Total)
            .send()
            .await
            .map_err(|error| match error {
                SdkError::ServiceError(failure) if failure.err().is_conditional_check_failed_exception() => {
                    condition_failed(failure.into_err(), |error| match error {
                        aws_sdk_dynamodb::operation::delete_item::DeleteItemError::ConditionalCheckFailedException(
                            failed,
                        ) => failed.item,
                        _ => None,
                    })
                }
                error => Error::from_sdk(SERVICE, error),
            })?;
        meter::add_table_call(output.consumed_capacity(), Kind::Write);
        Ok(())
    }
}

fn condition_failed<E>(error: E, item: impl FnOnce(E) -> Option<HashMap<String, AttributeValue>>) -> Error {
    meter::add_table_call(None, Kind::Write);
    Error::ConditionFailed(Failed { item: item(error) })
}
