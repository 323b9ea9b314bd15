//! `POST /api/v1/auth/refresh`

use axum::extract::State;
use edge::aggregator::openapi::{AuthErrors, BodyErrors, Errors};
use edge::{Answer, Body, ClientAddress, Reply, RequestScope};
use serde::Deserialize;
use utoipa::ToSchema;

use crate::wire::TokensView;

/// A refresh token.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct RefreshBody {
    /// Refresh token from the last sign-in or refresh.
    refresh_token: String,
}

/// Refresh the tokens
///
/// Replaces both tokens. Reuse of a replaced refresh token more than ten seconds later revokes the session.
#[utoipa::path(
    post,
    path = "/api/v1/auth/refresh",
    tag = "auth",
    operation_id = "refresh",
    request_body = RefreshBody,
    responses(
        Errors, AuthErrors, BodyErrors,
        (status = 200, description = "New tokens", body = TokensView),
    )
)]
pub(crate) async fn refresh(
    State(state): State<crate::State>,
    scope: RequestScope,
    ClientAddress(address): ClientAddress,
    Body(body): Body<RefreshBody>,
) -> Answer<TokensView> {
    scope.limit(&state.limit, &address).await?;
    let (access_token, refresh_token) = state.identity.refresh(&body.refresh_token).await?;
    Ok(Reply::ok(TokensView::new(access_token, refresh_token)))
}
