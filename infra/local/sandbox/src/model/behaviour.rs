//! The model names that make a vendor misbehave, and what each of them makes it do.

/// How a vendor answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Behaviour {
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

/// The models that every vendor has besides its own; the crate's page explains them.
pub(crate) const EVERYWHERE: [(&str, Behaviour); 10] = [
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
];

/// Why a vendor that was asked properly does not answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Trouble {
    Server,
    RateLimit,
    /// The vendor account is out of money.
    Quota,
}

impl Behaviour {
    /// The behaviour that a model name selects, of a vendor whose `own` models all are good; `None` for a model that does not exist.
    pub(crate) fn of(model: &str, own: &[&str]) -> Option<Self> {
        if own.contains(&model) {
            return Some(Self::Good);
        }
        EVERYWHERE.iter().find(|(name, _)| *name == model).map(|(_, behaviour)| *behaviour)
    }

    /// Goes on to the answer, if there is to be one.
    pub(crate) async fn admit(self) -> Result<(), Trouble> {
        match self {
            Self::Hang => std::future::pending().await,
            Self::ServerError => Err(Trouble::Server),
            Self::RateLimit => Err(Trouble::RateLimit),
            Self::Quota => Err(Trouble::Quota),
            Self::Good | Self::Slow | Self::BrokenJson | Self::HalfStream | Self::StreamError | Self::NoUsage => Ok(()),
        }
    }
}
