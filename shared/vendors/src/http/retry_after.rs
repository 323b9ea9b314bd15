//! The wait that a vendor asks for.

use std::time::Duration;

use domain::kernel::Timestamp;
use jiff::fmt::rfc2822::DateTimeParser;
use reqwest::header::{HeaderMap, RETRY_AFTER};

/// Reads `retry-after-ms` (milliseconds), then `Retry-After` (seconds, fractions included, or an HTTP date; RFC 9110,
/// 10.2.3). `None` if both are missing or malformed. A past date is no wait.
pub(super) fn retry_after(headers: &HeaderMap, now: Timestamp) -> Option<Duration> {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).map(str::trim);
    let number = |text: &str| text.parse::<f64>().ok();
    let millis =
        text("retry-after-ms").and_then(number).and_then(|millis| Duration::try_from_secs_f64(millis / 1000.0).ok());
    millis.or_else(|| {
        let value = text(RETRY_AFTER.as_str())?;
        match number(value) {
            Some(seconds) => Duration::try_from_secs_f64(seconds).ok(),
            None => until(value, now),
        }
    })
}

fn until(date: &str, now: Timestamp) -> Option<Duration> {
    let at = DateTimeParser::new().parse_timestamp(date).ok()?;
    Some(Duration::try_from(at.duration_since(now)).unwrap_or(Duration::ZERO))
}

#[cfg(test)]
mod tests {
    use reqwest::header::{HeaderName, HeaderValue};

    use super::*;

    fn read(headers: &[(&'static str, &'static str)]) -> Option<Duration> {
        let headers = headers
            .iter()
            .map(|&(name, value)| (HeaderName::from_static(name), HeaderValue::from_static(value)))
            .collect();
        retry_after(&headers, "1994-11-06T08:49:07Z".parse().unwrap())
    }

    #[test]
    fn milliseconds_come_before_seconds() {
        assert_eq!(read(&[("retry-after", "7"), ("retry-after-ms", "1500")]), Some(Duration::from_millis(1500)));
        assert_eq!(read(&[("retry-after", "7"), ("retry-after-ms", "soon")]), Some(Duration::from_secs(7)));
        assert_eq!(read(&[("retry-after", " 0.5 ")]), Some(Duration::from_millis(500)));
    }

    #[test]
    fn dates_count_from_now() {
        assert_eq!(read(&[("retry-after", "Sun, 06 Nov 1994 08:49:37 GMT")]), Some(Duration::from_secs(30)));
        assert_eq!(read(&[("retry-after", "Sun, 06 Nov 1994 08:48:37 GMT")]), Some(Duration::ZERO));
    }

    #[test]
    fn nonsense_is_no_answer() {
        for value in ["-1", "NaN", "inf", "1e300", "", "tomorrow", "Sun, 99 Nov 1994 08:49:37 GMT"] {
            assert_eq!(read(&[("retry-after", value)]), None, "{value}");
        }
        assert_eq!(read(&[]), None);
    }
}
