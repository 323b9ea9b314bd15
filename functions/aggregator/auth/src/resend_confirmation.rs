//! `POST /api/v1/auth/verify-email/resend`

use axum::extract::State;
use edge::openapi::AggregatorFailed;
use edge::{Answer, ClientAddress, Company, Reply, RequestScope};
use serde::Serialize;
use utoipa::ToSchema;

/// That a letter is on its way.
#[derive(Serialize, ToSchema)]
pub(crate) struct SentView {
    /// For people.
    #[schema(example = "Письмо отправлено")]
    message: &'static str,
}

/// Send the letter that confirms the address again
#[utoipa::path(
    post,
    path = "/api/v1/auth/verify-email/resend",
    tag = "auth",
    operation_id = "resend_letter",
    security(("bearer" = [])),
    responses(
        (status = 200, description = "Sent, unless there is nothing left to confirm", body = SentView),
        (status = 401, description = "`token_expired`, `invalid_api_key`", body = AggregatorFailed),
        (status = 403, description = "`permission_denied`: an API key cannot do this", body = AggregatorFailed),
        (status = 429, description = "`rate_limit_exceeded`", body = AggregatorFailed),
    )
)]
pub(crate) async fn resend_confirmation(
    State(state): State<crate::State>,
    scope: RequestScope,
    ClientAddress(address): ClientAddress,
    Company(caller): Company,
) -> Answer<SentView> {
    scope.limit(&state.limiter, &state.limit, &address, state.clock.now()).await?;
    state.companies.resend_confirmation(caller.require_company()?).await?;
    Ok(Reply::ok(SentView { message: "Письмо отправлено" }))
}
