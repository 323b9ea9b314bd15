//! `GET /api/v1/analytics/usage`

use axum::extract::State;
use domain::aggregator::{Cell, Grouping, Permission, Report, Row, Span, dollars};
use edge::aggregator::openapi::{AggregatorFailed, AuthErrors, Errors};
use edge::{Answer, Company, Exact, Query, Reply};
use serde::Serialize;
use utoipa::ToSchema;

/// Usage in a period.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct UsageView {
    period: PeriodView,
    /// Totals.
    summary: SummaryView,
    /// Usage per provider, highest cost first.
    by_provider: Vec<ProviderUsageView>,
    /// Usage per model, highest cost first.
    by_model: Vec<ModelUsageView>,
    /// Usage per day, week or month, oldest first. Intervals without calls are omitted.
    timeline: Vec<DateUsageView>,
}

/// A period of whole days, UTC.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct PeriodView {
    /// Start of the first day.
    #[schema(format = DateTime, example = "2023-12-01T00:00:00.000Z")]
    start_date: String,
    /// End of the last day.
    #[schema(format = DateTime, example = "2023-12-31T23:59:59.999Z")]
    end_date: String,
}

/// Totals.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct SummaryView {
    /// Number of calls.
    #[schema(example = 1500)]
    total_requests: u64,
    /// Number of tokens, input and output.
    #[schema(example = 45000)]
    total_tokens: u64,
    /// Cost, in US dollars.
    #[schema(value_type = f64, example = 12.5)]
    total_cost: Exact,
    /// Average response time, in seconds.
    #[schema(example = 1.2)]
    average_response_time: f64,
}

/// Usage of one provider.
#[derive(Serialize, ToSchema)]
pub(crate) struct ProviderUsageView {
    #[schema(example = "openai")]
    provider: String,
    #[serde(flatten)]
    sums: SumsView,
}

/// Usage of one model.
#[derive(Serialize, ToSchema)]
pub(crate) struct ModelUsageView {
    #[schema(example = "gpt-4")]
    model: String,
    #[serde(flatten)]
    sums: SumsView,
}

/// Usage of one day, week or month.
#[derive(Serialize, ToSchema)]
pub(crate) struct DateUsageView {
    /// First day of the interval.
    #[schema(format = Date, example = "2023-12-01")]
    date: String,
    #[serde(flatten)]
    sums: SumsView,
}

/// Totals.
#[derive(Serialize, ToSchema)]
pub(crate) struct SumsView {
    /// Number of calls.
    #[schema(example = 800)]
    requests: u64,
    /// Number of tokens, input and output.
    #[schema(example = 25000)]
    tokens: u64,
    /// Cost, in US dollars.
    #[schema(value_type = f64, example = 8.5)]
    cost: Exact,
}

impl From<Cell> for SumsView {
    fn from(cell: Cell) -> Self {
        Self { requests: cell.requests, tokens: cell.prompt + cell.completion, cost: Exact::new(dollars(cell.cost)) }
    }
}

impl UsageView {
    fn new(span: Span, report: Report) -> Self {
        let total = report.total;
        let rows = |rows: Vec<Row>| rows.into_iter().map(|Row { name, cell }| (name, SumsView::from(cell)));
        Self {
            period: PeriodView {
                start_date: format!("{}T00:00:00.000Z", span.first),
                end_date: format!("{}T23:59:59.999Z", span.last),
            },
            summary: SummaryView {
                total_requests: total.requests,
                total_tokens: total.prompt + total.completion,
                total_cost: Exact::new(dollars(total.cost)),
                average_response_time: seconds(total.millis, total.requests),
            },
            by_provider: rows(report.by_provider)
                .map(|(provider, sums)| ProviderUsageView { provider, sums })
                .collect(),
            by_model: rows(report.by_model).map(|(model, sums)| ModelUsageView { model, sums }).collect(),
            timeline: rows(report.timeline).map(|(date, sums)| DateUsageView { date, sums }).collect(),
        }
    }
}

/// The average, to the millisecond.
#[expect(clippy::cast_precision_loss, reason = "an average for people")]
fn seconds(millis: u64, requests: u64) -> f64 {
    (millis / requests.max(1)) as f64 / 1000.0
}

/// Retrieve usage
///
/// An API key without the permission `analytics` sees only its own usage. Totals lag by a few seconds.
#[utoipa::path(
    get,
    path = "/api/v1/analytics/usage",
    tag = "analytics",
    operation_id = "show_usage",
    security(("bearer" = []), ("api_key" = [])),
    params(
        ("startDate" = Option<String>, Query, description = "First day, ISO 8601. Default: 30 days before the last day"),
        ("endDate" = Option<String>, Query, description = "Last day, ISO 8601, at most one year after the first. Default: today"),
        ("groupBy" = Option<String>, Query, description = "Interval of the timeline: `day` (default), `week`, `month`"),
        ("provider" = Option<String>, Query, description = "Only calls served by this provider"),
        ("model" = Option<String>, Query, description = "Only calls served by this model"),
    ),
    responses(
        Errors, AuthErrors,
        (status = 200, description = "Usage in the period", body = UsageView),
        (status = 400, description = "`invalid_request`: invalid query parameter", body = AggregatorFailed),
    )
)]
pub(crate) async fn show_usage(
    State(state): State<crate::State>,
    Company(caller): Company,
    query: Query,
) -> Answer<UsageView> {
    let span = Span::parse(query.time("startDate", false)?, query.time("endDate", true)?, state.clock.now())?;
    let grouping = Grouping::parse(query.get("groupBy")?)?;
    let own = if caller.may(Permission::Analytics) { None } else { caller.key };
    let days = state.usage.days(caller.company, own, span).await?;
    let report = Report::new(&days, grouping, query.get("provider")?, query.get("model")?);
    Ok(Reply::ok(UsageView::new(span, report)))
}
