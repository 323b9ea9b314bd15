//! `POST` and `GET /api/v1/payments/webhook/{provider}`, and the same with `/{kind}`
//!
//! CloudPayments distinguishes kinds of notifications by URL only; Robokassa and CloudPayments can be configured to use
//! either method.

use axum::extract::State;
use domain::payments::provider::WebhookRequest;
use edge::easy_writer::openapi::{Errors, Failed};
use edge::{ClientAddress, EdgeError, Failure, PathPair, PathParameter, RawCall, RawResponse, RequestScope};

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
        Errors,
        (status = 200, description = "Notification processed; the body is the provider's acknowledgement"),
        (status = 400, description = "`VALIDATION_ERROR`: malformed notification", body = Failed),
        (status = 401, description = "`SIGNATURE_INVALID`: signature verification failed", body = Failed),
        (status = 404, description = "`NOT_FOUND`: unknown provider; `PAYMENT_NOT_FOUND`: provider not configured", body = Failed),
        (status = 409, description = "`CONFLICT`: retry", body = Failed),
        (status = 413, description = "`PAYLOAD_TOO_LARGE`: body larger than 64 KB", body = Failed),
        (status = 503, description = "`PROVIDER_UNAVAILABLE`: the payment cannot be verified now; `SERVICE_UNAVAILABLE`: retry later", body = Failed),
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
        Errors,
        (status = 200, description = "Notification processed; the body is the provider's acknowledgement"),
        (status = 400, description = "`VALIDATION_ERROR`: malformed notification", body = Failed),
        (status = 401, description = "`SIGNATURE_INVALID`: signature verification failed", body = Failed),
        (status = 404, description = "`NOT_FOUND`: unknown provider; `PAYMENT_NOT_FOUND`: provider not configured", body = Failed),
        (status = 409, description = "`CONFLICT`: retry", body = Failed),
        (status = 503, description = "`PROVIDER_UNAVAILABLE`: the payment cannot be verified now; `SERVICE_UNAVAILABLE`: retry later", body = Failed),
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
        Errors,
        (status = 200, description = "Notification processed; the body is the provider's acknowledgement"),
        (status = 400, description = "`VALIDATION_ERROR`: malformed notification", body = Failed),
        (status = 401, description = "`SIGNATURE_INVALID`: signature verification failed", body = Failed),
        (status = 404, description = "`NOT_FOUND`: unknown provider; `PAYMENT_NOT_FOUND`: provider not configured", body = Failed),
        (status = 409, description = "`CONFLICT`: retry", body = Failed),
        (status = 413, description = "`PAYLOAD_TOO_LARGE`: body larger than 64 KB", body = Failed),
        (status = 503, description = "`PROVIDER_UNAVAILABLE`: the payment cannot be verified now; `SERVICE_UNAVAILABLE`: retry later", body = Failed),
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
        Errors,
        (status = 200, description = "Notification processed; the body is the provider's acknowledgement"),
        (status = 400, description = "`VALIDATION_ERROR`: malformed notification", body = Failed),
        (status = 401, description = "`SIGNATURE_INVALID`: signature verification failed", body = Failed),
        (status = 404, description = "`NOT_FOUND`: unknown provider; `PAYMENT_NOT_FOUND`: provider not configured", body = Failed),
        (status = 409, description = "`CONFLICT`: retry", body = Failed),
        (status = 503, description = "`PROVIDER_UNAVAILABLE`: the payment cannot be verified now; `SERVICE_UNAVAILABLE`: retry later", body = Failed),
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
