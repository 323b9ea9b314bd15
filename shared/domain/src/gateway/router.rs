//! Chooses the deployment that answers a request: fallback in order, a circuit breaker per deployment, retries.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;

use super::breaker::Breakers;
use super::{
    Call, ChatRequest, ChatStream, Chunk, Completion, EmbeddingCall, EmbeddingRequest, Embeddings, MaxTokens,
    ProviderError, SharedVendor, Vendor,
};
use crate::kernel::Clock;

/// A model at a vendor.
#[derive(Debug, Clone, PartialEq, Eq, Hash, serde::Deserialize)]
pub struct Deployment {
    pub vendor: String,
    /// The model, as the vendor names it.
    pub model: String,
    /// Seconds for a whole answer, or for the first chunk of a stream, where that is less than the vendor's own
    /// time-outs.
    #[serde(default)]
    pub timeout_seconds: Option<u64>,
}

/// How often a list of deployments is tried.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RetryPolicy {
    /// Passes through the list, at least one.
    pub rounds: usize,
    /// Pause between two passes when no vendor asked for one.
    pub pause: Duration,
    /// Longest pause that a vendor may ask for. Beyond it the caller gets the vendor's wait as `retry_after`.
    pub max_pause: Duration,
}

impl RetryPolicy {
    /// Every deployment is tried once.
    pub const ONE_ROUND: Self = Self { rounds: 1, pause: Duration::ZERO, max_pause: Duration::ZERO };
}

impl Default for RetryPolicy {
    fn default() -> Self {
        Self { rounds: 2, pause: Duration::from_millis(200), max_pause: Duration::from_secs(2) }
    }
}

/// Routes requests to the configured vendors.
#[derive(Clone)]
pub struct ModelRouter {
    vendors: Arc<[SharedVendor]>,
    /// One for each deployment: an outage of one model says nothing about the vendor's others.
    breakers: Breakers<Deployment>,
    retries: RetryPolicy,
}

/// A stream whose first chunk has come: no other deployment is tried any more.
pub struct OpenedStream {
    /// `None` if the stream was empty.
    pub first: Option<Chunk>,
    pub rest: Box<dyn ChatStream>,
}

impl ModelRouter {
    /// A router over `vendors` with the circuits closed.
    pub fn new(vendors: Vec<SharedVendor>, retries: RetryPolicy, clock: Arc<dyn Clock>) -> Self {
        Self { vendors: vendors.into(), breakers: Breakers::new(clock), retries }
    }

    /// Whether a deployment could be called now: its vendor is configured and its circuit closed.
    pub fn is_available(&self, deployment: &Deployment) -> bool {
        self.vendor(deployment).is_some() && !self.breakers.is_open(deployment)
    }

    /// A completion, and the index of the deployment that gave it. `max_tokens` has an entry per deployment.
    pub async fn complete(
        &self,
        deployments: &[Deployment],
        max_tokens: &[MaxTokens],
        request: &ChatRequest,
    ) -> Result<(usize, Completion), ProviderError> {
        self.run(deployments, &mut Complete { request, max_tokens }).await
    }

    /// A stream, and the index of the deployment that began it.
    pub async fn stream(
        &self,
        deployments: &[Deployment],
        max_tokens: &[MaxTokens],
        request: &ChatRequest,
    ) -> Result<(usize, OpenedStream), ProviderError> {
        self.run(deployments, &mut OpenStream { request, max_tokens }).await
    }

    /// Embeddings, and the index of the deployment that gave them.
    pub async fn embed(
        &self,
        deployments: &[Deployment],
        request: &EmbeddingRequest,
    ) -> Result<(usize, Embeddings), ProviderError> {
        self.run(deployments, &mut Embed { request }).await
    }

    /// Counts a failure in the middle of a stream against its deployment.
    pub fn report_failure(&self, deployment: &Deployment, error: &ProviderError) {
        if error.is_outage() {
            self.breakers.failed(deployment);
        }
    }

