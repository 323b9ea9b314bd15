//! Shared by the vendors of text models: the request, its answers, and their delivery. Knows no vendor's protocol.

mod behaviour;
pub(crate) mod delivery;
#[cfg(test)]
pub(crate) mod tests;
pub(crate) mod tokens;
pub(crate) mod vector;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;

use crate::Options;
use crate::composer::{self, Content, Conversation, FunctionCall};

pub(crate) use behaviour::{Behaviour, EVERYWHERE, Trouble};

/// The model name in every answer.
pub(crate) const MODEL: &str = "sandbox";

/// The largest request body, in bytes. A prompt beyond it would not fit a real model's context either.
pub(crate) const MAX_BODY: usize = 8 * 1024 * 1024;

/// How long an unstreamed answer of `sandbox-slow` takes at most.
pub(crate) const SLOWEST: Duration = Duration::from_secs(20);
const SLOWEST_CHUNK: Duration = Duration::from_millis(200);

/// The state that a vendor's handlers share.
#[derive(Clone)]
pub(crate) struct State {
    pub(crate) options: Options,
    requests: Arc<AtomicU64>,
    /// Streams that a client is reading now.
    pub(crate) streams: Arc<AtomicUsize>,
}

impl State {
    pub(crate) fn new(options: Options) -> Self {
        Self { options, requests: Arc::default(), streams: Arc::default() }
    }

    /// A number that no earlier request had.
    pub(crate) fn next_request(&self) -> u64 {
        self.requests.fetch_add(1, Ordering::Relaxed)
    }

    /// The pause between two chunks.
    pub(crate) fn pace(&self, behaviour: Behaviour) -> Duration {
        match behaviour {
            Behaviour::Slow => (self.options.pace * 10).max(SLOWEST_CHUNK),
            _ => self.options.pace,
        }
    }

    /// Lets an unstreamed answer take as long as a streamed one where the vendor is slow.
    pub(crate) async fn wait(&self, behaviour: Behaviour, answers: &[Answer]) {
        if behaviour == Behaviour::Slow {
            let chunks = answers.iter().map(|answer| tokens::pieces(answer.text()).count()).sum::<usize>();
            let chunks = u32::try_from(chunks).unwrap_or(u32::MAX);
            tokio::time::sleep(self.pace(behaviour).saturating_mul(chunks).min(SLOWEST)).await;
        }
    }
}

/// A request, independent of the vendor.
#[derive(Debug)]
pub(crate) struct Order {
    pub(crate) behaviour: Behaviour,
    pub(crate) conversation: Conversation,
    /// Stop sequences.
    pub(crate) stop: Vec<String>,
    /// Most tokens of the answer.
    pub(crate) limit: Option<u32>,
}

/// Why an answer ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Finish {
    Whole,
    /// By this stop sequence.
    Stop(String),
    Length,
    Calls,
}

/// One finished answer.
#[derive(Debug, Clone)]
pub(crate) struct Answer {
    pub(crate) content: Content,
    pub(crate) finish: Finish,
    pub(crate) tokens: u32,
}

impl Answer {
    /// Its text; empty for calls.
    pub(crate) fn text(&self) -> &str {
        match &self.content {
            Content::Text(text) => text,
            Content::Calls(_) => "",
        }
    }
}

impl Order {
    /// Tokens of the prompt, functions included.
    pub(crate) fn prompt_tokens(&self) -> u32 {
        let messages = self.conversation.messages.iter().map(|message| 3 + tokens::count(&message.text));
        let functions = self.conversation.functions.iter().map(|function| {
            let texts = [&function.name, &function.description, &function.parameters.to_string()];
            texts.into_iter().map(|text| tokens::count(text)).sum::<u32>()
        });
        3 + messages.sum::<u32>() + functions.sum::<u32>()
    }

    /// As many answers as are wanted, all alike; `None` if the machine has no thread for them.
    pub(crate) async fn answers(self: &Arc<Self>, count: u32) -> Option<Vec<Answer>> {
        let order = Arc::clone(self);
        // Dictionaries are read on first use and spelling takes milliseconds per word: not on a thread that serves sockets.
        let answer = tokio::task::spawn_blocking(move || order.answer()).await.ok()?;
        Some((0..count).map(|_| answer.clone()).collect())
    }

    fn answer(&self) -> Answer {
        match composer::compose(&self.conversation, self.limit) {
            Content::Text(full) => self.cut(&full),
            Content::Calls(calls) => {
                let of_call = |call: &FunctionCall| tokens::count(&call.name) + tokens::count(&call.arguments);
                let tokens = calls.iter().map(of_call).sum();
                Answer { content: Content::Calls(calls), finish: Finish::Calls, tokens }
            }
        }
    }

    fn cut(&self, full: &str) -> Answer {
        let stops = self.stop.iter().filter(|stop| !stop.is_empty());
        let stopped = stops.filter_map(|stop| Some((full.find(stop.as_str())?, stop))).min();
        let wanted = stopped.and_then(|(end, _)| full.get(..end)).unwrap_or(full);
        let (text, was_cut) = tokens::cut(wanted, self.limit);
        let finish = match stopped {
            _ if was_cut => Finish::Length,
            Some((_, stop)) => Finish::Stop(stop.clone()),
            None => Finish::Whole,
        };
        Answer { tokens: tokens::count(text), content: Content::Text(text.to_owned()), finish }
    }
}
