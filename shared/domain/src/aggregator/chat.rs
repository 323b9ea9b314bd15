//! Chats and vectors: hold, ask, settle.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest as _, Sha256};
use uuid::Uuid;

use super::access::{Caller, Permission};
use super::catalogue::{Catalogue, Feature, Model, bound};
use super::price::Price;
use super::record::{CallOutcome, Charge, UsageRecord};
use super::settlement::{Cashier, Held, Hold};
use super::{CONTENT_FILTER, CONTEXT_LENGTH, REJECTED, UNSUPPORTED};
use crate::gateway::{
    CallError, ChatRequest, ChatStream, Chunk, Completion, EmbeddingRequest, Embeddings, Limit, Relay, Target, Usage,
};
use crate::idempotency::Request;
use crate::kernel::{Amount, Clock, Dependency, Error, IdSource, Result, Timestamp};

/// How many bytes of text are taken for a token when a vendor tells no figures.
const BYTES_PER_TOKEN: u64 = 4;

/// Asks vendors for companies, and has them pay for it.
#[derive(Clone)]
pub struct Chat {
    catalogue: Arc<Catalogue>,
    relay: Relay,
    cashier: Arc<dyn Cashier>,
    clock: Arc<dyn Clock>,
    ids: Arc<dyn IdSource>,
}

/// Who asks, and how a repeat is known.
#[derive(Debug, Clone, Copy)]
pub struct ChatCall<'a> {
    /// Who asks.
    pub caller: Caller,
    /// The caller's key, by which a repeat of the same request is known.
    pub idempotency_key: Option<&'a str>,
    /// The request as it came in: a repeat has the same.
    pub body: &'a [u8],
}

/// Who answered, for the answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AnsweredBy {
    /// The id of the call: the entry of the statement has the same.
    pub operation: Uuid,
    /// When it was asked for.
    pub created: Timestamp,
    /// The model that answered, as callers name it.
    pub model: String,
    /// The vendor.
    pub provider: String,
}

/// What comes of a request for a stream.
pub enum Begun {
    /// A new answer.
    New(Box<Streaming>),
    /// The answer that the same request got before, word for word.
    Earlier(String),
}

/// Whom to ask, and what it may cost.
struct Plan<'a> {
    /// Each target with the model that it stands for.
    models: Vec<&'a Model>,
    targets: Vec<Target>,
    limits: Vec<Limit>,
    most: Amount,
}

impl Plan<'_> {
    /// Who the target at `index` is.
    fn by(&self, index: usize, hold: &Hold) -> Result<(AnsweredBy, Price, Target)> {
        let found = self.models.get(index).zip(self.targets.get(index));
        let (model, target) = found.ok_or_else(|| Error::internal("relay", "an answer of no target"))?;
        let by = AnsweredBy {
            operation: hold.operation,
            created: hold.begun,
            model: model.id.clone(),
            provider: target.vendor.clone(),
        };
        Ok((by, model.price(), target.clone()))
    }
}

impl Chat {
    /// Models of `catalogue`, asked through `relay`, paid by way of `cashier`.
    pub fn new(
        catalogue: Arc<Catalogue>,
        relay: Relay,
        cashier: Arc<dyn Cashier>,
        clock: Arc<dyn Clock>,
        ids: Arc<dyn IdSource>,
    ) -> Self {
        Self { catalogue, relay, cashier, clock, ids }
    }

    /// The models, each with whether it could be asked now.
    pub fn models(&self) -> impl Iterator<Item = (&Model, bool)> {
        let available = |model: &Model| model.targets.iter().any(|offer| self.relay.is_available(&offer.target));
        self.catalogue.models().iter().map(move |model| (model, available(model)))
    }

