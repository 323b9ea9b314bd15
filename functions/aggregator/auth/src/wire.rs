//! Views that several endpoints share.

use domain::aggregator::{ACCESS_TOKEN_LIFETIME, ApiKey, Company, Permission};
use domain::identity::SignedIn;
use serde::Serialize;
use utoipa::ToSchema;

/// A company.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct CompanyView {
    #[schema(format = Uuid)]
    id: String,
    /// Email address; identifies the account.
    #[schema(example = "admin@company.com")]
    email: String,
    #[schema(example = "My Company")]
    name: String,
    /// Always `company`.
    #[schema(example = "company")]
    role: &'static str,
    /// Whether the email address is confirmed.
    is_verified: bool,
}

/// A signed-in company and its tokens.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct SignedInView {
    #[serde(flatten)]
    tokens: TokensView,
    company: CompanyView,
}

/// Access and refresh token.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct TokensView {
    /// Access token for the `Authorization` header.
    access_token: String,
    /// Refresh token for the next `POST /auth/refresh`; each one is used once.
    refresh_token: String,
    /// Always `Bearer`.
    #[schema(example = "Bearer")]
    token_type: &'static str,
    /// Lifetime of the access token, in seconds.
    #[schema(example = 3600)]
    expires_in: u64,
}

impl TokensView {
    pub(crate) fn new(access_token: String, refresh_token: String) -> Self {
        Self { access_token, refresh_token, token_type: "Bearer", expires_in: ACCESS_TOKEN_LIFETIME.as_secs() }
    }
}

impl SignedInView {
    pub(crate) fn new(signed_in: SignedIn, company: Company) -> Self {
        let Company { id, email, name, is_verified } = company;
        Self {
            tokens: TokensView::new(signed_in.access_token, signed_in.refresh_token),
            company: CompanyView { id: id.to_string(), email, name, role: "company", is_verified },
        }
    }
}

/// An API key.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ApiKeyView {
    #[schema(format = Uuid)]
    id: String,
    /// Display name.
    #[schema(example = "Production API Key")]
    name: String,
    /// The key itself. Returned only on creation.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "ak_live_1234567890abcdef")]
    key: Option<String>,
    /// Last four characters of the key.
    #[schema(example = "cdef")]
    hint: String,
    /// Whether the key is active, that is, not revoked.
    is_active: bool,
    /// Permissions: `chat`, `billing`, `analytics`.
    permissions: Vec<&'static str>,
    /// Creation time.
    #[schema(format = DateTime)]
    created_at: String,
    /// Expiry time.
    #[schema(format = DateTime)]
    expires_at: String,
    /// Time of the last use, a few seconds delayed; null if never used.
    #[schema(format = DateTime)]
    last_used_at: Option<String>,
}

impl ApiKeyView {
    pub(crate) fn new(api_key: &ApiKey, key: Option<String>) -> Self {
        Self {
            id: api_key.id.to_string(),
            name: api_key.name.clone(),
            key,
            hint: api_key.last_four.clone(),
            is_active: api_key.is_active,
            permissions: api_key.permissions.iter().copied().map(Permission::as_str).collect(),
            created_at: format!("{:.3}", api_key.created_at),
            expires_at: format!("{:.3}", api_key.expires_at),
            last_used_at: api_key.last_used_at.map(|at| format!("{at:.3}")),
        }
    }
}
