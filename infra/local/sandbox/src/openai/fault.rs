//! The model names, and what each of them makes the vendor do.

/// How the vendor answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Behaviour {
    Good,
    Slow,
    Hang,
    ServerError,
    RateLimit,
    Quota,
    BrokenJson,
    HalfStream,
    StreamError,
    NoUsage,
}

/// Every model that the sandbox lists; the crate's page explains them.
pub(super) const MODELS: [(&str, Behaviour); 15] = [
    ("sandbox", Behaviour::Good),
    ("sandbox-slow", Behaviour::Slow),
    ("sandbox-hang", Behaviour::Hang),
    ("sandbox-500", Behaviour::ServerError),
    ("sandbox-429", Behaviour::RateLimit),
    ("sandbox-quota", Behaviour::Quota),
    ("sandbox-broken-json", Behaviour::BrokenJson),
    ("sandbox-half-stream", Behaviour::HalfStream),
    ("sandbox-stream-error", Behaviour::StreamError),
    ("sandbox-no-usage", Behaviour::NoUsage),
    // What products ask OpenAI for by its own names.
    ("gpt-4", Behaviour::Good),
    ("gpt-4o", Behaviour::Good),
    ("gpt-4o-mini", Behaviour::Good),
    ("gpt-4.1", Behaviour::Good),
    ("gpt-4.1-mini", Behaviour::Good),
];

impl Behaviour {
    /// The behaviour that a model name selects; `None` for a model that does not exist.
    pub(super) fn of(model: &str) -> Option<Self> {
        MODELS.iter().find(|(name, _)| *name == model).map(|(_, behaviour)| *behaviour)
    }
}
