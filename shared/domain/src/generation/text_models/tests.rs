//! What [`super::TextModels`] does with its vendors.

use std::collections::VecDeque;
use std::sync::Mutex;
use std::sync::atomic::{AtomicI64, AtomicU32, Ordering};

use serde_json::value::to_raw_value;

use super::*;
use crate::gateway::{ChatStream, Chunk, Completion, FAILURES_TO_OPEN};
use crate::kernel::Timestamp;

type Chunks = Vec<Result<Chunk, ProviderError>>;
type Answer = fn() -> Result<Chunks, ProviderError>;

/// A vendor that streams the same chunks to everybody, or refuses to.
struct Script {
    name: &'static str,
    chunks: Answer,
    calls: AtomicU32,
    asked: Mutex<Option<(ChatRequest, MaxTokens)>>,
}

impl Script {
    fn new(provider: ProviderId, chunks: Answer) -> Arc<Self> {
        Arc::new(Self { name: provider.as_str(), chunks, calls: AtomicU32::new(0), asked: Mutex::default() })
    }

    fn calls(&self) -> u32 {
        self.calls.load(Ordering::SeqCst)
    }
}

struct Reader(VecDeque<Result<Chunk, ProviderError>>);

#[async_trait]
impl ChatStream for Reader {
    async fn next(&mut self) -> Result<Option<Chunk>, ProviderError> {
        self.0.pop_front().transpose()
    }
}

#[async_trait]
impl Vendor for Script {
    fn name(&self) -> &str {
        self.name
    }

    async fn complete(&self, _: Call<'_>) -> Result<Completion, ProviderError> {
        panic!("texts are streamed")
    }

    async fn stream(&self, call: Call<'_>) -> Result<Box<dyn ChatStream>, ProviderError> {
        self.calls.fetch_add(1, Ordering::SeqCst);
        *self.asked.lock().unwrap() = Some((call.request.clone(), call.max_tokens));
        Ok(Box::new(Reader((self.chunks)()?.into())))
    }
}

#[derive(Default)]
struct Hand(AtomicI64);

impl Clock for Hand {
    fn now(&self) -> Timestamp {
        Timestamp::from_second(self.0.load(Ordering::SeqCst)).unwrap()
    }
}

fn chunk(delta: &Value, finish_reason: Option<&str>) -> Chunk {
    let choices = to_raw_value(&json!([{ "index": 0, "delta": delta, "finish_reason": finish_reason }])).unwrap();
    Chunk { choices: Some(choices), ..Chunk::default() }
}

fn piece(text: &str) -> Chunk {
    chunk(&json!({ "content": text }), None)
}

fn finish(reason: &str) -> Chunk {
    chunk(&json!({}), Some(reason))
}

fn usage(usage: Usage) -> Chunk {
    Chunk { usage: Some(usage), ..Chunk::default() }
}

#[expect(clippy::unnecessary_wraps, reason = "has the shape of the failing scripts")]
fn good() -> Result<Chunks, ProviderError> {
    Ok(vec![Ok(piece("Гото")), Ok(piece("во")), Ok(finish("stop"))])
}

fn request() -> TextRequest {
    TextRequest {
        system: "Ты редактор.".to_owned(), prompt: "?".to_owned(), max_output_tokens: 10, temperature: 0.7
    }
}

fn models(vendors: &[&Arc<Script>], clock: &Arc<Hand>) -> TextModels {
    let of = |provider: ProviderId| TextModel { provider, model: format!("{provider}-model"), send_temperature: true };
    let shared = vendors.iter().map(|vendor| Arc::clone(vendor) as SharedVendor).collect();
    TextModels::new(shared, BOTH.map(of).into(), Arc::clone(clock) as Arc<dyn Clock>)
}

/// What `provider` writes, given these chunks, and the pieces of it.
async fn written_by(provider: ProviderId, chunks: Answer) -> (Result<TextOutput, NoText>, Vec<String>) {
    let mut pieces = Vec::new();
    let models = models(&[&Script::new(provider, chunks)], &Arc::default());
    let written = models.write(&BOTH, &request(), &mut |piece: &str| pieces.push(piece.to_owned())).await;
    (written.map(|(_, output)| output), pieces)
}

