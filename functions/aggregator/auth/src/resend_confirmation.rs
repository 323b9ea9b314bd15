//! `POST /api/v1/auth/verify-email/resend`

use axum::extract::State;
use edge::aggregator::openapi::{AggregatorFailed, AuthErrors, Errors};
use edge::{Answer, ClientAddress, Company, Reply, RequestScope};
use serde::Serialize;
use utoipa::ToSchema;

/// Confirmation that the email was sent.
#[derive(Serialize, ToSchema)]
pub(crate) struct SentView {
    /// Human-readable message.
    #[schema(example = "Письмо отправлено")]
    message: &'static str,
}

/// Resend the confirmation email
#[utoipa::path(
    post,
    path = "/api/v1/auth/verify-email/resend",
    tag = "auth",
    operation_id = "resend_letter",
    security(("bearer" = [])),
    responses(
        Errors, AuthErrors,
        (status = 200, description = "Email sent, unless the address is already confirmed", body = SentView),
        (status = 403, description = "`permission_denied`: requires an access token, not an API key", body = AggregatorFailed),
    )
)]
pub(crate) async fn resend_confirmation(
    State(state): State<crate::State>,
    scope: RequestScope,
    ClientAddress(address): ClientAddress,
    Company(caller): Company,
) -> Answer<SentView> {
    scope.limit(&state.limit, &address).await?;
    state.companies.resend_confirmation(caller.require_company()?).await?;
    Ok(Reply::ok(SentView { message: "Письмо отправлено" }))
}
