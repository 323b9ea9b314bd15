//! Requests in the terms of OpenAI's API.
//!
//! Source: OpenAI API reference, "Create chat completion" and "Create embeddings".

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use serde_json::value::RawValue;
use serde_path_to_error::Segment;

use super::Fields;
use crate::kernel::{Error, Result};

/// The most choices of one request.
const MAX_CHOICES: u32 = 16;
/// The most stop sequences.
const MAX_STOPS: usize = 4;

/// A chat request: every field as written, and a typed view of those known here. Values are within the ranges that
/// OpenAI documents; the rest is validated by the vendor.
#[derive(Debug, Clone)]
pub struct ChatRequest {
    /// Every field as written.
    pub fields: Fields,
    pub model: String,
    /// Never empty.
    pub messages: Vec<Message>,
    pub tools: Vec<Tool>,
    pub tool_choice: Option<ToolChoice>,
    pub parallel_tool_calls: Option<bool>,
    pub response_format: Option<ResponseFormat>,
    /// `max_completion_tokens`, or the deprecated `max_tokens`.
    pub max_tokens: Option<u32>,
    /// Sampling temperature, 0 to 2.
    pub temperature: Option<f64>,
    /// Nucleus sampling, 0 to 1.
    pub top_p: Option<f64>,
    /// -2 to 2.
    pub presence_penalty: Option<f64>,
    /// -2 to 2.
    pub frequency_penalty: Option<f64>,
    /// Number of choices, 1 to 16.
    pub n: u32,
    /// Stop sequences.
    pub stop: Vec<String>,
    pub seed: Option<i64>,
    pub logprobs: bool,
    pub top_logprobs: Option<u32>,
    /// The caller's id of its end user.
    pub user: Option<String>,
    pub stream: bool,
    /// `stream_options.include_usage`.
    pub include_usage: bool,
}

/// One message of a conversation.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct Message {
    pub role: Role,
    #[serde(default)]
    pub content: Content,
    /// Name of the participant.
    #[serde(default)]
    pub name: Option<String>,
    #[serde(default, deserialize_with = "null_as_default")]
    pub tool_calls: Vec<ToolCall>,
    /// The call that a `tool` message answers.
    #[serde(default)]
    pub tool_call_id: Option<String>,
    /// Deprecated form of [`Message::tool_calls`].
    #[serde(default)]
    pub function_call: Option<FunctionCall>,
}

/// Author of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    System,
    /// `system`, as newer models call it.
    Developer,
    User,
    Assistant,
    Tool,
    /// Deprecated form of [`Role::Tool`].
    Function,
}

/// Content of a message.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(untagged)]
pub enum Content {
    /// `null`, as in an assistant's message that only calls tools.
    #[default]
    Nothing,
    Text(String),
    Parts(Vec<Part>),
}

impl Content {
    /// The text, joined from its parts; `None` if there is anything but text.
    pub fn text(&self) -> Option<String> {
        match self {
            Self::Nothing => Some(String::new()),
            Self::Text(text) => Some(text.clone()),
            Self::Parts(parts) => parts
                .iter()
                .map(|part| match part {
                    Part::Text { text } => Some(text.as_str()),
                    _ => None,
                })
                .collect(),
        }
    }
}

/// Part of a message.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Part {
    Text {
        text: String,
    },
    ImageUrl {
        image_url: ImageUrl,
    },
    InputAudio {
        input_audio: Value,
    },
    File {
        file: Value,
    },
    /// The model's refusal in its own words.
    Refusal {
        refusal: String,
    },
}

/// Image in a message.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct ImageUrl {
    /// `https://…`, or `data:image/png;base64,…`.
    pub url: String,
    /// `low`, `high` or `auto`.
    #[serde(default)]
    pub detail: Option<String>,
}

/// A tool that the model may call.
#[derive(Debug, Clone, PartialEq)]
pub enum Tool {
    Function(Function),
    /// Another type, such as a vendor's built-in tool.
    Other(String),
}

/// A function of the caller.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Function {
    pub name: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// JSON Schema of the arguments.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parameters: Option<Value>,
    /// Whether arguments must match the schema.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub strict: Option<bool>,
}

/// Which tool the model calls.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ToolChoice {
    None,
    Auto,
    Required,
    Function(String),
    /// Another type.
    Other(String),
}

/// A tool call.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct ToolCall {
    /// Repeated in the result as `tool_call_id`.
    pub id: String,
    pub function: FunctionCall,
}

