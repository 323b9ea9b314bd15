//! Chat completions and embeddings: hold, call the vendor, settle.

use std::sync::Arc;

use uuid::Uuid;

use super::authenticator::{Caller, Permission};
use super::catalogue::{Catalogue, Feature, Model, bound};
use super::price::Price;
use super::record::{CallOutcome, Charge, UsageRecord};
use super::settlement::{CallBilling, Hold, HoldOutcome};
use super::{CONTENT_FILTER, CONTEXT_LENGTH, REJECTED, UNSUPPORTED};
use crate::gateway::{
    ChatRequest, ChatStream, Chunk, Completion, Deployment, EmbeddingRequest, Embeddings, MaxTokens, ModelRouter,
    ProviderError, Usage,
};
use crate::idempotency::Request;
use crate::kernel::{Amount, Clock, Dependency, Error, IdSource, Result, Timestamp, digest};

/// Bytes of text per token, where a vendor reports no usage.
const BYTES_PER_TOKEN: u64 = 4;

/// Runs model calls for a company and bills them.
#[derive(Clone)]
pub struct Chat {
    catalogue: Arc<Catalogue>,
    router: ModelRouter,
    billing: Arc<dyn CallBilling>,
    clock: Arc<dyn Clock>,
    ids: Arc<dyn IdSource>,
}

/// What every call has, whatever it asks for.
#[derive(Debug, Clone, Copy)]
pub struct ChatCall<'a> {
    pub caller: Caller,
    pub idempotency_key: Option<&'a str>,
    /// The request body as it was received: a repeat has the same.
    pub body: &'a [u8],
}

/// Which model and vendor answered a call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AnsweredBy {
    /// Id of the call, and of its entry in the statement.
    pub operation: Uuid,
    /// When the call began.
    pub created: Timestamp,
    /// Id of the model in the catalogue.
    pub model: String,
    /// The vendor.
    pub provider: String,
}

/// The outcome of a request for a stream.
pub enum StreamOutcome {
    New(Box<Streaming>),
    /// An idempotent replay: the stream that the first request got, byte for byte.
    Replayed(String),
}

/// The deployments of a call, in order, and the most that it can cost.
struct Plan<'a> {
    /// The model of each deployment.
    models: Vec<&'a Model>,
    deployments: Vec<Deployment>,
    max_tokens: Vec<MaxTokens>,
    most: Amount,
}

impl Plan<'_> {
    /// The deployment at `index`.
    fn by(&self, index: usize, hold: &Hold) -> Result<(AnsweredBy, Price, Deployment)> {
        let found = self.models.get(index).zip(self.deployments.get(index));
        let (model, deployment) = found.ok_or_else(|| Error::internal("router", "an answer from no deployment"))?;
        let by = AnsweredBy {
            operation: hold.operation,
            created: hold.begun,
            model: model.id.clone(),
            provider: deployment.vendor.clone(),
        };
        Ok((by, model.price(), deployment.clone()))
    }
}

impl Chat {
    /// Models of `catalogue`, called through `router` and billed by `billing`.
    pub fn new(
        catalogue: Arc<Catalogue>,
        router: ModelRouter,
        billing: Arc<dyn CallBilling>,
        clock: Arc<dyn Clock>,
        ids: Arc<dyn IdSource>,
    ) -> Self {
        Self { catalogue, router, billing, clock, ids }
    }

    /// The models, and whether a deployment of each is available.
    pub fn models(&self) -> impl Iterator<Item = (&Model, bool)> {
        let available = |model: &Model| model.routes.iter().any(|route| self.router.is_available(&route.deployment));
        self.catalogue.models().iter().map(move |model| (model, available(model)))
    }

    /// Completes a chat. Returns the body that `render` makes of the completion; an idempotent replay gets the same.
    ///
    /// Fails with [`Error::InsufficientFunds`] if the account does not cover the most that the call can cost. A failed
    /// call costs nothing.
    pub async fn complete(
        &self,
        call: ChatCall<'_>,
        request: &ChatRequest,
        render: impl FnOnce(&AnsweredBy, &Completion, Charge) -> Result<String>,
    ) -> Result<String> {
        let plan = self.plan_chat(request)?;
        let hold = match self.hold(call, &plan, &request.model).await? {
            HoldOutcome::New(hold) => hold,
            HoldOutcome::Replayed(body) => return Ok(body),
        };
        let (index, completion) = match self.router.complete(&plan.deployments, &plan.max_tokens, request).await {
            Ok(answer) => answer,
            Err(error) => return self.give_up(&hold, error).await,
        };
        let (by, price, _) = plan.by(index, &hold)?;
        let estimated = completion.usage.is_none();
        let usage = completion.usage.unwrap_or_else(|| estimate(request.prompt_bound(), completion.written));
        let charge = charge(price, usage, &hold);
        let body = render(&by, &completion, charge)?;
        self.pay(&hold, &by, charge, estimated, Some(&body)).await?;
        Ok(body)
    }

