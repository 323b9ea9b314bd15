//! The products, one row each: what tests have to know of them that no template, no document and no registry says.

use std::sync::LazyLock;

use quintet::settings::Parameters;
use serde_json::Value;

use super::TEMPLATE;
use super::described::Described;
use crate::{aggregator, easy_writer};

/// A limit that no test reaches.
const NO_LIMIT: &str = "1000/60";

/// One product.
pub struct Product {
    /// As in `infra/<name>.yaml` and `functions/<name>`.
    pub name: &'static str,
    /// Parameters of the usual world, beside limits that nobody reaches.
    pub usual: &'static [(&'static str, &'static str)],
    /// Where the answer to a registration has the access token.
    pub token: &'static str,
    /// Code and message of a failure.
    pub failure: fn(&Value) -> [&Value; 2],
    /// What it says of itself.
    pub described: LazyLock<Described>,
}

/// All of them.
pub static PRODUCTS: [Product; 2] = [
    Product {
        name: "easy-writer",
        usual: easy_writer::PARAMETERS,
        token: "/data/access_token",
        failure: |body| [&body["error"]["code"], &body["error"]["message"]],
        described: LazyLock::new(|| Described::of("easy-writer", "Failed")),
    },
    Product {
        name: "aggregator",
        usual: aggregator::PARAMETERS,
        token: "/accessToken",
        failure: |body| [&body["code"], &body["message"]],
        described: LazyLock::new(|| Described::of("aggregator", "AggregatorFailed")),
    },
];

/// The product of that name.
pub fn product(name: &str) -> &'static Product {
    PRODUCTS.iter().find(|product| product.name == name).unwrap_or_else(|| panic!("no product {name}"))
}

impl Product {
    /// What its parameters begin with in the root template: `EasyWriter`.
    pub fn prefix(&self) -> String {
        let capital = |word: &str| word[..1].to_uppercase() + &word[1..];
        self.name.split('-').map(capital).collect()
    }

    /// The names of its rate limits in the root template.
    pub fn limits(&self) -> impl Iterator<Item = &'static str> {
        let limits = format!("{}RateLimit", self.prefix());
        TEMPLATE.parameters().filter(move |name| name.starts_with(&limits))
    }

    /// The parameters of the usual world.
    pub(super) fn usual(&self) -> Parameters {
        let limits = self.limits().map(|name| (name.to_owned(), NO_LIMIT.to_owned()));
        limits.chain(self.usual.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))).collect()
    }
}
