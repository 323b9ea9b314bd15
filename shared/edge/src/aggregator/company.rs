//! Authentication of AI Aggregator's callers: a company by its access token, or an API key.

use axum::extract::{FromRef, FromRequestParts};
use axum::http::request::Parts;
use domain::aggregator::{Authenticator, Caller, Credential};
use domain::kernel::{AuthFailure, Error};

use crate::extract::{ClientAddress, RequestScope, bearer};
use crate::problem::Failure;
use crate::throttle::{Callers, RateLimit};

/// The caller, authenticated by `X-API-Key` or `Authorization: Bearer`.
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

/// The request's credential. `X-API-Key` takes precedence.
fn credential(parts: &Parts) -> Option<Credential<'_>> {
    let key = parts.headers.get("x-api-key").and_then(|value| value.to_str().ok()).map(str::trim);
    key.map(Credential::Key).or_else(|| bearer(parts).map(Credential::Bearer))
}

/// Limits per API key, or per company; unauthenticated requests per address, and they are refused. [`Company`] then
/// finds the caller authenticated.
impl Callers for Authenticator {
    async fn admit(&self, limit: &RateLimit, parts: &mut Parts) -> Result<(), Failure> {
        let scope = RequestScope::from_request_parts(parts, &()).await?;
        let (caller, counted) = match credential(parts) {
            // In the path of every chat, so lookup and count run concurrently. The label is the key's hash.
            Some(credential) => match credential.key_label() {
                Some(label) => {
                    let (caller, counted) = tokio::join!(self.authenticate(credential), scope.limit(limit, &label));
                    (caller, Some(counted))
                }
                None => (self.authenticate(credential).await, None),
            },
            None => (Err(Error::Unauthenticated(AuthFailure::TokenInvalid)), None),
        };
        let caller = match (caller, counted) {
            (Ok(caller), Some(counted)) => counted.map(|()| caller)?,
            (Ok(caller), None) => scope.limit(limit, &caller.company.to_string()).await.map(|()| caller)?,
            (Err(refusal @ Error::Unauthenticated(_)), _) => {
                // Limits guessing of keys.
                let ClientAddress(address) = ClientAddress::from_request_parts(parts, &()).await?;
                scope.limit(limit, &address).await?;
                return Err(refusal.into());
            }
            (Err(error), _) => return Err(error.into()),
        };
        parts.extensions.insert(caller);
        Ok(())
    }
}
