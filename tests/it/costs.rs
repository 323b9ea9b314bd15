//! What each endpoint costs in DynamoDB calls and capacity units, pinned in `docs/data.md`, and in dollars, in `docs/performance/<product>.md`.
//!
//! When a change moves a figure on purpose, run the test with `UPDATE_DOCS=1` and commit the new tables.

mod aggregator;
mod easy_writer;

use std::fmt::Write as _;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use store::{Usage, measured};

use crate::prices::{self, Row};

struct Table {
    rows: Vec<Row>,
    /// Size of the last answer.
    answered: Arc<AtomicUsize>,
}

impl Table {
    /// A table of nothing yet; whoever answers a request leaves the size of its body in `answered`.
    fn new(answered: Arc<AtomicUsize>) -> Self {
        Self { rows: Vec::new(), answered }
    }

    /// On the heap: the SDK's futures are large, and together those of all rows overflow a test's stack.
    fn measure<'a, T: 'a>(
        &'a mut self,
        what: &'a str,
        work: impl Future<Output = T> + 'a,
    ) -> Pin<Box<dyn Future<Output = T> + 'a>> {
        Box::pin(async move {
            self.answered.store(0, Ordering::SeqCst);
            let (output, usage) = measured(work).await;
            let bytes = self.answered.load(Ordering::SeqCst);
            self.rows.push(Row { what: what.to_owned(), usage, bytes, parts: Vec::new() });
            output
        })
    }
}

/// The table of `docs/data.md`.
fn calls(rows: &[Row]) -> String {
    let mut table = "| request | DynamoDB calls | read units | write units | S3 calls | SQS calls | frames |\n\
                     | --- | ---: | ---: | ---: | ---: | ---: | ---: |\n"
        .to_owned();
    for Row { what, usage, .. } in rows {
        let Usage { table_calls, read_units, write_units, object_calls, queue_calls, socket_calls } = usage;
        let _ = writeln!(
            table,
            "| {what} | {table_calls} | {read_units} | {write_units} | {object_calls} | {queue_calls} | {socket_calls} |"
        );
    }
    table
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_endpoint_costs_what_the_manual_says() {
    // One after the other: both write to the same pages.
    for (product, rows) in [("easy-writer", easy_writer::costs().await), ("aggregator", aggregator::costs().await)] {
        let page = format!("performance/{product}");
        let prices = prices::table(product, &rows);
        for (page, what, table) in [("data", "costs", calls(&rows)), (page.as_str(), "prices", prices)] {
            is_pinned(page, &format!("{product}-{what}"), &table);
        }
    }
}

/// Asserts that the page has this table between its marks, or puts it there.
fn is_pinned(page: &str, mark: &str, table: &str) {
    let path = format!("{}/../docs/{page}.md", env!("CARGO_MANIFEST_DIR"));
    let text = std::fs::read_to_string(&path).expect("page");
    let (begin, end) = (format!("<!-- {mark}:begin -->"), format!("<!-- {mark}:end -->"));
    let (before, rest) = text.split_once(&begin).expect("the table's beginning");
    let (old, after) = rest.split_once(&end).expect("the table's end");
    let new = format!("\n\n{table}\n");
    if crate::update_docs() {
        std::fs::write(&path, format!("{before}{begin}{new}{end}{after}")).expect("page");
    } else {
        assert_eq!(old, new, "docs/{page}.md is not what it costs; if that is meant, run with UPDATE_DOCS=1");
    }
}
