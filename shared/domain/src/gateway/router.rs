//! Which vendor is asked, and who is asked next when it fails.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;

use super::breaker::Breakers;
use super::{
    Call, ChatRequest, ChatStream, Chunk, Completion, EmbeddingCall, EmbeddingRequest, Embeddings, MaxTokens,
    ProviderError, SharedVendor, Vendor,
};
use crate::kernel::Clock;

/// How often one deployment is asked in all, when nobody else is left to ask.
const ROUNDS: usize = 2;
/// The longest wait that a vendor may ask for before the second round; a caller who hears that it has to wait longer is better off.
const MAX_WAIT: Duration = Duration::from_secs(2);
/// The wait before the second round when no vendor asked for one.
const SHORT_WAIT: Duration = Duration::from_millis(200);

/// A model at a vendor.
#[derive(Debug, Clone, PartialEq, Eq, Hash, serde::Deserialize)]
pub struct Deployment {
    /// The vendor's name.
    pub vendor: String,
    /// The model, as the vendor names it.
    pub model: String,
    /// How many seconds a whole answer, or the first piece of a stream, may take, where that is less than the vendor's own time-outs.
    #[serde(default)]
    pub timeout_seconds: Option<u64>,
}

/// The configured vendors.
#[derive(Clone)]
pub struct ModelRouter {
    vendors: Arc<[SharedVendor]>,
    /// One for each deployment: what is wrong with one model of a vendor says nothing about its others.
    breakers: Breakers<Deployment>,
    /// What is waited before the second round when no vendor asked for it.
    short_wait: Duration,
}

/// A stream that a vendor has begun: its first piece has come, so that nobody else need be asked any more.
pub struct OpenedStream {
    /// The first piece; `None` if the stream had none.
    pub first: Option<Chunk>,
    /// The others.
    pub rest: Box<dyn ChatStream>,
}

impl ModelRouter {
    /// A choice among `vendors`.
    pub fn new(vendors: Vec<SharedVendor>, clock: Arc<dyn Clock>) -> Self {
        Self { vendors: vendors.into(), breakers: Breakers::new(clock), short_wait: SHORT_WAIT }
    }

    /// Whether a deployment could be asked now: its vendor is configured and the model is not being left alone.
    pub fn is_available(&self, deployment: &Deployment) -> bool {
        self.vendor(deployment).is_some() && !self.breakers.is_open(deployment)
    }

    /// A whole answer from the first of `deployments` that gives one, and which it was. `max_tokens` are the most tokens of each choice, deployment by deployment.
    pub async fn complete(
        &self,
        deployments: &[Deployment],
        max_tokens: &[MaxTokens],
        request: &ChatRequest,
    ) -> Result<(usize, Completion), ProviderError> {
        self.first_of(deployments, &Whole(request, max_tokens)).await
    }

    /// A stream from the first of `deployments` that begins one, and which it was.
    pub async fn stream(
        &self,
        deployments: &[Deployment],
        max_tokens: &[MaxTokens],
        request: &ChatRequest,
    ) -> Result<(usize, OpenedStream), ProviderError> {
        self.first_of(deployments, &Pieces(request, max_tokens)).await
    }

    /// Vectors from the first of `deployments` that has them, and which it was.
    pub async fn embed(
        &self,
        deployments: &[Deployment],
        request: &EmbeddingRequest,
    ) -> Result<(usize, Embeddings), ProviderError> {
        self.first_of(deployments, &Vectors(request)).await
    }

    /// A stream that fails in the middle counts against its deployment too.
    pub fn report_failure(&self, deployment: &Deployment, error: &ProviderError) {
        if error.is_outage() {
            self.breakers.failed(deployment);
        }
    }

