//! `GET /api/v1/user/profile`

use axum::extract::State;
use domain::easy_writer::Me;
use domain::identity::Origin;
use edge::openapi::{Failed, Success};
use edge::{Answer, Caller, Reply};
use serde::Serialize;
use utoipa::ToSchema;

/// A user as they see themselves.
#[derive(Serialize, ToSchema)]
pub(crate) struct ProfileView {
    /// Id.
    #[schema(format = Uuid)]
    id: String,
    /// Address that identifies the account; empty if the provider told none that is verified.
    #[schema(example = "user@example.com")]
    email: String,
    /// Display name, once given.
    #[schema(example = "Иван")]
    name: Option<String>,
    /// How the account came into being: `local`, `google` or `yandex`.
    #[schema(example = "local")]
    provider: &'static str,
    /// Raits that can be spent now.
    #[schema(example = 1500)]
    balance: i64,
    /// Generations completed so far.
    #[schema(example = 42)]
    total_generations: u64,
    /// When the account came into being.
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
                Origin::Local => "local",
                Origin::Google => "google",
                Origin::Yandex => "yandex",
            },
            balance: me.balance.units(),
            total_generations,
            created_at: me.user.created_at.to_string(),
        }
    }
}

/// The user's profile
#[utoipa::path(
    get,
    path = "/api/v1/user/profile",
    tag = "user",
    operation_id = "show_profile",
    security(("bearer" = [])),
    responses(
        (status = 200, description = "The profile", body = Success<ProfileView>),
        (status = 401, description = "`TOKEN_EXPIRED`, `TOKEN_INVALID`", body = Failed),
        (status = 429, description = "`RATE_LIMITED`", body = Failed),
    )
)]
pub(crate) async fn show_profile(State(state): State<crate::State>, caller: Caller) -> Answer<ProfileView> {
    let (me, total_generations) = state.accounts.profile(caller.user(), &state.jobs).await?;
    Ok(Reply::ok(ProfileView::new(me, total_generations)))
}
