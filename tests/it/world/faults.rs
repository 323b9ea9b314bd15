//! What can go wrong between a function and AWS: wrapped around the HTTP client of its SDK clients.

use std::collections::VecDeque;
use std::fmt;
use std::sync::{Arc, Mutex, OnceLock};

use aws_smithy_runtime_api::client::http::{
    HttpClient as _, HttpConnector, HttpConnectorFuture, SharedHttpClient, SharedHttpConnector, http_client_fn,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_types::body::SdkBody;
use tokio::sync::Notify;

use super::permissions::Permissions;
use super::sockets::Subscribers;

/// What happens to a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    /// The call is not sent and nothing ever comes back: the process died just before it.
    DieBefore,
    /// The call is sent and its answer never comes: the process died just after it.
    DieAfter,
    /// The service throttles.
    Throttle,
    /// The service says that another transaction touched the same item.
    Conflict,
    /// The call is done, but its answer gets lost on the way; the SDK sends it again.
    LoseAnswer,
    /// The call is not sent until the test says so.
    Wait,
}

#[derive(Default)]
struct State {
    seen: Vec<String>,
    /// How many calls waited for each other, one after the other, until the last that has ended.
    trips: usize,
    plan: VecDeque<Planned>,
}

struct Planned {
    matches: &'static str,
    skip: usize,
    times: usize,
    action: Action,
}

/// The faults of one world. Calls are known by their targets: `GetItem`, `TransactWriteItems`, `SendMessage`, `PostToConnection`, …
#[derive(Clone, Default)]
pub struct Faults {
    state: Arc<Mutex<State>>,
    died: Arc<Notify>,
    waits: Arc<Notify>,
    goes_on: Arc<Notify>,
    subscribers: Subscribers,
    network: Arc<OnceLock<SharedHttpClient>>,
    outside: Arc<OnceLock<reqwest::Client>>,
}

impl fmt::Debug for Faults {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Faults")
    }
}

impl Faults {
    /// Lets `action` happen to calls whose target contains `matches` (all, if empty): after `skip` of them, `times` times.
    pub fn plan(&self, matches: &'static str, skip: usize, times: usize, action: Action) {
        self.state.lock().expect("faults").plan.push_back(Planned { matches, skip, times, action });
    }

    /// Forgets all plans.
    pub fn clear(&self) {
        self.state.lock().expect("faults").plan.clear();
    }

    /// The targets of all calls since the last time this was asked.
    pub fn seen(&self) -> Vec<String> {
        self.trips().0
    }

    /// The same, and in how many round trips they were made: calls that are under way at the same time are one.
    pub fn trips(&self) -> (Vec<String>, usize) {
        let mut state = self.state.lock().expect("faults");
        (std::mem::take(&mut state.seen), std::mem::take(&mut state.trips))
    }

    /// Runs `work` until it ends, or until a planned death happens in it; then it is dropped, as a killed process drops it. Whether it ended.
    pub async fn until_death(&self, work: impl Future) -> bool {
        tokio::select! {
            biased;
            _ = work => true,
            () = self.died.notified() => false,
        }
    }

    /// Comes back when a call waits.
    pub async fn until_wait(&self) {
        self.waits.notified().await;
    }

    /// Lets the call that waits go on.
    pub fn go_on(&self) {
        self.goes_on.notify_one();
    }

    /// A client for what is not AWS.
    pub fn outside(&self) -> &reqwest::Client {
        self.outside.get_or_init(reqwest::Client::new)
    }

    /// The WebSocket connections that functions send frames to.
    pub fn subscribers(&self) -> &Subscribers {
        &self.subscribers
    }

    /// The client of somebody whose calls do not go wrong. There is one as soon as there is a function.
    pub fn network(&self) -> SharedHttpClient {
        self.network.get().expect("a function").clone()
    }

    /// The client of somebody who may do everything.
    pub fn http_client(&self) -> SharedHttpClient {
        self.wrap(self.network(), None)
    }

    /// The client of a function with these permissions, whose calls go by way of `network`.
    pub fn http_client_of(&self, permissions: Permissions, network: SharedHttpClient) -> SharedHttpClient {
        self.wrap(self.network.get_or_init(|| network).clone(), Some(permissions))
    }

