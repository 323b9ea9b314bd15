//! `PUT /api/v1/user/profile`

use axum::extract::State;
use domain::identity::{Profile, UserName};
use edge::easy_writer::openapi::{AuthErrors, BodyErrors, Errors, Success};
use edge::{Answer, Body, Caller, Reply};
use serde::Deserialize;
use utoipa::ToSchema;

use crate::show_profile::ProfileView;

/// Changes to the profile.
#[derive(Deserialize, ToSchema)]
pub(crate) struct ChangeProfileBody {
    /// Display name, 1 to 100 characters.
    #[schema(example = "Иван Петров", min_length = 1, max_length = 100)]
    name: String,
}

/// Update the profile
#[utoipa::path(
    put,
    path = "/api/v1/user/profile",
    tag = "user",
    operation_id = "change_profile",
    request_body = ChangeProfileBody,
    security(("bearer" = [])),
    responses(
        Errors, AuthErrors, BodyErrors,
        (status = 200, description = "The updated profile", body = Success<ProfileView>),
    )
)]
pub(crate) async fn change_profile(
    State(state): State<crate::State>,
    caller: Caller,
    Body(body): Body<ChangeProfileBody>,
) -> Answer<ProfileView> {
    let profile = Profile { name: UserName::parse(&body.name)? };
    let (me, total_generations) = state.accounts.change_profile(caller.user(), profile, &state.jobs).await?;
    Ok(Reply::ok(ProfileView::new(me, total_generations)))
}