async fn written(chunks: Answer) -> (Result<TextOutput, NoText>, Vec<String>) {
    written_by(ProviderId::OpenAi, chunks).await
}

const BOTH: [ProviderId; 2] = [ProviderId::GigaChat, ProviderId::OpenAi];

#[tokio::test]
async fn failures_move_on_to_the_next_vendor_in_order_of_preference() {
    let failing: [Answer; 6] = [
        || Err(ProviderError::TimedOut),
        || Err(ProviderError::ContentRefused("no".to_owned())),
        || Err(ProviderError::Misconfigured("401".to_owned())),
        || Ok(vec![Ok(piece("Го")), Err(ProviderError::Broken("the stream broke off".to_owned()))]),
        || Ok(vec![Ok(piece("Го")), Ok(finish("content_filter"))]),
        || Ok(vec![Ok(piece(" \n")), Ok(finish("stop"))]),
    ];
    for failing in failing {
        let (first, second) = (Script::new(ProviderId::GigaChat, failing), Script::new(ProviderId::OpenAi, good));
        let models = models(&[&second, &first], &Arc::default());
        let (provider, output) = models.write(&BOTH, &request(), &mut |_| {}).await.unwrap();
        assert_eq!((provider, output.text.as_str()), (ProviderId::OpenAi, "Готово"));
        assert_eq!((first.calls(), second.calls()), (1, 1));
    }
}

#[tokio::test]
async fn a_failing_vendor_is_left_alone_and_probed_later() {
    let first = Script::new(ProviderId::GigaChat, || Err(ProviderError::Broken("500".to_owned())));
    let second = Script::new(ProviderId::OpenAi, good);
    let clock = Arc::new(Hand::default());
    let models = models(&[&first, &second], &clock);
    for _ in 0..8 {
        models.write(&BOTH, &request(), &mut |_| {}).await.unwrap();
    }
    assert_eq!(first.calls(), FAILURES_TO_OPEN);
    clock.0.store(31, Ordering::SeqCst);
    for _ in 0..3 {
        models.write(&BOTH, &request(), &mut |_| {}).await.unwrap();
    }
    assert_eq!(first.calls(), FAILURES_TO_OPEN + 1, "one probe, then open again");
}

#[tokio::test]
async fn a_failing_vendor_is_tried_once_per_text() {
    let down = Script::new(ProviderId::OpenAi, || Err(ProviderError::Broken("500".to_owned())));
    let refused = models(&[&down], &Arc::default()).write(&BOTH, &request(), &mut |_| {}).await.unwrap_err();
    assert_eq!((down.calls(), refused.to_string().as_str()), (1, "no provider available: openai: failed: 500"));
}

#[tokio::test]
async fn all_down_is_unavailable_and_a_refusal_is_unusable() {
    let down = Script::new(ProviderId::GigaChat, || Err(ProviderError::TimedOut));
    let clock = Arc::default();
    let unavailable = models(&[&down], &clock).write(&BOTH, &request(), &mut |_| {}).await;
    assert!(matches!(unavailable, Err(NoText::Unavailable(_))), "{unavailable:?}");
    let refusing: [Answer; 3] = [
        || Err(ProviderError::ContentRefused("no".to_owned())),
        || Err(ProviderError::Misconfigured("401".to_owned())),
        || Err(ProviderError::unsupported("temperature", "no")),
    ];
    for refusing in refusing {
        let refusing = Script::new(ProviderId::OpenAi, refusing);
        let unusable = models(&[&down, &refusing], &clock).write(&BOTH, &request(), &mut |_| {}).await;
        assert!(matches!(unusable, Err(NoText::Unusable(_))), "{unusable:?}");
    }
    let none = models(&[], &clock).write(&BOTH, &request(), &mut |_| {}).await;
    assert!(matches!(none, Err(NoText::Unavailable(_))), "{none:?}");
}

