//! `POST /api/v1/auth/refresh`

use axum::extract::State;
use edge::openapi::AggregatorFailed;
use edge::{Answer, Body, ClientAddress, Reply, RequestScope};
use serde::Deserialize;
use utoipa::ToSchema;

use crate::wire::TokensView;

/// A refresh token.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct RefreshBody {
    /// From the last sign-in or refresh.
    refresh_token: String,
}

/// Renew the tokens
///
/// A token that was replaced and is used again after ten seconds ends the sign-in: somebody copied it.
#[utoipa::path(
    post,
    path = "/api/v1/auth/refresh",
    tag = "auth",
    operation_id = "refresh",
    request_body = RefreshBody,
    responses(
        (status = 200, description = "New tokens", body = TokensView),
        (status = 400, description = "`invalid_request`", body = AggregatorFailed),
        (status = 401, description = "`token_expired`, `invalid_api_key`", body = AggregatorFailed),
        (status = 429, description = "`rate_limit_exceeded`", body = AggregatorFailed),
    )
)]
pub(crate) async fn refresh(
    State(state): State<crate::State>,
    scope: RequestScope,
    ClientAddress(address): ClientAddress,
    Body(body): Body<RefreshBody>,
) -> Answer<TokensView> {
    scope.limit(&state.limiter, &state.limit, &address, state.clock.now()).await?;
    let (access_token, refresh_token) = state.identity.refresh(&body.refresh_token).await?;
    Ok(Reply::ok(TokensView::new(access_token, refresh_token)))
}