    /// Opens a chat as a stream.
    pub async fn stream(&self, call: ChatCall<'_>, request: &ChatRequest) -> Result<StreamOutcome> {
        let plan = self.plan_chat(request)?;
        let hold = match self.hold(call, &plan, &request.model).await? {
            HoldOutcome::New(hold) => hold,
            HoldOutcome::Replayed(body) => return Ok(StreamOutcome::Replayed(body)),
        };
        let (index, opened) = match self.router.stream(&plan.deployments, &plan.max_tokens, request).await {
            Ok(answer) => answer,
            Err(error) => return self.give_up(&hold, error).await,
        };
        let (by, price, deployment) = plan.by(index, &hold)?;
        Ok(StreamOutcome::New(Box::new(Streaming {
            chat: self.clone(),
            kept: hold.request.is_some().then(String::new),
            hold: Some(hold),
            by,
            price,
            deployment,
            first: opened.first,
            rest: opened.rest,
            usage: None,
            written: 0,
            prompt: request.prompt_bound(),
        })))
    }

    /// Embeds texts. Returns the body that `render` makes of the embeddings.
    pub async fn embed(
        &self,
        call: ChatCall<'_>,
        request: &EmbeddingRequest,
        render: impl FnOnce(&AnsweredBy, &Embeddings, Charge) -> Result<String>,
    ) -> Result<String> {
        let model = self.catalogue.find(&request.model, Feature::Embedding)?;
        let deployments = model.order(|| self.draw());
        let most = bound(&[model], request.prompt_bytes(), Some(0), 1, request.inputs);
        let plan = Plan { models: vec![model; deployments.len()], deployments, max_tokens: Vec::new(), most };
        let hold = match self.hold(call, &plan, &request.model).await? {
            HoldOutcome::New(hold) => hold,
            HoldOutcome::Replayed(body) => return Ok(body),
        };
        let (index, embeddings) = match self.router.embed(&plan.deployments, request).await {
            Ok(answer) => answer,
            Err(error) => return self.give_up(&hold, error).await,
        };
        let (by, price, _) = plan.by(index, &hold)?;
        let estimated = embeddings.prompt.is_none();
        let prompt = embeddings.prompt.unwrap_or_else(|| request.prompt_bytes().div_ceil(BYTES_PER_TOKEN));
        let charge = charge(price, Usage { prompt, ..Usage::default() }, &hold);
        let body = render(&by, &embeddings, charge)?;
        self.pay(&hold, &by, charge, estimated, Some(&body)).await?;
        Ok(body)
    }

    fn plan_chat(&self, request: &ChatRequest) -> Result<Plan<'_>> {
        let model = self.catalogue.find(&request.model, Feature::Chat)?;
        let chain = self.catalogue.chain(model);
        let most = bound(&chain, request.prompt_bound(), request.max_tokens, request.n, 1);
        let (mut models, mut deployments, mut max_tokens) = (Vec::new(), Vec::new(), Vec::new());
        for model in chain {
            for deployment in model.order(|| self.draw()) {
                let requested = request.max_tokens.map(|tokens| tokens.min(model.max_output));
                max_tokens.push(MaxTokens { requested, supported: model.max_output });
                deployments.push(deployment);
                models.push(model);
            }
        }
        Ok(Plan { models, deployments, max_tokens, most })
    }

    /// A random number to choose among deployments: the random part of an id.
    fn draw(&self) -> u64 {
        let [.., a, b, c, d] = *self.ids.uuid(self.clock.now()).as_bytes();
        u64::from(u32::from_be_bytes([a, b, c, d]))
    }

    async fn hold(&self, call: ChatCall<'_>, plan: &Plan<'_>, model: &str) -> Result<HoldOutcome> {
        call.caller.require(Permission::Chat)?;
        let request = call.idempotency_key.map(|key| {
            let content = digest(call.body);
            Request::new(call.caller.company.to_string(), key.to_owned(), &["chat", &content])
        });
        let name = plan.models.first().map_or(model, |model| model.name.as_str());
        self.billing.hold(call.caller, plan.most, name, request).await
    }

    /// No vendor answered: releases the hold.
    async fn give_up<T>(&self, hold: &Hold, error: ProviderError) -> Result<T> {
        self.billing.release(hold).await?;
        Err(meaning(error))
    }

    async fn pay(
        &self,
        hold: &Hold,
        by: &AnsweredBy,
        charge: Charge,
        estimated: bool,
        answer: Option<&str>,
    ) -> Result<()> {
        let record = record(hold, by, charge, estimated, CallOutcome::Completed, self.clock.now());
        let answer = answer.filter(|_| hold.request.is_some()).map(str::to_owned);
        self.billing.settle(hold, charge.cost, record, answer).await
    }
}

/// A stream of chunks, and the hold for it.
///
/// A reader that has read it to its end calls [`Streaming::finish`]. A stream that is dropped before, because the
/// caller left, is charged for what was streamed.
pub struct Streaming {
    chat: Chat,
    /// `None` once it is settled.
    hold: Option<Hold>,
    by: AnsweredBy,
    price: Price,
    deployment: Deployment,
    first: Option<Chunk>,
    rest: Box<dyn ChatStream>,
    usage: Option<Usage>,
    written: u64,
    prompt: u64,
    /// What was sent to the caller, for an idempotent replay.
    kept: Option<String>,
}

