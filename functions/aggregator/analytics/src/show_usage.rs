//! `GET /api/v1/analytics/usage`

use axum::extract::State;
use domain::aggregator::{Cell, Grouping, Permission, Report, Row, Span, dollars};
use edge::openapi::AggregatorFailed;
use edge::{Answer, Company, Exact, Query, Reply};
use serde::Serialize;
use utoipa::ToSchema;

/// What was used.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct UsageView {
    /// Of which days.
    period: PeriodView,
    /// In all.
    summary: SummaryView,
    /// By provider, the costliest first.
    by_provider: Vec<ProviderUsageView>,
    /// By model, the costliest first.
    by_model: Vec<ModelUsageView>,
    /// By day, week or month, the earliest first; those without a call are left out.
    timeline: Vec<DateUsageView>,
}

/// Whole days in UTC.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct PeriodView {
    /// Where it begins.
    #[schema(format = DateTime, example = "2023-12-01T00:00:00.000Z")]
    start_date: String,
    /// Where it ends.
    #[schema(format = DateTime, example = "2023-12-31T23:59:59.999Z")]
    end_date: String,
}

/// In all.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct SummaryView {
    /// Calls.
    #[schema(example = 1500)]
    total_requests: u64,
    /// Tokens, read and written.
    #[schema(example = 45000)]
    total_tokens: u64,
    /// US dollars.
    #[schema(value_type = f64, example = 12.5)]
    total_cost: Exact,
    /// Seconds.
    #[schema(example = 1.2)]
    average_response_time: f64,
}

/// Of one provider.
#[derive(Serialize, ToSchema)]
pub(crate) struct ProviderUsageView {
    /// Which.
    #[schema(example = "openai")]
    provider: String,
    #[serde(flatten)]
    sums: SumsView,
}

/// Of one model.
#[derive(Serialize, ToSchema)]
pub(crate) struct ModelUsageView {
    /// Which.
    #[schema(example = "gpt-4")]
    model: String,
    #[serde(flatten)]
    sums: SumsView,
}

/// Of one day, week or month.
#[derive(Serialize, ToSchema)]
pub(crate) struct DateUsageView {
    /// Its first day.
    #[schema(format = Date, example = "2023-12-01")]
    date: String,
    #[serde(flatten)]
    sums: SumsView,
}

/// Sums.
#[derive(Serialize, ToSchema)]
pub(crate) struct SumsView {
    /// Calls.
    #[schema(example = 800)]
    requests: u64,
    /// Tokens, read and written.
    #[schema(example = 25000)]
    tokens: u64,
    /// US dollars.
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

/// Usage
///
/// A key that was made without `analytics` sees what was used with it alone. Sums are some seconds behind.
#[utoipa::path(
    get,
    path = "/api/v1/analytics/usage",
    tag = "analytics",
    operation_id = "show_usage",
    security(("bearer" = []), ("api_key" = [])),
    params(
        ("startDate" = Option<String>, Query, description = "First day (ISO 8601); thirty days before the last without it"),
        ("endDate" = Option<String>, Query, description = "Last day (ISO 8601); today without it; at most a year after the first"),
        ("groupBy" = Option<String>, Query, description = "`day`, `week`, `month`: of the timeline; `day` without it"),
        ("provider" = Option<String>, Query, description = "Only calls that this provider answered"),
        ("model" = Option<String>, Query, description = "Only calls that this model answered"),
    ),
    responses(
        (status = 200, description = "The sums", body = UsageView),
        (status = 400, description = "`invalid_request`", body = AggregatorFailed),
        (status = 401, description = "`token_expired`, `invalid_api_key`", body = AggregatorFailed),
        (status = 429, description = "`rate_limit_exceeded`", body = AggregatorFailed),
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
