//! Which vendor is asked, and who is asked next when it fails.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;

use super::breaker::Breakers;
use super::{
    Call, CallError, ChatRequest, ChatStream, Chunk, Completion, EmbeddingCall, EmbeddingRequest, Embeddings, Limit,
    SharedVendor, Vendor,
};
use crate::kernel::Clock;

/// How often one target is asked in all, when nobody else is left to ask.
const ROUNDS: usize = 2;
/// The longest wait that a vendor may ask for before the second round; a caller who hears that it has to wait longer is better off.
const MAX_WAIT: Duration = Duration::from_secs(2);
/// The wait before the second round when no vendor asked for one.
const SHORT_WAIT: Duration = Duration::from_millis(200);

/// A model at a vendor.
#[derive(Debug, Clone, PartialEq, Eq, Hash, serde::Deserialize)]
pub struct Target {
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
pub struct Relay {
    vendors: Arc<[SharedVendor]>,
    /// One for each target: what is wrong with one model of a vendor says nothing about its others.
    breakers: Breakers<Target>,
    /// What is waited before the second round when no vendor asked for it.
    short_wait: Duration,
}

/// A stream that a vendor has begun: its first piece has come, so that nobody else need be asked any more.
pub struct Opened {
    /// The first piece; `None` if the stream had none.
    pub first: Option<Chunk>,
    /// The others.
    pub rest: Box<dyn ChatStream>,
}

impl Relay {
    /// A choice among `vendors`.
    pub fn new(vendors: Vec<SharedVendor>, clock: Arc<dyn Clock>) -> Self {
        Self { vendors: vendors.into(), breakers: Breakers::new(clock), short_wait: SHORT_WAIT }
    }

    /// Whether a target could be asked now: its vendor is configured and the model is not being left alone.
    pub fn is_available(&self, target: &Target) -> bool {
        self.vendor(target).is_some() && !self.breakers.is_open(target)
    }

    /// A whole answer from the first of `targets` that gives one, and which it was. `limits` are the most tokens of each choice, target by target.
    pub async fn complete(
        &self,
        targets: &[Target],
        limits: &[Limit],
        request: &ChatRequest,
    ) -> Result<(usize, Completion), CallError> {
        self.first_of(targets, &Whole(request, limits)).await
    }

    /// A stream from the first of `targets` that begins one, and which it was.
    pub async fn stream(
        &self,
        targets: &[Target],
        limits: &[Limit],
        request: &ChatRequest,
    ) -> Result<(usize, Opened), CallError> {
        self.first_of(targets, &Pieces(request, limits)).await
    }

    /// Vectors from the first of `targets` that has them, and which it was.
    pub async fn embed(
        &self,
        targets: &[Target],
        request: &EmbeddingRequest,
    ) -> Result<(usize, Embeddings), CallError> {
        self.first_of(targets, &Vectors(request)).await
    }

    /// A stream that fails in the middle counts against its target too.
    pub fn broke_off(&self, target: &Target, error: &CallError) {
        if error.is_outage() {
            self.breakers.failed(target);
        }
    }

    /// Asks the targets in turn. A request that one vendor rejects or cannot translate may suit the next; if none is left, the first such complaint is the
    /// answer, because it is the one that the caller can do something about.
    async fn first_of<Q: Question>(&self, targets: &[Target], question: &Q) -> Result<(usize, Q::Answer), CallError> {
        let mut complaint = None;
        let mut outage = CallError::Misconfigured("no vendor of this model is configured".to_owned());
        for round in 0..ROUNDS {
            let mut asked = false;
            for (index, target) in targets.iter().enumerate() {
                let Some(vendor) = self.vendor(target) else { continue };
                if !self.breakers.may_call(target) {
                    outage = CallError::Broken(format!("{}/{}: circuit open", target.vendor, target.model));
                    continue;
                }
                asked = true;
                match within(target.timeout_seconds, question.ask(&**vendor, target, index)).await {
                    Ok(answer) => {
                        self.breakers.succeeded(target);
                        return Ok((index, answer));
                    }
                    Err(error) => {
                        tracing::warn!(vendor = target.vendor, model = target.model, %error, "vendor failed");
                        if error.is_outage() {
                            self.breakers.failed(target);
                            outage = error;
                        } else {
                            // Who complains of the request is there.
                            self.breakers.succeeded(target);
                            complaint.get_or_insert(error);
                        }
                    }
                }
            }
            let wait = match &outage {
                _ if complaint.is_some() || !asked || round + 1 == ROUNDS => break,
                CallError::RateLimited { retry_after: Some(wait) } => *wait,
                CallError::RateLimited { .. } | CallError::Broken(_) => self.short_wait,
                _ => break,
            };
            if wait > MAX_WAIT {
                break;
            }
            tokio::time::sleep(wait).await;
        }
        Err(complaint.unwrap_or(outage))
    }

