//! Chats and vectors: hold, ask, settle.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest as _, Sha256};
use uuid::Uuid;

use super::access::{Caller, Permission};
use super::catalogue::{Catalogue, Feature, Model, bound};
use super::price::Price;
use super::settlement::{Cashier, Details, Held, Hold, Settled};
use super::{CONTENT_FILTER, CONTEXT_LENGTH, REJECTED, UNSUPPORTED};
use crate::gateway::{
    ChatRequest, ChatStream, Chunk, Completion, Deployment, EmbeddingRequest, Embeddings, MaxTokens, ModelRouter,
    ProviderError, Usage,
};
use crate::idempotency::Request;
use crate::kernel::{Amount, Clock, Dependency, Error, IdSource, Result, Timestamp};

/// How many bytes of text are taken for a token when a vendor tells no figures.
const BYTES_PER_TOKEN: u64 = 4;

/// Asks vendors for companies, and has them pay for it.
#[derive(Clone)]
pub struct Chat {
    catalogue: Arc<Catalogue>,
    router: ModelRouter,
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
pub struct By {
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
    /// Each deployment with the model that it stands for.
    models: Vec<&'a Model>,
    deployments: Vec<Deployment>,
    max_tokens: Vec<MaxTokens>,
    most: Amount,
}

impl Plan<'_> {
    /// Who the deployment at `index` is.
    fn by(&self, index: usize, hold: &Hold) -> Result<(By, Price, Deployment)> {
        let found = self.models.get(index).zip(self.deployments.get(index));
        let (model, deployment) = found.ok_or_else(|| Error::internal("router", "an answer from no deployment"))?;
        let by = By {
            operation: hold.operation,
            created: hold.begun,
            model: model.id.clone(),
            provider: deployment.vendor.clone(),
        };
        Ok((by, model.price(), deployment.clone()))
    }
}

impl Chat {
    /// Models of `catalogue`, asked through `router`, paid by way of `cashier`.
    pub fn new(
        catalogue: Arc<Catalogue>,
        router: ModelRouter,
        cashier: Arc<dyn Cashier>,
        clock: Arc<dyn Clock>,
        ids: Arc<dyn IdSource>,
    ) -> Self {
        Self { catalogue, router, cashier, clock, ids }
    }

    /// The models, each with whether it could be asked now.
    pub fn models(&self) -> impl Iterator<Item = (&Model, bool)> {
        let available = |model: &Model| model.routes.iter().any(|route| self.router.is_available(&route.deployment));
        self.catalogue.models().iter().map(move |model| (model, available(model)))
    }

    /// A whole answer: the body that `render` makes of it, which is also what a repeat of the same request gets.
    ///
    /// Fails with [`Error::InsufficientFunds`] if the account does not cover the most that it may cost. Nothing is paid for a failure.
    pub async fn complete(
        &self,
        call: ChatCall<'_>,
        request: &ChatRequest,
        render: impl FnOnce(&By, &Completion, Settled) -> Result<String>,
    ) -> Result<String> {
        let plan = self.plan_chat(request)?;
        let hold = match self.hold(call, &plan, &request.model).await? {
            Held::New(hold) => hold,
            Held::Earlier(body) => return Ok(body),
        };
        let (index, completion) = match self.router.complete(&plan.deployments, &plan.max_tokens, request).await {
            Ok(answer) => answer,
            Err(error) => return self.give_up(&hold, error).await,
        };
        let (by, price, _) = plan.by(index, &hold)?;
        let estimated = completion.usage.is_none();
        let usage = completion.usage.unwrap_or_else(|| estimate(request.prompt_bound(), completion.written));
        let settled = settled(price, usage, &hold);
        let body = render(&by, &completion, settled)?;
        self.pay(&hold, &by, settled, estimated, Some(&body)).await?;
        Ok(body)
    }