impl Streaming {
    /// Which model and vendor answers.
    pub fn by(&self) -> &AnsweredBy {
        &self.by
    }

    /// The next chunk; `None` at the end. A stream that the vendor breaks off costs nothing.
    pub async fn next(&mut self) -> Result<Option<Chunk>> {
        let next = match self.first.take() {
            Some(first) => Ok(Some(first)),
            None => self.rest.next().await,
        };
        match next {
            Ok(Some(chunk)) => {
                self.written += chunk.written;
                self.usage = chunk.usage.or(self.usage);
                Ok(Some(chunk))
            }
            Ok(None) => Ok(None),
            Err(error) => {
                self.chat.router.report_failure(&self.deployment, &error);
                if let Some(hold) = self.hold.take() {
                    self.chat.billing.release(&hold).await?;
                }
                Err(meaning(error))
            }
        }
    }

    /// The charge so far.
    pub fn charge(&self) -> Charge {
        let usage = self.usage.unwrap_or_else(|| estimate(self.prompt, self.written));
        match &self.hold {
            Some(hold) => charge(self.price, usage, hold),
            None => Charge { cost: Amount::ZERO, usage },
        }
    }

    /// Keeps what is sent to the caller, for an idempotent replay.
    pub fn keep(&mut self, text: &str) {
        if let Some(kept) = &mut self.kept {
            kept.push_str(text);
        }
    }

    /// Charges for the whole stream.
    pub async fn finish(&mut self) -> Result<()> {
        let (charge, estimated, kept) = (self.charge(), self.usage.is_none(), self.kept.take());
        match self.hold.take() {
            Some(hold) => self.chat.pay(&hold, &self.by, charge, estimated, kept.as_deref()).await,
            None => Ok(()),
        }
    }
}

impl Drop for Streaming {
    /// Settles a stream whose caller left.
    ///
    /// The one exception of Architecture Invariant 8 (no work outlives an answer): nothing awaits this task, because
    /// the answer that would is what was dropped. A function that is frozen meanwhile settles with its next invocation;
    /// if there is none, the sweeper releases the hold, and the company does not pay for what was streamed.
    fn drop(&mut self) {
        let charge = self.charge();
        let Some(hold) = self.hold.take() else { return };
        let Ok(runtime) = tokio::runtime::Handle::try_current() else { return };
        let billing = Arc::clone(&self.chat.billing);
        let record =
            record(&hold, &self.by, charge, self.usage.is_none(), CallOutcome::Cancelled, self.chat.clock.now());
        runtime.spawn(async move {
            if let Err(error) = billing.settle(&hold, charge.cost, record, None).await {
                tracing::error!(%error, operation = %hold.operation, "a cancelled call is not settled");
            }
        });
    }
}

/// The charge for `usage`: never more than the hold.
fn charge(price: Price, usage: Usage, hold: &Hold) -> Charge {
    let cost = price.cost(usage.prompt, usage.cached, usage.completion);
    if cost > hold.held {
        tracing::error!(operation = %hold.operation, %cost, held = %hold.held, "a call cost more than it could");
    }
    Charge { cost: cost.min(hold.held), usage }
}

/// The usage of a call whose vendor reported none.
fn estimate(prompt_bound: u64, written: u64) -> Usage {
    let tokens = |bytes: u64| bytes.div_ceil(BYTES_PER_TOKEN);
    Usage { prompt: tokens(prompt_bound), completion: tokens(written), ..Usage::default() }
}

fn record(
    hold: &Hold,
    by: &AnsweredBy,
    charge: Charge,
    estimated: bool,
    outcome: CallOutcome,
    now: Timestamp,
) -> UsageRecord {
    let usage = charge.usage;
    UsageRecord {
        provider: by.provider.clone(),
        model: by.model.clone(),
        prompt_tokens: usage.prompt,
        completion_tokens: usage.completion,
        cached_tokens: usage.cached,
        reasoning_tokens: usage.reasoning,
        estimated,
        outcome,
        millis: u64::try_from(now.as_millisecond() - hold.begun.as_millisecond()).unwrap_or_default(),
        key: hold.caller.key,
    }
}

/// What a vendor's error means for the caller.
fn meaning(error: ProviderError) -> Error {
    match error {
        ProviderError::Rejected { message, param, code } => {
            let too_long = code.as_deref() == Some(CONTEXT_LENGTH);
            let field = param.unwrap_or_else(|| if too_long { "messages" } else { "" }.to_owned());
            Error::invalid(field, if too_long { CONTEXT_LENGTH } else { REJECTED }, message)
        }
        ProviderError::Unsupported { param, message } => Error::invalid(param, UNSUPPORTED, message),
        ProviderError::ContentRefused(message) => Error::invalid("messages", CONTENT_FILTER, message),
        outage => Error::Unavailable { dependency: Dependency::Provider, source: outage.into() },
    }
}
