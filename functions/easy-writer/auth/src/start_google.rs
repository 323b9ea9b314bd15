//! `GET /api/v1/auth/google`

use axum::extract::State;
use domain::identity::IdentityProvider;
use edge::{ClientAddress, Redirect, RequestScope};

/// Sign in with Google
///
/// For browser navigation. Redirects to Google, which redirects back to the callback.
#[utoipa::path(
    get,
    path = "/api/v1/auth/google",
    tag = "auth",
    operation_id = "start_google",
    responses((
        status = 302,
        description = "Redirect to Google, with a cookie that the callback requires; or to the front end with `#error=`: `provider_not_configured`, \
                       `rate_limited`, `server_error`",
        headers(("Location" = String), ("Set-Cookie" = String)),
    ))
)]
pub(crate) async fn start_google(
    State(state): State<crate::State>,
    scope: RequestScope,
    caller: ClientAddress,
) -> Redirect {
    state.start(IdentityProvider::Google, scope, caller).await
}