    fn vendor(&self, target: &Target) -> Option<&SharedVendor> {
        self.vendors.iter().find(|vendor| vendor.name() == target.vendor)
    }
}

async fn within<T>(seconds: Option<u64>, asked: impl Future<Output = Result<T, CallError>>) -> Result<T, CallError> {
    match seconds {
        Some(seconds) => {
            let limited = tokio::time::timeout(Duration::from_secs(seconds), asked).await;
            limited.unwrap_or(Err(CallError::TimedOut))
        }
        None => asked.await,
    }
}

/// What is asked of one vendor after the other.
#[async_trait]
trait Question: Sync {
    type Answer;

    /// Asks one. `index` is the place of `target` among all.
    async fn ask(&self, vendor: &dyn Vendor, target: &Target, index: usize) -> Result<Self::Answer, CallError>;
}

struct Whole<'a>(&'a ChatRequest, &'a [Limit]);
struct Pieces<'a>(&'a ChatRequest, &'a [Limit]);
struct Vectors<'a>(&'a EmbeddingRequest);

fn call<'a>(request: &'a ChatRequest, target: &'a Target, limits: &[Limit], index: usize) -> Call<'a> {
    Call { request, model: &target.model, limit: limits.get(index).copied().unwrap_or_default() }
}

#[async_trait]
impl Question for Whole<'_> {
    type Answer = Completion;

    async fn ask(&self, vendor: &dyn Vendor, target: &Target, index: usize) -> Result<Completion, CallError> {
        vendor.complete(call(self.0, target, self.1, index)).await
    }
}

#[async_trait]
impl Question for Pieces<'_> {
    type Answer = Opened;

    async fn ask(&self, vendor: &dyn Vendor, target: &Target, index: usize) -> Result<Opened, CallError> {
        let mut rest = vendor.stream(call(self.0, target, self.1, index)).await?;
        let first = rest.next().await?;
        Ok(Opened { first, rest })
    }
}

