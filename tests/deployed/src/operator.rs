//! What an operator does: looks at the table, sends and moves messages, calls functions.

use std::collections::BTreeMap;
use std::time::Duration;

use async_trait::async_trait;
use aws_credential_types::Credentials;
use aws_sdk_dynamodb::types::AttributeValue;
use aws_sdk_sqs::types::{Message, QueueAttributeName};
use aws_sigv4::http_request::{SignableBody, SignableRequest, SigningSettings, sign};
use aws_sigv4::sign::v4;
use domain::kernel::{Clock as _, SystemClock};
use http::Request;
use serde_json::{Value, json};
use store::{Aws, AwsSettings};
use tokio::time::timeout;

use crate::{Outcome, ensure};

/// How long something may take that goes on in the background.
const TIMEOUT: Duration = Duration::from_secs(30);

/// URLs of queues, by what the template calls them.
pub type Queues = BTreeMap<String, String>;

/// Calls functions by the names of their packages.
#[async_trait]
pub trait Functions: Send + Sync {
    /// Calls one and waits for its answer.
    async fn call(&self, function: &str, event: &Value) -> Outcome;
}

/// Somebody who may do everything.
pub struct Operator {
    dynamodb: aws_sdk_dynamodb::Client,
    sqs: aws_sdk_sqs::Client,
    table: String,
    queues: Queues,
    functions: Box<dyn Functions>,
}

/// An item of the table.
#[derive(Debug, Clone)]
pub(crate) struct Place {
    pub(crate) pk: String,
    pub(crate) sk: String,
}

impl Operator {
    /// An operator of the stack with this table, these queues and functions.
    pub fn new(aws: &Aws, table: &str, queues: Queues, functions: Box<dyn Functions>) -> Self {
        Self { dynamodb: aws.dynamodb(), sqs: aws.sqs(), table: table.to_owned(), queues, functions }
    }

    fn queue(&self, name: &str) -> Outcome<&str> {
        self.queues.get(name).map(String::as_str).ok_or_else(|| format!("no queue is called {name}").into())
    }

    /// Changes a queue's attribute. Its old value.
    async fn set(&self, queue: &str, name: QueueAttributeName, value: &str) -> Outcome<String> {
        let url = self.queue(queue)?;
        let was = self.sqs.get_queue_attributes().queue_url(url).attribute_names(name.clone()).send().await;
        let was = was?.attributes().and_then(|all| all.get(&name)).cloned().unwrap_or_default();
        self.sqs.set_queue_attributes().queue_url(url).attributes(name, value).send().await?;
        Ok(was)
    }

    /// Does something while a queue keeps what is sent to it for fifteen minutes: longer than anybody here waits, so it is as if it were lost.
    pub(crate) async fn holding_back<T>(&self, queue: &str, work: impl Future<Output = Outcome<T>>) -> Outcome<T> {
        self.with(queue, QueueAttributeName::DelaySeconds, "900", work).await
    }

    /// Does something while an attribute of a queue is another one.
    pub(crate) async fn with<T>(
        &self,
        queue: &str,
        name: QueueAttributeName,
        value: &str,
        work: impl Future<Output = Outcome<T>>,
    ) -> Outcome<T> {
        let was = self.set(queue, name.clone(), value).await?;
        let done = work.await;
        self.set(queue, name, &was).await?;
        done
    }

    pub(crate) async fn send(&self, queue: &str, body: &str) -> Outcome {
        self.sqs.send_message().queue_url(self.queue(queue)?).message_body(body).send().await?;
        Ok(())
    }

    /// Waits for a message whose body has this in it. It stays in the queue.
    pub(crate) async fn wait_for(&self, queue: &str, part: &str) -> Outcome<Message> {
        let url = self.queue(queue)?;
        for _ in 0..40 {
            // The client, which is that of functions, waits no longer than five seconds for an answer.
            let received = self.sqs.receive_message().queue_url(url).wait_time_seconds(3).visibility_timeout(20);
            let found = received.max_number_of_messages(10).send().await?.messages.unwrap_or_default();
            if let Some(message) = found.into_iter().find(|it| it.body().is_some_and(|body| body.contains(part))) {
                return Ok(message);
            }
        }
        Err(format!("no message with {part} comes to {queue}").into())
    }

    /// Takes a message out of a queue.
    pub(crate) async fn remove(&self, queue: &str, message: &Message) -> Outcome {
        let handle = message.receipt_handle().unwrap_or_default();
        self.sqs.delete_message().queue_url(self.queue(queue)?).receipt_handle(handle).send().await?;
        Ok(())
    }

    /// Sends a dead letter to where it came from.
    pub(crate) async fn redrive(&self, dead_letters: &str, message: &Message, queue: &str) -> Outcome {
        self.send(queue, message.body().unwrap_or_default()).await?;
        self.remove(dead_letters, message).await
    }

