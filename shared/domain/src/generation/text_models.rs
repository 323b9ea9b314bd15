//! Texts from chat models: an adapter over the gateway's port.

use std::sync::Arc;

use async_trait::async_trait;
use serde_json::{Map, Value, json};

use super::ProviderId;
use super::text::{NoText, OnText, TextOutput, TextRequest, Tokens};
use crate::gateway::{
    Call, ChatRequest, Deployment, MaxTokens, ModelRouter, Operation, ProviderError, RetryPolicy, SharedVendor, Usage,
    Vendor,
};
use crate::kernel::{Clock, Error};

/// The chat model that writes texts for one vendor.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TextModel {
    pub provider: ProviderId,
    /// As the vendor names it.
    pub model: String,
    /// Whether a temperature is sent. Reasoning models reject it.
    pub send_temperature: bool,
}

/// The configured text models.
#[derive(Clone)]
pub struct TextModels {
    router: ModelRouter,
    models: Arc<[TextModel]>,
}

impl TextModels {
    /// `models` of `vendors`.
    pub fn new(vendors: Vec<SharedVendor>, models: Vec<TextModel>, clock: Arc<dyn Clock>) -> Self {
        Self { router: ModelRouter::new(vendors, RetryPolicy::ONE_ROUND, clock), models: models.into() }
    }

    /// Writes a text with the first vendor in the order of `preference` that can.
    ///
    /// Every failure moves on to the next vendor, even a refusal: what one vendor's filter refuses another may accept.
    /// `on_text` may get pieces of a text that a failing vendor did not finish; the returned text is whole.
    pub async fn write(
        &self,
        preference: &[ProviderId],
        request: &TextRequest,
        on_text: OnText<'_>,
    ) -> Result<(ProviderId, TextOutput), NoText> {
        let find = |id: &ProviderId| self.models.iter().find(|model| model.provider == *id);
        let models: Vec<_> = preference.iter().filter_map(find).collect();
        let deployments: Vec<_> = models.iter().map(|model| model.deployment()).collect();
        let mut writing = Writing { request, models, on_text, answered: false, failures: Vec::new() };
        self.router.run(&deployments, &mut writing).await.map(|(_, written)| written).map_err(|error| {
            let failures = writing.failures;
            let reasons = if failures.is_empty() { error.to_string() } else { failures.join("; ") };
            if writing.answered { NoText::Unusable(reasons) } else { NoText::Unavailable(reasons) }
        })
    }
}

impl TextModel {
    fn deployment(&self) -> Deployment {
        Deployment { vendor: self.provider.as_str().to_owned(), model: self.model.clone(), timeout_seconds: None }
    }

    fn tokens(&self, Usage { prompt, completion, cached, .. }: Usage) -> Tokens {
        // GigaChat does not charge tokens of its cache.
        let free = if self.provider == ProviderId::GigaChat { cached } else { 0 };
        Tokens { input: prompt.saturating_sub(free), output: completion, estimated: false }
    }

    fn chat(&self, request: &TextRequest) -> Result<ChatRequest, ProviderError> {
        let message = |role: &str, content: &str| json!({ "role": role, "content": content });
        let system = (!request.system.is_empty()).then(|| message("system", &request.system));
        let messages: Vec<Value> = system.into_iter().chain([message("user", &request.prompt)]).collect();
        let mut body =
            Map::from_iter([("model".into(), self.model.as_str().into()), ("messages".into(), messages.into())]);
        if self.send_temperature {
            body.insert("temperature".into(), request.temperature.into());
        }
        let invalid = |error: Error| ProviderError::Misconfigured(format!("text request: {error}"));
        ChatRequest::parse(Value::Object(body).to_string().as_bytes()).map_err(invalid)
    }
}

/// One text, asked for from one vendor after the other.
struct Writing<'a> {
    request: &'a TextRequest,
    models: Vec<&'a TextModel>,
    on_text: OnText<'a>,
    answered: bool,
    failures: Vec<String>,
}

#[async_trait]
impl Operation for Writing<'_> {
    type Output = (ProviderId, TextOutput);

    async fn call(&mut self, vendor: &dyn Vendor, _: &Deployment, index: usize) -> Result<Self::Output, ProviderError> {
        let model = self.models.get(index).copied();
        let model = model.ok_or_else(|| ProviderError::Misconfigured("a deployment without a model".to_owned()))?;
        let written = self.read(vendor, model).await;
        if let Err(error) = &written {
            self.answered |= error.is_answer();
            self.failures.push(format!("{}: {error}", model.provider));
        }
        written.map(|output| (model.provider, output))
    }
}

impl Writing<'_> {
    async fn read(&mut self, vendor: &dyn Vendor, model: &TextModel) -> Result<TextOutput, ProviderError> {
        let (limit, chat) = (self.request.max_output_tokens, model.chat(self.request)?);
        let max_tokens = MaxTokens { requested: Some(limit), supported: limit };
        let mut stream = vendor.stream(Call { request: &chat, model: &model.model, max_tokens }).await?;
        let (mut text, mut usage, mut finish_reason) = (String::new(), None, None);
        while let Some(chunk) = stream.next().await? {
            usage = chunk.usage.or(usage);
            // One choice was asked for.
            let choices: Value = chunk.choices.and_then(|raw| serde_json::from_str(raw.get()).ok()).unwrap_or_default();
            let said = |path: &str| choices.pointer(path).and_then(Value::as_str).filter(|text| !text.is_empty());
            if said("/0/delta/refusal").is_some() {
                return Err(ProviderError::ContentRefused("the model refused".to_owned()));
            }
            if let Some(piece) = said("/0/delta/content") {
                text.push_str(piece);
                (self.on_text)(piece);
            }
            finish_reason = said("/0/finish_reason").map(str::to_owned).or(finish_reason);
            text = chunk.rewritten.unwrap_or(text);
        }
        match finish_reason.as_deref() {
            Some("content_filter") => Err(ProviderError::ContentRefused("the filter stopped the text".to_owned())),
            _ if text.trim().is_empty() => Err(ProviderError::Broken("the text is blank".to_owned())),
            reason => {
                let truncated = reason == Some("length");
                let tokens = usage.map_or_else(|| Tokens::estimate(self.request, &text), |usage| model.tokens(usage));
                Ok(TextOutput { text, tokens, truncated })
            }
        }
    }
}

#[cfg(test)]
mod tests;
