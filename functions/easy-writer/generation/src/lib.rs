//! Easy Writer: sessions, past and running.
//!
//! | method | path | needs |
//! | --- | --- | --- |
//! | GET | `/api/v1/generation/sessions` | access token |
//! | GET | `/api/v1/generation/sessions/{session_id}` | access token of the owner |
//! | DELETE | `/api/v1/generation/sessions/{session_id}` | access token of the owner |

mod delete_session;
mod list_sessions;
mod show_session;
mod wire;

use std::sync::Arc;

use axum::extract::FromRef;
use domain::easy_writer::PRODUCT;
use domain::generation::Jobs;
use domain::identity::Identity;
use edge::{ConfigError, EasyWriter, Function, Platform, Registration};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub const FUNCTION: Registration = Registration::http(PRODUCT, "generation", start, || api().into_openapi());

#[derive(Clone, FromRef)]
struct State {
    jobs: Jobs,
    identity: Identity,
}

fn start(platform: &Platform) -> Result<Function, ConfigError> {
    let table = platform.table()?;
    let identity = platform.identity(PRODUCT, &table)?;
    let throttle = platform.throttle("generation", "RATE_LIMIT_GROUP", &identity, &table)?;
    let (clock, ids) = (Arc::clone(&platform.clock), Arc::clone(&platform.ids));
    let state = State { jobs: Jobs::new(table.clone(), platform.objects()?, clock, ids), identity };
    Function::http::<EasyWriter>(platform, throttle.guard(api()).with_state(state))
}

fn api() -> OpenApiRouter<State> {
    OpenApiRouter::new()
        .routes(routes!(list_sessions::list_sessions))
        .routes(routes!(show_session::show_session, delete_session::delete_session))
}
