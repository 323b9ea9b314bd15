//! Webhooks, sent to a server of the company.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use axum::Router;
use axum::http::StatusCode;
use axum::routing::post;
use reqwest::Method;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio::time::timeout;

use crate::company::Company;
use crate::operator::Place;
use crate::site::{Reply, text};
use crate::{Outcome, Site, ensure};

/// How long an event may be on its way.
const TIMEOUT: Duration = Duration::from_secs(30);

/// The server of a company. It serves as long as it is kept.
pub(super) struct Server {
    url: String,
    got: mpsc::UnboundedReceiver<String>,
    _serving: JoinSet<()>,
}

impl Server {
    pub(super) async fn start() -> Outcome<Self> {
        Self::answering(StatusCode::OK).await
    }

    /// One whose first answer is this, and every other a success.
    async fn answering(first: StatusCode) -> Outcome<Self> {
        let (tell, got) = mpsc::unbounded_channel();
        let calls = Arc::<AtomicUsize>::default();
        let receive = move |body: String| async move {
            // Whoever listened may be gone.
            let _ = tell.send(body);
            if calls.fetch_add(1, Ordering::SeqCst) == 0 { first } else { StatusCode::OK }
        };
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let url = format!("http://{}/hooks", listener.local_addr()?);
        let mut serving = JoinSet::new();
        serving.spawn(async move {
            // It ends with the journey.
            let _ = axum::serve(listener, Router::new().route("/hooks", post(receive))).await;
        });
        Ok(Self { url, got, _serving: serving })
    }

    /// The next event.
    pub(super) async fn told(&mut self, event: &str) -> Outcome<Value> {
        let body = timeout(TIMEOUT, self.got.recv()).await.map_err(|_| format!("{event} does not come"))?;
        let told: Value = serde_json::from_str(&body.unwrap_or_default())?;
        ensure!(told["event"] == event, "{told} and not {event}");
        ensure!(told["signature"].as_str().is_some_and(|it| it.starts_with("sha256=")), "{told}");
        Ok(told)
    }
}

/// A webhook for everything.
pub(super) async fn subscribe(company: &Company<'_>, server: &Server) -> Outcome<String> {
    let events = ["payment.succeeded", "payment.failed", "usage.tracked"];
    let body = json!({ "url": server.url, "events": events, "secret": "your-webhook-secret" });
    text(&company.post("/webhooks", &body).await?.bare(201)?, "id")
}

pub(in crate::journeys) async fn is_told_what_happens(site: &Site) -> Outcome {
    let company = Company::newcomer(site).await?;
    let mut server = Server::start().await?;
    let id = subscribe(&company, &server).await?;
    let path = format!("/webhooks/{id}");
    let answer = company.chat(&json!({})).await?.bare(200)?;
    let told = server.told("usage.tracked").await?;
    ensure!(told["data"]["cost"] == answer["cost"] && told["data"]["companyId"] == company.id, "{told}");
    let (payment, page) = super::money::begin(&company).await?;
    site.http.post(format!("{page}/pay")).send().await?;
    let told = server.told("payment.succeeded").await?;
    ensure!(told["data"]["paymentId"] == payment, "{told}");
    company.post(&format!("{path}/test"), &json!({})).await?.bare(200)?;
    server.told("webhook.test").await?;

    let delivered =
        |log: &Value| log["data"].as_array().is_some_and(|all| all.iter().all(|it| it["status"] == "delivered"));
    let log = company.until(&format!("{path}/deliveries"), delivered).await?;
    let delivery = text(&log["data"][0], "id")?;
    let replayed = company.post(&format!("{path}/deliveries/{delivery}/replay"), &json!({})).await?.bare(202)?;
    server.told(replayed["event"].as_str().unwrap_or("payment.succeeded")).await?;

    let change = company.request(Method::PATCH, &path).json(&json!({ "events": ["payment.failed"] }));
    let changed = Reply::of(change).await?.bare(200)?;
    ensure!(changed["events"] == json!(["payment.failed"]), "{changed}");
    let listed = company.get("/webhooks").await?;
    ensure!(listed["data"][0]["id"] == id.as_str(), "{listed}");
    let gone = Reply::of(company.request(Method::DELETE, &path)).await?;
    ensure!(gone.status == 204, "{gone}");
    Reply::of(company.request(Method::GET, &path)).await?.failure(404, "webhook_not_found")?;
    Ok(())
}

pub(in crate::journeys) async fn is_told_although_a_message_was_lost(site: &Site) -> Outcome {
    let company = Company::newcomer(site).await?;
    let mut server = Server::start().await?;
    let id = subscribe(&company, &server).await?;
    let path = format!("/webhooks/{id}/deliveries");
    let lost = async {
        company.chat(&json!({})).await?.bare(200)?;
        company.until(&path, |log| log["data"][0]["id"].is_string()).await
    };
    let log = site.operator.holding_back("WebhookQueue", lost).await?;
    let place = Place { pk: format!("WEBHOOK_DELIVERIES#{}#{id}", company.id), sk: text(&log["data"][0], "id")? };
    site.operator.make_due(&place).await?;
    site.operator.run("aggregator-maintenance-cron").await?;
    server.told("usage.tracked").await?;
    Ok(())
}

pub(in crate::journeys) async fn has_a_server_that_fails_and_one_that_goes(site: &Site) -> Outcome {
    let company = Company::newcomer(site).await?;
    let mut failing = Server::answering(StatusCode::INTERNAL_SERVER_ERROR).await?;
    let id = subscribe(&company, &failing).await?;
    company.chat(&json!({})).await?.bare(200)?;
    let first = failing.told("usage.tracked").await?;
    // Some seconds later it is told again.
    let again = failing.told("usage.tracked").await?;
    ensure!(first == again, "{again} and not {first}");
    Reply::of(company.request(Method::DELETE, &format!("/webhooks/{id}"))).await?;

    let mut gone = Server::answering(StatusCode::GONE).await?;
    let path = format!("/webhooks/{}", subscribe(&company, &gone).await?);
    company.chat(&json!({})).await?.bare(200)?;
    gone.told("usage.tracked").await?;
    company.until(&path, |webhook| webhook["isActive"] == false).await?;
    company.letter_about(&gone.url).await
}
