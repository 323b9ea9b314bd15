//! HTTP functions: one layer around the router renders every response in the product's envelope and logs it once.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use aws_lambda_events::apigw::ApiGatewayV2httpRequest;
use axum::Router;
use axum::body::Body as AxumBody;
use axum::extract::{MatchedPath, Request};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use domain::kernel::telemetry::{self, Metric};
use domain::kernel::{Clock, Error, IdSource, Result};
use domain::rate_limit::Quota;
use http::header::{CACHE_CONTROL, CONTENT_TYPE, RETRY_AFTER};
use http_body_util::BodyExt as _;
use lambda_http::request::{LambdaRequest, RequestContext};
use lambda_http::tower::Service as _;
use lambda_http::{Adapter, Context, LambdaEvent};
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::cors::{AllowOrigin, CorsLayer};
use tracing::Instrument as _;

use crate::client_ip::{TrustedProxy, note_source};
use crate::envelope::{Envelope, Meta};
use crate::function::Function;
use crate::platform::Platform;
use crate::problem::{EdgeError, Failure, Problem};
use crate::reply::{Data, Told};
use crate::streaming::watched;
use crate::vars::{ConfigError, malformed};

/// API Gateway's limit is 10 MB; the largest body here is a long text.
pub(crate) const MAX_BODY_BYTES: usize = 256 * 1024;