/// A function call.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct FunctionCall {
    pub name: String,
    /// JSON as the model wrote it; may be invalid.
    #[serde(default)]
    pub arguments: String,
}

/// Format of the answer.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum ResponseFormat {
    Text,
    /// Any JSON object.
    JsonObject,
    /// JSON that matches a schema.
    JsonSchema {
        json_schema: NamedSchema,
    },
}

/// JSON Schema of an answer.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct NamedSchema {
    pub name: String,
    #[serde(default)]
    pub description: Option<String>,
    #[serde(default)]
    pub schema: Option<Value>,
    /// Whether the answer must match it.
    #[serde(default)]
    pub strict: Option<bool>,
}

impl ChatRequest {
    /// Parses a body. Violations name the field with dots: `messages.0.role`.
    pub fn parse(body: &[u8]) -> Result<Self> {
        let fields = object(body)?;
        let reader = Reader(&fields);
        let messages: Vec<Message> = reader.required("messages")?;
        if messages.is_empty() {
            return Err(Error::invalid("messages", "empty", "Нужно хотя бы одно сообщение"));
        }
        let newer = reader.number("max_completion_tokens", 1, u32::MAX)?;
        let older = reader.number("max_tokens", 1, u32::MAX)?;
        let stream = reader.optional("stream")?.unwrap_or(false);
        let options: Option<StreamOptions> = reader.optional("stream_options")?;
        if options.is_some() && !stream {
            return Err(Error::invalid(
                "stream_options",
                "not_allowed",
                "stream_options допустимы только вместе со stream",
            ));
        }
        Ok(Self {
            model: reader.required("model")?,
            messages,
            tools: reader.optional::<Vec<Tool>>("tools")?.unwrap_or_default(),
            tool_choice: reader.optional("tool_choice")?,
            parallel_tool_calls: reader.optional("parallel_tool_calls")?,
            response_format: reader.optional("response_format")?,
            max_tokens: newer.or(older),
            temperature: reader.within("temperature", 0.0, 2.0)?,
            top_p: reader.within("top_p", 0.0, 1.0)?,
            presence_penalty: reader.within("presence_penalty", -2.0, 2.0)?,
            frequency_penalty: reader.within("frequency_penalty", -2.0, 2.0)?,
            n: reader.number("n", 1, MAX_CHOICES)?.unwrap_or(1),
            stop: reader.stops()?,
            seed: reader.optional("seed")?,
            logprobs: reader.optional("logprobs")?.unwrap_or(false),
            top_logprobs: reader.number("top_logprobs", 0, 20)?,
            user: reader.optional("user")?,
            stream,
            include_usage: options.is_some_and(|options| options.include_usage.unwrap_or(false)),
            fields,
        })
    }

    /// Upper bound of prompt tokens with any tokenizer: no token is shorter than a byte. An image counts as
    /// [`TOKENS_PER_IMAGE`], not as its bytes.
    pub fn prompt_bound(&self) -> u64 {
        let size = |name: &str| self.fields.get(name).map_or(0, |value| value.get().len() as u64);
        let text: u64 = ["messages", "tools", "functions", "response_format"].into_iter().map(size).sum();
        let parts = self.messages.iter().filter_map(|message| match &message.content {
            Content::Parts(parts) => Some(parts),
            Content::Nothing | Content::Text(_) => None,
        });
        let (mut pictures, mut bytes) = (0_u64, 0_u64);
        for part in parts.flatten() {
            if let Part::ImageUrl { image_url } = part {
                pictures += 1;
                bytes += image_url.url.len() as u64;
            }
        }
        let overhead = TOKENS_PER_MESSAGE * self.messages.len() as u64;
        text.saturating_sub(bytes) + pictures * TOKENS_PER_IMAGE + overhead
    }
}

/// More than any vendor charges for an image.
const TOKENS_PER_IMAGE: u64 = 3_000;
/// What vendors add around each message.
const TOKENS_PER_MESSAGE: u64 = 8;

/// An embedding request.
#[derive(Debug, Clone)]
pub struct EmbeddingRequest {
    /// Every field as written.
    pub fields: Fields,
    pub model: String,
    /// Number of inputs.
    pub inputs: usize,
    /// Empty if the inputs are tokens.
    pub texts: Vec<String>,
}

/// The most inputs of one embedding request.
const MAX_INPUTS: usize = 2048;

