//! Easy Writer: writing tools and images, paid in raits.

mod accounts;
mod catalogue;
mod deposits;
mod draw;
mod emails;
mod execute;
mod images;
mod run;
mod validation;

pub use accounts::{Accounts, Me};
pub use catalogue::{Catalogue, Cost, MalformedCatalogue, Step, Tab, Tool};
pub use deposits::{Deposits, MAX_ROUBLES, MIN_ROUBLES, NewDeposit, PaymentMethod, whole_roubles};
pub use draw::{ImageProcessor, ImageWork, ProcessedImage};
pub use execute::{Execution, Request, Tools};
pub use images::{
    IMAGE_PRICE, Image, ImageFormat, ImageOrder, Images, Picture, Scale, Upscale, parse_style, style_name,
};
pub use run::ToolWork;

use crate::kernel::Resource;

/// The name of the product: issuer of its tokens, label in its logs.
pub const PRODUCT: &str = "easy-writer";

/// The name of the product for people.
pub const PRODUCT_NAME: &str = "Easy Writer";

/// Raits per rouble.
pub const RAITS_PER_ROUBLE: i64 = 10;

/// Code of a violation: there is no such image format. The contract has a code of its own for the whole request.
pub const IMAGE_FORMAT: &str = "image_format";

impl Resource {
    /// A group of tools.
    pub const TAB: Self = Self::new("Tab");
    /// A writing tool.
    pub const TOOL: Self = Self::new("Tool");
}
