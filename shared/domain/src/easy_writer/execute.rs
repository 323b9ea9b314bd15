//! Execution of a tool: quick, while the caller waits, or in the background.

use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;
use store::Queue;

use super::catalogue::{Catalogue, Tool};
use super::validation::validate;
use crate::generation::ProviderId;
use crate::generation::text::{NoText, TextOutput};
use crate::generation::{Failure, Job, Jobs, Mode, NewJob, Outcome, Started, Status, TextModels, preview};
use crate::idempotency::Request as Idempotent;
use crate::kernel::{Amount, Dependency, Error, JobId, Resource, Result, UserId};

/// Executes tools.
#[derive(Clone)]
pub struct Tools {
    pub catalogue: Arc<Catalogue>,
    pub jobs: Jobs,
    pub models: TextModels,
    /// The generation queue.
    pub queue: Queue,
    /// How long a caller waits before a quick run moves to the background. API Gateway times out after 30 seconds.
    pub quick_deadline: Duration,
}

/// A request to execute a tool.
#[derive(Debug)]
pub struct Request {
    /// Id of the tool.
    pub tool: String,
    /// Default: the tool's first mode.
    pub mode: Option<Mode>,
    pub input: Value,
    pub idempotency_key: Option<String>,
}

/// The outcome of a request to execute a tool.
#[derive(Debug)]
pub enum Execution {
    /// It ran.
    Completed { session: JobId, result: String, provider: ProviderId, tokens_used: u64, cost: Amount },
    /// It runs in the background.
    Started { session: JobId },
}

impl Tools {
    /// Runs a tool for `user`.
    ///
    /// Fails with [`Error::InsufficientFunds`] before any vendor is called, with [`Error::Unavailable`] if no vendor
    /// can be reached, and with [`Error::Failed`] if none wrote anything usable; in the last two cases nothing is
    /// charged.
    pub async fn execute(&self, user: UserId, request: Request) -> Result<Execution> {
        let Request { tool: id, mode, input, idempotency_key } = request;
        let tool = self.catalogue.tool(&id)?;
        let modes = tool.modes();
        let mode = match mode.or_else(|| modes.first().copied()) {
            Some(mode) if modes.contains(&mode) => mode,
            _ => return Err(Error::invalid("mode", "not_allowed", "Инструмент не поддерживает этот режим")),
        };
        let input = Value::Object(validate(&tool.input_schema()?, input)?);
        let text = input.to_string();
        let way = if mode == Mode::Quick { "quick" } else { "standard" };
        let request =
            idempotency_key.map(|key| Idempotent::new(user.to_string(), key, &["execute", &tool.id, way, &text]));
        let new = NewJob {
            id: self.jobs.mint_id(),
            owner: user,
            subject: tool.id.clone(),
            title: tool.name.clone(),
            mode,
            input: text,
            price: tool.estimate(),
            source: None,
            request,
        };
        match self.jobs.start(new, mode == Mode::Quick).await? {
            Started::New(job) => match mode {
                Mode::Quick => self.run_quickly(tool, job, &input).await,
                Mode::Standard => self.send_to_background(&job).await,
            },
            Started::Before(job) => self.answer_again(&job).await,
        }
    }

    /// The answer that the first of two equal requests got, or would get now.
    async fn answer_again(&self, job: &Job) -> Result<Execution> {
        let repeated = "a repeated request whose job has failed";
        match (job.mode, job.status, job.failure, job.provider) {
            (Mode::Quick, Status::Completed, _, Some(provider)) => Ok(Execution::Completed {
                session: job.id,
                result: self.jobs.result(job).await?.unwrap_or_default(),
                provider,
                tokens_used: job.tokens_used,
                cost: job.cost,
            }),
            (Mode::Quick, Status::Failed, Some(failure), _) => Err(failed(failure, repeated.into())),
            _ => Ok(Execution::Started { session: job.id }),
        }
    }

    async fn run_quickly(&self, tool: &Tool, job: Job, input: &Value) -> Result<Execution> {
        let written = tokio::time::timeout(self.quick_deadline, self.write(tool, input)).await;
        let Ok(written) = written else {
            self.jobs.hand_over(&job).await?;
            return self.send_to_background(&job).await;
        };
        match written? {
            Ok((provider, output)) => self.complete(tool, &job, provider, output).await,
            Err(reason) => {
                let failure = Failure::from(&reason);
                self.jobs.fail(&job, failure, 0).await?;
                Err(failed(failure, reason.into()))
            }
        }
    }

    async fn write(&self, tool: &Tool, input: &Value) -> Result<Result<(ProviderId, TextOutput), NoText>> {
        let steps = tool.steps(Mode::Quick);
        let step = steps.first().ok_or_else(|| Error::internal("quick run", "tool has no quick mode"))?;
        let fields = input.as_object().cloned().unwrap_or_default();
        let request = tool.request(step, &fields, None)?;
        Ok(self.models.write(&tool.providers, &request, &mut |_| {}).await)
    }

    async fn complete(&self, tool: &Tool, job: &Job, provider: ProviderId, output: TextOutput) -> Result<Execution> {
        let tokens_used = output.tokens.total();
        let text = output.text.trim().to_owned();
        let preview = preview(&text);
        let cost = tool.price(tokens_used);
        let outcome = Outcome { text: text.clone(), preview, provider, tokens_used, cost, events: 0 };
        match self.jobs.complete(job, outcome).await? {
            Some(job) => {
                Ok(Execution::Completed { session: job.id, result: text, provider, tokens_used, cost: job.cost })
            }
            // The user deleted it meanwhile, or the lease ran out and a worker has it now.
            None => match self.jobs.find(job.owner, job.id).await? {
                Some(_) => Ok(Execution::Started { session: job.id }),
                None => Err(Error::NotFound(Resource::SESSION)),
            },
        }
    }

    /// A job that is written but not sent is found by the sweeper, so a failing queue is no reason to fail the request.
    async fn send_to_background(&self, job: &Job) -> Result<Execution> {
        if let Err(error) = self.queue.send(&self.jobs.message(job.owner, job.id)).await {
            tracing::warn!(%error, job = %job.id, "job not sent, left to the sweeper");
        }
        Ok(Execution::Started { session: job.id })
    }
}

impl From<&NoText> for Failure {
    fn from(reason: &NoText) -> Self {
        match reason {
            NoText::Unavailable(_) => Self::ProviderUnavailable,
            NoText::Unusable(_) => Self::GenerationFailed,
        }
    }
}

fn failed(failure: Failure, source: Box<dyn std::error::Error + Send + Sync>) -> Error {
    match failure {
        Failure::ProviderUnavailable => Error::Unavailable { dependency: Dependency::Provider, source },
        Failure::GenerationFailed => Error::Failed { resource: Resource::SESSION, source },
    }
}