#[tokio::test]
async fn the_system_message_and_the_temperature_are_sent_where_they_are_wanted() {
    let vendor = Script::new(ProviderId::OpenAi, good);
    let (mut wanted, mut model) = (request(), models(&[], &Arc::default()).models[1].clone());
    for (system, send_temperature, fields) in [
        (
            "Ты редактор.",
            true,
            json!({ "model": "openai-model", "temperature": 0.7, "messages": [
                { "role": "system", "content": "Ты редактор." }, { "role": "user", "content": "?" },
            ] }),
        ),
        ("", false, json!({ "model": "openai-model", "messages": [{ "role": "user", "content": "?" }] })),
    ] {
        wanted.system = system.to_owned();
        model.send_temperature = send_temperature;
        let models = TextModels::new(vec![vendor.clone()], vec![model.clone()], Arc::new(Hand::default()));
        models.write(&BOTH, &wanted, &mut |_| {}).await.unwrap();
        let (request, max_tokens) = vendor.asked.lock().unwrap().take().unwrap();
        assert_eq!(serde_json::to_value(&request.fields).unwrap(), fields);
        assert_eq!((max_tokens.requested, max_tokens.required()), (Some(10), 10));
    }
}

#[tokio::test]
async fn pieces_come_as_they_are_written() {
    let (output, pieces) = written(good).await;
    let output = output.unwrap();
    assert_eq!((output.text.as_str(), output.truncated), ("Готово", false));
    assert_eq!(pieces, ["Гото", "во"]);
}

#[tokio::test]
async fn finish_reasons_have_their_meaning() {
    let (output, _) = written(|| Ok(vec![Ok(piece("Готово")), Ok(finish("length"))])).await;
    assert!(output.unwrap().truncated);
    let (output, _) = written(|| Ok(vec![Ok(piece("Готово")), Ok(finish("something_new"))])).await;
    assert!(!output.unwrap().truncated);
    let (output, _) = written(|| Ok(vec![Ok(piece("Готово"))])).await;
    assert!(!output.unwrap().truncated, "some servers end without a reason");
    let (output, pieces) = written(|| Ok(vec![Ok(piece("Готово")), Ok(finish("content_filter"))])).await;
    assert!(matches!(output, Err(NoText::Unusable(_))), "{output:?}");
    assert_eq!(pieces, ["Готово"]);
    let (output, _) = written(|| Ok(vec![Ok(chunk(&json!({ "refusal": "no" }), None)), Ok(finish("stop"))])).await;
    assert!(matches!(output, Err(NoText::Unusable(_))), "{output:?}");
}

#[tokio::test]
async fn a_blank_text_is_a_failure() {
    let blank: [Answer; 2] = [|| Ok(vec![Ok(piece(" \n")), Ok(finish("stop"))]), || Ok(vec![Ok(finish("length"))])];
    for chunks in blank {
        let (output, _) = written(chunks).await;
        assert_eq!(output.unwrap_err().to_string(), "no provider available: openai: failed: the text is blank");
    }
}

#[tokio::test]
async fn a_rewritten_text_is_the_vendors_last_word() {
    let (output, pieces) = written(|| {
        let rewritten = Chunk { rewritten: Some("Готова".to_owned()), ..finish("stop") };
        Ok(vec![Ok(piece("Готово")), Ok(rewritten)])
    })
    .await;
    assert_eq!(output.unwrap().text, "Готова");
    assert_eq!(pieces, ["Готово"]);
}

#[tokio::test]
async fn the_last_usage_counts_and_none_is_estimated() {
    const SECOND: Usage = Usage { prompt: 20, completion: 42, cached: 5, reasoning: 1 };
    fn told() -> Result<Chunks, ProviderError> {
        let first = usage(Usage { prompt: 1, completion: 1, ..Usage::default() });
        good().map(|chunks| [vec![Ok(first), Ok(usage(SECOND))], chunks].concat())
    }
    let tokens = |input| Tokens { input, output: 42, estimated: false };
    assert_eq!(written(told).await.0.unwrap().tokens, tokens(20));
    // GigaChat does not charge what its cache had.
    assert_eq!(written_by(ProviderId::GigaChat, told).await.0.unwrap().tokens, tokens(15));
    let estimated = written(good).await.0.unwrap().tokens;
    assert_eq!(estimated, Tokens::estimate(&request(), "Готово"));
    assert_eq!(estimated, Tokens { input: 4 + 1, output: 2, estimated: true });
}
