//! `POST /api/v1/auth/register`

use axum::extract::State;
use domain::aggregator::{CompanyName, NewCompany};
use domain::identity::{Email, NewPassword};
use edge::openapi::AggregatorFailed;
use edge::{Answer, Body, ClientAddress, IdempotencyKey, Reply, RequestScope};
use serde::Deserialize;
use utoipa::ToSchema;

use crate::wire::SignedInView;

/// A request to register.
#[derive(Deserialize, ToSchema)]
pub(crate) struct RegisterBody {
    /// Address that will identify the company, in any letter case.
    #[schema(example = "admin@company.com")]
    email: String,
    /// 8 to 128 characters.
    #[schema(example = "securepassword123", min_length = 8, max_length = 128)]
    password: String,
    /// Name, up to 200 characters; the host of the address without it.
    #[schema(example = "My Company")]
    name: Option<String>,
    /// A few words, up to 2000 characters.
    #[schema(example = "AI-powered company")]
    description: Option<String>,
}

/// Register a company
///
/// The company is signed in, and a letter goes to its address with a link that confirms it. A repeat with the same `Idempotency-Key` and body opens nothing
/// and signs the same company in again.
#[utoipa::path(
    post,
    path = "/api/v1/auth/register",
    tag = "auth",
    operation_id = "register",
    params(("Idempotency-Key" = Option<String>, Header, max_length = 128, description = "A repeat with the same key within 24 hours opens nothing")),
    request_body = RegisterBody,
    responses(
        (status = 201, description = "Registered", body = SignedInView),
        (status = 400, description = "`invalid_request`", body = AggregatorFailed),
        (status = 409, description = "`email_exists`, `idempotency_key_reused`", body = AggregatorFailed),
        (status = 429, description = "`rate_limit_exceeded`", body = AggregatorFailed),
    )
)]
pub(crate) async fn register(
    State(state): State<crate::State>,
    scope: RequestScope,
    ClientAddress(address): ClientAddress,
    IdempotencyKey(idempotency_key): IdempotencyKey,
    Body(body): Body<RegisterBody>,
) -> Answer<SignedInView> {
    scope.limit(&state.limiter, &state.limit, &address, state.clock.now()).await?;
    let email = Email::parse(&body.email)?;
    let password = NewPassword::parse("password", body.password)?;
    let name = body.name.map_or_else(|| Ok(CompanyName::of(&email)), |name| CompanyName::parse(&name))?;
    let new = NewCompany { email, password, name, description: body.description };
    let (signed_in, company) = state.companies.register(new, idempotency_key).await?;
    Ok(Reply::created(SignedInView::new(signed_in, company)))
}
