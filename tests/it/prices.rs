//! What a million calls of each endpoint cost in US dollars, computed from what the endpoint uses and written into `docs/performance/<product>.md`.

use std::fmt::Write as _;

use store::Usage;

/// List prices in US dollars, for `us-east-1`, without free tiers: what AWS's public pages said in 2025. Each per million unless it says
/// otherwise.
mod list {
    /// HTTPS requests to CloudFront, North America and Europe.
    pub(super) const CLOUDFRONT_REQUEST: f64 = 1.00;
    /// A gigabyte from CloudFront to the internet.
    pub(super) const TRANSFER_GB: f64 = 0.085;
    /// Requests to an HTTP API.
    pub(super) const HTTP_API: f64 = 1.00;
    /// Requests to a REST API.
    pub(super) const REST_API: f64 = 3.50;
    /// Messages of a WebSocket API, up to 32 KB each. Handshakes are counted as one.
    pub(super) const SOCKET_MESSAGE: f64 = 1.00;
    /// Invocations.
    pub(super) const INVOCATION: f64 = 0.20;
    /// A gigabyte-second on arm64; not per million.
    pub(super) const GB_SECOND: f64 = 0.000_013_333_4;
    /// Read request units, on demand.
    pub(super) const READ_UNIT: f64 = 0.125;
    /// Write request units, on demand.
    pub(super) const WRITE_UNIT: f64 = 0.625;
    /// S3 requests that write. Those that read cost a twelfth, and are counted as these.
    pub(super) const OBJECT_CALL: f64 = 5.00;
    /// SQS requests. A message is sent, received and deleted.
    pub(super) const QUEUE_CALL: f64 = 0.40;
    /// A gigabyte into CloudWatch Logs.
    pub(super) const LOG_GB: f64 = 0.50;
}

/// Head of an answer as CloudFront sends it, with all its security headers.
const HEAD_BYTES: usize = 900;
/// What an invocation leaves in the logs: its line, its metrics, and for HTTP the gateway's access line.
const LOG_BYTES: f64 = 1_100.0;
/// What a call to DynamoDB takes on AWS, in milliseconds; calls are counted as if each waited for the one before.
const TABLE_CALL: f64 = 5.0;
/// The same of S3.
const OBJECT_CALL: f64 = 25.0;
/// The function's own work, where nothing else is said, in milliseconds.
const OWN_WORK: f64 = 2.0;

/// What is paid for the time of a function: its memory in MB, and what it does or waits for beside AWS calls, in milliseconds.
fn function(product: &str, what: &str) -> (f64, f64) {
    // Argon2 with 19 MiB and two passes took 27 ms of a whole processor; 1024 MB are 0.58 of one.
    let password = 50.0;
    // What a language model takes for a short text, and for a step of a long one.
    let (answer, step) = (3_000.0, 8_000.0);
    match what {
        "`POST /auth/register`" | "`POST /auth/login`" => (1024.0, password),
        _ if product == "aggregator" && !what.contains("/auth/") => {
            let asks = what.starts_with("`POST /chat") && !["no money", "repeated"].iter().any(|it| what.ends_with(it));
            // A payment waits for its provider, an event for the server of a company.
            let asks_others = ["`POST /payments`", "webhook worker, 1 event"].contains(&what);
            let waits = if asks {
                answer
            } else if asks_others {
                500.0
            } else {
                OWN_WORK
            };
            (if what.contains("/payments") { 512.0 } else { 256.0 }, waits)
        }
        "`PUT /user/password`, 1 other sign-in" => (1024.0, 2.0 * password),
        _ if what.contains("/auth/google/callback") => (1024.0, 300.0),
        _ if what.contains("/auth/") || what.contains("/user/") => (1024.0, OWN_WORK),
        "`POST /tools/{id}/execute`, quick" => (256.0, answer),
        _ if what.contains("/tools/") => (256.0, OWN_WORK),
        "worker, 4 steps, 1 subscriber" => (256.0, 4.0 * step),
        "image worker, 1 subscriber" => (768.0, 15_000.0),
        "image worker, enlarging, no subscriber" => (768.0, 1_700.0),
        "`POST /payments/create`" => (512.0, 500.0),
        _ => (512.0, OWN_WORK),
    }
}

