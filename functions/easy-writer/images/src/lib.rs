//! Easy Writer: images.
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

use axum::extract::FromRef;
use domain::easy_writer::{Images, PRODUCT};
use domain::generation::Jobs;
use domain::identity::Identity;
use edge::{ConfigError, EasyWriter, Function, Platform, RateLimit, Registration};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub const FUNCTION: Registration = Registration::http(PRODUCT, "images", start, || api().into_openapi());

#[derive(Clone, FromRef)]
struct State {
    images: Images,
    identity: Identity,
    image_limit: RateLimit,
}

fn start(platform: &Platform) -> Result<Function, ConfigError> {
    let table = platform.table()?;
    let identity = platform.identity(PRODUCT, &table)?;
    let throttle = platform.throttle("images", "RATE_LIMIT_GROUP", &identity, &table)?;
    let (clock, ids) = (Arc::clone(&platform.clock), Arc::clone(&platform.ids));
    let image_limit = platform.rate_limit("image", "RATE_LIMIT_IMAGE", &table)?;
    let jobs = Jobs::new(table, platform.objects()?, clock, ids);
    let images = Images::new(&jobs, platform.queue("IMAGE_QUEUE_URL")?);
    let state = State { images, identity, image_limit };
    Function::http::<EasyWriter>(platform, throttle.guard(plain()).merge(limited()).with_state(state))
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