/// Headers of every response: JSON with tokens and personal texts, to be neither cached nor rendered.
const SECURITY: [(HeaderName, &str); 6] = [
    (CACHE_CONTROL, "no-store"),
    (http::header::CONTENT_SECURITY_POLICY, "default-src 'none'; frame-ancestors 'none'"),
    (http::header::REFERRER_POLICY, "no-referrer"),
    (http::header::STRICT_TRANSPORT_SECURITY, "max-age=31536000; includeSubDomains"),
    (http::header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (http::header::X_FRAME_OPTIONS, "DENY"),
];

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
const RATE_LIMIT: HeaderName = HeaderName::from_static("x-ratelimit-limit");
const RATE_REMAINING: HeaderName = HeaderName::from_static("x-ratelimit-remaining");
const RATE_RESET: HeaderName = HeaderName::from_static("x-ratelimit-reset");

impl Function {
    /// A function behind an HTTP API (payload format 2.0) that responds in the envelope `E`.
    ///
    /// Reads `FRONTEND_ORIGINS`: the origins, separated by commas, that may send credentials. Reads `TRUSTED_PROXY`
    /// (`gateway` or `cloudfront`), the source of client addresses, and for the latter `ORIGIN_SECRET`.
    pub fn http<E: Envelope>(platform: &Platform, router: Router) -> std::result::Result<Self, ConfigError> {
        let router = with_envelope::<E>(platform, router)?;
        Ok(Self::new(move |event, context| {
            // The adapter is not `Send`, its future is, so only the future goes into the async block. Only this format
            // is read: `LambdaRequest` would try each one.
            let response = serde_json::from_str::<ApiGatewayV2httpRequest>(event.get())
                .map(LambdaRequest::ApiGatewayV2)
                .map(|request| Adapter::from(router.clone()).call(LambdaEvent::new(request, context)));
            async move { Ok(serde_json::value::to_raw_value(&response?.await?)?) }
        }))
    }
}

/// The router in the layers of [`Function::http`] and [`Function::streaming`], for callers with requests instead of
/// events.
pub fn with_envelope<E: Envelope>(platform: &Platform, router: Router) -> std::result::Result<Router, ConfigError> {
    let hop = TrustedProxy::read(&platform.vars)?;
    let skin = RenderContext { clock: Arc::clone(&platform.clock), ids: Arc::clone(&platform.ids) };
    Ok(router
        .fallback(|| async { EdgeError::NoSuchRoute })
        .method_not_allowed_fallback(|| async { EdgeError::MethodNotAllowed })
        .layer(CatchPanicLayer::custom(|_| EdgeError::Panicked.into_response()))
        .layer(middleware::from_fn(note_route))
        .layer(middleware::from_fn_with_state(skin, render::<E>))
        .layer(middleware::from_fn_with_state(hop, note_source))
        .layer(cors(platform)?))
}

fn cors(platform: &Platform) -> std::result::Result<CorsLayer, ConfigError> {
    const NAME: &str = "FRONTEND_ORIGINS";
    let origins =
        platform.vars.get(NAME).unwrap_or_default().split(',').map(str::trim).filter(|origin| !origin.is_empty());
    let origins = origins
        .map(|origin| HeaderValue::from_str(origin).map_err(|error| malformed(NAME, &error)))
        .collect::<std::result::Result<Vec<_>, _>>()?;
    Ok(CorsLayer::new()
        .allow_origin(AllowOrigin::list(origins))
        .allow_credentials(true)
        .allow_methods([Method::GET, Method::POST, Method::PUT, Method::PATCH, Method::DELETE])
        .allow_headers([
            CONTENT_TYPE,
            http::header::AUTHORIZATION,
            REQUEST_ID,
            HeaderName::from_static("idempotency-key"),
            HeaderName::from_static("x-api-key"),
        ])
        .expose_headers([REQUEST_ID, RETRY_AFTER, RATE_LIMIT, RATE_REMAINING, RATE_RESET])
        .max_age(std::time::Duration::from_mins(10)))
}

#[derive(Clone)]
struct RenderContext {
    clock: Arc<dyn Clock>,
    ids: Arc<dyn IdSource>,
}

/// State of one request: the tightest rate limit that counted it.
#[derive(Clone, Default)]
pub struct RequestScope {
    quota: Arc<Mutex<Option<Quota>>>,
}

impl RequestScope {
    /// Notes what a limiter answered: `X-RateLimit-*` will have the tightest quota.
    pub fn limited(&self, answer: Result<Quota>) -> Result<()> {
        let quota = match &answer {
            Ok(quota) => Some(*quota),
            Err(Error::RateLimited { limit, resets_at, .. }) => {
                Some(Quota { limit: *limit, remaining: 0, resets_at: *resets_at })
            }
            Err(_) => None,
        };
        if let Some(quota) = quota {
            let mut noted = self.quota.lock().unwrap_or_else(PoisonError::into_inner);
            *noted = Some(noted.map_or(quota, |noted| noted.tighter(quota)));
        }
        answer.map(|_| ())
    }

    fn write_headers(&self, headers: &mut HeaderMap) {
        let Some(quota) = *self.quota.lock().unwrap_or_else(PoisonError::into_inner) else { return };
        headers.insert(RATE_LIMIT, quota.limit.into());
        headers.insert(RATE_REMAINING, quota.remaining.into());
        headers.insert(RATE_RESET, quota.resets_at.as_second().into());
    }
}

/// The matched route's pattern, for the log.
#[derive(Clone)]
struct Route(String);

async fn note_route(request: Request, next: Next) -> Response {
    let route = request.extensions().get::<MatchedPath>().map(|path| Route(path.as_str().to_owned()));
    let mut response = next.run(request).await;
    if let Some(route) = route {
        response.extensions_mut().insert(route);
    }
    response
}

/// Runs the request and renders its answer.
async fn render<E: Envelope>(
    axum::extract::State(skin): axum::extract::State<RenderContext>,
    mut request: Request,
    next: Next,
) -> Response {
    let started = Instant::now();
    let request_id = request_id(&request, &skin);
    let method = request.method().clone();
    let path = request.uri().path().to_owned();
    let scope = RequestScope::default();
    request.extensions_mut().insert(scope.clone());
    let trace = request.extensions().get::<Context>().and_then(trace_id);
    let span = tracing::info_span!("request", product = E::PRODUCT, %request_id, trace);
    let (response, usage) = store::measured(next.run(request)).instrument(span.clone()).await;

    let meta = Meta { timestamp: skin.clock.now(), request_id, path };
    let failure = response.extensions().get::<Arc<Failure>>().cloned();
    let told = response.extensions().get::<Told>().cloned();
    let route = response.extensions().get::<Route>().map_or_else(String::new, |route| route.0.clone());
    let (mut response, code) = match &failure {
        Some(failure) => rendered_failure::<E>(failure, &meta, &response),
        None => (rendered_success::<E>(&meta, response).await, told.as_ref().map_or("OK", |told| told.code)),
    };
    let headers = response.headers_mut();
    for (name, value) in SECURITY {
        headers.insert(name, HeaderValue::from_static(value));
    }
    if let Ok(value) = HeaderValue::from_str(&meta.request_id) {
        headers.insert(REQUEST_ID, value);
    }
    scope.write_headers(headers);

    let fault = match &failure {
        Some(failure) => Problem::from(&**failure).is_fault().then(|| chain(&**failure)),
        None => told.and_then(|told| told.fault),
    };
    telemetry::note(Metric::REQUESTS, 1);
    match (&fault, &failure) {
        (Some(_), _) => telemetry::note(Metric::FAULTS, 1),
        (None, Some(_)) => telemetry::note_refusal(code),
        (None, None) => {}
    }
    let status = response.status().as_u16();
    let millis = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX);
    span.in_scope(|| {
        macro_rules! log {
            ($level:ident, $($error:tt)*) => {
                tracing::$level!(
                    %method, route, status, code, millis,
                    table_calls = usage.table_calls, read_units = usage.read_units, write_units = usage.write_units,
                    $($error)* "answered"
                )
            };
        }
        if let Some(error) = fault {
            log!(error, error,);
        } else {
            log!(info,);
        }
    });
    watched(response, &span, started)
}

