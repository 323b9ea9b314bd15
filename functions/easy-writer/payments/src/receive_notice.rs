//! `POST` and `GET /api/v1/payments/webhook/{provider}`, and the same with `/{kind}`
//!
//! CloudPayments tells kinds of notices apart by address only; Robokassa and CloudPayments may be set up to use either method.

use axum::extract::State;
use domain::payments::provider::RawNotice;
use edge::openapi::Failed;
use edge::{ClientAddress, EdgeError, Failure, PathPair, PathParameter, RawCall, RequestScope, Verbatim};

type Acknowledged = Result<Verbatim, Failure>;

async fn receive(
    state: &crate::State,
    scope: RequestScope,
    address: &ClientAddress,
    (provider, kind): (&str, &str),
    call: &RawCall,
) -> Acknowledged {
    let provider = provider.parse().map_err(|_| EdgeError::NoSuchRoute)?;
    scope.limit(&state.limiter, &state.notice_limit, &address.0, state.clock.now()).await?;
    let notice = RawNotice {
        kind,
        query: &call.query,
        content_type: &call.content_type,
        header: &|name| call.header(name),
        body: &call.body,
        source: call.source,
    };
    let acknowledgement = state.payments.receive(provider, notice).await?;
    Ok(Verbatim { content_type: acknowledgement.content_type, body: acknowledgement.body })
}

/// A provider's notice
///
/// For providers, not for clients. The answer is what the provider wants to hear; anything but 200 makes it tell the same again.
#[utoipa::path(
    post,
    path = "/api/v1/payments/webhook/{provider}",
    tag = "payments",
    operation_id = "receive_notice",
    params(("provider" = String, Path, description = "Who calls", example = "tbank")),
    responses(
        (status = 200, description = "Noted, in the provider's own words"),
        (status = 400, description = "`VALIDATION_ERROR`: it makes no sense", body = Failed),
        (status = 401, description = "`SIGNATURE_INVALID`: it is not proved", body = Failed),
        (status = 404, description = "`NOT_FOUND`, `PAYMENT_NOT_FOUND`: no such provider, or not set up", body = Failed),
        (status = 409, description = "`CONFLICT`: try again", body = Failed),
        (status = 413, description = "`PAYLOAD_TOO_LARGE`: more than 64 KB", body = Failed),
        (status = 429, description = "`RATE_LIMITED`", body = Failed),
        (status = 503, description = "`PROVIDER_UNAVAILABLE`: it cannot be checked now", body = Failed),
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

/// A provider's notice, in the query string
///
/// As `receive_notice`.
#[utoipa::path(
    get,
    path = "/api/v1/payments/webhook/{provider}",
    tag = "payments",
    operation_id = "receive_notice_by_get",
    params(("provider" = String, Path, description = "Who calls", example = "robokassa")),
    responses(
        (status = 200, description = "Noted, in the provider's own words"),
        (status = 400, description = "`VALIDATION_ERROR`: it makes no sense", body = Failed),
        (status = 401, description = "`SIGNATURE_INVALID`: it is not proved", body = Failed),
        (status = 404, description = "`NOT_FOUND`, `PAYMENT_NOT_FOUND`: no such provider, or not set up", body = Failed),
        (status = 409, description = "`CONFLICT`: try again", body = Failed),
        (status = 429, description = "`RATE_LIMITED`", body = Failed),
        (status = 503, description = "`PROVIDER_UNAVAILABLE`: it cannot be checked now", body = Failed),
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

/// A provider's notice of one kind
///
/// As `receive_notice`, for providers that have an address for each kind of notice.
#[utoipa::path(
    post,
    path = "/api/v1/payments/webhook/{provider}/{kind}",
    tag = "payments",
    operation_id = "receive_notice_of_kind",
    params(
        ("provider" = String, Path, description = "Who calls", example = "cloudpayments"),
        ("kind" = String, Path, description = "What about", example = "pay"),
    ),
    responses(
        (status = 200, description = "Noted, in the provider's own words"),
        (status = 400, description = "`VALIDATION_ERROR`: it makes no sense", body = Failed),
        (status = 401, description = "`SIGNATURE_INVALID`: it is not proved", body = Failed),
        (status = 404, description = "`NOT_FOUND`, `PAYMENT_NOT_FOUND`: no such provider, or not set up", body = Failed),
        (status = 409, description = "`CONFLICT`: try again", body = Failed),
        (status = 413, description = "`PAYLOAD_TOO_LARGE`: more than 64 KB", body = Failed),
        (status = 429, description = "`RATE_LIMITED`", body = Failed),
        (status = 503, description = "`PROVIDER_UNAVAILABLE`: it cannot be checked now", body = Failed),
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

/// A provider's notice of one kind, in the query string
///
/// As `receive_notice_of_kind`.
#[utoipa::path(
    get,
    path = "/api/v1/payments/webhook/{provider}/{kind}",
    tag = "payments",
    operation_id = "receive_notice_of_kind_by_get",
    params(
        ("provider" = String, Path, description = "Who calls", example = "cloudpayments"),
        ("kind" = String, Path, description = "What about", example = "check"),
    ),
    responses(
        (status = 200, description = "Noted, in the provider's own words"),
        (status = 400, description = "`VALIDATION_ERROR`: it makes no sense", body = Failed),
        (status = 401, description = "`SIGNATURE_INVALID`: it is not proved", body = Failed),
        (status = 404, description = "`NOT_FOUND`, `PAYMENT_NOT_FOUND`: no such provider, or not set up", body = Failed),
        (status = 409, description = "`CONFLICT`: try again", body = Failed),
        (status = 429, description = "`RATE_LIMITED`", body = Failed),
        (status = 503, description = "`PROVIDER_UNAVAILABLE`: it cannot be checked now", body = Failed),
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
