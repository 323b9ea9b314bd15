//! Rate limits: of one endpoint, counted by its handler, or of a group of endpoints, counted in front of them.

use std::sync::Arc;

use axum::Router;
use axum::extract::{FromRequestParts as _, Request, State};
use axum::http::request::Parts;
use axum::middleware::{self, Next};
use axum::response::{IntoResponse as _, Response};
use domain::identity::Identity;
use domain::kernel::{Clock, Result};
use domain::rate_limit::{Policy, RateLimiter};

use crate::extract::{ClientAddress, RequestScope, bearer};
use crate::problem::Failure;

/// A limit and its counter.
#[derive(Clone)]
pub struct RateLimit {
    pub(crate) limiter: RateLimiter,
    pub(crate) policy: Policy,
    pub(crate) clock: Arc<dyn Clock>,
}

impl RequestScope {
    /// Counts the request against `limit` for `subject`; the answer will carry `X-RateLimit-*`.
    pub async fn limit(&self, limit: &RateLimit, subject: &str) -> Result<()> {
        self.limited(limit.limiter.hit(&limit.policy, subject, limit.clock.now()).await)
    }
}

/// Finds out which subject a request counts against.
pub trait Callers: Clone + Send + Sync + 'static {
    /// Counts a request against `limit`, or refuses it.
    fn admit(&self, limit: &RateLimit, parts: &mut Parts) -> impl Future<Output = Result<(), Failure>> + Send;
}

/// Limits per user if the access token is valid, else per address. Whether a user is required is up to the endpoint.
impl Callers for Identity {
    async fn admit(&self, limit: &RateLimit, parts: &mut Parts) -> Result<(), Failure> {
        let caller = bearer(parts).and_then(|token| self.authenticate(token).ok());
        let subject = match caller {
            Some(caller) => caller.user.to_string(),
            None => ClientAddress::from_request_parts(parts, &()).await?.0,
        };
        Ok(RequestScope::from_request_parts(parts, &()).await?.limit(limit, &subject).await?)
    }
}

/// A limit in front of a group of endpoints.
#[derive(Clone)]
pub struct Throttle<C> {
    pub(crate) callers: C,
    pub(crate) limit: RateLimit,
}

impl<C: Callers> Throttle<C> {
    /// Counts requests to the routes of `router`.
    pub fn guard<S: Clone + Send + Sync + 'static>(self, router: impl Into<Router<S>>) -> Router<S> {
        router.into().route_layer(middleware::from_fn_with_state(self, count::<C>))
    }
}

async fn count<C: Callers>(State(throttle): State<Throttle<C>>, request: Request, next: Next) -> Response {
    let (mut parts, body) = request.into_parts();
    match throttle.callers.admit(&throttle.limit, &mut parts).await {
        Ok(()) => next.run(Request::from_parts(parts, body)).await,
        Err(failure) => failure.into_response(),
    }
}
