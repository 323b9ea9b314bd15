//! Easy Writer: writing tools paid in raits.

mod accounts;
mod catalogue;
mod draw;
mod execute;
mod images;
mod run;
mod validation;

pub use accounts::{Accounts, Me};
pub use catalogue::{Catalogue, Cost, MalformedCatalogue, Step, Tab, Tool};
pub use draw::{Darkroom, Developed, ImageWork};
pub use execute::{Execution, Request, Tools};
pub use images::{
    IMAGE_PRICE, Image, ImageFormat, ImageOrder, Images, Picture, Scale, Upscale, parse_style, style_name,
};
pub use run::ToolWork;

/// The name of the product: issuer of its tokens, label in its logs.
pub const PRODUCT: &str = "easy-writer";

/// How many raits one rouble buys.
pub const RAITS_PER_ROUBLE: i64 = 10;
