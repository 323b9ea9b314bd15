//! Usage of companies by day, provider and model: running sums, written by the usage worker and read without reading
//! single calls.

use std::collections::BTreeMap;
use std::slice;

use jiff::civil::Date;
use jiff::tz::TimeZone;
use store::{Put, Query, Table, Transaction, Update};

use super::authenticator::Authenticator;
use super::ids::{CompanyId, KeyId};
use super::items::{DAY_PREFIX, DayItem, usage_key, usage_partition};
use super::record::UsageMessage;
use crate::kernel::telemetry::{self, Metric};
use crate::kernel::{Amount, Error, Result, Timestamp};
use crate::ledger;

/// Days of the longest report.
const MAX_DAYS: i32 = 366;
/// Days of a report without a start.
const DEFAULT_DAYS: i32 = 30;

/// Sums over calls.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Cell {
    pub requests: u64,
    /// Prompt tokens.
    pub prompt: u64,
    /// Completion tokens.
    pub completion: u64,
    pub cost: Amount,
    /// Duration of all calls together.
    pub millis: u64,
}

impl Cell {
    fn add(&mut self, other: &Self) {
        self.requests += other.requests;
        self.prompt += other.prompt;
        self.completion += other.completion;
        self.cost = self.cost + other.cost;
        self.millis += other.millis;
    }

    /// Adds the stored counter `counter`.
    fn take(&mut self, counter: &str, value: i64) {
        let count = u64::try_from(value).unwrap_or_default();
        match counter {
            REQUESTS => self.requests += count,
            PROMPT => self.prompt += count,
            COMPLETION => self.completion += count,
            COST => self.cost = self.cost + Amount::new(value),
            MILLIS => self.millis += count,
            _ => {}
        }
    }
}

const REQUESTS: &str = "r";
const PROMPT: &str = "p";
const COMPLETION: &str = "c";
const COST: &str = "n";
const MILLIS: &str = "m";

/// Usage of one day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Day {
    date: Date,
    /// By provider and model.
    cells: BTreeMap<(String, String), Cell>,
}

/// Days from the first to the last, both included, in UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span {
    pub first: Date,
    pub last: Date,
}

impl Span {
    /// The days from `start` to `end`. Default end: today; default start: thirty days before the end.
    pub fn parse(start: Option<Timestamp>, end: Option<Timestamp>, now: Timestamp) -> Result<Self> {
        let last = date(end.unwrap_or(now));
        let first = match start {
            Some(start) => date(start),
            None => last.checked_sub(jiff::Span::new().days(DEFAULT_DAYS - 1)).unwrap_or(last),
        };
        let days = first.until(last).map_or(i32::MAX, |span| span.get_days());
        if first > last {
            return Err(Error::invalid("endDate", "range", "Конец периода раньше начала"));
        }
        if days >= MAX_DAYS {
            return Err(Error::invalid("startDate", "range", "Период: не больше года"));
        }
        Ok(Self { first, last })
    }
}

fn date(at: Timestamp) -> Date {
    at.to_zoned(TimeZone::UTC).date()
}

/// The groups of a timeline.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Grouping {
    Day,
    /// Weeks begin on Monday.
    Week,
    Month,
}

impl Grouping {
    /// Parses `day` (default), `week` or `month`.
    pub fn parse(word: Option<&str>) -> Result<Self> {
        match word {
            None | Some("day") => Ok(Self::Day),
            Some("week") => Ok(Self::Week),
            Some("month") => Ok(Self::Month),
            Some(_) => Err(Error::invalid("groupBy", "not_allowed", "Ожидается day, week или month")),
        }
    }

    /// The first day of the group of `date`.
    fn of(self, date: Date) -> Date {
        match self {
            Self::Day => date,
            Self::Week => {
                let days = date.weekday().to_monday_zero_offset();
                date.checked_sub(jiff::Span::new().days(days)).unwrap_or(date)
            }
            Self::Month => date.first_of_month(),
        }
    }
}

/// One row of a report.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// A provider, a model, or the first day of a group.
    pub name: String,
    pub cell: Cell,
}

/// Usage over a span.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Report {
    pub total: Cell,
    /// Costliest first.
    pub by_provider: Vec<Row>,
    /// Costliest first.
    pub by_model: Vec<Row>,
    /// Earliest first; groups without a call are left out.
    pub timeline: Vec<Row>,
}

