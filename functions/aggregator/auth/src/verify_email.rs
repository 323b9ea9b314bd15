//! `GET /api/v1/auth/verify-email`

use axum::extract::State;
use edge::aggregator::openapi::{AggregatorFailed, Errors};
use edge::{Answer, ClientAddress, Query, Reply, RequestScope};
use serde::Serialize;
use utoipa::ToSchema;

/// Confirmation of an email address.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct VerifiedView {
    /// Always `true`.
    is_verified: bool,
    /// Human-readable message.
    #[schema(example = "Адрес подтверждён")]
    message: &'static str,
}

/// Confirm an email address
///
/// Target of the link in the confirmation email. Credits the welcome balance.
#[utoipa::path(
    get,
    path = "/api/v1/auth/verify-email",
    tag = "auth",
    operation_id = "verify_email",
    params(("token" = String, Query, description = "Token from the confirmation email. Single use, valid for three days")),
    responses(
        Errors,
        (status = 200, description = "Email address confirmed", body = VerifiedView),
        (status = 401, description = "`token_expired`, `invalid_api_key`: the token is expired, used or unknown", body = AggregatorFailed),
    )
)]
pub(crate) async fn verify_email(
    State(state): State<crate::State>,
    scope: RequestScope,
    ClientAddress(address): ClientAddress,
    query: Query,
) -> Answer<VerifiedView> {
    scope.limit(&state.limit, &address).await?;
    state.companies.confirm(query.lenient("token").unwrap_or_default()).await?;
    Ok(Reply::ok(VerifiedView { is_verified: true, message: "Адрес подтверждён" }))
}
