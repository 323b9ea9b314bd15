//! `POST` and `GET /api/v1/payments/webhook/{provider}`, and the same with `/{kind}`
//!
//! CloudPayments distinguishes kinds of notifications by URL only; Robokassa and CloudPayments can be configured to use
//! either method.

use axum::extract::State;
use domain::payments::provider::WebhookRequest;
use edge::easy_writer::openapi::{Errors, Failed};
use edge::{ClientAddress, EdgeError, Failure, PathPair, PathParameter, RawCall, RawResponse, RequestScope};
use utoipa::IntoResponses;

/// Responses to a notification, however it is sent.
#[derive(IntoResponses)]
#[expect(dead_code, reason = "only described")]
enum NotificationResponses {
    /// Notification processed; the body is the provider's acknowledgement
    #[response(status = 200)]
    Acknowledged,
    /// `VALIDATION_ERROR`: malformed notification
    #[response(status = 400)]
    Malformed(Failed),
    /// `SIGNATURE_INVALID`: signature verification failed
    #[response(status = 401)]
    Forged(Failed),
    /// `NOT_FOUND`: unknown provider; `PAYMENT_NOT_FOUND`: provider not configured
    #[response(status = 404)]
    Unknown(Failed),
    /// `CONFLICT`: retry
    #[response(status = 409)]
    Conflict(Failed),
    /// `PROVIDER_UNAVAILABLE`: the payment cannot be verified now; `SERVICE_UNAVAILABLE`: retry later
    #[response(status = 503)]
    Unverified(Failed),
}

type Acknowledged = Result<RawResponse, Failure>;

async fn receive(
    state: &crate::State,
    scope: RequestScope,
    address: &ClientAddress,
    (provider, kind): (&str, &str),
    call: &RawCall,
) -> Acknowledged {
    let provider = provider.parse().map_err(|_| EdgeError::NoSuchRoute)?;
    scope.limit(&state.limits.notice, &address.0).await?;
    let notice = WebhookRequest {
        kind,
        query: &call.query,
        content_type: &call.content_type,
        header: &|name| call.header(name),
        body: &call.body,
        source: call.source,
    };
    let acknowledgement = state.payments.receive(provider, notice).await?;
    Ok(RawResponse { content_type: acknowledgement.content_type, body: acknowledgement.body })
}

/// Receive a payment notification
///
/// Called by payment providers, which repeat a notification until they get a 200.
#[utoipa::path(
    post,
    path = "/api/v1/payments/webhook/{provider}",
    tag = "payments",
    operation_id = "receive_notice",
    params(("provider" = String, Path, description = "Payment provider", example = "tbank")),
    responses(
        Errors, NotificationResponses,
        (status = 413, description = "`PAYLOAD_TOO_LARGE`: body larger than 64 KB", body = Failed),
    )
)]
pub(crate) async fn receive_notice(
    State(state): State<crate::State>,
    scope: RequestScope,
    address: ClientAddress,
    PathParameter(provider): PathParameter,
    call: RawCall,
) -> Acknowledged {
    receive(&state, scope, &address, (&provider, ""), &call).await
}

/// Receive a payment notification in the query string
///
/// As `receive_notice`.
#[utoipa::path(
    get,
    path = "/api/v1/payments/webhook/{provider}",
    tag = "payments",
    operation_id = "receive_notice_by_get",
    params(("provider" = String, Path, description = "Payment provider", example = "robokassa")),
    responses(
        Errors, NotificationResponses,
    )
)]
pub(crate) async fn receive_notice_by_get(
    State(state): State<crate::State>,
    scope: RequestScope,
    address: ClientAddress,
    PathParameter(provider): PathParameter,
    call: RawCall,
) -> Acknowledged {
    receive(&state, scope, &address, (&provider, ""), &call).await
}

/// Receive a payment notification of one kind
///
/// As `receive_notice`, for providers with a separate URL for each kind of notification.
#[utoipa::path(
    post,
    path = "/api/v1/payments/webhook/{provider}/{kind}",
    tag = "payments",
    operation_id = "receive_notice_of_kind",
    params(
        ("provider" = String, Path, description = "Payment provider", example = "cloudpayments"),
        ("kind" = String, Path, description = "Kind of notification", example = "pay"),
    ),
    responses(
        Errors, NotificationResponses,
        (status = 413, description = "`PAYLOAD_TOO_LARGE`: body larger than 64 KB", body = Failed),
    )
)]
pub(crate) async fn receive_notice_of_kind(
    State(state): State<crate::State>,
    scope: RequestScope,
    address: ClientAddress,
    PathPair(provider, kind): PathPair,
    call: RawCall,
) -> Acknowledged {
    receive(&state, scope, &address, (&provider, &kind), &call).await
}

/// Receive a payment notification of one kind in the query string
///
/// As `receive_notice_of_kind`.
#[utoipa::path(
    get,
    path = "/api/v1/payments/webhook/{provider}/{kind}",
    tag = "payments",
    operation_id = "receive_notice_of_kind_by_get",
    params(
        ("provider" = String, Path, description = "Payment provider", example = "cloudpayments"),
        ("kind" = String, Path, description = "Kind of notification", example = "check"),
    ),
    responses(
        Errors, NotificationResponses,
    )
)]
pub(crate) async fn receive_notice_of_kind_by_get(
    State(state): State<crate::State>,
    scope: RequestScope,
    address: ClientAddress,
    PathPair(provider, kind): PathPair,
    call: RawCall,
) -> Acknowledged {
    receive(&state, scope, &address, (&provider, &kind), &call).await
}
