//! Every vendor's protocol, as the sandbox speaks it: answers in OpenAI's terms, and charges to the nano-dollar, whatever the vendor does. Bytes that come in
//! any pieces, and words that the sandbox does not say, are in `shared/vendors/tests`.

use futures_util::future::join_all;
use serde_json::{Value, json};

use super::{Site, chat_request, frames, nanos, text};

const VENDORS: [&str; 4] = ["openai", "anthropic", "gigachat", "yandexgpt"];

const BEHAVIOURS: [&str; 8] = [
    "sandbox",
    "sandbox-no-usage",
    "sandbox-half-stream",
    "sandbox-stream-error",
    "sandbox-broken-json",
    "sandbox-429",
    "sandbox-quota",
    "sandbox-500",
];

/// A dollar for a thousand tokens read, two for a thousand written.
fn models() -> String {
    let model = |vendor: &str, behaviour: &str| {
        json!({
            "id": format!("{vendor}/{behaviour}"), "name": vendor, "provider": vendor, "context_length": 1000, "max_output": 1000,
            "input": "1000", "output": "2000", "features": ["chat", "function_calling"],
            "targets": [{ "vendor": vendor, "model": behaviour }],
        })
    };
    let models = VENDORS.iter().flat_map(|vendor| BEHAVIOURS.iter().map(move |behaviour| model(vendor, behaviour)));
    json!({ "models": models.collect::<Vec<_>>() }).to_string()
}

async fn site() -> Site {
    Site::with("100", &[("AggregatorModels", &models())]).await
}

/// What a thousandth of a dollar for each token read and two for each token written come to, in nano-dollars.
fn price(usage: &Value) -> i64 {
    let tokens = |name: &str| usage[name].as_i64().unwrap_or_else(|| panic!("{name} in {usage}"));
    assert_eq!(tokens("prompt_tokens") + tokens("completion_tokens"), tokens("total_tokens"));
    tokens("prompt_tokens") * 1_000_000 + tokens("completion_tokens") * 2_000_000
}

impl Site {
    /// The company's debits, the latest first: cost, metadata.
    async fn debits(&self) -> Vec<(i64, Value)> {
        let transactions = self.get("/api/v1/billing/transactions?type=DEBIT&limit=100").await;
        let data = transactions["data"].as_array().expect("transactions");
        data.iter().map(|debit| (nanos(&debit["amount"]), debit["metadata"].clone())).collect()
    }

