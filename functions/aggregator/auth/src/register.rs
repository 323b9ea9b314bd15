//! `POST /api/v1/auth/register`

use axum::extract::State;
use domain::aggregator::{CompanyName, NewCompany};
use domain::identity::{Email, NewPassword};
use edge::aggregator::openapi::{AggregatorFailed, BodyErrors, Errors};
use edge::openapi::IdempotencyHeader;
use edge::{Answer, Body, ClientAddress, IdempotencyKey, Reply, RequestScope};
use serde::Deserialize;
use utoipa::ToSchema;

use crate::wire::SignedInView;

/// A new company.
#[derive(Deserialize, ToSchema)]
pub(crate) struct RegisterBody {
    /// Email address, case-insensitive; identifies the company.
    #[schema(example = "admin@company.com")]
    email: String,
    /// Password, 8 to 128 characters.
    #[schema(example = "securepassword123", min_length = 8, max_length = 128)]
    password: String,
    /// Company name, up to 200 characters. Default: the domain of the email address.
    #[schema(example = "My Company")]
    name: Option<String>,
    /// Description, up to 2000 characters.
    #[schema(example = "AI-powered company")]
    description: Option<String>,
}

/// Register a company
///
/// Creates the company, signs it in and sends a confirmation email. A repeat with the same `Idempotency-Key` and body
/// creates nothing and returns new tokens for the same company.
#[utoipa::path(
    post,
    path = "/api/v1/auth/register",
    tag = "auth",
    operation_id = "register",
    params(IdempotencyHeader),
    request_body = RegisterBody,
    responses(
        Errors, BodyErrors,
        (status = 201, description = "Company created", body = SignedInView),
        (status = 409, description = "`email_exists`; `idempotency_key_reused`: the key was used with another body", body = AggregatorFailed),
    )
)]
pub(crate) async fn register(
    State(state): State<crate::State>,
    scope: RequestScope,
    ClientAddress(address): ClientAddress,
    IdempotencyKey(idempotency_key): IdempotencyKey,
    Body(body): Body<RegisterBody>,
) -> Answer<SignedInView> {
    scope.limit(&state.limit, &address).await?;
    let email = Email::parse(&body.email)?;
    let password = NewPassword::parse("password", body.password)?;
    let name = body.name.map_or_else(|| Ok(CompanyName::of(&email)), |name| CompanyName::parse(&name))?;
    let new = NewCompany { email, password, name, description: body.description };
    let (signed_in, company) = state.companies.register(new, idempotency_key).await?;
    Ok(Reply::created(SignedInView::new(signed_in, company)))
}