impl EmbeddingRequest {
    /// Parses a body.
    pub fn parse(body: &[u8]) -> Result<Self> {
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum Input {
            Text(String),
            Texts(Vec<String>),
            Tokens(Vec<u32>),
            TokenLists(Vec<Vec<u32>>),
        }
        let fields = object(body)?;
        let reader = Reader(&fields);
        let (inputs, texts) = match reader.required("input")? {
            Input::Text(text) => (1, vec![text]),
            Input::Texts(texts) => (texts.len(), texts),
            Input::Tokens(tokens) => (usize::from(!tokens.is_empty()), Vec::new()),
            Input::TokenLists(lists) => (lists.len(), Vec::new()),
        };
        if inputs == 0 || texts.iter().any(String::is_empty) {
            return Err(Error::invalid("input", "empty", "Входные данные не должны быть пустыми"));
        }
        if inputs > MAX_INPUTS {
            return Err(Error::invalid("input", "too_long", format!("Не больше {MAX_INPUTS} элементов")));
        }
        reader.number("dimensions", 1, u32::MAX)?;
        let format: Option<String> = reader.optional("encoding_format")?;
        if format.is_some_and(|format| format != "float" && format != "base64") {
            return Err(Error::invalid("encoding_format", "not_allowed", "Ожидается float или base64"));
        }
        Ok(Self { model: reader.required("model")?, inputs, texts, fields })
    }

    /// Upper bound of prompt tokens: no token is shorter than a byte.
    pub fn prompt_bytes(&self) -> u64 {
        self.fields.get("input").map_or(0, |value| value.get().len() as u64)
    }
}

#[derive(Deserialize)]
struct StreamOptions {
    #[serde(default)]
    include_usage: Option<bool>,
}

fn object(body: &[u8]) -> Result<Fields> {
    serde_json::from_slice(body).map_err(|error| {
        if error.is_data() {
            Error::invalid("", "type", "Ожидается объект")
        } else {
            Error::invalid("", "malformed", "Тело запроса не является корректным JSON")
        }
    })
}

/// Reads fields one by one, so that a violation names its field.
struct Reader<'a>(&'a Fields);

impl Reader<'_> {
    fn optional<T: DeserializeOwned>(&self, name: &str) -> Result<Option<T>> {
        self.0.get(name).map(|value| read(name, value)).transpose()
    }

    fn required<T: DeserializeOwned>(&self, name: &str) -> Result<T> {
        self.optional(name)?.ok_or_else(|| Error::invalid(name, "required", "Заполните поле"))
    }

    fn number(&self, name: &str, least: u32, most: u32) -> Result<Option<u32>> {
        let number: Option<i64> = self.optional(name)?;
        let Some(number) = number else { return Ok(None) };
        let number = u32::try_from(number).ok().filter(|number| (least..=most).contains(number));
        number.map(Some).ok_or_else(|| out_of_range(name, &least, &most))
    }

    fn within(&self, name: &str, least: f64, most: f64) -> Result<Option<f64>> {
        let number: Option<f64> = self.optional(name)?;
        match number {
            Some(number) if !(least..=most).contains(&number) => Err(out_of_range(name, &least, &most)),
            number => Ok(number),
        }
    }

    fn stops(&self) -> Result<Vec<String>> {
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum Stop {
            One(String),
            Several(Vec<String>),
        }
        let stops = match self.optional("stop")? {
            None => Vec::new(),
            Some(Stop::One(stop)) => vec![stop],
            Some(Stop::Several(stops)) => stops,
        };
        if stops.len() > MAX_STOPS {
            return Err(Error::invalid("stop", "too_long", format!("Не больше {MAX_STOPS} последовательностей")));
        }
        if stops.iter().any(String::is_empty) {
            return Err(Error::invalid("stop", "empty", "Последовательность не должна быть пустой"));
        }
        Ok(stops)
    }
}

fn out_of_range(name: &str, least: &dyn std::fmt::Display, most: &dyn std::fmt::Display) -> Error {
    Error::invalid(name, "range", format!("Ожидается число от {least} до {most}"))
}

fn read<T: DeserializeOwned>(name: &str, value: &RawValue) -> Result<T> {
    let mut deserializer = serde_json::Deserializer::from_str(value.get());
    serde_path_to_error::deserialize(&mut deserializer).map_err(|error| {
        let mut path = name.to_owned();
        for segment in error.path() {
            let part = match segment {
                Segment::Map { key } => key.clone(),
                Segment::Seq { index } => index.to_string(),
                Segment::Enum { .. } | Segment::Unknown => continue,
            };
            path.push('.');
            path.push_str(&part);
        }
        // serde names a missing field only in its message.
        let text = error.inner().to_string();
        match text.strip_prefix("missing field `").and_then(|rest| rest.split('`').next()) {
            Some(missing) => Error::invalid(format!("{path}.{missing}"), "required", "Заполните поле"),
            None => Error::invalid(path, "type", "Недопустимое значение"),
        }
    })
}

