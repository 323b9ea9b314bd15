//! Easy Writer: pictures.
//!
//! | method | path | needs |
//! | --- | --- | --- |
//! | GET | `/api/v1/images` | access token |
//! | POST | `/api/v1/images/generate` | access token; limited per user; raits |
//! | GET | `/api/v1/images/{image_id}` | access token of the owner |
//! | POST | `/api/v1/images/{image_id}/upscale` | access token of the owner; limited per user |

mod generate_image;
mod list_images;
mod show_image;
mod upscale_image;
mod wire;

use std::sync::Arc;

use axum::Router;
use axum::extract::FromRef;
use domain::easy_writer::{Images, PRODUCT};
use domain::generation::Jobs;
use domain::identity::Identity;
use domain::kernel::Clock;
use domain::rate_limit::{Policy, RateLimiter};
use edge::{ConfigError, EasyWriter, Function, Platform, Registration, Throttle};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// The function.
pub const FUNCTION: Registration = Registration::http(PRODUCT, "images", start, || api().into_openapi());

/// What the endpoints share.
#[derive(Clone)]
struct State {
    images: Images,
    identity: Identity,
    limiter: RateLimiter,
    image_limit: Policy,
    clock: Arc<dyn Clock>,
}

impl FromRef<State> for Identity {
    fn from_ref(state: &State) -> Self {
        state.identity.clone()
    }
}

fn start(platform: &Platform) -> Result<Function, ConfigError> {
    let table = platform.table()?;
    let identity = platform.identity(PRODUCT, &table)?;
    let throttle = platform.throttle("images", &identity, &table)?;
    let (clock, ids) = (Arc::clone(&platform.clock), Arc::clone(&platform.ids));
    let jobs = Jobs::new(table.clone(), platform.objects()?, Arc::clone(&clock), ids);
    let state = State {
        images: Images::new(&jobs, platform.queue("IMAGE_QUEUE_URL")?),
        identity,
        limiter: RateLimiter::new(table),
        image_limit: platform.policy("image", "RATE_LIMIT_IMAGE")?,
        clock,
    };
    Function::http::<EasyWriter>(platform, router(state, throttle))
}

fn router(state: State, throttle: Throttle) -> Router {
    throttle.guard(Router::from(plain())).merge(Router::from(limited())).with_state(state)
}

fn api() -> OpenApiRouter<State> {
    plain().merge(limited())
}

fn plain() -> OpenApiRouter<State> {
    OpenApiRouter::new().routes(routes!(list_images::list_images)).routes(routes!(show_image::show_image))
}

/// Endpoints with limits of their own.
fn limited() -> OpenApiRouter<State> {
    OpenApiRouter::new().routes(routes!(generate_image::generate_image)).routes(routes!(upscale_image::upscale_image))
}
