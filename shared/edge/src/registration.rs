//! What a function is: its product, its name, how it starts, its endpoints.

use utoipa::openapi::OpenApi;

use crate::function::Function;
use crate::platform::Platform;
use crate::vars::ConfigError;

/// Builds a function from its platform, once per cold start.
pub type Start = fn(&Platform) -> Result<Function, ConfigError>;

/// A function. Each library under `functions/` exports one as `FUNCTION`; `quintet::registry` lists them all.
#[derive(Clone, Copy)]
pub struct Registration {
    /// The product. `None`: every product deploys the function, with the variable `PRODUCT`.
    pub product: Option<&'static str>,
    /// The name within the product, such as `webhook-worker`.
    pub name: &'static str,
    pub start: Start,
    /// The OpenAPI document of its endpoints.
    pub api: Option<fn() -> OpenApi>,
}

impl Registration {
    /// A worker, a schedule or a WebSocket function of `product`.
    pub const fn new(product: &'static str, name: &'static str, start: Start) -> Self {
        Self { product: Some(product), name, start, api: None }
    }

    /// A group of HTTP endpoints of `product`.
    pub const fn http(product: &'static str, name: &'static str, start: Start, api: fn() -> OpenApi) -> Self {
        Self { product: Some(product), name, start, api: Some(api) }
    }

    /// A worker or a schedule that every product has.
    pub const fn shared(name: &'static str, start: Start) -> Self {
        Self { product: None, name, start, api: None }
    }

    /// The name of its package and binary.
    pub fn binary(&self) -> String {
        self.product.map_or_else(|| self.name.to_owned(), |product| self.name_in(product))
    }

    /// Its name among the functions of all products: `aggregator-webhooks`.
    pub fn name_in(&self, product: &str) -> String {
        format!("{product}-{}", self.name)
    }

    /// Whether `product` deploys it.
    pub fn is_of(&self, product: &str) -> bool {
        self.product.is_none_or(|own| own == product)
    }
}
