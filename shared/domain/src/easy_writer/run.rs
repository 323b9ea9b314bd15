//! Background execution of a tool, step by step, with progress.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use async_trait::async_trait;
use serde_json::{Map, Value};

use super::catalogue::{Catalogue, Step, Tool};
use crate::generation::text::{NoText, TextOutput, TextRequest};
use crate::generation::{Attempt, Checkpoint, Event, Failure, Outcome, ProviderId, Stop, TextModels, Work, preview};
use crate::kernel::{Error, Result};

/// Smallest step of progress, in per cent: each costs a write and a frame per subscriber.
const PROGRESS_STEP: u32 = 20;
/// Progress of a step before its text is complete, at most.
const MAX_RUNNING_PROGRESS: u32 = 95;

/// Executes tools for the generation worker.
#[derive(Clone)]
pub struct ToolWork {
    pub catalogue: Arc<Catalogue>,
    pub models: TextModels,
}

impl From<NoText> for Stop {
    fn from(reason: NoText) -> Self {
        Self::Failed { failure: Failure::from(&reason), reason: reason.to_string() }
    }
}

#[async_trait]
impl Work for ToolWork {
    async fn work(&self, attempt: &mut Attempt<'_>) -> Result<Outcome, Stop> {
        let unusable = |reason: &str| Stop::from(NoText::Unusable(reason.to_owned()));
        // A tool can be removed from the catalogue while its jobs wait.
        let job = attempt.job();
        let tool = self.catalogue.find(&job.subject).ok_or_else(|| unusable("tool is not in the catalogue"))?;
        let input = attempt.jobs().input(job).await?;
        let input: Map<String, Value> =
            serde_json::from_str(&input).map_err(|error| Error::internal("stored input", error))?;
        let steps = tool.steps(job.mode);
        let total = u32::try_from(steps.len()).unwrap_or(u32::MAX);
        let mut previous: Option<Checkpoint> = None;
        let mut tokens_used = 0;
        for (step, number) in steps.iter().zip(1..) {
            let checkpoint = if let Some(done) = checkpoint(attempt, number) {
                done
            } else {
                let run = Run { models: &self.models, tool, step, number, total };
                run.step(attempt, &input, previous.as_ref()).await?
            };
            tokens_used += checkpoint.tokens;
            previous = Some(checkpoint);
        }
        let last = previous.ok_or_else(|| unusable("tool has no steps"))?;
        let text = attempt.jobs().log().load_output(&last).await?;
        Ok(Outcome {
            preview: preview(&text),
            text,
            provider: last.provider,
            tokens_used,
            cost: tool.price(tokens_used),
            events: attempt.length(),
        })
    }
}

/// One step of one run.
struct Run<'a> {
    models: &'a TextModels,
    tool: &'a Tool,
    step: &'a Step,
    number: u32,
    total: u32,
}

impl Run<'_> {
    async fn step(
        &self,
        attempt: &mut Attempt<'_>,
        input: &Map<String, Value>,
        previous: Option<&Checkpoint>,
    ) -> Result<Checkpoint, Stop> {
        let number = self.number;
        // No model call for a job that was deleted or taken over.
        if number > 1 {
            attempt.keep().await?;
        }
        if !is_started(attempt, number) {
            let name = self.step.name.clone();
            attempt.record(Event::StepStarted { step: number, name, total: self.total }).await?;
        }
        // Publishes the end of the previous step too: its events are only a moment old.
        attempt.tell().await?;
        let log = attempt.jobs().log().clone();
        let previous = match previous {
            Some(checkpoint) => Some(log.load_output(checkpoint).await?),
            None => None,
        };
        let request = self.tool.request(self.step, input, previous.as_deref())?;
        let (provider, output) = self.write(attempt, &request).await?;
        let text = output.text.trim().to_owned();
        let output_body = log.store_output(attempt.job(), number, text).await?;
        let checkpoint = Checkpoint { output: output_body, provider, tokens: output.tokens.total() };
        if progress(attempt, number) < 100 {
            attempt.record(Event::StepProgress { step: number, progress: 100 }).await?;
        }
        attempt.record(Event::StepCompleted { step: number, checkpoint: checkpoint.clone() }).await?;
        Ok(checkpoint)
    }

    /// Calls the model, publishing progress.
    async fn write(&self, attempt: &mut Attempt<'_>, request: &TextRequest) -> Result<(ProviderId, TextOutput), Stop> {
        let written = Arc::new(AtomicU32::new(0));
        let counter = Arc::clone(&written);
        let mut on_text = move |piece: &str| {
            let characters = u32::try_from(piece.chars().count()).unwrap_or(u32::MAX);
            counter.fetch_add(characters, Ordering::Relaxed);
        };
        let writing = self.models.write(&self.tool.providers, request, &mut on_text);
        let news = |attempt: &Attempt<'_>, any: bool| {
            let published = progress(attempt, self.number);
            let now = estimated_progress(written.load(Ordering::Relaxed), self.tool.max_output_tokens);
            let progress = now.max(published);
            (now >= published + PROGRESS_STEP || any).then_some(Event::StepProgress { step: self.number, progress })
        };
        Ok(attempt.watch(writing, news).await??)
    }
}

fn is_started(attempt: &Attempt<'_>, number: u32) -> bool {
    attempt.events().any(|event| matches!(event, Event::StepStarted { step, .. } if *step == number))
}

fn progress(attempt: &Attempt<'_>, number: u32) -> u32 {
    let progress = |event: &Event| match event {
        Event::StepProgress { step, progress } if *step == number => Some(*progress),
        _ => None,
    };
    attempt.events().filter_map(progress).max().unwrap_or(0)
}

fn checkpoint(attempt: &Attempt<'_>, number: u32) -> Option<Checkpoint> {
    attempt.events().find_map(|event| match event {
        Event::StepCompleted { step, checkpoint } if *step == number => Some(checkpoint.clone()),
        _ => None,
    })
}

/// Estimated per cent of a text by its length: most texts use about half of their tokens, at some three characters per
/// token.
fn estimated_progress(characters: u32, max_output_tokens: u32) -> u32 {
    let expected = (max_output_tokens.saturating_mul(3) / 2).max(1);
    (characters.saturating_mul(100) / expected).min(MAX_RUNNING_PROGRESS)
}
