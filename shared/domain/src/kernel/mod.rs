//! The vocabulary that every context and product shares: ids, amounts, time, pages and the one error.

mod error;
mod ids;
mod money;
mod paging;
pub mod telemetry;
mod time;

pub use error::{
    AuthFailure, Denial, Dependency, Error, IMAGE_FORMAT, PAYMENT_AMOUNT, Resource, Result, Rule, Violation,
};
pub(crate) use ids::typed_id;
pub use ids::{IdSource, JobId, JobKind, PaymentId, RandomIds, UserId};
pub use money::Amount;
pub use paging::{Page, Paged};
pub use time::{Clock, SystemClock, Timestamp, epoch_seconds, from_epoch_millis};
