//! What every context and product shares: ids, amounts, time, pages, metrics and the one error. It knows none of them.

mod digest;
mod error;
mod ids;
mod money;
mod paging;
pub mod telemetry;
mod time;

pub use digest::digest;
pub use error::{AuthFailure, Denial, Dependency, Error, Resource, Result, Rule, Violation};
pub(crate) use ids::typed_id;
pub use ids::{IdSource, JobId, JobKind, PaymentId, RandomIds, UserId};
pub use money::Amount;
pub use paging::{Page, Paged};
pub use time::{Clock, SystemClock, Timestamp, epoch_seconds, from_epoch_millis};
