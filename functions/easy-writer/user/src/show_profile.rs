//! `GET /api/v1/user/profile`

use axum::extract::State;
use domain::easy_writer::Me;
use domain::identity::IdentityProvider;
use edge::easy_writer::openapi::{AuthErrors, Errors, Success};
use edge::{Answer, Caller, Reply};
use serde::Serialize;
use utoipa::ToSchema;

/// Profile of a user.
#[derive(Serialize, ToSchema)]
pub(crate) struct ProfileView {
    #[schema(format = Uuid)]
    id: String,
    /// Email address; identifies the account. Empty if the identity provider returned no verified address.
    #[schema(example = "user@example.com")]
    email: String,
    /// Display name; null if not set.
    #[schema(example = "Иван")]
    name: Option<String>,
    /// Sign-in method of the account: `local`, `google` or `yandex`.
    #[schema(example = "local")]
    provider: &'static str,
    /// Available balance, in raits.
    #[schema(example = 1500)]
    balance: i64,
    /// Number of completed generations.
    #[schema(example = 42)]
    total_generations: u64,
    /// Creation time of the account.
    #[schema(format = DateTime, example = "2024-12-18T10:30:00Z")]
    created_at: String,
}

impl ProfileView {
    pub(crate) fn new(me: Me, total_generations: u64) -> Self {
        Self {
            id: me.user.id.to_string(),
            email: me.user.address().to_owned(),
            name: me.user.name,
            provider: match me.user.origin {
                IdentityProvider::Local => "local",
                IdentityProvider::Google => "google",
                IdentityProvider::Yandex => "yandex",
            },
            balance: me.balance.units(),
            total_generations,
            created_at: me.user.created_at.to_string(),
        }
    }
}

/// Retrieve the profile
#[utoipa::path(
    get,
    path = "/api/v1/user/profile",
    tag = "user",
    operation_id = "show_profile",
    security(("bearer" = [])),
    responses(
        Errors, AuthErrors,
        (status = 200, description = "The profile", body = Success<ProfileView>),
    )
)]
pub(crate) async fn show_profile(State(state): State<crate::State>, caller: Caller) -> Answer<ProfileView> {
    let (me, total_generations) = state.accounts.profile(caller.user(), &state.jobs).await?;
    Ok(Reply::ok(ProfileView::new(me, total_generations)))
}