    /// A whole answer: the body that `render` makes of it, which is also what a repeat of the same request gets.
    ///
    /// Fails with [`Error::InsufficientFunds`] if the account does not cover the most that it may cost. Nothing is paid for a failure.
    pub async fn complete(
        &self,
        call: ChatCall<'_>,
        request: &ChatRequest,
        render: impl FnOnce(&AnsweredBy, &Completion, Charge) -> Result<String>,
    ) -> Result<String> {
        let plan = self.plan_chat(request)?;
        let hold = match self.hold(call, &plan, &request.model).await? {
            Held::New(hold) => hold,
            Held::Earlier(body) => return Ok(body),
        };
        let (index, completion) = match self.relay.complete(&plan.targets, &plan.limits, request).await {
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

    /// A streamed answer.
    pub async fn stream(&self, call: ChatCall<'_>, request: &ChatRequest) -> Result<Begun> {
        let plan = self.plan_chat(request)?;
        let hold = match self.hold(call, &plan, &request.model).await? {
            Held::New(hold) => hold,
            Held::Earlier(body) => return Ok(Begun::Earlier(body)),
        };
        let (index, opened) = match self.relay.stream(&plan.targets, &plan.limits, request).await {
            Ok(answer) => answer,
            Err(error) => return self.give_up(&hold, error).await,
        };
        let (by, price, target) = plan.by(index, &hold)?;
        Ok(Begun::New(Box::new(Streaming {
            chat: self.clone(),
            kept: hold.request.is_some().then(String::new),
            hold: Some(hold),
            by,
            price,
            target,
            first: opened.first,
            rest: opened.rest,
            usage: None,
            written: 0,
            prompt: request.prompt_bound(),
        })))
    }

    /// Vectors: the body that `render` makes of them.
    pub async fn embed(
        &self,
        call: ChatCall<'_>,
        request: &EmbeddingRequest,
        render: impl FnOnce(&AnsweredBy, &Embeddings, Charge) -> Result<String>,
    ) -> Result<String> {
        let model = self.catalogue.find(&request.model, Feature::Embedding)?;
        let targets = model.order(|| self.draw());
        let most = bound(&[model], request.prompt_bytes(), Some(0), 1, request.inputs);
        let plan = Plan { models: vec![model; targets.len()], targets, limits: Vec::new(), most };
        let hold = match self.hold(call, &plan, &request.model).await? {
            Held::New(hold) => hold,
            Held::Earlier(body) => return Ok(body),
        };
        let (index, embeddings) = match self.relay.embed(&plan.targets, request).await {
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
        let (mut models, mut targets, mut limits) = (Vec::new(), Vec::new(), Vec::new());
        for model in chain {
            for target in model.order(|| self.draw()) {
                let asked = request.max_tokens.map(|tokens| tokens.min(model.max_output));
                limits.push(Limit { asked, most: model.max_output });
                targets.push(target);
                models.push(model);
            }
        }
        Ok(Plan { models, targets, limits, most })
    }

    /// A number for the draw among targets: an id's random part.
    fn draw(&self) -> u64 {
        let [.., a, b, c, d] = *self.ids.uuid(self.clock.now()).as_bytes();
        u64::from(u32::from_be_bytes([a, b, c, d]))
    }

    async fn hold(&self, call: ChatCall<'_>, plan: &Plan<'_>, model: &str) -> Result<Held> {
        call.caller.require(Permission::Chat)?;
        let request = call.idempotency_key.map(|key| {
            let content = URL_SAFE_NO_PAD.encode(Sha256::digest(call.body));
            Request::new(call.caller.company.to_string(), key.to_owned(), &["chat", &content])
        });
        let name = plan.models.first().map_or(model, |model| model.name.as_str());
        self.cashier.hold(call.caller, plan.most, name, request).await
    }

    /// Nobody answered: the money goes back.
    async fn give_up<T>(&self, hold: &Hold, error: CallError) -> Result<T> {
        self.cashier.release(hold).await?;
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
        self.cashier.settle(hold, charge.cost, record, answer).await
    }
}

/// An answer as it comes, and the money that is held for it.
///
/// Whoever has read it to its end calls [`Streaming::finish`]. One that is dropped before, because its caller left, is paid for as far as it came.
pub struct Streaming {
    chat: Chat,
    /// `None` once it is settled.
    hold: Option<Hold>,
    by: AnsweredBy,
    price: Price,
    target: Target,
    first: Option<Chunk>,
    rest: Box<dyn ChatStream>,
    usage: Option<Usage>,
    written: u64,
    prompt: u64,
    /// What the caller was told, if it may ask again.
    kept: Option<String>,
}

impl Streaming {
    /// Who answers.
    pub fn by(&self) -> &AnsweredBy {
        &self.by
    }

    /// The next piece; `None` at the end. A stream that breaks off costs nothing.
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
                self.chat.relay.broke_off(&self.target, &error);
                if let Some(hold) = self.hold.take() {
                    self.chat.cashier.release(&hold).await?;
                }
                Err(meaning(error))
            }
        }
    }