#[async_trait]
impl Question for Vectors<'_> {
    type Answer = Embeddings;

    async fn ask(&self, vendor: &dyn Vendor, target: &Target, _: usize) -> Result<Embeddings, CallError> {
        let embedder =
            vendor.embedder().ok_or_else(|| CallError::unsupported("model", "Модель не строит эмбеддинги"))?;
        embedder.embed(EmbeddingCall { request: self.0, model: &target.model }).await
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
        answers: Mutex<Vec<Result<(), CallError>>>,
        asked: Mutex<Vec<String>>,
    }

    impl Script {
        fn new(name: &'static str, answers: impl IntoIterator<Item = Result<(), CallError>>) -> Arc<Self> {
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

        async fn complete(&self, call: Call<'_>) -> Result<Completion, CallError> {
            self.asked.lock().unwrap().push(call.model.to_owned());
            if self.name == SILENT {
                std::future::pending::<()>().await;
            }
            let mut answers = self.answers.lock().unwrap();
            let answer = if answers.len() > 1 { answers.pop().unwrap() } else { answers[0].clone() };
            let choices = RawValue::from_string("[]".to_owned()).unwrap();
            answer.map(|()| Completion { choices, usage: None, written: 0, rest: Fields::new() })
        }

        async fn stream(&self, _: Call<'_>) -> Result<Box<dyn ChatStream>, CallError> {
            Err(CallError::TimedOut)
        }
    }

    fn broken() -> CallError {
        CallError::Broken("500".to_owned())
    }

    fn rejected(message: &str) -> CallError {
        CallError::Rejected { message: message.to_owned(), param: None, code: None }
    }

    fn targets(vendors: &[&str]) -> Vec<Target> {
        let target = |vendor: &&str| {
            let model = format!("{vendor}-model");
            Target { vendor: (*vendor).to_owned(), model, timeout_seconds: None }
        };
        vendors.iter().map(target).collect()
    }

    fn relay(vendors: &[&Arc<Script>]) -> Relay {
        let vendors = vendors.iter().map(|vendor| Arc::clone(vendor) as SharedVendor).collect();
        Relay { short_wait: Duration::ZERO, ..Relay::new(vendors, Arc::new(SystemClock)) }
    }

    async fn ask(relay: &Relay, vendors: &[&str]) -> Result<usize, CallError> {
        let body = br#"{"model":"m","messages":[{"role":"user","content":"x"}]}"#;
        let request = ChatRequest::parse(body).unwrap();
        relay.complete(&targets(vendors), &[], &request).await.map(|(index, _)| index)
    }

    #[tokio::test]
    async fn whoever_fails_is_followed_by_the_next() {
        let (first, second) = (Script::new("a", [Err(broken())]), Script::new("b", [Ok(())]));
        assert_eq!(ask(&relay(&[&second, &first]), &["nobody", "a", "b"]).await, Ok(2));
        assert_eq!((first.asked(), second.asked()), (1, 1));
        assert_eq!(*second.asked.lock().unwrap(), ["b-model"]);
    }

    #[tokio::test]
    async fn all_are_asked_once_more_where_that_can_help() {
        let hasty = CallError::RateLimited { retry_after: Some(Duration::ZERO) };
        let patient = CallError::RateLimited { retry_after: Some(Duration::from_secs(3)) };
        for (answers, wanted, asked) in [
            (vec![Err(broken()), Ok(())], Ok(0), 2),
            (vec![Err(hasty), Ok(())], Ok(0), 2),
            (vec![Err(patient.clone()), Ok(())], Err(patient), 1),
            (vec![Err(CallError::OutOfFunds), Ok(())], Err(CallError::OutOfFunds), 1),
            (vec![Err(broken())], Err(broken()), 2),
        ] {
            let vendor = Script::new("a", answers);
            assert_eq!(ask(&relay(&[&vendor]), &["a"]).await, wanted);
            assert_eq!(vendor.asked(), asked, "{wanted:?}");
        }
        assert!(matches!(ask(&relay(&[]), &["a"]).await, Err(CallError::Misconfigured(_))));
    }

    #[tokio::test]
    async fn a_complaint_that_the_caller_can_do_something_about_is_told_rather_than_an_outage() {
        let (first, second) = (Script::new("a", [Err(rejected("first"))]), Script::new("b", [Err(broken())]));
        assert_eq!(ask(&relay(&[&first, &second]), &["a", "b"]).await, Err(rejected("first")));
        assert_eq!((first.asked(), second.asked()), (1, 1), "asking again would not help");
    }

    #[tokio::test]
    async fn a_vendor_that_keeps_failing_is_left_alone_and_one_that_complains_is_not() {
        let (failing, complaining) = (Script::new("a", [Err(broken())]), Script::new("b", [Err(rejected("no"))]));
        let wrong = Script::new("c", [Err(CallError::Misconfigured("404".to_owned()))]);
        let relay = relay(&[&failing, &complaining, &wrong]);
        for _ in 0..10 {
            for vendor in ["a", "b", "c"] {
                assert!(ask(&relay, &[vendor]).await.is_err());
            }
        }
        let opened = usize::try_from(FAILURES_TO_OPEN).unwrap();
        assert_eq!((failing.asked(), complaining.asked(), wrong.asked()), (opened, 10, opened));
        let [a, b, c] = ["a", "b", "c"].map(|vendor| targets(&[vendor]).remove(0));
        assert!(!relay.is_available(&a) && relay.is_available(&b) && !relay.is_available(&c));
        let other = Target { model: "another".to_owned(), ..c };
        assert!(relay.is_available(&other), "a wrong name of one model says nothing about the vendor's others");
    }

    #[tokio::test]
    async fn a_target_may_have_less_time_than_its_vendor() {
        let (silent, prompt) = (Script::new(SILENT, [Ok(())]), Script::new("prompt", [Ok(())]));
        let body = br#"{"model":"m","messages":[{"role":"user","content":"x"}]}"#;
        let request = ChatRequest::parse(body).unwrap();
        let mut targets = targets(&[SILENT, "prompt"]);
        targets[0].timeout_seconds = Some(0);
        targets[1].timeout_seconds = Some(3600);
        let (answered, _) = relay(&[&silent, &prompt]).complete(&targets, &[], &request).await.unwrap();
        assert_eq!((answered, silent.asked()), (1, 1));
    }
}