impl Report {
    /// The report of `days`.
    pub fn new(days: &[Day], grouping: Grouping, provider: Option<&str>, model: Option<&str>) -> Self {
        let mut total = Cell::default();
        let [mut by_provider, mut by_model, mut timeline] = [const { BTreeMap::<String, Cell>::new() }; 3];
        for day in days {
            for ((of_provider, of_model), cell) in &day.cells {
                let wanted = |filter: Option<&str>, name: &str| filter.is_none_or(|filter| filter == name);
                if !wanted(provider, of_provider) || !wanted(model, of_model) {
                    continue;
                }
                total.add(cell);
                by_provider.entry(of_provider.clone()).or_default().add(cell);
                by_model.entry(of_model.clone()).or_default().add(cell);
                timeline.entry(grouping.of(day.date).to_string()).or_default().add(cell);
            }
        }
        let rows =
            |map: BTreeMap<String, Cell>| map.into_iter().map(|(name, cell)| Row { name, cell }).collect::<Vec<_>>();
        let costliest = |map| {
            let mut rows = rows(map);
            rows.sort_by_key(|row| std::cmp::Reverse(row.cell.cost));
            rows
        };
        Self { total, by_provider: costliest(by_provider), by_model: costliest(by_model), timeline: rows(timeline) }
    }
}

/// A call to count.
pub(super) struct Call<'a> {
    pub(super) message: &'a UsageMessage,
    /// Writes that go into the same transaction.
    pub(super) also: Vec<Put>,
}

impl Call<'_> {
    /// Writes that counting it takes, beside the sums.
    pub(super) fn writes(&self) -> usize {
        1 + self.also.len()
    }
}

/// The sums that a call is added to, each one write shared with other calls of the company: the company's of the day,
/// and the key's.
pub(super) fn sums(message: &UsageMessage) -> impl Iterator<Item = (Option<KeyId>, Date)> {
    let day = date(message.began_at());
    std::iter::once(None).chain(message.record.key.map(Some)).map(move |key| (key, day))
}

/// Calls that were not counted, because the transaction failed.
pub(super) struct Uncounted {
    pub(super) error: store::Error,
    /// For each call in order, whether it failed the transaction: it is not captured, or is counted already.
    pub(super) refused: Vec<bool>,
}

/// Counts calls, and reads the sums.
#[derive(Clone)]
pub struct UsageLog {
    table: Table,
    authenticator: Authenticator,
}

impl UsageLog {
    /// Sums kept in `table`.
    pub fn new(table: Table, authenticator: Authenticator) -> Self {
        Self { table, authenticator }
    }

    /// Counts captured calls of one company in one transaction, with the writes that go with each. Fails if one of them
    /// is not captured or is counted already.
    pub(super) async fn count(&self, calls: &[Call<'_>]) -> Result<(), Uncounted> {
        let mut transaction = Transaction::new();
        let not_due = |call: &Call<'_>| ledger::no_longer_due(call.message.company.into(), call.message.operation);
        let entries: Vec<_> = calls.iter().map(|call| transaction.add(not_due(call))).collect();
        transaction.extend(additions(calls.iter().map(|call| call.message)));
        transaction.extend(calls.iter().flat_map(|call| call.also.iter().cloned()));
        if let Err(error) = self.table.commit(transaction).await {
            let refused = entries.into_iter().map(|entry| error.failed(entry).is_some()).collect();
            return Err(Uncounted { error, refused });
        }
        for Call { message, .. } in calls {
            self.touch(message).await;
            telemetry::note(Metric::CHARGED, message.cost.unsigned_abs());
        }
        Ok(())
    }

    /// Captures a call that may not be captured, then counts it. Returns false if it is counted already, or was
    /// released.
    pub(super) async fn capture_late(&self, call: &Call<'_>) -> Result<bool> {
        let message = call.message;
        let (held, cost) = (Amount::new(message.held), Amount::new(message.cost));
        let capture = ledger::capture(message.company.into(), message.operation, held, cost).details(&message.record);
        let mut transaction = Transaction::new();
        let writes = capture.add_to(&mut transaction);
        match self.table.commit(transaction).await {
            Ok(()) => {}
            // Not pending: captured, or released.
            Err(error) if writes.entry_failed(&error) => {}
            Err(error) => return Err(error.into()),
        }
        match self.count(slice::from_ref(call)).await {
            Ok(()) => Ok(true),
            Err(uncounted) if uncounted.refused.contains(&true) => Ok(false),
            Err(uncounted) => Err(uncounted.error.into()),
        }
    }

    /// Notes that the key was used. For people only, so a failure is no reason to count again.
    async fn touch(&self, message: &UsageMessage) {
        let Some(key) = message.record.key else { return };
        if let Err(error) = self.authenticator.used(message.company, key, message.began_at()).await {
            tracing::warn!(%error, "last use of a key not noted");
        }
    }

    /// Usage of a company, or of one of its keys.
    pub async fn days(&self, company: CompanyId, key: Option<KeyId>, span: Span) -> Result<Vec<Day>> {
        let query = Query::partition(usage_partition(company, key))
            .between(format!("{DAY_PREFIX}{}", span.first), format!("{DAY_PREFIX}{}", span.last));
        let items: Vec<DayItem> = self.table.query_all(query).await?;
        items.into_iter().map(Day::try_from).collect()
    }
}

/// The writes that add calls to the sums of their company and its keys.
fn additions<'a>(messages: impl Iterator<Item = &'a UsageMessage>) -> impl Iterator<Item = Update> {
    type Sums = BTreeMap<String, i64>;
    let count = |number: u64| i64::try_from(number).unwrap_or(i64::MAX);
    let mut days: BTreeMap<(CompanyId, Option<KeyId>, Date), Sums> = BTreeMap::new();
    for message in messages {
        let record = &message.record;
        let counters = [
            (REQUESTS, 1),
            (PROMPT, count(record.prompt_tokens)),
            (COMPLETION, count(record.completion_tokens)),
            (COST, message.cost),
            (MILLIS, count(record.millis)),
        ];
        for (key, day) in sums(message) {
            let sums = days.entry((message.company, key, day)).or_default();
            for (counter, number) in counters {
                let sum = sums.entry(format!("{counter}|{}|{}", record.provider, record.model)).or_default();
                *sum = sum.saturating_add(number);
            }
        }
    }
    let update = |((company, key, day), sums): ((CompanyId, Option<KeyId>, Date), Sums)| {
        let update = Update::new(usage_key(company, key, &day.to_string()));
        sums.into_iter().fold(update, |update, (name, number)| update.add(name, number))
    };
    days.into_iter().map(update)
}