fn null_as_default<'de, D: serde::Deserializer<'de>, T: Default + Deserialize<'de>>(
    deserializer: D,
) -> Result<T, D::Error> {
    Ok(Option::deserialize(deserializer)?.unwrap_or_default())
}

impl<'de> Deserialize<'de> for Tool {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        struct Wire {
            #[serde(rename = "type")]
            kind: String,
            #[serde(default)]
            function: Option<Function>,
        }
        let Wire { kind, function } = Wire::deserialize(deserializer)?;
        match function {
            Some(function) if kind == "function" => Ok(Self::Function(function)),
            None if kind == "function" => Err(serde::de::Error::missing_field("function")),
            _ => Ok(Self::Other(kind)),
        }
    }
}

impl<'de> Deserialize<'de> for ToolChoice {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum Wire {
            Word(String),
            Named {
                #[serde(rename = "type")]
                kind: String,
                #[serde(default)]
                function: Option<Named>,
            },
        }
        #[derive(Deserialize)]
        struct Named {
            name: String,
        }
        match Wire::deserialize(deserializer)? {
            Wire::Word(word) => match word.as_str() {
                "none" => Ok(Self::None),
                "auto" => Ok(Self::Auto),
                "required" => Ok(Self::Required),
                _ => Err(serde::de::Error::custom("unknown tool choice")),
            },
            Wire::Named { function: Some(Named { name }), .. } => Ok(Self::Function(name)),
            Wire::Named { kind, function: None } => Ok(Self::Other(kind)),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn parsed(body: &Value) -> Result<ChatRequest> {
        ChatRequest::parse(body.to_string().as_bytes())
    }

    fn violation(body: &Value) -> (String, &'static str) {
        match parsed(body).unwrap_err() {
            Error::Invalid(mut violations) => {
                let violation = violations.remove(0);
                (violation.field, violation.code)
            }
            other => panic!("{other:?}"),
        }
    }

    fn hello() -> Value {
        json!({ "model": "m", "messages": [{ "role": "user", "content": "Привет" }] })
    }

    fn with(name: &str, value: Value) -> Value {
        let mut body = hello();
        body[name] = value;
        body
    }

    #[test]
    fn the_shortest_request_is_enough() {
        let request = parsed(&hello()).unwrap();
        assert_eq!((request.model.as_str(), request.n, request.stream), ("m", 1, false));
        assert_eq!(request.messages[0].content.text().as_deref(), Some("Привет"));
        assert_eq!(request.prompt_bound(), hello()["messages"].to_string().len() as u64 + TOKENS_PER_MESSAGE);
    }

    #[test]
    fn conversations_of_all_kinds_are_read() {
        let messages = json!([
            { "role": "developer", "content": [{ "type": "text", "text": "a" }, { "type": "text", "text": "b" }] },
            { "role": "user", "name": "ann", "content": [
                { "type": "image_url", "image_url": { "url": "https://x/y.png", "detail": "low" } },
                { "type": "input_audio", "input_audio": { "data": "…", "format": "wav" } },
                { "type": "file", "file": { "file_id": "f" } },
            ] },
            { "role": "assistant", "content": null, "tool_calls": [
                { "id": "call_1", "type": "function", "function": { "name": "f", "arguments": "{\"x\":1}" } },
            ] },
            { "role": "tool", "tool_call_id": "call_1", "content": "2" },
            { "role": "assistant", "content": [{ "type": "refusal", "refusal": "no" }], "tool_calls": null },
        ]);
        let request = parsed(&with("messages", messages)).unwrap();
        assert_eq!(request.messages[0].content.text().as_deref(), Some("ab"));
        assert_eq!(request.messages[1].content.text(), None);
        let picture = "data:image/png;base64,".to_owned() + &"A".repeat(1_000_000);
        let message =
            json!([{ "role": "user", "content": [{ "type": "image_url", "image_url": { "url": picture } }] }]);
        assert!(parsed(&with("messages", message)).unwrap().prompt_bound() < 4_000);
        assert_eq!(request.messages[2].tool_calls[0].function.arguments, "{\"x\":1}");
        assert_eq!(request.messages[3].tool_call_id.as_deref(), Some("call_1"));
    }

    #[test]
    fn options_are_read_in_all_their_spellings() {
        let body = json!({
            "model": "m", "messages": [{ "role": "user", "content": "x" }],
            "tools": [{ "type": "function", "function": { "name": "f", "parameters": {} } }, { "type": "custom", "custom": {} }],
            "tool_choice": { "type": "function", "function": { "name": "f" } },
            "response_format": { "type": "json_schema", "json_schema": { "name": "s", "schema": {}, "strict": true } },
            "max_tokens": 5, "max_completion_tokens": 6, "temperature": 2, "top_p": 0, "n": 2, "stop": "x", "seed": -1,
            "logprobs": true, "top_logprobs": 20, "stream": true, "stream_options": { "include_usage": true },
            "presence_penalty": -2, "frequency_penalty": 2, "user": "u", "parallel_tool_calls": false, "unheard_of": [1],
        });
        let request = parsed(&body).unwrap();
        assert_eq!((request.max_tokens, request.n, request.stop), (Some(6), 2, vec!["x".to_owned()]));
        assert_eq!(request.tool_choice, Some(ToolChoice::Function("f".to_owned())));
        assert_eq!(request.tools[1], Tool::Other("custom".to_owned()));
        assert!(request.include_usage && request.logprobs && request.stream);
        assert_eq!(request.fields.get("unheard_of").unwrap().get(), "[1]");
        for (word, choice) in
            [("none", ToolChoice::None), ("auto", ToolChoice::Auto), ("required", ToolChoice::Required)]
        {
            assert_eq!(parsed(&with("tool_choice", json!(word))).unwrap().tool_choice, Some(choice));
        }
    }

    #[test]
    fn null_is_as_good_as_absent() {
        for name in
            ["max_tokens", "stop", "tools", "tool_choice", "stream", "stream_options", "n", "temperature", "user"]
        {
            assert!(parsed(&with(name, Value::Null)).is_ok(), "{name}");
        }
        assert_eq!(violation(&with("model", Value::Null)), ("model".to_owned(), "required"));
    }

    #[test]
    fn violations_name_the_field() {
        for (body, field, code) in [
            (json!([]), "", "type"),
            (json!({}), "messages", "required"),
            (with("model", json!(1)), "model", "type"),
            (with("messages", json!([])), "messages", "empty"),
            (with("messages", json!([{ "content": "x" }])), "messages.0.role", "required"),
            (with("messages", json!([{ "role": "king", "content": "x" }])), "messages.0.role", "type"),
            (with("messages", json!([{ "role": "user", "content": 1 }])), "messages.0.content", "type"),
            (with("temperature", json!(2.1)), "temperature", "range"),
            (with("n", json!(0)), "n", "range"),
            (with("n", json!(17)), "n", "range"),
            (with("max_tokens", json!(-1)), "max_tokens", "range"),
            (with("max_tokens", json!(1.5)), "max_tokens", "type"),
            (with("stop", json!(["a", "b", "c", "d", "e"])), "stop", "too_long"),
            (with("stop", json!("")), "stop", "empty"),
            (with("stream_options", json!({})), "stream_options", "not_allowed"),
            (with("tools", json!([{ "type": "function" }])), "tools.0.function", "required"),
            (with("response_format", json!({ "type": "xml" })), "response_format.type", "type"),
            (with("tool_choice", json!("some")), "tool_choice", "type"),
        ] {
            assert_eq!(violation(&body), (field.to_owned(), code), "{body}");
        }
        assert!(matches!(ChatRequest::parse(b"{"), Err(Error::Invalid(it)) if it[0].code == "malformed"));
    }

    #[test]
    fn inputs_for_vectors_come_in_four_forms() {
        let parsed =
            |input: Value| EmbeddingRequest::parse(json!({ "model": "m", "input": input }).to_string().as_bytes());
        for (input, inputs, texts) in
            [(json!("a"), 1, 1), (json!(["a", "b"]), 2, 2), (json!([1, 2, 3]), 1, 0), (json!([[1], [2], [3]]), 3, 0)]
        {
            let request = parsed(input).unwrap();
            assert_eq!((request.inputs, request.texts.len()), (inputs, texts));
        }
        for bad in [json!(""), json!([]), json!(["a", ""]), json!(1), json!(vec!["x"; 2049]), Value::Null] {
            assert!(parsed(bad.clone()).is_err(), "{bad}");
        }
    }
}