    /// A streamed answer.
    pub async fn stream(&self, call: ChatCall<'_>, request: &ChatRequest) -> Result<Begun> {
        let plan = self.plan_chat(request)?;
        let hold = match self.hold(call, &plan, &request.model).await? {
            Held::New(hold) => hold,
            Held::Earlier(body) => return Ok(Begun::Earlier(body)),
        };
        let (index, opened) = match self.router.stream(&plan.deployments, &plan.max_tokens, request).await {
            Ok(answer) => answer,
            Err(error) => return self.give_up(&hold, error).await,
        };
        let (by, price, deployment) = plan.by(index, &hold)?;
        Ok(Begun::New(Box::new(Streaming {
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

    /// Vectors: the body that `render` makes of them.
    pub async fn embed(
        &self,
        call: ChatCall<'_>,
        request: &EmbeddingRequest,
        render: impl FnOnce(&By, &Embeddings, Settled) -> Result<String>,
    ) -> Result<String> {
        let model = self.catalogue.find(&request.model, Feature::Embedding)?;
        let deployments = model.order(|| self.draw());
        let most = bound(&[model], request.prompt_bytes(), Some(0), 1, request.inputs);
        let plan = Plan { models: vec![model; deployments.len()], deployments, max_tokens: Vec::new(), most };
        let hold = match self.hold(call, &plan, &request.model).await? {
            Held::New(hold) => hold,
            Held::Earlier(body) => return Ok(body),
        };
        let (index, embeddings) = match self.router.embed(&plan.deployments, request).await {
            Ok(answer) => answer,
            Err(error) => return self.give_up(&hold, error).await,
        };
        let (by, price, _) = plan.by(index, &hold)?;
        let estimated = embeddings.prompt.is_none();
        let prompt = embeddings.prompt.unwrap_or_else(|| request.prompt_bytes().div_ceil(BYTES_PER_TOKEN));
        let settled = settled(price, Usage { prompt, ..Usage::default() }, &hold);
        let body = render(&by, &embeddings, settled)?;
        self.pay(&hold, &by, settled, estimated, Some(&body)).await?;
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

    /// A number for the draw among deployments: an id's random part.
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
    async fn give_up<T>(&self, hold: &Hold, error: ProviderError) -> Result<T> {
        self.cashier.release(hold).await?;
        Err(meaning(error))
    }

    async fn pay(&self, hold: &Hold, by: &By, settled: Settled, estimated: bool, answer: Option<&str>) -> Result<()> {
        let details = details(hold, by, settled.usage, estimated, "completed", self.clock.now());
        let answer = answer.filter(|_| hold.request.is_some()).map(str::to_owned);
        self.cashier.settle(hold, settled.cost, details, answer).await
    }
}

/// An answer as it comes, and the money that is held for it.
///
/// Whoever has read it to its end calls [`Streaming::finish`]. One that is dropped before, because its caller left, is paid for as far as it came.
pub struct Streaming {
    chat: Chat,
    /// `None` once it is settled.
    hold: Option<Hold>,
    by: By,
    price: Price,
    deployment: Deployment,
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
    pub fn by(&self) -> &By {
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
                self.chat.router.report_failure(&self.deployment, &error);
                if let Some(hold) = self.hold.take() {
                    self.chat.cashier.release(&hold).await?;
                }
                Err(meaning(error))
            }
        }
    }

    /// What it comes to so far.
    pub fn settled(&self) -> Settled {
        let usage = self.usage.unwrap_or_else(|| estimate(self.prompt, self.written));
        match &self.hold {
            Some(hold) => settled(self.price, usage, hold),
            None => Settled { cost: Amount::ZERO, usage },
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
        let (settled, estimated, kept) = (self.settled(), self.usage.is_none(), self.kept.take());
        match self.hold.take() {
            Some(hold) => self.chat.pay(&hold, &self.by, settled, estimated, kept.as_deref()).await,
            None => Ok(()),
        }
    }
}

impl Drop for Streaming {
    fn drop(&mut self) {
        let settled = self.settled();
        let Some(hold) = self.hold.take() else { return };
        let Ok(runtime) = tokio::runtime::Handle::try_current() else { return };
        let cashier = Arc::clone(&self.chat.cashier);
        let details = details(&hold, &self.by, settled.usage, self.usage.is_none(), "cancelled", self.chat.clock.now());
        // There is nobody left to wait for this. A function that is frozen meanwhile goes on with its next call; if there is none, the sweeper gives
        // the hold back.
        runtime.spawn(async move {
            if let Err(error) = cashier.settle(&hold, settled.cost, details, None).await {
                tracing::error!(%error, operation = %hold.operation, "a cancelled call is not settled");
            }
        });
    }
}

/// The cost of `usage`; never more than is held.
fn settled(price: Price, usage: Usage, hold: &Hold) -> Settled {
    let cost = price.cost(usage.prompt, usage.cached, usage.completion);
    if cost > hold.held {
        tracing::error!(operation = %hold.operation, %cost, held = %hold.held, "a call cost more than it could");
    }
    Settled { cost: cost.min(hold.held), usage }
}

/// Tokens of a call whose vendor told none.
fn estimate(prompt_bound: u64, written: u64) -> Usage {
    let tokens = |bytes: u64| bytes.div_ceil(BYTES_PER_TOKEN);
    Usage { prompt: tokens(prompt_bound), completion: tokens(written), ..Usage::default() }
}

fn details(hold: &Hold, by: &By, usage: Usage, estimated: bool, outcome: &str, now: Timestamp) -> Details {
    Details {
        provider: by.provider.clone(),
        model: by.model.clone(),
        prompt: usage.prompt,
        completion: usage.completion,
        cached: usage.cached,
        reasoning: usage.reasoning,
        estimated,
        outcome: outcome.to_owned(),
        millis: u64::try_from(now.as_millisecond() - hold.begun.as_millisecond()).unwrap_or_default(),
        key: hold.caller.key,
    }
}

/// What a vendor's failure means for the caller.
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
