//! Easy Writer: writing tools paid in raits.

mod accounts;
mod catalogue;
mod draw;
mod execute;
mod images;
mod letters;
mod run;
mod top_up;
mod validation;

pub use accounts::{Accounts, Letter, Me};
pub use catalogue::{Catalogue, Cost, MalformedCatalogue, Step, Tab, Tool};
pub use draw::{Darkroom, Developed, ImageWork};
pub use execute::{Execution, Request, Tools};
pub use images::{
    IMAGE_PRICE, Image, ImageFormat, ImageOrder, Images, Picture, Scale, Upscale, parse_style, style_name,
};
pub use run::ToolWork;
pub use top_up::{MAX_ROUBLES, MIN_ROUBLES, PaymentMethod, TopUpOrder, TopUps, whole_roubles};

use crate::kernel::Resource;

/// The name of the product: issuer of its tokens, label in its logs.
pub const PRODUCT: &str = "easy-writer";

/// What people call it.
pub const PRODUCT_NAME: &str = "Easy Writer";

/// How many raits one rouble buys.
pub const RAITS_PER_ROUBLE: i64 = 10;

/// Code of a violation: there is no such image format. The contract has a code of its own for the whole request.
pub const IMAGE_FORMAT: &str = "image_format";

impl Resource {
    /// A group of tools.
    pub const TAB: Self = Self::new("tab");
    /// A writing tool.
    pub const TOOL: Self = Self::new("tool");
}