    fn wrap(&self, network: SharedHttpClient, permissions: Option<Permissions>) -> SharedHttpClient {
        let faults = self.clone();
        http_client_fn(move |settings, components| {
            let network = network.http_connector(settings, components);
            let line = Line { faults: faults.clone(), network };
            match permissions.clone() {
                Some(permissions) => SharedHttpConnector::new(Guarded { line, permissions }),
                None => SharedHttpConnector::new(line),
            }
        })
    }

    /// A call begins, in the trip after those that have ended. Which trip that is, and what happens to the call.
    fn begin(&self, target: &str) -> (usize, Option<Action>) {
        let action = self.next_action(target);
        (self.state.lock().expect("faults").trips + 1, action)
    }

    /// A call of this trip has ended.
    fn end(&self, trip: usize) {
        let mut state = self.state.lock().expect("faults");
        state.trips = state.trips.max(trip);
    }

    fn next_action(&self, target: &str) -> Option<Action> {
        let mut state = self.state.lock().expect("faults");
        state.seen.push(target.to_owned());
        let planned = state.plan.iter_mut().find(|planned| planned.times > 0 && target.contains(planned.matches))?;
        if planned.skip > 0 {
            planned.skip -= 1;
            return None;
        }
        planned.times -= 1;
        Some(planned.action)
    }
}

/// The way to AWS.
#[derive(Clone)]
struct Line {
    faults: Faults,
    network: SharedHttpConnector,
}

impl fmt::Debug for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Line")
    }
}

impl Line {
    async fn send(&self, request: HttpRequest) -> Result<HttpResponse, ConnectorError> {
        match self.faults.subscribers.receive(&request) {
            Some(answer) => Ok(answer),
            None => self.network.call(request).await,
        }
    }
}

impl HttpConnector for Line {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let target = target(&request);
        let (trip, action) = self.faults.begin(&target);
        let (line, faults) = (self.clone(), self.faults.clone());
        HttpConnectorFuture::new(async move {
            // The engines answer at once, and calls that are made at the same time are to be seen as such.
            for _ in 0..16 {
                tokio::task::yield_now().await;
            }
            let answer = match action {
                None => line.send(request).await,
                Some(Action::DieBefore) => {
                    faults.died.notify_one();
                    std::future::pending().await
                }
                Some(Action::DieAfter) => {
                    line.send(request).await?;
                    faults.died.notify_one();
                    std::future::pending().await
                }
                Some(Action::LoseAnswer) => {
                    line.send(request).await?;
                    Err(ConnectorError::io("answer lost".into()))
                }
                Some(Action::Wait) => {
                    faults.waits.notify_one();
                    faults.goes_on.notified().await;
                    line.send(request).await
                }
                Some(Action::Throttle) => Ok(refusal("ProvisionedThroughputExceededException", "")),
                Some(Action::Conflict) => Ok(refusal(
                    "TransactionCanceledException",
                    r#","CancellationReasons":[{"Code":"TransactionConflict"},{"Code":"None"}]"#,
                )),
            };
            faults.end(trip);
            answer
        })
    }
}

/// Sends what is permitted.
#[derive(Clone)]
struct Guarded {
    line: Line,
    permissions: Permissions,
}

impl fmt::Debug for Guarded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Guarded")
    }
}

impl HttpConnector for Guarded {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        if !self.permissions.allow(&request) {
            return HttpConnectorFuture::ready(Ok(refusal("AccessDeniedException", "")));
        }
        let reads_object = target(&request) == "GET object";
        let answer = self.line.call(request);
        let permissions = self.permissions.clone();
        HttpConnectorFuture::new(async move {
            let answer = answer.await?;
            if reads_object && answer.status().as_u16() == 404 {
                permissions.missing_object();
            }
            Ok(answer)
        })
    }
}

fn refusal(kind: &str, more: &str) -> HttpResponse {
    let body = format!(r#"{{"__type":"com.amazonaws.dynamodb.v20120810#{kind}","message":"injected"{more}}}"#);
    let mut response = HttpResponse::new(400.try_into().expect("status"), SdkBody::from(body));
    response.headers_mut().insert("content-type", "application/x-amz-json-1.0");
    response
}

/// What a call does, in its service's words.
fn target(request: &HttpRequest) -> String {
    match request.headers().get("x-amz-target") {
        Some(target) => target.rsplit('.').next().unwrap_or_default().to_owned(),
        None if request.uri().contains("@connections") => "PostToConnection".to_owned(),
        None => format!("{} object", request.method()),
    }
}