    /// A streamed chat: its text, its last usage, its error, and whether it ended with `[DONE]`. What breaks off before its first piece is no stream.
    async fn heard(&self, model: &str) -> (String, Value, Value, bool) {
        let mut body = chat_request(model, json!({ "stream_options": { "include_usage": true } }));
        body["stream"] = true.into();
        let answer = self.ask(reqwest::Method::POST, "/api/v1/chat/completions", &self.key, &body).await;
        if answer.header("content-type") == Some("application/json") {
            return (String::new(), Value::Null, answer.body, false);
        }
        assert_eq!(answer.header("content-type"), Some("text/event-stream"), "{model}");
        let frames = frames(&answer.text);
        let (mut said, mut usage, mut error) = (String::new(), Value::Null, Value::Null);
        for frame in frames.iter().filter(|frame| *frame != "[DONE]") {
            let frame: Value = serde_json::from_str(frame).expect("JSON");
            said.push_str(frame["choices"][0]["delta"]["content"].as_str().unwrap_or_default());
            usage = if frame["usage"].is_object() { frame["usage"].clone() } else { usage };
            error = if frame["error"].is_null() && frame["statusCode"].is_null() { error } else { frame };
        }
        (said, usage, error, frames.last().is_some_and(|last| last == "[DONE]"))
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_vendors_answer_costs_what_it_tells() {
    let site = site().await;
    let mut spent = 0;
    for vendor in VENDORS {
        let model = format!("{vendor}/sandbox");
        let (status, whole) = site.chat(&model, Value::Null).await;
        assert_eq!((status, &whole["provider"], &whole["model"]), (200, &json!(vendor), &json!(model)), "{whole}");
        let choice = &whole["choices"][0];
        assert_eq!((&choice["message"]["role"], &choice["finish_reason"]), (&json!("assistant"), &json!("stop")));
        assert_eq!(nanos(&whole["cost"]), price(&whole["usage"]), "{vendor}");

        let (said, usage, error, done) = site.heard(&model).await;
        assert_eq!((said, error, done), (text(&choice["message"]["content"]), Value::Null, true), "{vendor}");
        assert_eq!(usage, whole["usage"], "{vendor}: the same words, the same price");
        let debits = site.debits().await;
        for (cost, metadata) in &debits[..2] {
            assert_eq!((*cost, &metadata["estimated"]), (price(&usage), &json!(false)), "{vendor}: {metadata}");
        }
        spent += 2 * price(&usage);
    }
    assert_eq!(nanos(&site.get("/api/v1/billing/balance").await["balance"]), 100_000_000_000 - spent);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn where_a_vendor_tells_no_figures_they_are_estimated_and_said_to_be() {
    let site = site().await;
    for vendor in VENDORS {
        let (status, whole) = site.chat(&format!("{vendor}/sandbox-no-usage"), Value::Null).await;
        assert_eq!(status, 200, "{whole}");
        assert_eq!(nanos(&whole["cost"]), price(&whole["usage"]), "{vendor}");
        let (_, usage, _, done) = site.heard(&format!("{vendor}/sandbox-no-usage")).await;
        assert!(done && price(&usage) > 0, "{vendor}");
        for (wanted, (cost, metadata)) in [price(&usage), price(&whole["usage"])].iter().zip(site.debits().await) {
            assert_eq!((cost, &metadata["estimated"]), (*wanted, &json!(true)), "{vendor}");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_vendor_breaks_off_is_said_and_costs_nothing() {
    let site = site().await;
    for vendor in VENDORS {
        for behaviour in ["sandbox-half-stream", "sandbox-stream-error"] {
            let (said, _, error, done) = site.heard(&format!("{vendor}/{behaviour}")).await;
            assert!(!done, "{vendor}/{behaviour}: {said:?}");
            let code = if error["code"].is_null() { &error["error"]["code"] } else { &error["code"] };
            assert!(code.is_string(), "{vendor}/{behaviour}: a frame that says so: {error}");
        }
    }
    assert_eq!(site.debits().await, []);
    assert_eq!(site.balance().await, ("100".to_owned(), "0".to_owned()));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_vendor_that_gives_no_answer_costs_nothing() {
    let site = site().await;
    // Too often, out of money, nonsense, out of order: none of it is the caller's doing.
    let calls = VENDORS.iter().flat_map(|vendor| {
        let behaviours = ["sandbox-429", "sandbox-quota", "sandbox-broken-json", "sandbox-500"];
        behaviours.map(|behaviour| format!("{vendor}/{behaviour}"))
    });
    let answers = join_all(calls.map(async |model| {
        let (status, answer) = site.chat(&model, Value::Null).await;
        (model, status, answer)
    }));
    for (model, status, answer) in answers.await {
        assert_eq!((status, &answer["code"]), (503, &json!("provider_unavailable")), "{model}: {answer}");
    }
    assert_eq!(site.debits().await, []);
    assert_eq!(site.balance().await, ("100".to_owned(), "0".to_owned()));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn functions_are_called_at_every_vendor_that_has_them() {
    let site = site().await;
    let tool = json!({ "type": "function", "function": { "name": "weather", "description": "Погода в городе",
        "parameters": { "type": "object", "properties": { "city": { "type": "string" } }, "required": ["city"] } } });
    let question = json!({ "role": "user", "content": "Какая погода в городе Казань?" });
    for vendor in ["openai", "anthropic", "gigachat"] {
        let model = format!("{vendor}/sandbox");
        let more = json!({ "messages": [question], "tools": [tool] });
        let (status, asked) = site.chat(&model, more).await;
        let choice = &asked["choices"][0];
        assert_eq!((status, &choice["finish_reason"]), (200, &json!("tool_calls")), "{vendor}: {asked}");
        let call = &choice["message"]["tool_calls"][0];
        assert_eq!((&call["type"], &call["function"]["name"]), (&json!("function"), &json!("weather")), "{vendor}");
        let arguments: Value = serde_json::from_str(&text(&call["function"]["arguments"])).expect("JSON in a string");
        assert!(arguments["city"].is_string(), "{vendor}: {arguments}");

        let result = json!({ "role": "tool", "tool_call_id": call["id"], "content": "+5, дождь" });
        let more = json!({ "messages": [question, choice["message"], result], "tools": [tool] });
        let (status, told) = site.chat(&model, more).await;
        assert_eq!((status, &told["choices"][0]["finish_reason"]), (200, &json!("stop")), "{vendor}: {told}");
        assert!(text(&told["choices"][0]["message"]["content"]).contains("+5, дождь"), "{vendor}: {told}");
    }
    let (status, refusal) = site.chat("yandexgpt/sandbox", json!({ "messages": [question], "tools": [tool] })).await;
    assert_eq!((status, &refusal["code"]), (400, &json!("unsupported_parameter")), "{refusal}");
}