    /// Calls the deployments in order until one succeeds. A request that one vendor rejects may suit the next. If all
    /// fail, the first rejection is the error, because the caller can act on it; otherwise the last outage.
    pub(crate) async fn run<O: Operation>(
        &self,
        deployments: &[Deployment],
        operation: &mut O,
    ) -> Result<(usize, O::Output), ProviderError> {
        let mut rejection = None;
        let mut outage = ProviderError::Misconfigured("no vendor of this model is configured".to_owned());
        for round in 1..=self.retries.rounds {
            let mut called = false;
            for (index, deployment) in deployments.iter().enumerate() {
                let Some(vendor) = self.vendor(deployment) else { continue };
                if !self.breakers.may_call(deployment) {
                    outage = ProviderError::Broken(format!("{}/{}: circuit open", deployment.vendor, deployment.model));
                    continue;
                }
                called = true;
                match within(deployment.timeout_seconds, operation.call(&**vendor, deployment, index)).await {
                    Ok(output) => {
                        self.breakers.succeeded(deployment);
                        return Ok((index, output));
                    }
                    Err(error) => {
                        tracing::warn!(vendor = deployment.vendor, model = deployment.model, %error, "vendor failed");
                        if error.is_outage() {
                            self.breakers.failed(deployment);
                            outage = error;
                        } else {
                            // A vendor that rejects the request is up.
                            self.breakers.succeeded(deployment);
                            rejection.get_or_insert(error);
                        }
                    }
                }
            }
            let pause = match &outage {
                _ if rejection.is_some() || !called || round == self.retries.rounds => break,
                ProviderError::RateLimited { retry_after: Some(wait) } => *wait,
                ProviderError::RateLimited { .. } | ProviderError::Broken(_) => self.retries.pause,
                _ => break,
            };
            if pause > self.retries.max_pause {
                break;
            }
            tokio::time::sleep(pause).await;
        }
        Err(rejection.unwrap_or(outage))
    }

    fn vendor(&self, deployment: &Deployment) -> Option<&SharedVendor> {
        self.vendors.iter().find(|vendor| vendor.name() == deployment.vendor)
    }
}

async fn within<T>(
    seconds: Option<u64>,
    call: impl Future<Output = Result<T, ProviderError>>,
) -> Result<T, ProviderError> {
    match seconds {
        Some(seconds) => {
            let limited = tokio::time::timeout(Duration::from_secs(seconds), call).await;
            limited.unwrap_or(Err(ProviderError::TimedOut))
        }
        None => call.await,
    }
}

/// What is asked of one deployment after the other.
#[async_trait]
pub(crate) trait Operation: Send {
    type Output;

    /// Calls the vendor of `deployment`, which has this index in the list.
    async fn call(
        &mut self,
        vendor: &dyn Vendor,
        deployment: &Deployment,
        index: usize,
    ) -> Result<Self::Output, ProviderError>;
}

struct Complete<'a> {
    request: &'a ChatRequest,
    max_tokens: &'a [MaxTokens],
}

struct OpenStream<'a> {
    request: &'a ChatRequest,
    max_tokens: &'a [MaxTokens],
}

struct Embed<'a> {
    request: &'a EmbeddingRequest,
}

fn call<'a>(request: &'a ChatRequest, deployment: &'a Deployment, max_tokens: &[MaxTokens], index: usize) -> Call<'a> {
    Call { request, model: &deployment.model, max_tokens: max_tokens.get(index).copied().unwrap_or_default() }
}

#[async_trait]
impl Operation for Complete<'_> {
    type Output = Completion;

    async fn call(
        &mut self,
        vendor: &dyn Vendor,
        deployment: &Deployment,
        index: usize,
    ) -> Result<Completion, ProviderError> {
        vendor.complete(call(self.request, deployment, self.max_tokens, index)).await
    }
}