    /// What it comes to so far.
    pub fn charge(&self) -> Charge {
        let usage = self.usage.unwrap_or_else(|| estimate(self.prompt, self.written));
        match &self.hold {
            Some(hold) => charge(self.price, usage, hold),
            None => Charge { cost: Amount::ZERO, usage },
        }
    }

    /// Remembers what the caller is told, if it may ask again.
    pub fn keep(&mut self, text: &str) {
        if let Some(kept) = &mut self.kept {
            kept.push_str(text);
        }
    }

    /// Pays for the whole of it.
    pub async fn finish(&mut self) -> Result<()> {
        let (charge, estimated, kept) = (self.charge(), self.usage.is_none(), self.kept.take());
        match self.hold.take() {
            Some(hold) => self.chat.pay(&hold, &self.by, charge, estimated, kept.as_deref()).await,
            None => Ok(()),
        }
    }
}

impl Drop for Streaming {
    fn drop(&mut self) {
        let charge = self.charge();
        let Some(hold) = self.hold.take() else { return };
        let Ok(runtime) = tokio::runtime::Handle::try_current() else { return };
        let cashier = Arc::clone(&self.chat.cashier);
        let record =
            record(&hold, &self.by, charge, self.usage.is_none(), CallOutcome::Cancelled, self.chat.clock.now());
        // There is nobody left to wait for this. A function that is frozen meanwhile goes on with its next call; if there is none, the sweeper gives
        // the hold back.
        runtime.spawn(async move {
            if let Err(error) = cashier.settle(&hold, charge.cost, record, None).await {
                tracing::error!(%error, operation = %hold.operation, "a cancelled call is not settled");
            }
        });
    }
}

/// The cost of `usage`; never more than is held.
fn charge(price: Price, usage: Usage, hold: &Hold) -> Charge {
    let cost = price.cost(usage.prompt, usage.cached, usage.completion);
    if cost > hold.held {
        tracing::error!(operation = %hold.operation, %cost, held = %hold.held, "a call cost more than it could");
    }
    Charge { cost: cost.min(hold.held), usage }
}

/// Tokens of a call whose vendor told none.
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

/// What a vendor's failure means for the caller.
fn meaning(error: CallError) -> Error {
    match error {
        CallError::Rejected { message, param, code } => {
            let too_long = code.as_deref() == Some(CONTEXT_LENGTH);
            let field = param.unwrap_or_else(|| if too_long { "messages" } else { "" }.to_owned());
            Error::invalid(field, if too_long { CONTEXT_LENGTH } else { REJECTED }, message)
        }
        CallError::Unsupported { param, message } => Error::invalid(param, UNSUPPORTED, message),
        CallError::ContentRefused(message) => Error::invalid("messages", CONTENT_FILTER, message),
        outage => Error::Unavailable { dependency: Dependency::Provider, source: outage.into() },
    }
}
