//! Metrics, printed in CloudWatch's embedded metric format.
//!
//! CloudWatch Logs makes metrics of such lines by itself, so a function sends nothing and waits for nothing. Format:
//! "Specification: Embedded metric format" of the CloudWatch user guide. A line may hold a metric under several sets of
//! dimensions; what has other dimensions is another line.

use std::borrow::Cow;
use std::io::Write as _;
use std::time::Duration;

use domain::kernel::Timestamp;
use domain::kernel::telemetry::{Metric, Notes, VendorCalls};
use serde_json::{Map, Value, json};

/// How many values of one metric a line may hold.
const MAX_VALUES: usize = 100;

const COUNT: &str = "Count";
const MILLISECONDS: &str = "Milliseconds";

/// Where metrics go and whose they are.
pub(crate) struct Metrics {
    /// Variable `METRICS_NAMESPACE`. Default: no metrics.
    pub(crate) namespace: Option<String>,
    pub(crate) product: Cow<'static, str>,
    /// The function's name within the product.
    pub(crate) function: &'static str,
}

/// One invocation, as seen from outside.
pub(crate) struct Invocation {
    /// Time until the response; of a stream, until its head.
    pub(crate) took: Duration,
    /// Time until the end of a streamed body.
    pub(crate) streamed: Option<Duration>,
    /// Time to start, in a first invocation.
    pub(crate) start: Option<Duration>,
    /// Whether the invocation failed.
    pub(crate) failed: bool,
    /// Metrics noted in it.
    pub(crate) notes: Notes,
}

impl Metrics {
    /// Prints the metrics of an invocation.
    pub(crate) fn print(&self, invocation: &Invocation, now: Timestamp) {
        let Some(namespace) = &self.namespace else { return };
        let mut lines = String::new();
        for line in self.lines(namespace, invocation, now) {
            lines.push_str(&line.to_string());
            lines.push('\n');
        }
        // A closed log has no metrics either.
        let _ = std::io::stdout().lock().write_all(lines.as_bytes());
    }

    fn lines(&self, namespace: &str, invocation: &Invocation, now: Timestamp) -> Vec<Value> {
        let Invocation { took, streamed, start, failed, notes } = invocation;
        let count = |metric: Metric| notes.counts.get(&metric).copied().unwrap_or_default();
        let line = Line { namespace, now, product: &self.product };
        let faults = count(Metric::FAULTS).max(u64::from(*failed));
        // Per function only what Lambda's own metrics lack: each metric is billed per set of dimensions.
        let mut of_function = vec![
            Measured::new(Metric::FAULTS.as_str(), COUNT, faults),
            Measured::new("Latency", MILLISECONDS, millis(*took)),
        ];
        if !notes.vendors.is_empty() {
            // Latency without the time of vendors.
            let waited: u64 = notes.vendors.values().flat_map(|calls| &calls.millis).sum();
            of_function.push(Measured::new("OwnLatency", MILLISECONDS, millis(*took).saturating_sub(waited)));
        }
        let mut of_product = vec![Measured::new(Metric::REQUESTS.as_str(), COUNT, count(Metric::REQUESTS).max(1))];
        if let Some(start) = start {
            of_product.push(Measured::new("ColdStarts", COUNT, 1));
            of_product.push(Measured::new("InitLatency", MILLISECONDS, millis(*start)));
        }
        if let Some(streamed) = streamed {
            of_product.push(Measured::new("StreamDuration", MILLISECONDS, millis(*streamed)));
        }
        let counts = notes.counts.iter().filter(|(metric, _)| ![Metric::REQUESTS, Metric::FAULTS].contains(metric));
        of_product.extend(counts.map(|(metric, many)| Measured::new(metric.as_str(), COUNT, *many)));
        let both = json!([["product"], ["product", "function"]]);
        let mut lines =
            vec![line.of(&[("function", self.function)], &[(both, of_function), (json!([["product"]]), of_product)])];
        for (code, many) in &notes.refusals {
            let refusals = vec![Measured::new("Refusals", COUNT, *many)];
            lines.push(line.of(&[("code", code)], &[(json!([["product", "code"]]), refusals)]));
        }
        for (vendor, VendorCalls { millis, failures }) in &notes.vendors {
            let millis: Vec<_> = millis.iter().copied().take(MAX_VALUES).collect();
            let latency = vec![Measured::new("VendorLatency", MILLISECONDS, millis)];
            // For the alarm, without the vendor.
            let failures = vec![Measured::new("VendorFailures", COUNT, *failures)];
            let groups =
                [(json!([["product", "vendor"]]), latency), (json!([["product"], ["product", "vendor"]]), failures)];
            lines.push(line.of(&[("vendor", vendor.as_ref())], &groups));
        }
        lines
    }
}

/// A metric of a line: a number or a list of them.
struct Measured {
    name: &'static str,
    unit: &'static str,
    value: Value,
}

impl Measured {
    fn new(name: &'static str, unit: &'static str, value: impl Into<Value>) -> Self {
        Self { name, unit, value: value.into() }
    }
}

/// What all lines of an invocation have in common.
struct Line<'a> {
    namespace: &'a str,
    now: Timestamp,
    product: &'a str,
}

