//! When scheduled functions run: EventBridge's `rate(...)` and `cron(...)`, in UTC.

use std::time::Duration;

use domain::kernel::Timestamp;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Zoned};

/// How often a schedule fires.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Rate {
    /// At a fixed distance, the first time right after the start.
    Every(Duration),
    /// At the minutes that match.
    Cron(Box<Cron>),
}

/// An expression that is not a schedule.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "{0} is not a schedule: rate(<number> <minutes|hours|days>) or cron(<minute> <hour> <day> <month> <weekday> <year>)"
)]
pub struct Malformed(String);

/// A cron expression of EventBridge: minute, hour, day of month, month, day of week (1 is Sunday), year.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cron {
    fields: [Vec<i16>; 6],
}

/// The range of each field. EventBridge knows years up to 2199.
const RANGES: [(i16, i16); 6] = [(0, 59), (0, 23), (1, 31), (1, 12), (1, 7), (1970, 2199)];
const MONTHS: [&str; 12] = ["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"];
const WEEKDAYS: [&str; 7] = ["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"];

impl Rate {
    /// Reads an expression.
    pub fn parse(text: &str) -> Result<Self, Malformed> {
        let malformed = || Malformed(text.to_owned());
        let inside = |name: &str| text.trim().strip_prefix(name)?.strip_prefix('(')?.strip_suffix(')');
        if let Some(rate) = inside("rate") {
            let (number, unit) = rate.trim().split_once(' ').ok_or_else(malformed)?;
            let number: u64 = number.parse().map_err(|_| malformed())?;
            let seconds = match unit.trim() {
                "minute" | "minutes" => 60,
                "hour" | "hours" => 3_600,
                "day" | "days" => 86_400,
                _ => return Err(malformed()),
            };
            let seconds = number.checked_mul(seconds).filter(|seconds| *seconds > 0).ok_or_else(malformed)?;
            return Ok(Self::Every(Duration::from_secs(seconds)));
        }
        let cron = inside("cron").and_then(Cron::parse).ok_or_else(malformed)?;
        Ok(Self::Cron(Box::new(cron)))
    }

    /// How long after `now` it fires next, if it ever does.
    pub fn next_after(&self, now: Timestamp) -> Option<Duration> {
        match self {
            Self::Every(period) => Some(*period),
            Self::Cron(cron) => cron.next_after(now),
        }
    }

    /// Whether it fires at the start: a minute's wait for the first run would help nobody.
    pub const fn fires_at_start(&self) -> bool {
        matches!(self, Self::Every(_))
    }
}

impl Cron {
    fn parse(text: &str) -> Option<Self> {
        let texts: [&str; 6] = text.split_whitespace().collect::<Vec<_>>().try_into().ok()?;
        let [minute, hour, day, month, weekday, year] = texts;
        let [minutes, hours, days, months, weekdays, years] = RANGES;
        let fields = [
            field(minute, minutes, &[])?,
            field(hour, hours, &[])?,
            field(day, days, &[])?,
            field(month, months, &MONTHS)?,
            field(weekday, weekdays, &WEEKDAYS)?,
            field(year, years, &[])?,
        ];
        Some(Self { fields })
    }

    fn matches_day(&self, at: &Zoned) -> bool {
        let [_, _, days, months, weekdays, years] = &self.fields;
        let weekday = i16::from(at.weekday().to_sunday_one_offset());
        years.contains(&at.year())
            && months.contains(&at.month().into())
            && days.contains(&at.day().into())
            && weekdays.contains(&weekday)
    }

    fn matches_time(&self, at: &Zoned) -> bool {
        let [minutes, hours, ..] = &self.fields;
        hours.contains(&at.hour().into()) && minutes.contains(&at.minute().into())
    }

    /// Looks at each minute of the days that match, up to eight years ahead, within which every date comes round.
    fn next_after(&self, now: Timestamp) -> Option<Duration> {
        let start = now.to_zoned(TimeZone::UTC).with().second(0).subsec_nanosecond(0).build().ok()?;
        let mut at = start.checked_add(SignedDuration::from_mins(1)).ok()?;
        for _ in 0..8 * 366 {
            let midnight = at.tomorrow().ok()?.start_of_day().ok()?;
            while self.matches_day(&at) && at < midnight {
                if self.matches_time(&at) {
                    return at.timestamp().duration_since(now).try_into().ok();
                }
                at = at.checked_add(SignedDuration::from_mins(1)).ok()?;
            }
            at = midnight;
        }
        None
    }
}

/// The values that a field stands for: `*`, `?`, `5`, `1-5`, `*/10`, `0/10`, names, and lists of all of these.
fn field(text: &str, (low, high): (i16, i16), names: &[&str]) -> Option<Vec<i16>> {
    let number = |text: &str| -> Option<i16> {
        let name = names.iter().position(|name| name.eq_ignore_ascii_case(text));
        let value = name.and_then(|index| Some(i16::try_from(index).ok()? + low)).or_else(|| text.parse().ok())?;
        (low..=high).contains(&value).then_some(value)
    };
    let mut values = Vec::new();
    for part in text.split(',') {
        let (range, step) = part.split_once('/').map_or((part, None), |(range, step)| (range, Some(step)));
        let (first, last) = match range.split_once('-') {
            _ if matches!(range, "*" | "?") => (low, high),
            Some((first, last)) => (number(first)?, number(last)?),
            None => (number(range)?, if step.is_some() { high } else { number(range)? }),
        };
        let step: usize = step.map_or(Some(1), |step| step.parse().ok().filter(|step| *step > 0))?;
        values.extend((first..=last).step_by(step));
    }
    Some(values)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn next(expression: &str, now: &str) -> String {
        let now: Timestamp = now.parse().unwrap();
        let wait = Rate::parse(expression).unwrap().next_after(now).unwrap();
        (now + wait).to_string()
    }

    #[test]
    fn rates_are_periods() {
        assert_eq!(Rate::parse("rate(1 minute)"), Ok(Rate::Every(Duration::from_mins(1))));
        assert_eq!(Rate::parse("rate(12 hours)"), Ok(Rate::Every(Duration::from_hours(12))));
        for bad in
            ["rate(0 minutes)", "rate(1 second)", "rate(1)", "every minute", "cron(0 0 * * ?)", "cron(60 0 * * ? *)"]
        {
            assert!(Rate::parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn cron_expressions_find_their_next_minute() {
        assert_eq!(next("cron(30 4 * * ? *)", "2026-02-28T04:29:59Z"), "2026-02-28T04:30:00Z");
        assert_eq!(next("cron(30 4 * * ? *)", "2026-02-28T04:30:00Z"), "2026-03-01T04:30:00Z");
        assert_eq!(next("cron(0/20 * * * ? *)", "2026-01-01T10:41:00Z"), "2026-01-01T11:00:00Z");
        assert_eq!(next("cron(0 9 ? * MON-FRI *)", "2026-11-20T09:00:30Z"), "2026-11-23T09:00:00Z");
        assert_eq!(next("cron(0 0 1 JAN,JUL ? *)", "2026-01-01T00:00:00Z"), "2026-07-01T00:00:00Z");
    }

    #[test]
    fn a_cron_expression_in_the_past_never_fires() {
        assert_eq!(
            Rate::parse("cron(0 0 1 1 ? 2020)").unwrap().next_after("2026-01-01T00:00:00Z".parse().unwrap()),
            None
        );
    }
}
