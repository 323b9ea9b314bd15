//! `GET /api/v1/auth/verify-email`

use axum::extract::State;
use edge::openapi::AggregatorFailed;
use edge::{Answer, ClientAddress, QueryParameters, Reply, RequestScope};
use serde::Serialize;
use utoipa::ToSchema;

/// What a person who followed the link of a letter reads.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct VerifiedView {
    /// Always true.
    is_verified: bool,
    /// For people.
    #[schema(example = "Адрес подтверждён")]
    message: &'static str,
}

/// Confirm the address
///
/// Where the link in the letter leads. The company then has its welcome balance.
#[utoipa::path(
    get,
    path = "/api/v1/auth/verify-email",
    tag = "auth",
    operation_id = "verify_email",
    params(("token" = String, Query, description = "From the letter; works once, for three days")),
    responses(
        (status = 200, description = "Confirmed", body = VerifiedView),
        (status = 401, description = "`token_expired`, `invalid_api_key`: no such letter, or it was used", body = AggregatorFailed),
        (status = 429, description = "`rate_limit_exceeded`", body = AggregatorFailed),
    )
)]
pub(crate) async fn verify_email(
    State(state): State<crate::State>,
    scope: RequestScope,
    ClientAddress(address): ClientAddress,
    query: QueryParameters,
) -> Answer<VerifiedView> {
    scope.limit(&state.limiter, &state.limit, &address, state.clock.now()).await?;
    state.companies.confirm(query.get("token").unwrap_or_default()).await?;
    Ok(Reply::ok(VerifiedView { is_verified: true, message: "Адрес подтверждён" }))
}
