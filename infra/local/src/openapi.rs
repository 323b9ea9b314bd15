//! The OpenAPI document of a product: what its functions say of their endpoints.

use utoipa::openapi::security::{ApiKey, ApiKeyValue, HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::openapi::{ComponentsBuilder, InfoBuilder, OpenApi, OpenApiBuilder, ServerBuilder};

use crate::registry::{self, Product};

/// The document, kept in `docs/openapi` by a test.
pub fn document(product: &Product) -> OpenApi {
    let info = InfoBuilder::new().title(product.title).description(Some(product.description)).version("2.0.0").build();
    let bearer = HttpBuilder::new().scheme(HttpAuthScheme::Bearer).bearer_format("JWT").build();
    let mut components = ComponentsBuilder::new().security_scheme("bearer", SecurityScheme::Http(bearer));
    if let Some(header) = product.api_key {
        let key = SecurityScheme::ApiKey(ApiKey::Header(ApiKeyValue::new(header)));
        components = components.security_scheme("api_key", key);
    }
    let servers = [format!("http://localhost:{}", product.port), product.server.to_owned()];
    let servers = servers.map(|url| ServerBuilder::new().url(url).build());
    let mut document =
        OpenApiBuilder::new().info(info).servers(Some(servers)).components(Some(components.build())).build();
    for group in registry::functions(product.name).filter_map(|function| function.api) {
        document.merge(group());
    }
    document
}