    /// Asks the deployments in turn. A request that one vendor rejects or cannot translate may suit the next; if none is left, the first such complaint is the
    /// answer, because it is the one that the caller can do something about.
    async fn first_of<Q: Question>(
        &self,
        deployments: &[Deployment],
        question: &Q,
    ) -> Result<(usize, Q::Answer), ProviderError> {
        let mut complaint = None;
        let mut outage = ProviderError::Misconfigured("no vendor of this model is configured".to_owned());
        for round in 0..ROUNDS {
            let mut asked = false;
            for (index, deployment) in deployments.iter().enumerate() {
                let Some(vendor) = self.vendor(deployment) else { continue };
                if !self.breakers.may_call(deployment) {
                    outage = ProviderError::Broken(format!("{}/{}: circuit open", deployment.vendor, deployment.model));
                    continue;
                }
                asked = true;
                match within(deployment.timeout_seconds, question.ask(&**vendor, deployment, index)).await {
                    Ok(answer) => {
                        self.breakers.succeeded(deployment);
                        return Ok((index, answer));
                    }
                    Err(error) => {
                        tracing::warn!(vendor = deployment.vendor, model = deployment.model, %error, "vendor failed");
                        if error.is_outage() {
                            self.breakers.failed(deployment);
                            outage = error;
                        } else {
                            // Who complains of the request is there.
                            self.breakers.succeeded(deployment);
                            complaint.get_or_insert(error);
                        }
                    }
                }
            }
            let wait = match &outage {
                _ if complaint.is_some() || !asked || round + 1 == ROUNDS => break,
                ProviderError::RateLimited { retry_after: Some(wait) } => *wait,
                ProviderError::RateLimited { .. } | ProviderError::Broken(_) => self.short_wait,
                _ => break,
            };
            if wait > MAX_WAIT {
                break;
            }
            tokio::time::sleep(wait).await;
        }
        Err(complaint.unwrap_or(outage))
    }

    fn vendor(&self, deployment: &Deployment) -> Option<&SharedVendor> {
        self.vendors.iter().find(|vendor| vendor.name() == deployment.vendor)
    }
}

async fn within<T>(
    seconds: Option<u64>,
    asked: impl Future<Output = Result<T, ProviderError>>,
) -> Result<T, ProviderError> {
    match seconds {
        Some(seconds) => {
            let limited = tokio::time::timeout(Duration::from_secs(seconds), asked).await;
            limited.unwrap_or(Err(ProviderError::TimedOut))
        }
        None => asked.await,
    }
}

/// What is asked of one vendor after the other.
#[async_trait]
trait Question: Sync {
    type Answer;

    /// Asks one. `index` is the place of `deployment` among all.
    async fn ask(
        &self,
        vendor: &dyn Vendor,
        deployment: &Deployment,
        index: usize,
    ) -> Result<Self::Answer, ProviderError>;
}

struct Whole<'a>(&'a ChatRequest, &'a [MaxTokens]);
struct Pieces<'a>(&'a ChatRequest, &'a [MaxTokens]);
struct Vectors<'a>(&'a EmbeddingRequest);

fn call<'a>(request: &'a ChatRequest, deployment: &'a Deployment, max_tokens: &[MaxTokens], index: usize) -> Call<'a> {
    Call { request, model: &deployment.model, max_tokens: max_tokens.get(index).copied().unwrap_or_default() }
}

#[async_trait]
impl Question for Whole<'_> {
    type Answer = Completion;

    async fn ask(
        &self,
        vendor: &dyn Vendor,
        deployment: &Deployment,
        index: usize,
    ) -> Result<Completion, ProviderError> {
        vendor.complete(call(self.0, deployment, self.1, index)).await
    }
}

#[async_trait]
impl Question for Pieces<'_> {
    type Answer = OpenedStream;

    async fn ask(
        &self,
        vendor: &dyn Vendor,
        deployment: &Deployment,
        index: usize,
    ) -> Result<OpenedStream, ProviderError> {
        let mut rest = vendor.stream(call(self.0, deployment, self.1, index)).await?;
        let first = rest.next().await?;
        Ok(OpenedStream { first, rest })
    }
}

#[async_trait]
impl Question for Vectors<'_> {
    type Answer = Embeddings;

    async fn ask(&self, vendor: &dyn Vendor, deployment: &Deployment, _: usize) -> Result<Embeddings, ProviderError> {
        let embedder =
            vendor.embedder().ok_or_else(|| ProviderError::unsupported("model", "Модель не строит эмбеддинги"))?;
        embedder.embed(EmbeddingCall { request: self.0, model: &deployment.model }).await
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
        ModelRouter { short_wait: Duration::ZERO, ..ModelRouter::new(vendors, Arc::new(SystemClock)) }
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
