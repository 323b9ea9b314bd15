//! `GET /api/v1/auth/yandex`

use axum::extract::State;
use domain::identity::IdentityProvider;
use edge::{ClientAddress, Redirect, RequestScope};

/// Sign in with Yandex
///
/// For browser navigation. Redirects to Yandex, which redirects back to the callback.
#[utoipa::path(
    get,
    path = "/api/v1/auth/yandex",
    tag = "auth",
    operation_id = "start_yandex",
    responses((
        status = 302,
        description = "Redirect to Yandex, with a cookie that the callback requires; or to the front end with `#error=`: `provider_not_configured`, \
                       `rate_limited`, `server_error`",
        headers(("Location" = String), ("Set-Cookie" = String)),
    ))
)]
pub(crate) async fn start_yandex(
    State(state): State<crate::State>,
    scope: RequestScope,
    caller: ClientAddress,
) -> Redirect {
    state.start(IdentityProvider::Yandex, scope, caller).await
}