    /// Sets an attribute of an item, which must be there. Its old value.
    pub(crate) async fn write(&self, at: &Place, name: &str, value: AttributeValue) -> Outcome<AttributeValue> {
        let update = self.dynamodb.update_item().table_name(&self.table);
        let update = update.key("pk", text(&at.pk)).key("sk", text(&at.sk));
        let update = update.update_expression("SET #name = :value").condition_expression("attribute_exists(#name)");
        let update = update.expression_attribute_names("#name", name).expression_attribute_values(":value", value);
        let answer = update.return_values(aws_sdk_dynamodb::types::ReturnValue::UpdatedOld).send().await;
        let answer = answer.map_err(|cause| format!("{name} of {at:?} cannot be set: {cause:?}"))?;
        answer.attributes().and_then(|all| all.get(name)).cloned().ok_or_else(|| format!("no {name} in {at:?}").into())
    }

    /// Writes down a connection that watches a job and was greeted long ago, though nobody is there: a client whose network broke.
    pub(crate) async fn haunt(&self, job: &str) -> Outcome<Place> {
        let connection = "0000000000000000";
        let place = Place { pk: format!("CHANNEL#{job}"), sk: connection.to_owned() };
        let put = self.dynamodb.put_item().table_name(&self.table);
        let put = put.item("pk", text(&place.pk)).item("sk", text(&place.sk)).item("connection", text(connection));
        let put = put.item("gsi1pk", text(&format!("CONNECTION#{connection}"))).item("gsi1sk", text(job));
        put.item("next", number(1)).item("expires_at", number(4_102_444_800)).send().await?;
        Ok(place)
    }

    /// Waits until an item is gone.
    pub(crate) async fn vanishes(&self, at: &Place) -> Outcome {
        let gone = async {
            loop {
                let get = self.dynamodb.get_item().table_name(&self.table).consistent_read(true);
                if get.key("pk", text(&at.pk)).key("sk", text(&at.sk)).send().await?.item.is_none() {
                    return Ok(());
                }
            }
        };
        timeout(TIMEOUT, gone).await.map_err(|_| format!("{at:?} stays"))?
    }

    /// Makes what waits in the table's first index due.
    pub(crate) async fn make_due(&self, at: &Place) -> Outcome {
        self.write(at, "gsi1sk", text(&"0".repeat(15))).await?;
        Ok(())
    }

    /// Calls a scheduled function as its schedule does.
    pub(crate) async fn run(&self, function: &str) -> Outcome {
        let event = json!({
            "version": "0", "id": "0192f0c1-2a3b-7c4d-8e5f-6a7b8c9d0e1f", "detail-type": "Scheduled Event", "source": "aws.events",
            "account": "000000000000", "time": "2026-01-15T12:00:00Z", "region": "eu-central-1", "resources": [], "detail": {},
        });
        self.functions.call(function, &event).await
    }
}

pub(crate) fn text(value: &str) -> AttributeValue {
    AttributeValue::S(value.to_owned())
}

pub(crate) fn number(value: i64) -> AttributeValue {
    AttributeValue::N(value.to_string())
}

/// Functions on Lambda.
pub struct Lambda {
    /// Where Lambda is.
    pub endpoint: String,
    /// Who calls, and in which region.
    pub settings: AwsSettings,
    /// What functions are called there, by the names of their packages.
    pub names: BTreeMap<String, String>,
    /// What calls.
    pub http: reqwest::Client,
}

#[async_trait]
impl Functions for Lambda {
    async fn call(&self, function: &str, event: &Value) -> Outcome {
        let name = self.names.get(function).ok_or_else(|| format!("no function is called {function}"))?;
        let url = format!("{}/2015-03-31/functions/{name}/invocations", self.endpoint);
        let body = event.to_string();
        let identity = Credentials::from_keys(
            self.settings.access_key_id.clone(),
            self.settings.secret_access_key.clone(),
            self.settings.session_token.clone(),
        );
        let identity = identity.into();
        let parameters = v4::SigningParams::builder()
            .identity(&identity)
            .region(&self.settings.region)
            .name("lambda")
            .time(SystemClock.now().into())
            .settings(SigningSettings::default());
        let parameters = parameters.build()?.into();
        let uri: http::Uri = url.parse()?;
        let host = uri.authority().map(ToString::to_string).unwrap_or_default();
        let signable = SignableRequest::new(
            "POST",
            &url,
            [("host", host.as_str())].into_iter(),
            SignableBody::Bytes(body.as_bytes()),
        )?;
        let (signed, _) = sign(signable, &parameters)?.into_parts();
        let mut request = Request::post(&url).header("host", host).body(body)?;
        signed.apply_to_request_http1x(&mut request);
        let answer = self.http.execute(request.try_into()?).await?;
        let failed = answer.headers().contains_key("x-amz-function-error") || !answer.status().is_success();
        let said = answer.text().await?;
        ensure!(!failed, "{function} fails: {said}");
        Ok(())
    }
}
