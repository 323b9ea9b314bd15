//! `POST /api/v1/payments/webhook/yookassa`

use axum::extract::State;
use domain::payments::ProviderId;
use domain::payments::provider::RawNotice;
use edge::openapi::AggregatorFailed;
use edge::{ClientAddress, Failure, RawCall, RequestScope, Verbatim};

/// A notice of YooKassa
///
/// For the provider, not for clients. Anything but 200 makes it tell the same again.
#[utoipa::path(
    post,
    path = "/api/v1/payments/webhook/yookassa",
    tag = "payments",
    operation_id = "receive_notice",
    responses(
        (status = 200, description = "Noted"),
        (status = 400, description = "`invalid_request`: it makes no sense", body = AggregatorFailed),
        (status = 401, description = "`invalid_signature`: it is not proved", body = AggregatorFailed),
        (status = 404, description = "`payment_not_found`: YooKassa is not set up", body = AggregatorFailed),
        (status = 409, description = "`busy`: try again", body = AggregatorFailed),
        (status = 413, description = "`payload_too_large`: more than 64 KB", body = AggregatorFailed),
        (status = 429, description = "`rate_limit_exceeded`", body = AggregatorFailed),
        (status = 503, description = "`payment_provider_unavailable`: it cannot be checked now", body = AggregatorFailed),
    )
)]
pub(crate) async fn receive_notice(
    State(state): State<crate::State>,
    scope: RequestScope,
    address: ClientAddress,
    call: RawCall,
) -> Result<Verbatim, Failure> {
    scope.limit(&state.limiter, &state.notice_limit, &address.0, state.clock.now()).await?;
    let notice = RawNotice {
        kind: "",
        query: &call.query,
        content_type: &call.content_type,
        header: &|name| call.header(name),
        body: &call.body,
        source: call.source,
    };
    let acknowledgement = state.deposits.payments.receive(ProviderId::YooKassa, notice).await?;
    Ok(Verbatim { content_type: acknowledgement.content_type, body: acknowledgement.body })
}
