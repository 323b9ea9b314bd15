//! `POST /api/v1/auth/login`

use axum::extract::State;
use edge::openapi::AggregatorFailed;
use edge::{Answer, Body, ClientAddress, Reply, RequestScope};
use serde::Deserialize;
use utoipa::ToSchema;

use crate::wire::SignedInView;

/// E-mail and password.
#[derive(Deserialize, ToSchema)]
pub(crate) struct LogInBody {
    /// Address of the company, in any letter case.
    #[schema(example = "admin@company.com")]
    email: String,
    /// The password.
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
        (status = 200, description = "Signed in", body = SignedInView),
        (status = 400, description = "`invalid_request`", body = AggregatorFailed),
        (status = 401, description = "`invalid_credentials`: address unknown or password wrong, not told which", body = AggregatorFailed),
        (status = 429, description = "`rate_limit_exceeded`", body = AggregatorFailed),
    )
)]
pub(crate) async fn log_in(
    State(state): State<crate::State>,
    scope: RequestScope,
    ClientAddress(address): ClientAddress,
    Body(body): Body<LogInBody>,
) -> Answer<SignedInView> {
    scope.limit(&state.limiter, &state.limit, &address, state.clock.now()).await?;
    let (signed_in, company) = state.companies.sign_in(&body.email, body.password).await?;
    Ok(Reply::ok(SignedInView::new(signed_in, company)))
}