/// The chain of causes, for the log only.
pub(crate) fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text.push_str(": ");
        text.push_str(&cause.to_string());
        source = cause.source();
    }
    text
}

fn rendered_failure<E: Envelope>(failure: &Failure, meta: &Meta, response: &Response) -> (Response, &'static str) {
    let problem = Problem::from(failure);
    let (status, code) = E::code(&problem);
    let mut rendered = json_response(status, E::failure(&problem, meta));
    // Headers beside the failure: `Allow` of a 405, a cookie that a handler clears.
    for (name, value) in response.headers() {
        if name != CONTENT_TYPE && name != http::header::CONTENT_LENGTH {
            rendered.headers_mut().append(name, value.clone());
        }
    }
    if let Some(wait) = problem.retry_after() {
        rendered.headers_mut().insert(RETRY_AFTER, wait.as_secs().into());
    }
    if status == StatusCode::UNAUTHORIZED {
        rendered.headers_mut().insert(http::header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
    }
    (rendered, code)
}

async fn rendered_success<E: Envelope>(meta: &Meta, response: Response) -> Response {
    if response.extensions().get::<Data>().is_none() {
        // A redirect, or a body that another protocol prescribes.
        return response;
    }
    let (mut parts, body) = response.into_parts();
    // The body is a buffer; collecting it cannot fail.
    let data = body.collect().await.map(http_body_util::Collected::to_bytes).unwrap_or_default();
    let text = E::success(std::str::from_utf8(&data).unwrap_or("null"), meta);
    parts.headers.remove(http::header::CONTENT_LENGTH);
    Response::from_parts(parts, AxumBody::from(text))
}

fn json_response(status: StatusCode, body: String) -> Response {
    (status, [(CONTENT_TYPE, HeaderValue::from_static("application/json"))], body).into_response()
}

/// The X-Ray trace ID of the invocation, if it is sampled.
fn trace_id(context: &Context) -> Option<String> {
    let parts: Vec<_> = context.xray_trace_id.as_deref()?.split(';').collect();
    let root = parts.iter().find_map(|part| part.strip_prefix("Root="))?;
    parts.contains(&"Sampled=1").then(|| root.to_owned())
}

/// The caller's request ID if well-formed, else the gateway's, else a new one.
fn request_id(request: &Request, skin: &RenderContext) -> String {
    let well_formed = |id: &&str| {
        (1..=128).contains(&id.len()) && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.=".contains(&byte))
    };
    let from_caller = request.headers().get(REQUEST_ID).and_then(|value| value.to_str().ok()).filter(well_formed);
    let from_gateway = || match request.extensions().get::<RequestContext>() {
        Some(RequestContext::ApiGatewayV2(context)) => context.request_id.as_deref().filter(well_formed),
        Some(RequestContext::ApiGatewayV1(context)) => context.request_id.as_deref().filter(well_formed),
        _ => None,
    };
    match from_caller.or_else(from_gateway) {
        Some(id) => id.to_owned(),
        None => skin.ids.uuid(skin.clock.now()).to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_trace_that_is_kept_has_an_id() {
        const ROOT: &str = "1-5759e988-bd862e3fe1be46a994272793";
        let id = |header: &str| {
            let mut context = Context::default();
            context.xray_trace_id = Some(header.to_owned());
            trace_id(&context)
        };
        assert_eq!(id(&format!("Root={ROOT};Parent=53995c3f42cd8ad8;Sampled=1")).as_deref(), Some(ROOT));
        assert_eq!(id(&format!("Root={ROOT};Parent=53995c3f42cd8ad8;Sampled=0")), None);
        assert_eq!(id(&format!("Root={ROOT}")), None);
        assert_eq!(id(""), None);
        assert_eq!(trace_id(&Context::default()), None);
    }
}
