//! The model names that select a behaviour.

/// The behaviour of a vendor.
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

/// Why a vendor fails a valid request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Trouble {
    Server,
    RateLimit,
    /// The vendor account is out of money.
    Quota,
}

impl Behaviour {
    /// The behaviour of a model; `own` are the vendor's real names, which are all good. `None` for an unknown model.
    pub(crate) fn of(model: &str, own: &[&str]) -> Option<Self> {
        if own.contains(&model) {
            return Some(Self::Good);
        }
        EVERYWHERE.iter().find(|(name, _)| *name == model).map(|(_, behaviour)| *behaviour)
    }

    /// Lets the request through, or fails it, or never returns.
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
