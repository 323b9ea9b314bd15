//! The products and their functions: the only list of each. The local stack, the API reference, the OpenAPI documents
//! and the tests read it.

use edge::Registration;

/// Every function. One that a template declares and this list lacks stops the start.
pub const FUNCTIONS: &[Registration] = &[
    aggregator_analytics::FUNCTION,
    aggregator_auth::FUNCTION,
    aggregator_billing::FUNCTION,
    aggregator_chat::FUNCTION,
    aggregator_maintenance_cron::FUNCTION,
    aggregator_payments::FUNCTION,
    aggregator_usage_worker::FUNCTION,
    aggregator_webhook_worker::FUNCTION,
    aggregator_webhooks::FUNCTION,
    easy_writer_auth::FUNCTION,
    easy_writer_generation::FUNCTION,
    easy_writer_generation_worker::FUNCTION,
    easy_writer_replay_worker::FUNCTION,
    easy_writer_image_worker::FUNCTION,
    easy_writer_images::FUNCTION,
    easy_writer_maintenance_cron::FUNCTION,
    easy_writer_payments::FUNCTION,
    easy_writer_socket::FUNCTION,
    easy_writer_tools::FUNCTION,
    easy_writer_user::FUNCTION,
    ledger_cron::FUNCTION,
    reconciliation_cron::FUNCTION,
];

/// A product.
#[derive(Debug, Clone, Copy)]
pub struct Product {
    /// The name of its folder, its template and its OpenAPI document.
    pub name: &'static str,
    /// The name that clients know.
    pub title: &'static str,
    /// What the OpenAPI document says first.
    pub description: &'static str,
    /// Where it is deployed.
    pub server: &'static str,
    /// The port of its front door in the local stack, as its contract has it.
    pub port: u16,
    /// The header that API keys come in.
    pub api_key: Option<&'static str>,
}

/// Every product.
pub const PRODUCTS: &[Product] = &[
    Product {
        name: "easy-writer",
        title: "Easy Writer",
        description: "AI writing tools, paid in raits. Progress of background sessions is sent over the WebSocket \
                      `/ws/generation/{session_id}?token={access_token}`, progress of images over `/ws/image/{image_id}?token={access_token}`.",
        server: "https://api.easy-writer.ru",
        port: 8000,
        api_key: None,
    },
    Product {
        name: "aggregator",
        title: "AI Aggregator",
        description: "One API for the language models of many vendors. Chat completions, embeddings and models are also under `/v1`, with OpenAI's error \
                      object, for OpenAI's clients.",
        server: "https://api.ai-aggregator.com",
        port: 3000,
        api_key: Some("X-API-Key"),
    },
];

/// The product called `name`.
pub fn product(name: &str) -> Option<&'static Product> {
    PRODUCTS.iter().find(|product| product.name == name)
}

/// The functions of a product, those that every product has among them.
pub fn functions(product: &str) -> impl Iterator<Item = &'static Registration> {
    FUNCTIONS.iter().filter(move |function| function.is_of(product))
}

/// The function that stacks call `name`, and people too: the product's name and its own.
pub fn function(name: &str) -> Option<&'static Registration> {
    let called = |product: &Product, function: &Registration| function.name_in(product.name) == name;
    PRODUCTS.iter().find_map(|product| functions(product.name).find(|function| called(product, function)))
}
