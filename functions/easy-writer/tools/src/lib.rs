//! Easy Writer: tools.
//!
//! | method | path | needs |
//! | --- | --- | --- |
//! | GET | `/api/v1/tools/tabs` | nothing |
//! | GET | `/api/v1/tools/tabs/{tab_id}` | nothing |
//! | GET | `/api/v1/tools/{tool_id}/schema` | nothing |
//! | POST | `/api/v1/tools/{tool_id}/execute` | access token; limited per user; raits |

mod execute_tool;
mod list_tabs;
mod show_schema;
mod show_tab;
mod wire;

use std::sync::Arc;
use std::time::Duration;

use axum::extract::FromRef;
use domain::easy_writer::{Catalogue, PRODUCT, Tools};
use domain::generation::Jobs;
use domain::identity::Identity;
use edge::{ConfigError, EasyWriter, Function, Platform, RateLimit, Registration, malformed};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use vendors::text::{TextVendorsSettings, text_models};

pub const FUNCTION: Registration = Registration::http(PRODUCT, "tools", start, || api().into_openapi());

#[derive(Clone, FromRef)]
struct State {
    catalogue: Arc<Catalogue>,
    tools: Tools,
    identity: Identity,
    execute_limit: RateLimit,
}

fn start(platform: &Platform) -> Result<Function, ConfigError> {
    let table = platform.table()?;
    let identity = platform.identity(PRODUCT, &table)?;
    let throttle = platform.throttle("tools", "RATE_LIMIT_GROUP", &identity, &table)?;
    let (clock, ids) = (Arc::clone(&platform.clock), Arc::clone(&platform.ids));
    let catalogue = Arc::new(Catalogue::load().map_err(|error| malformed("tool catalogue", &error))?);
    let settings = TextVendorsSettings::read(|name| platform.vars.get(name));
    let settings = settings.map_err(|error| malformed(error.name, &error.reason))?;
    let models = text_models(settings, &clock, &ids);
    let tools = Tools {
        catalogue: Arc::clone(&catalogue),
        jobs: Jobs::new(table.clone(), platform.objects()?, clock, ids),
        models,
        queue: platform.queue("GENERATION_QUEUE_URL")?,
        quick_deadline: Duration::from_secs(platform.vars.parse("QUICK_DEADLINE_SECONDS")?),
    };
    let execute_limit = platform.rate_limit("execute", "RATE_LIMIT_EXECUTE", &table)?;
    let state = State { catalogue, tools, identity, execute_limit };
    Function::http::<EasyWriter>(platform, throttle.guard(plain()).merge(limited()).with_state(state))
}

fn api() -> OpenApiRouter<State> {
    plain().merge(limited())
}

fn plain() -> OpenApiRouter<State> {
    OpenApiRouter::new()
        .routes(routes!(list_tabs::list_tabs))
        .routes(routes!(show_tab::show_tab))
        .routes(routes!(show_schema::show_schema))
}

/// Endpoints with limits of their own.
fn limited() -> OpenApiRouter<State> {
    OpenApiRouter::new().routes(routes!(execute_tool::execute_tool))
}
