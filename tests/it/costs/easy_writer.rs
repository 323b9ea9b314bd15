//! Easy Writer: what each endpoint, worker and schedule uses.

use std::sync::Arc;

use serde_json::{Value, json};

use super::Table;
use crate::easy_writer::{GENERATION, IMAGES, REPLAY};
use crate::prices::Row;
use crate::routes::easy_writer::auth::browser::{Browser, other};
use crate::routes::easy_writer::payments;
use crate::world::{World, events};

pub async fn costs() -> Vec<Row> {
    let (world, _bank) = payments::world().await;
    let mut table = Table::new(Arc::clone(&world.answered));
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
    table.measure("greeting", world.deliver(REPLAY)).await;
    table.measure("worker, 4 steps, 1 subscriber", world.deliver(GENERATION)).await;
    table.measure("`$disconnect`", world.disconnect("c1")).await;
    let image = table.measure("`POST /images/generate`", world.start_image(&user)).await;
    let watched = format!("/ws/image/{image}");
    table.measure("`$connect` of a picture", world.connect_to("c2", &watched, Some(&user.token))).await;
    world.deliver(REPLAY).await;
    table.measure("image worker, 1 subscriber", world.deliver(IMAGES)).await;
    table.measure("`GET /images/{id}`", world.image(&user, &image)).await;
    table.measure("`GET /images`, 1 item", world.get("/api/v1/images", &user.token)).await;
    table.measure("`POST /images/{id}/upscale`", world.upscale(&user, &image, 2)).await;
    table.measure("image worker, enlarging, no subscriber", world.deliver(IMAGES)).await;
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