impl TryFrom<DayItem> for Day {
    type Error = Error;

    fn try_from(item: DayItem) -> Result<Self> {
        let date = item.sk.strip_prefix(DAY_PREFIX).and_then(|date| date.parse().ok());
        let date = date.ok_or_else(|| Error::internal("usage", "the key is no day"))?;
        let mut cells: BTreeMap<(String, String), Cell> = BTreeMap::new();
        for (name, value) in &item.counters {
            let mut parts = name.splitn(3, '|');
            if let (Some(counter), Some(provider), Some(model)) = (parts.next(), parts.next(), parts.next()) {
                let cell = cells.entry((provider.to_owned(), model.to_owned())).or_default();
                cell.take(counter, value.as_i64().unwrap_or_default());
            }
        }
        Ok(Self { date, cells })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn day(date: &str, counters: serde_json::Value) -> Day {
        let mut item = counters;
        item["sk"] = json!(format!("DAY#{date}"));
        item["pk"] = json!("USAGE#x");
        Day::try_from(serde_json::from_value::<DayItem>(item).unwrap()).unwrap()
    }

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn a_report_adds_up_what_was_asked_for() {
        let days = [
            day(
                "2023-12-01",
                json!({ "r|openai|gpt-4": 2, "p|openai|gpt-4": 10, "c|openai|gpt-4": 5, "n|openai|gpt-4": 70, "m|openai|gpt-4": 900 }),
            ),
            day(
                "2023-12-03",
                json!({ "r|openai|gpt-4": 1, "n|openai|gpt-4": 1, "r|anthropic|claude|x": 4, "n|anthropic|claude|x": 100 }),
            ),
            day("2023-12-04", json!({ "r|openai|gpt-4": 1 })),
        ];
        let report = Report::new(&days, Grouping::Week, None, None);
        assert_eq!((report.total.requests, report.total.cost), (8, Amount::new(171)));
        let names =
            |rows: &[Row]| rows.iter().map(|row| format!("{} {}", row.name, row.cell.requests)).collect::<Vec<_>>();
        assert_eq!(names(&report.by_provider), ["anthropic 4", "openai 4"]);
        assert_eq!(names(&report.by_model), ["claude|x 4", "gpt-4 4"]);
        assert_eq!(names(&report.timeline), ["2023-11-27 7", "2023-12-04 1"]);
        let report = Report::new(&days, Grouping::Month, Some("openai"), Some("gpt-4"));
        assert_eq!(names(&report.timeline), ["2023-12-01 4"]);
        assert_eq!((report.total.prompt, report.total.completion, report.total.millis), (10, 5, 900));
        assert_eq!(Report::new(&days, Grouping::Day, Some("x"), None), Report::default());
    }

    #[test]
    fn spans_are_whole_days_and_no_longer_than_a_year() {
        let now = at("2024-03-10T12:00:00Z");
        let span = |start: Option<&str>, end: Option<&str>| Span::parse(start.map(at), end.map(at), now);
        let text = |span: Span| format!("{} {}", span.first, span.last);
        assert_eq!(text(span(None, None).unwrap()), "2024-02-10 2024-03-10");
        assert_eq!(
            text(span(Some("2023-12-01T00:00:00Z"), Some("2023-12-31T23:59:59.999Z")).unwrap()),
            "2023-12-01 2023-12-31"
        );
        assert!(span(Some("2024-03-11T00:00:00Z"), None).is_err());
        assert!(span(Some("2023-03-11T00:00:00Z"), None).is_ok());
        assert!(span(Some("2023-03-10T00:00:00Z"), None).is_err());
    }
}
