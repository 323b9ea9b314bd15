//! What each endpoint costs in DynamoDB calls and capacity units, pinned in `docs/data.md`, and in dollars, in `docs/performance.md`.
//!
//! When a change moves a figure on purpose, run the test with `UPDATE_DOCS=1` and commit the new tables.

use std::fmt::Write as _;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use serde_json::{Value, json};
use store::{Usage, measured};

use crate::prices::{self, Row};
use crate::routes::easy_writer::auth::browser::{Browser, other};
use crate::routes::easy_writer::payments;
use crate::world::{GENERATION, GREETING, IMAGES, World, events};

struct Table {
    rows: Vec<Row>,
    /// Size of the last answer.
    answered: Arc<AtomicUsize>,
}

impl Table {
    /// On the heap: the SDK's futures are large, and together those of all rows overflow a test's stack.
    fn measure<'a, T: 'a>(
        &'a mut self,
        what: &'a str,
        work: impl Future<Output = T> + 'a,
    ) -> Pin<Box<dyn Future<Output = T> + 'a>> {
        Box::pin(async move {
            self.answered.store(0, Ordering::SeqCst);
            let (output, usage) = measured(work).await;
            self.rows.push(Row { what: what.to_owned(), usage, bytes: self.answered.load(Ordering::SeqCst) });
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

async fn costs() -> Vec<Row> {
    let (world, _bank) = payments::world().await;
    let mut table = Table { rows: Vec::new(), answered: Arc::clone(&world.answered) };
    let credentials = json!({ "email": "user@example.com", "password": "pass123456" });
    let short = json!({ "text": "Превет мир" });
    let user = table.measure("`POST /auth/register`", world.register("user@example.com")).await;
    table.measure("`POST /auth/login`", world.post("/api/v1/auth/login", None, &credentials)).await;
    table.measure("`POST /auth/refresh`", world.post_with_cookie("/api/v1/auth/refresh", &user.refresh)).await;
    let mut browser = Browser::new(&world);
    table.measure("`GET /auth/google`", browser.set_out("google")).await;
    for what in ["a new person", "a known person"] {
        let callback = browser.permit("google", &[("person", "anna")]).await;
        table.measure(&format!("`GET /auth/google/callback`, {what}"), browser.go(&callback)).await;
    }
    let prepared = world.register("joined@example.com").await;
    let callback = browser.permit("google", &other(&prepared.email, "", true)).await;
    let joining = "`GET /auth/google/callback`, an account to join, 1 sign-in";
    table.measure(joining, browser.go(&callback)).await;
    table.measure("`GET /auth/me`", world.get("/api/v1/auth/me", &user.token)).await;
    table.measure("`GET /user/profile`", world.get("/api/v1/user/profile", &user.token)).await;
    let name = json!({ "name": "Иван" });
    table.measure("`PUT /user/profile`", world.put("/api/v1/user/profile", &user.token, &name)).await;
    table.measure("`GET /user/balance`", world.get("/api/v1/user/balance", &user.token)).await;
    table.measure("`GET /tools/tabs`", world.get("/api/v1/tools/tabs", &user.token)).await;
    let quick = world.execute(&user, "spell_check", "quick", short);
    let reply = table.measure("`POST /tools/{id}/execute`, quick", quick).await;
    let session = reply.data()["session_id"].as_str().unwrap().to_owned();
    let path = format!("/api/v1/generation/sessions/{session}");
    table.measure("`GET /generation/sessions/{id}`", world.get(&path, &user.token)).await;
    let background = table.measure("`POST /tools/{id}/execute`, standard", world.start_essay(&user)).await;
    table.measure("`$connect`", world.connect("c1", &background, &user.token)).await;
    table.measure("greeting", world.deliver(GREETING)).await;
    table.measure("worker, 4 steps, 1 watcher", world.deliver(GENERATION)).await;
    table.measure("`$disconnect`", world.disconnect("c1")).await;
    let image = table.measure("`POST /images/generate`", world.start_image(&user)).await;
    let watched = format!("/ws/image/{image}");
    table.measure("`$connect` of a picture", world.connect_to("c2", &watched, Some(&user.token))).await;
    world.deliver(GREETING).await;
    table.measure("image worker, 1 watcher", world.deliver(IMAGES)).await;
    table.measure("`GET /images/{id}`", world.image(&user, &image)).await;
    table.measure("`GET /images`, 1 item", world.get("/api/v1/images", &user.token)).await;
    table.measure("`POST /images/{id}/upscale`", world.upscale(&user, &image, 2)).await;
    table.measure("image worker, enlarging, no watcher", world.deliver(IMAGES)).await;
    table.measure("`GET /images/{id}` with a larger copy", world.image(&user, &image)).await;
    table.measure("`GET /generation/sessions`, 2 items", world.get("/api/v1/generation/sessions", &user.token)).await;
    table.measure("`GET /user/transactions`, 3 items", world.get("/api/v1/user/transactions", &user.token)).await;
    table.measure("`DELETE /generation/sessions/{id}`", world.delete(&path, &user.token)).await;
    let passwords = json!({ "current_password": "pass123456", "new_password": "new1234567" });
    let change = world.put("/api/v1/user/password", &user.token, &passwords);
    table.measure("`PUT /user/password`, 1 other sign-in", change).await;
    table.measure("`POST /auth/logout`", world.post_with_cookie("/api/v1/auth/logout", &user.refresh)).await;
    pay(&world, &mut table).await;
    let schedule = events::schedule();
    let sweep = async { world.invoke("easy-writer-maintenance-cron", &schedule).await.map(|_: Value| ()) };
    table.measure("sweep, nothing to do", sweep).await.expect("sweep");
    let reconcile = world.invoke("easy-writer-reconciliation-cron", &schedule);
    table.measure("reconciliation, nothing to do", reconcile).await.expect("reconciliation");
    table.rows
}

/// A payment and what its provider tells of it.
async fn pay(world: &World, table: &mut Table) {
    let user = world.register("payer@example.com").await;
    table.measure("`GET /payments/methods`", world.get("/api/v1/payments/methods", &user.token)).await;
    let (payment, number) =
        table.measure("`POST /payments/create`", payments::receive_notice::robokassa::begin(world, &user)).await;
    let path = format!("/api/v1/payments/{payment}/status");
    table.measure("`GET /payments/{id}/status`", world.get(&path, &user.token)).await;
    let notice = || world.send(payments::receive_notice::robokassa::paid(&payment, &number));
    table.measure("`POST /payments/webhook/{provider}`, paid", notice()).await;
    table.measure("`POST /payments/webhook/{provider}`, repeated", notice()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_endpoint_costs_what_the_manual_says() {
    let rows = costs().await;
    let pages = [("data.md", "costs", calls(&rows)), ("performance.md", "prices", prices::table(&rows))];
    for (page, mark, table) in pages {
        let path = format!("{}/../docs/{page}", env!("CARGO_MANIFEST_DIR"));
        let text = std::fs::read_to_string(&path).expect("page");
        let (begin, end) = (format!("<!-- {mark}:begin -->"), format!("<!-- {mark}:end -->"));
        let (before, rest) = text.split_once(&begin).expect("the table's beginning");
        let (old, after) = rest.split_once(&end).expect("the table's end");
        let new = format!("\n\n{table}\n");
        if crate::update_docs() {
            std::fs::write(&path, format!("{before}{begin}{new}{end}{after}")).expect("page");
        } else {
            assert_eq!(old, new, "docs/{page} is not what it costs; if that is meant, run with UPDATE_DOCS=1");
        }
    }
}