impl Line<'_> {
    /// A line with these values of dimensions, and metrics under each of some sets of them.
    fn of(&self, dimensions: &[(&str, &str)], groups: &[(Value, Vec<Measured>)]) -> Value {
        let directives: Vec<_> = groups
            .iter()
            .map(|(sets, group)| {
                let metrics: Vec<_> =
                    group.iter().map(|metric| json!({ "Name": metric.name, "Unit": metric.unit })).collect();
                json!({ "Namespace": self.namespace, "Dimensions": sets, "Metrics": metrics })
            })
            .collect();
        let mut line = Map::new();
        let timestamp = self.now.as_millisecond();
        line.insert("_aws".to_owned(), json!({ "Timestamp": timestamp, "CloudWatchMetrics": directives }));
        line.insert("product".to_owned(), self.product.into());
        for (name, value) in dimensions {
            line.insert((*name).to_owned(), (*value).into());
        }
        for metric in groups.iter().flat_map(|(_, group)| group) {
            line.insert(metric.name.to_owned(), metric.value.clone());
        }
        line.into()
    }
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use domain::kernel::telemetry;

    use super::*;

    const METRICS: Metrics = Metrics { namespace: None, product: Cow::Borrowed("easy-writer"), function: "tools" };

    fn lines(invocation: &Invocation) -> Vec<Value> {
        METRICS.lines("Quintet/dev", invocation, Timestamp::from_second(1_790_000_000).unwrap())
    }

    fn directives(groups: &[(Value, &[(&str, &str)])]) -> Value {
        let directives: Vec<_> = groups
            .iter()
            .map(|(dimensions, metrics)| {
                let metrics: Vec<_> =
                    metrics.iter().map(|(name, unit)| json!({ "Name": name, "Unit": unit })).collect();
                json!({ "Namespace": "Quintet/dev", "Dimensions": dimensions, "Metrics": metrics })
            })
            .collect();
        json!({ "Timestamp": 1_790_000_000_000_i64, "CloudWatchMetrics": directives })
    }

    #[tokio::test]
    async fn each_set_of_dimensions_has_a_line() {
        let ((), notes) = telemetry::collected(async {
            telemetry::note(Metric::REQUESTS, 1);
            telemetry::note(Metric::CHARGED, 5);
            telemetry::note_refusal("NOT_FOUND");
            telemetry::note_vendor("openai", Duration::from_millis(300), false);
            telemetry::note_vendor("openai", Duration::from_millis(20), true);
        })
        .await;
        let took = Duration::from_millis(330);
        let found =
            lines(&Invocation { took, streamed: None, start: Some(Duration::from_millis(9)), failed: false, notes });
        let of_function: &[_] = &[("Faults", COUNT), ("Latency", MILLISECONDS), ("OwnLatency", MILLISECONDS)];
        let of_product: &[_] =
            &[("Requests", COUNT), ("ColdStarts", COUNT), ("InitLatency", MILLISECONDS), ("Charged", COUNT)];
        let whole = [(json!([["product"], ["product", "function"]]), of_function), (json!([["product"]]), of_product)];
        let latency: &[_] = &[("VendorLatency", MILLISECONDS)];
        let failures: &[_] = &[("VendorFailures", COUNT)];
        let of_vendor =
            [(json!([["product", "vendor"]]), latency), (json!([["product"], ["product", "vendor"]]), failures)];
        assert_eq!(
            found,
            [
                json!({
                    "_aws": directives(&whole), "product": "easy-writer", "function": "tools",
                    "Requests": 1, "Faults": 0, "Latency": 330, "OwnLatency": 10, "ColdStarts": 1, "InitLatency": 9, "Charged": 5
                }),
                json!({
                    "_aws": directives(&[(json!([["product", "code"]]), &[("Refusals", COUNT)])]),
                    "product": "easy-writer", "code": "NOT_FOUND", "Refusals": 1
                }),
                json!({
                    "_aws": directives(&of_vendor),
                    "product": "easy-writer", "vendor": "openai", "VendorLatency": [300, 20], "VendorFailures": 1
                }),
            ]
        );
    }

    #[test]
    fn an_invocation_that_ends_in_an_error_is_a_fault() {
        let invocation = Invocation {
            took: Duration::from_millis(3),
            streamed: None,
            start: None,
            failed: true,
            notes: Notes::default(),
        };
        let found = lines(&invocation);
        assert_eq!(found.len(), 1, "{found:?}");
        assert_eq!((&found[0]["Requests"], &found[0]["Faults"]), (&json!(1), &json!(1)));
        assert_eq!(found[0].get("ColdStarts"), None);
    }

    #[test]
    fn a_stream_has_two_times() {
        let (took, streamed) = (Duration::from_millis(3), Some(Duration::from_secs(20)));
        let found = lines(&Invocation { took, streamed, start: None, failed: false, notes: Notes::default() });
        assert_eq!((&found[0]["Latency"], &found[0]["StreamDuration"]), (&json!(3), &json!(20_000)));
    }

    #[tokio::test]
    async fn a_line_holds_no_more_values_than_are_allowed() {
        let ((), notes) = telemetry::collected(async {
            (0..150).for_each(|_| telemetry::note_vendor("openai", Duration::from_millis(1), false));
        })
        .await;
        let found = lines(&Invocation { took: Duration::ZERO, streamed: None, start: None, failed: false, notes });
        assert_eq!(found[1]["VendorLatency"].as_array().unwrap().len(), MAX_VALUES);
    }
}
