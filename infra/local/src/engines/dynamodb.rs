//! DynamoDB: dynoxide, in memory or in a file.

use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use domain::kernel::Clock;
use dynoxide::actions::create_table::CreateTableRequest;
use dynoxide::actions::describe_table::DescribeTableRequest;
use dynoxide::actions::describe_time_to_live::DescribeTimeToLiveRequest;
use dynoxide::actions::list_tables::ListTablesRequest;
use dynoxide::actions::transact_write_items::TransactWriteItemsRequest;
use dynoxide::actions::update_time_to_live::UpdateTimeToLiveRequest;
use dynoxide::{Database, DynoxideError};
use http::StatusCode;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::tokens::{Found, Tokens};
use crate::template::model::Table;

/// The answer to a token that comes again with another request.
const MISMATCH: &str = r#"{"__type":"com.amazonaws.dynamodb.v20120810#IdempotentParameterMismatchException","message":"The token was used for another request"}"#;

/// Why the tables cannot be served.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The engine failed.
    #[error("DynamoDB engine: {0}")]
    Engine(#[from] DynoxideError),
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
    tokens: Arc<Mutex<Tokens>>,
}

/// An answer to a client.
#[derive(Debug, Clone)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) body: String,
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
        Ok(Self { database, tokens: Arc::default() })
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

    /// Answers one request without its network. `target` is its header `x-amz-target`.
    ///
    /// `None` is for the port to answer: what functions do not ask for, and refusals, whose words the engine's server knows best. A request that was
    /// refused has changed nothing. What can be answered is a matter of microseconds, or of a disk that the file is on.
    pub(crate) fn answer(&self, target: &str, body: &[u8]) -> Option<Answer> {
        macro_rules! call {
            ($action:ident) => {
                answered(self.database.$action(serde_json::from_slice(body).ok()?))
            };
        }
        match target.strip_prefix("DynamoDB_20120810.")? {
            "BatchGetItem" => call!(batch_get_item),
            "DeleteItem" => call!(delete_item),
            "GetItem" => call!(get_item),
            "PutItem" => call!(put_item),
            "Query" => call!(query),
            "Scan" => call!(scan),
            "TransactWriteItems" => self.transact(body),
            "UpdateItem" => call!(update_item),
            _ => None,
        }
    }

    /// A transaction. Its token is looked after here: the engine looks through all tokens of the last ten minutes at each (3.2.0, `evict_expired`),
    /// which after some thousands takes longer than the transaction.
    fn transact(&self, body: &[u8]) -> Option<Answer> {
        let mut request: TransactWriteItemsRequest = serde_json::from_slice(body).ok()?;
        let Some(token) = request.client_request_token.take() else {
            return answered(self.database.transact_write_items(request));
        };
        // Held until it is done, so that a repeat that comes meanwhile waits for its answer.
        let mut tokens = self.tokens.lock().unwrap_or_else(PoisonError::into_inner);
        let now = Instant::now();
        match tokens.find(&token, body, now) {
            Some(Found::Same(answer)) => Some(answer),
            Some(Found::Other) => Some(Answer { status: StatusCode::BAD_REQUEST, body: MISMATCH.to_owned() }),
            None => {
                let answer = answered(self.database.transact_write_items(request))?;
                if answer.status.is_success() {
                    tokens.keep(&token, body, answer.clone(), now);
                }
                Some(answer)
            }
        }
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

/// What a client is told; `None` for a refusal that is not about what is in the table.
fn answered(result: dynoxide::Result<impl Serialize>) -> Option<Answer> {
    use DynoxideError::{ConditionalCheckFailedException, TransactionCanceledException};
    match result {
        Ok(answer) => Some(Answer { status: StatusCode::OK, body: serde_json::to_string(&answer).ok()? }),
        Err(error @ (ConditionalCheckFailedException(..) | TransactionCanceledException(..))) => {
            Some(Answer { status: StatusCode::BAD_REQUEST, body: error.to_json() })
        }
        Err(_) => None,
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
    use std::net::SocketAddr;

    use domain::kernel::SystemClock;
    use hyper_util::rt::TokioIo;
    use tokio::net::TcpStream;
    use tokio::task::JoinSet;

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

    /// What a client is told by the port of some tables.
    async fn by_port(address: SocketAddr, action: &str, request: &Value) -> Answer {
        let stream = TokioIo::new(TcpStream::connect(address).await.unwrap());
        let (mut sender, connection) = hyper::client::conn::http1::handshake(stream).await.unwrap();
        let mut connections = JoinSet::new();
        connections.spawn(connection);
        let request = http::Request::post("/")
            .header("host", "dynamodb")
            .header("x-amz-target", format!("DynamoDB_20120810.{action}"))
            .header("content-type", "application/x-amz-json-1.0")
            .header("authorization", "AWS4-HMAC-SHA256 Credential=local/20260101/eu-central-1/dynamodb/aws4_request, SignedHeaders=host, Signature=0")
            .header("x-amz-date", "20260101T000000Z")
            .body(request.to_string())
            .unwrap();
        let (head, body) = sender.send_request(request).await.unwrap().into_parts();
        let body = axum::body::to_bytes(axum::body::Body::new(body), usize::MAX).await.unwrap();
        Answer { status: head.status, body: String::from_utf8(body.to_vec()).unwrap() }
    }

    /// The same without it.
    fn direct(tables: &Tables, action: &str, request: &Value) -> Option<Answer> {
        tables.answer(&format!("DynamoDB_20120810.{action}"), request.to_string().as_bytes())
    }

    fn fresh() -> Tables {
        let tables = Tables::open(None, Arc::new(SystemClock)).unwrap();
        tables.put(&table("index")).unwrap();
        tables
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn without_its_network_the_engine_says_the_same() {
        let (tables, served) = (fresh(), fresh());
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let mut serving = JoinSet::new();
        serving.spawn(served.serve(listener, std::future::pending()));

        let key = json!({ "pk": { "S": "a" } });
        let item = json!({ "pk": { "S": "a" }, "n": { "N": "1" }, "i": { "S": "x" } });
        let missing = |key: &str| {
            json!({ "Put": {
                "TableName": "table", "Item": { "pk": { "S": key } }, "ConditionExpression": "attribute_not_exists(pk)",
                "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
            } })
        };
        let by_key = json!({
            "TableName": "table", "KeyConditionExpression": "pk = :a", "ExpressionAttributeValues": { ":a": { "S": "a" } }
        });
        for (action, request) in [
            ("PutItem", json!({ "TableName": "table", "Item": item, "ReturnConsumedCapacity": "TOTAL" })),
            ("GetItem", json!({ "TableName": "table", "Key": key, "ConsistentRead": true })),
            ("GetItem", json!({ "TableName": "table", "Key": { "pk": { "S": "nobody" } } })),
            ("Query", by_key),
            ("Scan", json!({ "TableName": "table", "ReturnConsumedCapacity": "TOTAL" })),
            ("BatchGetItem", json!({ "RequestItems": { "table": { "Keys": [key] } } })),
            (
                "UpdateItem",
                json!({
                    "TableName": "table", "Key": key, "UpdateExpression": "SET n = :n", "ReturnValues": "ALL_NEW",
                    "ExpressionAttributeValues": { ":n": { "N": "2" } },
                }),
            ),
            (
                "UpdateItem",
                json!({
                    "TableName": "table", "Key": key, "UpdateExpression": "SET n = :n",
                    "ConditionExpression": "n = :m", "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
                    "ExpressionAttributeValues": { ":n": { "N": "2" }, ":m": { "N": "7" } },
                }),
            ),
            ("TransactWriteItems", json!({ "TransactItems": [missing("a")] })),
            ("DeleteItem", json!({ "TableName": "table", "Key": { "pk": { "S": "nobody" } } })),
        ] {
            let by_port = by_port(address, action, &request).await;
            let direct = direct(&tables, action, &request).unwrap_or_else(|| panic!("{action} is left to the port"));
            assert_eq!(by_port.status, direct.status, "{action}: {}", direct.body);
            let json = |answer: &Answer| serde_json::from_str::<Value>(&answer.body).unwrap();
            assert_eq!(json(&by_port), json(&direct), "{action}");
        }
        // Refusals in the engine's own words, and what functions do not ask for.
        for (action, request) in [
            ("GetItem", json!({ "TableName": "nothing", "Key": key })),
            ("GetItem", json!({ "TableName": "table", "Key": { "other": { "S": "a" } } })),
            ("PutItem", json!({ "TableName": "table", "Item": 7 })),
            ("TransactWriteItems", json!({ "TransactItems": [] })),
            ("ListTables", json!({})),
        ] {
            assert!(direct(&tables, action, &request).is_none(), "{action} {request}");
        }
    }

    #[test]
    fn a_transaction_that_comes_again_is_done_once() {
        let tables = fresh();
        let call = |action: &str, request: &Value| direct(&tables, action, request).unwrap();
        let add = |token: &str, number: &str| {
            let update = json!({ "Update": {
                "TableName": "table", "Key": { "pk": { "S": "a" } }, "UpdateExpression": "ADD n :n",
                "ExpressionAttributeValues": { ":n": { "N": number } },
            } });
            call("TransactWriteItems", &json!({ "TransactItems": [update], "ClientRequestToken": token }))
        };
        assert_eq!(add("one", "1").status, StatusCode::OK);
        assert_eq!(add("one", "1").status, StatusCode::OK);
        assert_eq!(add("two", "10").status, StatusCode::OK);
        let other = add("one", "100");
        assert_eq!(other.status, StatusCode::BAD_REQUEST);
        assert!(other.body.contains("IdempotentParameterMismatchException"), "{}", other.body);
        let item = call("GetItem", &json!({ "TableName": "table", "Key": { "pk": { "S": "a" } } }));
        assert!(item.body.contains(r#""n":{"N":"11"}"#), "{}", item.body);
    }
}
