//! The pages on which a person pays, declines and refunds. They work without JavaScript.

use axum::Router;
use axum::extract::{Path, State as Shared};
use axum::http::StatusCode;
use axum::response::{Html, IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use minijinja::{Environment, context};

use super::desk::{Delivery, Desk, Event, Payment, Provider, Refund, State};
use super::money::roubles;

pub(super) fn router() -> Router<Desk> {
    Router::new()
        .route("/payments", get(list))
        .route("/payments/{number}", get(show))
        .route("/payments/{number}/{action}", post(act))
}

fn render(name: &'static str, template: &'static str, values: minijinja::Value) -> Response {
    let mut environment = Environment::new();
    // The extension turns escaping on.
    let page = environment
        .add_template(name, template)
        .and_then(|()| environment.get_template(name))
        .and_then(|template| template.render(values));
    match page {
        Ok(page) => Html(page).into_response(),
        Err(error) => {
            tracing::error!(%error, "page cannot be rendered");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}

async fn list(Shared(desk): Shared<Desk>) -> Response {
    let line = |payment: &Payment| {
        context! {
            number => payment.number, provider => payment.provider.title(), amount => roubles(payment.amount),
            description => payment.description, state => payment.state.title(),
        }
    };
    let payments: Vec<_> = desk.all().iter().map(line).collect();
    render("list.html", include_str!("list.html"), context! { payments })
}

async fn show(Shared(desk): Shared<Desk>, Path(number): Path<u64>) -> Response {
    let Some(payment) = desk.find(|payment| payment.number == number) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let delivery = |delivery: &Delivery| {
        context! { what => delivery.what, answer => delivery.answer, accepted => delivery.accepted }
    };
    let sent: Vec<_> = payment.sent.iter().map(delivery).collect();
    let left = payment.amount - payment.refunded();
    let is_paid = payment.state == State::Paid;
    // One of both return URLs: the shop reads the payment's state itself.
    let back = if is_paid { &payment.success_url } else { &payment.fail_url };
    render(
        "page.html",
        include_str!("page.html"),
        context! {
            number => payment.number, provider => payment.provider.title(), amount => roubles(payment.amount),
            description => payment.description, email => payment.email, receipt => payment.receipt,
            order => payment.order, id => payment.id, state => payment.state.title(),
            can_pay => matches!(payment.state, State::Open | State::Declined) && can_be_paid(&payment),
            can_refund => is_paid && left > 0, refunded => (payment.refunded() > 0).then(|| roubles(payment.refunded())),
            held_back => payment.held_back.len(), can_repeat => !payment.last.is_empty(),
            back => (!back.is_empty()).then_some(back), sent,
        },
    )
}

/// A declined payment is final for YooKassa and T-Bank; others allow another attempt.
fn can_be_paid(payment: &Payment) -> bool {
    payment.state == State::Open || matches!(payment.provider, Provider::CloudPayments | Provider::Robokassa)
}

async fn act(Shared(desk): Shared<Desk>, Path((number, action)): Path<(u64, String)>) -> Response {
    let Some(payment) = desk.find(|payment| payment.number == number) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let done = match action.as_str() {
        "pay" | "pay-twice" | "pay-later" => pay(&desk, &payment, &action).await,
        "decline" => end(&desk, &payment, State::Declined, &Event::Declined).await,
        "cancel" => end(&desk, &payment, State::Canceled, &Event::Canceled).await,
        "refund" => refund(&desk, &payment, payment.amount - payment.refunded()).await,
        "refund-part" => refund(&desk, &payment, (payment.amount - payment.refunded()) / 2).await,
        "notify" => {
            let held_back = desk.change(number, |payment| payment.held_back.clear()).map(|_| payment.held_back.clone());
            desk.deliver(&payment, held_back.unwrap_or_default()).await;
            true
        }
        "repeat" => {
            desk.deliver(&payment, payment.last.clone()).await;
            true
        }
        _ => return StatusCode::NOT_FOUND.into_response(),
    };
    if !done {
        tracing::debug!(number, action, "not possible any more");
    }
    Redirect::to(&format!("/payments/{number}")).into_response()
}

/// Changes an open payment once: of two clicks one counts.
fn moved(desk: &Desk, payment: &Payment, state: State) -> Option<Payment> {
    let mut is_ours = false;
    let changed = desk.change(payment.number, |payment| {
        if matches!(payment.state, State::Open | State::Declined) && can_be_paid(payment) {
            payment.state = state;
            is_ours = true;
        }
    });
    changed.filter(|_| is_ours)
}

async fn pay(desk: &Desk, payment: &Payment, action: &str) -> bool {
    if !desk.is_allowed(payment).await {
        return end(desk, payment, State::Declined, &Event::Declined).await;
    }
    let Some(payment) = moved(desk, payment, State::Paid) else { return false };
    let notices = desk.notices(&payment, &Event::Paid);
    desk.change(payment.number, |payment| payment.last.clone_from(&notices));
    match action {
        "pay-later" => {
            desk.change(payment.number, |payment| payment.held_back = notices);
        }
        "pay-twice" => {
            tokio::join!(desk.deliver(&payment, notices.clone()), desk.deliver(&payment, notices));
        }
        _ => {
            desk.deliver(&payment, notices).await;
        }
    }
    true
}

async fn end(desk: &Desk, payment: &Payment, state: State, event: &Event) -> bool {
    let Some(payment) = moved(desk, payment, state) else { return false };
    let notices = desk.notices(&payment, event);
    desk.change(payment.number, |payment| payment.last.clone_from(&notices));
    desk.deliver(&payment, notices).await;
    true
}

async fn refund(desk: &Desk, payment: &Payment, amount: i64) -> bool {
    let Some((payment, refund)) = give_back(desk, payment, amount) else { return false };
    let notices = desk.notices(&payment, &Event::Refunded(refund));
    desk.change(payment.number, |payment| payment.last.clone_from(&notices));
    desk.deliver(&payment, notices).await;
    true
}

/// Refunds a paid payment; `None` if less than that is left.
pub(super) fn give_back(desk: &Desk, payment: &Payment, amount: i64) -> Option<(Payment, Refund)> {
    let mut given = None;
    let changed = desk.change(payment.number, |payment| {
        let left = payment.amount - payment.refunded();
        if payment.state == State::Paid && (1..=left).contains(&amount) {
            let count = payment.refunds.len() as u64 + 1;
            let id = match payment.provider {
                Provider::CloudPayments => (997_000_000 + payment.number * 100 + count).to_string(),
                _ => format!("{}-refund-{count}", payment.id),
            };
            let refund = Refund { id, amount };
            payment.refunds.push(refund.clone());
            given = Some(refund);
        }
    })?;
    Some((changed, given?))
}
