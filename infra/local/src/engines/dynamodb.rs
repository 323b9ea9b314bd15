//! DynamoDB: dynoxide, in memory or in a file.

use std::path::Path;
use std::sync::Arc;

use domain::kernel::Clock;
use dynoxide::Database;
use dynoxide::actions::create_table::CreateTableRequest;
use dynoxide::actions::describe_table::DescribeTableRequest;
use dynoxide::actions::describe_time_to_live::DescribeTimeToLiveRequest;
use dynoxide::actions::list_tables::ListTablesRequest;
use dynoxide::actions::update_time_to_live::UpdateTimeToLiveRequest;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::template::model::Table;

/// Why the tables cannot be served.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The engine failed.
    #[error("DynamoDB engine: {0}")]
    Engine(#[from] dynoxide::DynoxideError),
    /// A table's definition is not one.
    #[error("table {table}: {cause}")]
    Definition {
        /// Which table.
        table: String,
        /// What is wrong with it.
        cause: serde_json::Error,
    },
    /// The stored table has other keys or indexes than the template. CloudFormation would replace it or build an index; the local stack does not.
    #[error(
        "table {0} is stored with other keys or indexes than the template has now; remove the data folder, or choose another one with --data-dir"
    )]
    Changed(String),
}

/// The tables of one stack.
#[derive(Clone)]
pub(crate) struct Tables {
    database: Database,
}

/// The stack's clock in the engine's terms: items expire by it.
struct EngineClock(Arc<dyn Clock>);

impl dynoxide::storage_backend::Clock for EngineClock {
    fn now_unix_secs(&self) -> u64 {
        u64::try_from(self.0.now().as_second()).unwrap_or_default()
    }

    fn now_unix_secs_f64(&self) -> f64 {
        self.0.now().as_duration().as_secs_f64()
    }
}

impl Tables {
    /// Tables in memory, or in the file at `path`, which then tells the time by the machine's clock.
    pub(crate) fn open(path: Option<&Path>, clock: Arc<dyn Clock>) -> Result<Self, Error> {
        let database = match path {
            Some(path) => Database::new(&path.to_string_lossy())?,
            None => Database::memory_with_clock(Arc::new(EngineClock(clock)))?,
        };
        Ok(Self { database })
    }

    /// Creates a table unless it is there.
    pub(crate) fn put(&self, table: &Table) -> Result<(), Error> {
        let name = json!({ "TableName": table.name });
        let existing = self.database.describe_table(request::<DescribeTableRequest>(table, name.clone())?);
        match existing {
            Ok(existing) => {
                let stored = serde_json::to_value(existing.table).map_err(|cause| definition(table, cause))?;
                if keys(&stored) != keys(&table.definition) {
                    return Err(Error::Changed(table.name.clone()));
                }
            }
            Err(_) => {
                self.database.create_table(request::<CreateTableRequest>(table, table.definition.clone())?)?;
            }
        }
        let Some(attribute) = &table.expires_by else { return Ok(()) };
        let ttl = self.database.describe_time_to_live(request::<DescribeTimeToLiveRequest>(table, name)?)?;
        let ttl = serde_json::to_value(ttl).map_err(|cause| definition(table, cause))?;
        if ttl.pointer("/TimeToLiveDescription/TimeToLiveStatus").and_then(Value::as_str) != Some("ENABLED") {
            let specification = json!({ "AttributeName": attribute, "Enabled": true });
            let update = json!({ "TableName": table.name, "TimeToLiveSpecification": specification });
            self.database.update_time_to_live(request::<UpdateTimeToLiveRequest>(table, update)?)?;
        }
        Ok(())
    }

    /// The tables that there are, at most a hundred.
    pub(crate) fn names(&self) -> Result<Vec<String>, Error> {
        Ok(self.database.list_tables(ListTablesRequest::default())?.table_names)
    }

    /// Removes what has expired. AWS does so within a few days; here it happens when this is called.
    pub(crate) fn sweep(&self) -> Result<usize, Error> {
        Ok(self.database.sweep_ttl()?)
    }

    /// Serves the tables on `listener` until `stop`.
    pub(crate) async fn serve(
        self,
        listener: tokio::net::TcpListener,
        stop: impl Future<Output = ()> + Send + 'static,
    ) {
        if let Err(cause) = dynoxide::server::serve_with_shutdown(listener, self.database, stop).await {
            tracing::error!(%cause, "DynamoDB engine stopped");
        }
    }
}

fn request<T: DeserializeOwned>(table: &Table, value: Value) -> Result<T, Error> {
    serde_json::from_value(value).map_err(|cause| definition(table, cause))
}

fn definition(table: &Table, cause: serde_json::Error) -> Error {
    Error::Definition { table: table.name.clone(), cause }
}

/// What cannot change while there are items: the key and the indexes' names and keys.
fn keys(definition: &Value) -> (Value, Vec<(Value, Value)>) {
    let key = |value: &Value| value.get("KeySchema").cloned().unwrap_or_default();
    let indexes = definition.get("GlobalSecondaryIndexes").and_then(Value::as_array).cloned().unwrap_or_default();
    let mut indexes: Vec<_> =
        indexes.iter().map(|index| (index.get("IndexName").cloned().unwrap_or_default(), key(index))).collect();
    indexes.sort_by_key(|(name, _)| name.to_string());
    (key(definition), indexes)
}

#[cfg(test)]
mod tests {
    use domain::kernel::SystemClock;

    use super::*;

    fn table(index: &str) -> Table {
        let definition = json!({
            "TableName": "table",
            "BillingMode": "PAY_PER_REQUEST",
            "AttributeDefinitions": [
                { "AttributeName": "pk", "AttributeType": "S" },
                { "AttributeName": "i", "AttributeType": "S" },
            ],
            "KeySchema": [{ "AttributeName": "pk", "KeyType": "HASH" }],
            "GlobalSecondaryIndexes": [{
                "IndexName": index,
                "KeySchema": [{ "AttributeName": "i", "KeyType": "HASH" }],
                "Projection": { "ProjectionType": "ALL" },
            }],
        });
        let name = || "table".to_owned();
        Table {
            name: name(),
            logical_id: name(),
            product: name(),
            definition,
            expires_by: Some("expires_at".to_owned()),
        }
    }

    #[test]
    fn a_table_survives_a_restart_and_a_changed_one_is_refused() {
        let folder = tempfile::TempDir::new().unwrap();
        let path = folder.path().join("tables.db");
        let open = || Tables::open(Some(&path), Arc::new(SystemClock)).unwrap();
        open().put(&table("one")).unwrap();
        open().put(&table("one")).unwrap();
        assert!(matches!(open().put(&table("two")), Err(Error::Changed(_))));
    }
}
