//! `POST /api/v1/payments/webhook/yookassa`

use axum::extract::State;
use domain::payments::ProviderId;
use domain::payments::provider::WebhookRequest;
use edge::aggregator::openapi::{AggregatorFailed, Errors};
use edge::{ClientAddress, Failure, RawCall, RawResponse, RequestScope};

/// Receive a YooKassa notification
///
/// Called by the payment provider, which repeats a notification until it gets a 200.
#[utoipa::path(
    post,
    path = "/api/v1/payments/webhook/yookassa",
    tag = "payments",
    operation_id = "receive_notice",
    responses(
        Errors,
        (status = 200, description = "Notification processed"),
        (status = 400, description = "`invalid_request`: malformed notification", body = AggregatorFailed),
        (status = 401, description = "`invalid_signature`: verification of the sender failed", body = AggregatorFailed),
        (status = 404, description = "`payment_not_found`: YooKassa is not configured", body = AggregatorFailed),
        (status = 409, description = "`busy`: retry", body = AggregatorFailed),
        (status = 413, description = "`payload_too_large`: body larger than 64 KB", body = AggregatorFailed),
        (status = 503, description = "`payment_provider_unavailable`: the payment cannot be verified now; `service_unavailable`: retry later", body = AggregatorFailed),
    )
)]
pub(crate) async fn receive_notice(
    State(state): State<crate::State>,
    scope: RequestScope,
    address: ClientAddress,
    call: RawCall,
) -> Result<RawResponse, Failure> {
    scope.limit(&state.notice_limit, &address.0).await?;
    let notice = WebhookRequest {
        kind: "",
        query: &call.query,
        content_type: &call.content_type,
        header: &|name| call.header(name),
        body: &call.body,
        source: call.source,
    };
    let acknowledgement = state.deposits.payments.receive(ProviderId::YooKassa, notice).await?;
    Ok(RawResponse { content_type: acknowledgement.content_type, body: acknowledgement.body })
}
