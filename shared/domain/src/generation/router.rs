//! The choice among text models: order of preference, failover, and a circuit breaker per vendor.

use std::sync::Arc;

use super::ProviderId;
use super::text::{OnText, SharedTextModel, TextError, TextOutput, TextRequest};
use crate::gateway::Breakers;
use crate::kernel::Clock;

/// Why no vendor wrote anything.
#[derive(Debug, thiserror::Error)]
pub enum NoText {
    /// None could be reached: trying again later can help.
    #[error("no provider available: {0}")]
    Unavailable(String),
    /// At least one answered, and none with a usable text.
    #[error("no usable text: {0}")]
    Unusable(String),
}

/// The configured text models.
#[derive(Clone)]
pub struct TextRouter {
    models: Vec<SharedTextModel>,
    breakers: Breakers<ProviderId>,
}

impl TextRouter {
    /// A choice among `models`.
    pub fn new(models: Vec<SharedTextModel>, clock: Arc<dyn Clock>) -> Self {
        Self { models, breakers: Breakers::new(clock) }
    }

    /// Asks the vendors in the order of `preference` until one writes a text.
    ///
    /// Every failure moves on to the next vendor: even a refused request, because what one vendor's filter or settings refuse another may take.
    /// `on_text` may be told pieces of a text that a failing vendor did not finish; the returned text is always whole.
    pub async fn write(
        &self,
        preference: &[ProviderId],
        request: &TextRequest,
        on_text: OnText<'_>,
    ) -> Result<(ProviderId, TextOutput), NoText> {
        let mut reasons = Vec::new();
        let mut answered = false;
        for model in preference.iter().filter_map(|id| self.models.iter().find(|model| model.provider() == *id)) {
            let provider = model.provider();
            if !self.breakers.may_call(&provider) {
                reasons.push(format!("{provider}: circuit open"));
                continue;
            }
            match model.write(request, on_text).await {
                Ok(output) => {
                    self.breakers.succeeded(&provider);
                    return Ok((provider, output));
                }
                Err(error) => {
                    tracing::warn!(%provider, %error, "text model failed");
                    answered |= matches!(error, TextError::ContentRefused | TextError::Rejected(_));
                    if is_outage(&error) {
                        self.breakers.failed(&provider);
                    }
                    reasons.push(format!("{provider}: {error}"));
                }
            }
        }
        let reasons = if reasons.is_empty() { "none configured".to_owned() } else { reasons.join("; ") };
        Err(if answered { NoText::Unusable(reasons) } else { NoText::Unavailable(reasons) })
    }
}

/// Whether the failure says something about the vendor rather than about this request.
fn is_outage(error: &TextError) -> bool {
    match error {
        TextError::TimedOut | TextError::RateLimited { .. } | TextError::OutOfFunds | TextError::Broken(_) => true,
        TextError::Rejected(_) | TextError::ContentRefused => false,
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicI64, AtomicU32, Ordering};

    use async_trait::async_trait;

    use super::*;
    use crate::gateway::FAILURES_TO_OPEN;
    use crate::generation::text::{TextModel, Tokens};
    use crate::kernel::Timestamp;

    struct Script {
        provider: ProviderId,
        calls: AtomicU32,
        answer: fn() -> Result<TextOutput, TextError>,
    }

    impl Script {
        fn new(provider: ProviderId, answer: fn() -> Result<TextOutput, TextError>) -> Arc<Self> {
            Arc::new(Self { provider, calls: AtomicU32::new(0), answer })
        }

        fn calls(&self) -> u32 {
            self.calls.load(Ordering::SeqCst)
        }
    }

    #[async_trait]
    impl TextModel for Script {
        fn provider(&self) -> ProviderId {
            self.provider
        }

        async fn write(&self, _: &TextRequest, _: OnText<'_>) -> Result<TextOutput, TextError> {
            self.calls.fetch_add(1, Ordering::SeqCst);
            (self.answer)()
        }
    }

    #[derive(Default)]
    struct Hand(AtomicI64);

    impl Clock for Hand {
        fn now(&self) -> Timestamp {
            Timestamp::from_second(self.0.load(Ordering::SeqCst)).unwrap()
        }
    }

    #[expect(clippy::unnecessary_wraps, reason = "has the shape of the failing scripts")]
    fn good() -> Result<TextOutput, TextError> {
        Ok(TextOutput { text: "готово".to_owned(), tokens: Tokens::default(), truncated: false })
    }

    fn request() -> TextRequest {
        TextRequest { system: String::new(), prompt: "?".to_owned(), max_output_tokens: 10, temperature: 0.0 }
    }

    const BOTH: [ProviderId; 2] = [ProviderId::GigaChat, ProviderId::OpenAi];

    #[tokio::test]
    async fn failures_move_on_to_the_next_vendor_in_order_of_preference() {
        let first = Script::new(ProviderId::GigaChat, || Err(TextError::TimedOut));
        let second = Script::new(ProviderId::OpenAi, good);
        let router = TextRouter::new(vec![second.clone(), first.clone()], Arc::new(Hand::default()));
        let (provider, _) = router.write(&BOTH, &request(), &mut |_| {}).await.unwrap();
        assert_eq!(provider, ProviderId::OpenAi);
        assert_eq!((first.calls(), second.calls()), (1, 1));
    }

    #[tokio::test]
    async fn a_failing_vendor_is_left_alone_and_probed_later() {
        let first = Script::new(ProviderId::GigaChat, || Err(TextError::Broken("500".to_owned())));
        let second = Script::new(ProviderId::OpenAi, good);
        let clock = Arc::new(Hand::default());
        let router = TextRouter::new(vec![first.clone(), second], clock.clone());
        for _ in 0..8 {
            router.write(&BOTH, &request(), &mut |_| {}).await.unwrap();
        }
        assert_eq!(first.calls(), FAILURES_TO_OPEN);
        clock.0.store(31, Ordering::SeqCst);
        for _ in 0..3 {
            router.write(&BOTH, &request(), &mut |_| {}).await.unwrap();
        }
        assert_eq!(first.calls(), FAILURES_TO_OPEN + 1, "one probe, then open again");
    }

    #[tokio::test]
    async fn all_down_is_unavailable_and_a_refusal_is_unusable() {
        let clock: Arc<dyn Clock> = Arc::new(Hand::default());
        let down = Script::new(ProviderId::GigaChat, || Err(TextError::TimedOut));
        let refusing = Script::new(ProviderId::OpenAi, || Err(TextError::ContentRefused));
        let router = TextRouter::new(vec![down.clone()], clock.clone());
        assert!(matches!(router.write(&BOTH, &request(), &mut |_| {}).await, Err(NoText::Unavailable(_))));
        let router = TextRouter::new(vec![down, refusing], clock.clone());
        assert!(matches!(router.write(&BOTH, &request(), &mut |_| {}).await, Err(NoText::Unusable(_))));
        let router = TextRouter::new(Vec::new(), clock);
        assert!(matches!(router.write(&BOTH, &request(), &mut |_| {}).await, Err(NoText::Unavailable(_))));
    }
}