/// What an endpoint uses.
#[derive(Clone)]
pub struct Row {
    /// As in `docs/data.md`.
    pub what: String,
    /// Calls and capacity.
    pub usage: Usage,
    /// Size of the answer's body, where there is one.
    pub bytes: usize,
    /// What it is the sum of, if it is one.
    pub parts: Vec<Row>,
}

impl Row {
    /// Several things that belong together.
    pub fn sum(what: &str, parts: Vec<Row>) -> Self {
        let (mut usage, bytes) = (Usage::default(), parts.iter().map(|part| part.bytes).sum());
        for part in &parts {
            usage += part.usage;
        }
        Self { what: what.to_owned(), usage, bytes, parts }
    }
}

#[derive(Clone, Copy)]
struct Price {
    front: f64,
    lambda: f64,
    table: f64,
    rest: f64,
}

impl Price {
    fn of(product: &str, row: &Row) -> Self {
        let parts = row.parts.iter().map(|part| Self::of(product, part));
        parts.reduce(Self::plus).unwrap_or_else(|| Self::of_one(product, row))
    }

    fn plus(self, other: Self) -> Self {
        Self {
            front: self.front + other.front,
            lambda: self.lambda + other.lambda,
            table: self.table + other.table,
            rest: self.rest + other.rest,
        }
    }

    fn of_one(product: &str, Row { what, usage, bytes, .. }: &Row) -> Self {
        let http = ["`GET", "`POST", "`PUT", "`PATCH", "`DELETE"].iter().any(|method| what.starts_with(method));
        let handshake = what.starts_with("`$connect");
        let streams = ["/chat/", "/embeddings", "/models"].iter().any(|path| what.contains(path));
        let gateway = if product == "aggregator" && streams { list::REST_API } else { list::HTTP_API };
        let gb = 1e9;
        #[expect(clippy::cast_precision_loss, reason = "sizes of answers are far below 2^52")]
        let transfer = if http { (bytes + HEAD_BYTES) as f64 / gb * list::TRANSFER_GB * 1e6 } else { 0.0 };
        let front = match (http, handshake) {
            (true, _) => list::CLOUDFRONT_REQUEST + gateway + transfer,
            (_, true) => list::CLOUDFRONT_REQUEST + list::SOCKET_MESSAGE,
            _ => 0.0,
        };
        let (memory, waits) = function(product, what);
        let calls = f64::from(usage.table_calls) * TABLE_CALL + f64::from(usage.object_calls) * OBJECT_CALL;
        let seconds = (waits + calls) / 1000.0;
        let lambda = list::INVOCATION + memory / 1024.0 * seconds * list::GB_SECOND * 1e6;
        let table = usage.read_units * list::READ_UNIT + usage.write_units * list::WRITE_UNIT;
        let rest = f64::from(usage.object_calls) * list::OBJECT_CALL
            + f64::from(usage.queue_calls) * 3.0 * list::QUEUE_CALL
            + f64::from(usage.socket_calls) * list::SOCKET_MESSAGE
            + LOG_BYTES / gb * list::LOG_GB * 1e6;
        Self { front, lambda, table, rest }
    }

    fn total(&self) -> f64 {
        self.front + self.lambda + self.table + self.rest
    }
}

/// The table of `docs/performance/<product>.md`.
pub fn table(product: &str, rows: &[Row]) -> String {
    let mut table =
        "| a million times | body, bytes | front door | Lambda | DynamoDB | S3, SQS, frames, logs | US dollars |\n\
                     | --- | ---: | ---: | ---: | ---: | ---: | ---: |\n"
            .to_owned();
    for row in rows {
        let price = Price::of(product, row);
        let Price { front, lambda, table: units, rest } = price;
        let (what, bytes, total) = (&row.what, row.bytes, price.total());
        let _ = writeln!(
            table,
            "| {what} | {bytes} | {front:.2} | {lambda:.2} | {units:.2} | {rest:.2} | **{total:.2}** |"
        );
    }
    table
}
