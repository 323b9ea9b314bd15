//! A limit for all endpoints of a group that have none of their own.

use std::sync::Arc;

use axum::Router;
use axum::extract::{FromRequestParts as _, Request, State};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse as _, Response};
use domain::identity::Identity;
use domain::kernel::Clock;
use domain::rate_limit::{Policy, RateLimiter};

use crate::extract::{ClientAddress, RequestScope, bearer};
use crate::problem::Failure;

/// Counts the requests of a group: of a user where the access token proves one, else of the address that they come from.
#[derive(Clone)]
pub struct Throttle {
    pub(crate) identity: Identity,
    pub(crate) limiter: RateLimiter,
    pub(crate) policy: Policy,
    pub(crate) clock: Arc<dyn Clock>,
}

impl Throttle {
    /// The routes, counted.
    pub fn guard<S: Clone + Send + Sync + 'static>(self, router: Router<S>) -> Router<S> {
        router.route_layer(middleware::from_fn_with_state(self, count))
    }
}

async fn count(State(throttle): State<Throttle>, request: Request, next: Next) -> Response {
    let (mut parts, body) = request.into_parts();
    let caller = bearer(&parts).and_then(|token| throttle.identity.authenticate(token).ok());
    let counted = async {
        let subject = match caller {
            Some(caller) => caller.user.to_string(),
            None => ClientAddress::from_request_parts(&mut parts, &()).await?.0,
        };
        let scope = RequestScope::from_request_parts(&mut parts, &()).await?;
        scope.limit(&throttle.limiter, &throttle.policy, &subject, throttle.clock.now()).await?;
        Ok::<_, Failure>(())
    };
    match counted.await {
        Ok(()) => next.run(Request::from_parts(parts, body)).await,
        Err(failure) => failure.into_response(),
    }
}
