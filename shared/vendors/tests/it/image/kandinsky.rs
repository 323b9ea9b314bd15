//! FusionBrain's protocol.

use domain::gateway::ProviderError;
use domain::generation::ProviderId;
use domain::generation::image::{Collected, ImageModel as _, ImageStyle};
use futures_util::future::join_all;
use serde_json::{Value, json};
use vendors::image::Kandinsky;

use super::{
    JPEG_BASE64, PIPELINES_PATH, SECRET_KEY, TICKET, asked, assert_drawn, collect_failure, order_failure, request,
    serve, styled, ticket_of,
};
use crate::fixtures::{KEY, patient};
use crate::server::{Answer, Request, Server};

pub(super) const PIPELINES: &str = concat!(
    "[{\"id\":\"99d833d6-fec0-44fd-a1c2-35d6bf96b5c2\",\"name\":\"Kandinsky\",\"nameEn\":\"Kandinsky\",",
    "\"version\":3.1,\"status\":\"ACTIVE\",\"type\":\"TEXT2IMAGE\"},{\"id\":\"second\"}]",
);
const PIPELINE: &str = "99d833d6-fec0-44fd-a1c2-35d6bf96b5c2";
const RUN: &str = "{\"uuid\":\"9f3c1c5e-7a2d-4b60-8f0e-2f4c5d6e7f80\",\"status\":\"INITIAL\",\"status_time\":59}";

async fn serve_model(answer: Answer) -> (Server, Kandinsky) {
    let server = serve(answer).await;
    let model = super::kandinsky(&server.url(), patient());
    (server, model)
}

async fn told(answer: &str) -> Result<Collected, ProviderError> {
    let (_server, model) = serve_model(Answer::ok(answer)).await;
    model.collect(TICKET).await
}

/// The parts of a form: headers in lower case and body.
fn parts(request: &Request) -> Vec<(String, String)> {
    let kind = request.header("content-type").unwrap();
    let boundary = kind.strip_prefix("multipart/form-data; boundary=").unwrap();
    let body = request.body.strip_suffix(&format!("--{boundary}--\r\n")).unwrap();
    let divider = format!("--{boundary}\r\n");
    body.split(&divider)
        .skip(1)
        .map(|part| part.strip_suffix("\r\n").unwrap().split_once("\r\n\r\n").unwrap())
        .map(|(headers, body)| (headers.to_lowercase(), body.to_owned()))
        .collect()
}

fn params(request: &Request) -> Value {
    serde_json::from_str(&parts(request)[1].1).unwrap()
}

#[tokio::test]
async fn the_requests_are_as_documented() {
    let (server, model) = serve_model(Answer::ok(RUN)).await;
    assert_eq!(model.provider(), ProviderId::Kandinsky);
    assert_eq!(ticket_of(&model).await, TICKET);
    let seen = server.seen();
    let [pipelines, run] = seen.as_slice() else { panic!("{seen:?}") };
    assert_eq!((pipelines.method.as_str(), pipelines.path.as_str()), ("GET", PIPELINES_PATH));
    assert_eq!((run.method.as_str(), run.path.as_str()), ("POST", "/key/api/v1/pipeline/run"));
    for request in &seen {
        assert_eq!(request.header("x-key"), Some(format!("Key {KEY}").as_str()));
        assert_eq!(request.header("x-secret"), Some(format!("Secret {SECRET_KEY}").as_str()));
        assert_eq!(request.header("authorization"), None);
    }
    assert_eq!(
        parts(run),
        [
            ("content-disposition: form-data; name=\"pipeline_id\"".to_owned(), PIPELINE.to_owned()),
            (
                "content-disposition: form-data; name=\"params\"\r\ncontent-type: application/json".to_owned(),
                r#"{"type":"GENERATE","style":"DEFAULT","width":1024,"height":512,"numImages":1,"#.to_owned()
                    + r#""generateParams":{"query":"Закат над \"морем\""}}"#
            ),
        ]
    );
}

#[tokio::test]
async fn styles_have_the_vendors_names_and_leave_the_prompt_alone() {
    let (server, model) = serve_model(Answer::ok(RUN)).await;
    for (style, name) in [(ImageStyle::Kandinsky, "KANDINSKY"), (ImageStyle::Uhd, "UHD"), (ImageStyle::Anime, "ANIME")]
    {
        model.order(&styled(style)).await.unwrap();
        let params = params(asked(&server).last().unwrap());
        assert_eq!((&params["style"], &params["generateParams"]["query"]), (&json!(name), &json!(request().prompt)));
    }
}

#[tokio::test]
async fn the_pipeline_is_looked_up_once() {
    let (server, model) = serve_model(Answer::ok(RUN)).await;
    let request = request();
    let orders = join_all((0..10).map(|_| model.order(&request))).await;
    assert!(orders.iter().all(Result::is_ok));
    assert_eq!(server.seen().len() - asked(&server).len(), 1);
}

