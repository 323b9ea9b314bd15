//! `GET /api/v1/payments/{payment_id}/status`

use serde_json::{Value, json};

use super::{Bank, begin, receive_notice, status, world, world_with};
use crate::contract::assert_type;

fn path(payment: &str) -> String {
    format!("/api/v1/payments/{payment}/status")
}

fn view(payment: &str, status: &str, completed_at: Option<&str>) -> Value {
    json!({
        "payment_id": payment, "status": status, "amount_rub": 500, "amount_raits": 5000, "provider": "tbank",
        "created_at": "2026-01-15T12:00:00Z", "completed_at": completed_at
    })
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn it_is_pending_until_paid_and_then_completed() {
    let (world, _bank) = world().await;
    let user = world.register("user@example.com").await;
    let payment = begin(&world, &user, "tbank").await;
    let pending = world.get(&path(&payment), &user.token).await;
    world.assert_answer(&pending, 200, &view(&payment, "pending", None));
    assert_type("Payment", pending.data());
    world.clock.advance(90);
    receive_notice::tbank::pay(&world, &payment).await;
    let paid = world.get(&path(&payment), &user.token).await;
    world.assert_answer(&paid, 200, &view(&payment, "completed", Some("2026-01-15T12:01:30Z")));
    assert_type("Payment", paid.data());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_not_paid_in_time_has_failed() {
    let world = world_with(&Bank::open().await, &[("EasyWriterPaymentLifetimeMinutes", "10")]).await;
    let user = world.register("user@example.com").await;
    let payment = begin(&world, &user, "robokassa").await;
    world.clock.advance(599);
    assert_eq!(status(&world, &user, &payment).await["status"], "pending");
    world.clock.advance(1);
    assert_eq!(status(&world, &user, &payment).await["status"], "failed");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_payment_that_is_not_the_callers_is_not_there() {
    let (world, _bank) = world().await;
    let user = world.register("user@example.com").await;
    let other = world.register("other@example.com").await;
    let payment = begin(&world, &user, "tbank").await;
    for nothing in [payment.as_str(), "01948f6e-0000-7000-8000-000000000000", "x", "%FF", "PAYMENT%23"] {
        let reply = world.get(&path(nothing), &other.token).await;
        assert_eq!(reply.status, 404, "{nothing}: {}", reply.text);
    }
    world.assert_refusal(&world.get(&path(&payment), &other.token).await, 404, "PAYMENT_NOT_FOUND");
}
