//! Who calls AI Aggregator: a company by its access token, or a program by an API key.

use std::sync::Arc;

use axum::Router;
use axum::extract::{FromRef, FromRequestParts, Request, State};
use axum::http::request::Parts;
use axum::middleware::{self, Next};
use axum::response::{IntoResponse as _, Response};
use domain::aggregator::{Authenticator, Caller, Credential};
use domain::kernel::{AuthFailure, Clock, Error};
use domain::rate_limit::{Policy, RateLimiter};

use crate::extract::{ClientAddress, RequestScope, bearer};
use crate::problem::Failure;

/// Who calls, proved by `X-API-Key` or `Authorization: Bearer`.
pub struct Company(pub Caller);

impl<S: Send + Sync> FromRequestParts<S> for Company
where
    Authenticator: FromRef<S>,
{
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Failure> {
        if let Some(caller) = parts.extensions.get::<Caller>() {
            return Ok(Self(*caller));
        }
        let credential = credential(parts).ok_or(Error::Unauthenticated(AuthFailure::TokenInvalid))?;
        Ok(Self(Authenticator::from_ref(state).authenticate(credential).await?))
    }
}

/// What the request shows. A key that is named as one is believed before anything else.
fn credential(parts: &Parts) -> Option<Credential<'_>> {
    let key = parts.headers.get("x-api-key").and_then(|value| value.to_str().ok()).map(str::trim);
    key.map(Credential::Key).or_else(|| bearer(parts).map(Credential::Bearer))
}

/// A limit for a group of endpoints: requests of a company, of each of its keys, or of the address of whoever proves to
/// be neither.
#[derive(Clone)]
pub struct Counted {
    /// Who knows companies.
    pub authenticator: Authenticator,
    /// Who counts.
    pub limiter: RateLimiter,
    /// How many.
    pub policy: Policy,
    /// The time.
    pub clock: Arc<dyn Clock>,
}

impl Counted {
    /// The routes, counted.
    pub fn guard<S: Clone + Send + Sync + 'static>(self, router: Router<S>) -> Router<S> {
        router.route_layer(middleware::from_fn_with_state(self, count))
    }
}

async fn count(State(counted): State<Counted>, request: Request, next: Next) -> Response {
    let (mut parts, body) = request.into_parts();
    match counted.admit(&mut parts).await {
        Ok(caller) => {
            parts.extensions.insert(caller);
            next.run(Request::from_parts(parts, body)).await
        }
        Err(failure) => failure.into_response(),
    }
}

impl Counted {
    async fn admit(&self, parts: &mut Parts) -> Result<Caller, Failure> {
        let scope = RequestScope::from_request_parts(parts, &()).await?;
        let (now, invalid) = (self.clock.now(), Error::Unauthenticated(AuthFailure::TokenInvalid));
        let limit = async |subject: String| scope.limit(&self.limiter, &self.policy, &subject, now).await;
        let (caller, counted) = match credential(parts) {
            // The key is looked up and counted at once: it is on the way of every chat. What is counted is its hash.
            Some(credential) => match credential.key_label() {
                Some(label) => {
                    let (caller, counted) = tokio::join!(self.authenticator.authenticate(credential), limit(label));
                    (caller, Some(counted))
                }
                None => (self.authenticator.authenticate(credential).await, None),
            },
            None => (Err(invalid), None),
        };
        match (caller, counted) {
            (Ok(caller), Some(counted)) => counted.map(|()| caller).map_err(Failure::from),
            (Ok(caller), None) => Ok(limit(caller.company.to_string()).await.map(|()| caller)?),
            (Err(refusal @ Error::Unauthenticated(_)), _) => {
                // Guessing keys is counted by address.
                let ClientAddress(address) = ClientAddress::from_request_parts(parts, &()).await?;
                limit(address).await?;
                Err(refusal.into())
            }
            (Err(error), _) => Err(error.into()),
        }
    }
}