#[tokio::test]
async fn a_pipeline_that_was_refused_is_looked_up_anew() {
    let server = Server::start(|request, earlier| match request.path.as_str() {
        PIPELINES_PATH if earlier == 0 => Answer::ok("[{\"id\":\"old\"}]"),
        PIPELINES_PATH => Answer::ok("[{\"id\":\"new\"}]"),
        _ if request.body.contains("old") => Answer::status(404, "{\"message\":\"pipeline not found\"}"),
        _ => Answer::ok(RUN),
    })
    .await;
    let model = super::kandinsky(&server.url(), patient());
    assert_eq!(order_failure(&model).await.to_string(), "misconfigured: 404 pipeline not found");
    assert_eq!(ticket_of(&model).await, TICKET);
}

#[tokio::test]
async fn failures_of_the_pipelines_have_their_meaning() {
    for (answer, meaning) in [
        (Answer::ok("[]"), "Broken(\"the vendor has no pipeline\")"),
        (Answer::ok("{}"), "Broken(\"malformed pipelines"),
        (Answer::status(401, "{\"message\":\"Unauthorized\"}"), "Misconfigured(\"401 Unauthorized\")"),
        (Answer::status(500, ""), "Broken("),
    ] {
        let server = Server::start(move |_, _| answer.clone()).await;
        let failure = format!("{:?}", order_failure(&super::kandinsky(&server.url(), patient())).await);
        assert!(failure.starts_with(meaning), "{failure}");
        assert_eq!(server.seen().len(), 1, "nothing is ordered");
    }
}

#[tokio::test]
async fn an_order_that_is_not_taken_is_answered_with_200_too() {
    for (answer, meaning) in [
        ("{\"pipeline_status\":\"DISABLED_BY_QUEUE\"}", "RateLimited { retry_after: None }"),
        ("{\"model_status\":\"DISABLED_BY_QUEUE\"}", "RateLimited { retry_after: None }"),
        ("{\"pipeline_status\":\"DISABLED_MANUALLY\"}", "Broken(\"the pipeline is switched off\")"),
        ("{\"error\":\"Bad Request\",\"message\":\"no\"}", "Broken(\"Bad Request\")"),
        ("{}", "Broken(\"no message\")"),
        ("{\"uuid\":\"../key\"}", "Broken(\"the vendor's id is not one\")"),
    ] {
        let (_server, model) = serve_model(Answer::ok(answer)).await;
        assert_eq!(format!("{:?}", order_failure(&model).await), meaning, "{answer}");
    }
}

#[tokio::test]
async fn a_picture_is_asked_for_until_it_is_drawn() {
    let path = format!("/key/api/v1/pipeline/status/{TICKET}");
    let (status_path, done) = (path.clone(), done(JPEG_BASE64, false));
    let server = Server::start(move |request, earlier| {
        assert_eq!(request.path, status_path);
        match earlier {
            0 => Answer::ok(format!("{{\"uuid\":\"{TICKET}\",\"status\":\"INITIAL\"}}")),
            1 => Answer::ok(format!("{{\"uuid\":\"{TICKET}\",\"status\":\"PROCESSING\",\"result\":null}}")),
            2 => Answer::ok(&done),
            _ => Answer::status(404, "{\"message\":\"not found\"}"),
        }
    })
    .await;
    let model = super::kandinsky(&server.url(), patient());
    assert_eq!(model.collect(TICKET).await.unwrap(), Collected::Working);
    assert_eq!(model.collect(TICKET).await.unwrap(), Collected::Working);
    assert_drawn(model.collect(TICKET).await);
    assert!(matches!(collect_failure(&model).await, ProviderError::UnknownTicket), "it is handed out once");
    let seen = server.seen();
    assert!(seen.iter().all(|request| request.method == "GET" && request.body.is_empty()));
    assert_eq!(seen[0].header("x-key"), Some(format!("Key {KEY}").as_str()));
    assert_eq!(seen[0].header("x-secret"), Some(format!("Secret {SECRET_KEY}").as_str()));
}

fn done(file: &str, censored: bool) -> String {
    json!({
        "uuid": TICKET, "status": "DONE", "errorDescription": null,
        "result": { "files": [file], "censored": censored },
        "generationTime": 12, "statusTime": 3,
    })
    .to_string()
}

#[tokio::test]
async fn a_censored_picture_is_a_refusal_though_there_is_a_stub() {
    assert!(matches!(told(&done(JPEG_BASE64, true)).await, Err(ProviderError::ContentRefused(_))));
}

#[tokio::test]
async fn a_data_url_is_taken_for_the_picture_in_it() {
    assert_drawn(told(&done(&format!("data:image/jpeg;base64,{JPEG_BASE64}"), false)).await);
}

#[tokio::test]
async fn statuses_without_a_picture_are_broken() {
    for (answer, reason) in [
        (json!({ "status": "FAIL", "errorDescription": format!("no GPU for {SECRET_KEY}\n") }), "no GPU for *** "),
        (json!({ "status": "FAIL" }), "no message"),
        (json!({ "status": "DONE" }), "done without a picture"),
        (json!({ "status": "DONE", "result": { "files": [], "censored": false } }), "done without a picture"),
        (json!({ "status": "DONE", "result": { "files": ["?"] } }), "the picture is not base64"),
        (json!({ "status": "DONE", "result": { "files": ["PGh0bWw+"] } }), "the file is no picture"),
        (json!({ "status": "SUSPENDED" }), "the vendor tells of an unknown status"),
    ] {
        let failure = told(&answer.to_string()).await.unwrap_err();
        assert_eq!(failure.to_string(), format!("failed: {reason}"));
    }
}