#[async_trait]
impl Operation for OpenStream<'_> {
    type Output = OpenedStream;

    async fn call(
        &mut self,
        vendor: &dyn Vendor,
        deployment: &Deployment,
        index: usize,
    ) -> Result<OpenedStream, ProviderError> {
        let mut rest = vendor.stream(call(self.request, deployment, self.max_tokens, index)).await?;
        let first = rest.next().await?;
        Ok(OpenedStream { first, rest })
    }
}

#[async_trait]
impl Operation for Embed<'_> {
    type Output = Embeddings;

    async fn call(
        &mut self,
        vendor: &dyn Vendor,
        deployment: &Deployment,
        _: usize,
    ) -> Result<Embeddings, ProviderError> {
        let embedder =
            vendor.embedder().ok_or_else(|| ProviderError::unsupported("model", "Модель не строит эмбеддинги"))?;
        embedder.embed(EmbeddingCall { request: self.request, model: &deployment.model }).await
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use serde_json::value::RawValue;

    use super::*;
    use crate::gateway::{FAILURES_TO_OPEN, Fields};
    use crate::kernel::SystemClock;

    /// The vendor that never answers.
    const SILENT: &str = "silent";

    /// Answers what it is told to, the last answer again and again, and remembers which models it was asked for.
    struct Script {
        name: &'static str,
        answers: Mutex<Vec<Result<(), ProviderError>>>,
        asked: Mutex<Vec<String>>,
    }

    impl Script {
        fn new(name: &'static str, answers: impl IntoIterator<Item = Result<(), ProviderError>>) -> Arc<Self> {
            let mut answers: Vec<_> = answers.into_iter().collect();
            answers.reverse();
            Arc::new(Self { name, answers: Mutex::new(answers), asked: Mutex::default() })
        }

        fn asked(&self) -> usize {
            self.asked.lock().unwrap().len()
        }
    }

    #[async_trait]
    impl Vendor for Script {
        fn name(&self) -> &str {
            self.name
        }

        async fn complete(&self, call: Call<'_>) -> Result<Completion, ProviderError> {
            self.asked.lock().unwrap().push(call.model.to_owned());
            if self.name == SILENT {
                std::future::pending::<()>().await;
            }
            let mut answers = self.answers.lock().unwrap();
            let answer = if answers.len() > 1 { answers.pop().unwrap() } else { answers[0].clone() };
            let choices = RawValue::from_string("[]".to_owned()).unwrap();
            answer.map(|()| Completion { choices, usage: None, written: 0, rest: Fields::new() })
        }

        async fn stream(&self, _: Call<'_>) -> Result<Box<dyn ChatStream>, ProviderError> {
            Err(ProviderError::TimedOut)
        }
    }

    fn broken() -> ProviderError {
        ProviderError::Broken("500".to_owned())
    }

    fn rejected(message: &str) -> ProviderError {
        ProviderError::Rejected { message: message.to_owned(), param: None, code: None }
    }

    fn deployments(vendors: &[&str]) -> Vec<Deployment> {
        let deployment = |vendor: &&str| {
            let model = format!("{vendor}-model");
            Deployment { vendor: (*vendor).to_owned(), model, timeout_seconds: None }
        };
        vendors.iter().map(deployment).collect()
    }

    fn router(vendors: &[&Arc<Script>]) -> ModelRouter {
        let vendors = vendors.iter().map(|vendor| Arc::clone(vendor) as SharedVendor).collect();
        ModelRouter::new(
            vendors,
            RetryPolicy { pause: Duration::ZERO, ..RetryPolicy::default() },
            Arc::new(SystemClock),
        )
    }

    async fn ask(router: &ModelRouter, vendors: &[&str]) -> Result<usize, ProviderError> {
        let body = br#"{"model":"m","messages":[{"role":"user","content":"x"}]}"#;
        let request = ChatRequest::parse(body).unwrap();
        router.complete(&deployments(vendors), &[], &request).await.map(|(index, _)| index)
    }

    #[tokio::test]
    async fn whoever_fails_is_followed_by_the_next() {
        let (first, second) = (Script::new("a", [Err(broken())]), Script::new("b", [Ok(())]));
        assert_eq!(ask(&router(&[&second, &first]), &["nobody", "a", "b"]).await, Ok(2));
        assert_eq!((first.asked(), second.asked()), (1, 1));
        assert_eq!(*second.asked.lock().unwrap(), ["b-model"]);
    }

    #[tokio::test]
    async fn all_are_asked_once_more_where_that_can_help() {
        let hasty = ProviderError::RateLimited { retry_after: Some(Duration::ZERO) };
        let patient = ProviderError::RateLimited { retry_after: Some(Duration::from_secs(3)) };
        for (answers, wanted, asked) in [
            (vec![Err(broken()), Ok(())], Ok(0), 2),
            (vec![Err(hasty), Ok(())], Ok(0), 2),
            (vec![Err(patient.clone()), Ok(())], Err(patient), 1),
            (vec![Err(ProviderError::OutOfFunds), Ok(())], Err(ProviderError::OutOfFunds), 1),
            (vec![Err(broken())], Err(broken()), 2),
        ] {
            let vendor = Script::new("a", answers);
            assert_eq!(ask(&router(&[&vendor]), &["a"]).await, wanted);
            assert_eq!(vendor.asked(), asked, "{wanted:?}");
        }
        assert!(matches!(ask(&router(&[]), &["a"]).await, Err(ProviderError::Misconfigured(_))));
    }

    #[tokio::test]
    async fn a_complaint_that_the_caller_can_do_something_about_is_told_rather_than_an_outage() {
        let (first, second) = (Script::new("a", [Err(rejected("first"))]), Script::new("b", [Err(broken())]));
        assert_eq!(ask(&router(&[&first, &second]), &["a", "b"]).await, Err(rejected("first")));
        assert_eq!((first.asked(), second.asked()), (1, 1), "asking again would not help");
    }

    #[tokio::test]
    async fn a_vendor_that_keeps_failing_is_left_alone_and_one_that_complains_is_not() {
        let (failing, complaining) = (Script::new("a", [Err(broken())]), Script::new("b", [Err(rejected("no"))]));
        let wrong = Script::new("c", [Err(ProviderError::Misconfigured("404".to_owned()))]);
        let router = router(&[&failing, &complaining, &wrong]);
        for _ in 0..10 {
            for vendor in ["a", "b", "c"] {
                assert!(ask(&router, &[vendor]).await.is_err());
            }
        }
        let opened = usize::try_from(FAILURES_TO_OPEN).unwrap();
        assert_eq!((failing.asked(), complaining.asked(), wrong.asked()), (opened, 10, opened));
        let [a, b, c] = ["a", "b", "c"].map(|vendor| deployments(&[vendor]).remove(0));
        assert!(!router.is_available(&a) && router.is_available(&b) && !router.is_available(&c));
        let other = Deployment { model: "another".to_owned(), ..c };
        assert!(router.is_available(&other), "a wrong name of one model says nothing about the vendor's others");
    }

    #[tokio::test]
    async fn a_target_may_have_less_time_than_its_vendor() {
        let (silent, prompt) = (Script::new(SILENT, [Ok(())]), Script::new("prompt", [Ok(())]));
        let body = br#"{"model":"m","messages":[{"role":"user","content":"x"}]}"#;
        let request = ChatRequest::parse(body).unwrap();
        let mut deployments = deployments(&[SILENT, "prompt"]);
        deployments[0].timeout_seconds = Some(0);
        deployments[1].timeout_seconds = Some(3600);
        let (answered, _) = router(&[&silent, &prompt]).complete(&deployments, &[], &request).await.unwrap();
        assert_eq!((answered, silent.asked()), (1, 1));
    }
}
