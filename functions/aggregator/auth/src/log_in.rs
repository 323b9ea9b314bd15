//! `POST /api/v1/auth/login`

use axum::extract::State;
use edge::aggregator::openapi::{AggregatorFailed, BodyErrors, Errors};
use edge::{Answer, Body, ClientAddress, Reply, RequestScope};
use serde::Deserialize;
use utoipa::ToSchema;

use crate::wire::SignedInView;

/// Credentials of a company.
#[derive(Deserialize, ToSchema)]
pub(crate) struct LogInBody {
    /// Email address, case-insensitive.
    #[schema(example = "admin@company.com")]
    email: String,
    #[schema(example = "securepassword123")]
    password: String,
}

/// Sign in
#[utoipa::path(
    post,
    path = "/api/v1/auth/login",
    tag = "auth",
    operation_id = "log_in",
    request_body = LogInBody,
    responses(
        Errors, BodyErrors,
        (status = 200, description = "Signed in", body = SignedInView),
        (status = 401, description = "`invalid_credentials`: unknown email address or wrong password", body = AggregatorFailed),
    )
)]
pub(crate) async fn log_in(
    State(state): State<crate::State>,
    scope: RequestScope,
    ClientAddress(address): ClientAddress,
    Body(body): Body<LogInBody>,
) -> Answer<SignedInView> {
    scope.limit(&state.limit, &address).await?;
    let (signed_in, company) = state.companies.sign_in(&body.email, body.password).await?;
    Ok(Reply::ok(SignedInView::new(signed_in, company)))
}
