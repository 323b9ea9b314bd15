//! Image vendors: what they share here.

mod every_vendor;
mod gigachat;
mod kandinsky;
mod openai;
mod stability;
mod vendors_list;
mod yandexart;

use std::sync::Arc;

use domain::gateway::ProviderError;
use domain::generation::image::{Collected, ImageModel, ImageRequest, ImageStyle, Ordered, SharedImageModel};
use vendors::image::{
    GigaChatImages, GigaChatImagesSettings, Kandinsky, KandinskySettings, OpenAiImages, OpenAiImagesSettings,
    YandexArt, YandexArtSettings,
};
use vendors::{Secret, Timeouts};

use crate::fixtures::{KEY, TOKEN_PATH, TestClock, TestIds, gigachat_settings, patient, token_answer};
use crate::server::{Answer, Request, Server};

/// Kandinsky's second key.
const SECRET_KEY: &str = "RjlDM0E1-second";
/// What a vendor calls a picture that it is drawing.
const TICKET: &str = "9f3c1c5e-7a2d-4b60-8f0e-2f4c5d6e7f80";
/// A picture, as far as anybody here looks at it.
const JPEG: &[u8] = b"\xff\xd8\xff\xe0\x00\x10JFIF";
/// The same in base64.
const JPEG_BASE64: &str = "/9j/4AAQSkZJRg==";
/// Where Kandinsky tells of its pipelines.
const PIPELINES_PATH: &str = "/key/api/v1/pipelines";

fn request() -> ImageRequest {
    ImageRequest {
        prompt: "Закат над \"морем\"".to_owned(), style: ImageStyle::Default, width: 2048, height: 1024
    }
}

fn styled(style: ImageStyle) -> ImageRequest {
    ImageRequest { style, ..request() }
}

fn kandinsky(url: &str, timeouts: Timeouts) -> Kandinsky {
    let keys = KandinskySettings::new(Secret::new(KEY), Secret::new(SECRET_KEY));
    Kandinsky::new(KandinskySettings { base_url: format!("{url}/"), timeouts, ..keys }, TestClock::new())
}

fn yandexart(url: &str, timeouts: Timeouts) -> YandexArt {
    let settings = YandexArtSettings::new(Secret::new(KEY), "b1g");
    YandexArt::new(YandexArtSettings { base_url: url.to_owned(), timeouts, ..settings }, TestClock::new())
}

fn gigachat(url: &str, timeouts: Timeouts) -> GigaChatImages {
    let account = gigachat_settings(url, timeouts);
    let settings = GigaChatImagesSettings { account, model: "GigaChat-2".to_owned() };
    GigaChatImages::new(settings, TestClock::new(), Arc::new(TestIds::default()))
}

fn openai(url: &str, timeouts: Timeouts) -> OpenAiImages {
    let settings = OpenAiImagesSettings::new(Secret::new(KEY), "gpt-image-1-mini");
    OpenAiImages::new(OpenAiImagesSettings { base_url: format!("{url}/v1"), timeouts, ..settings }, TestClock::new())
}

/// Answers what a vendor asks before it orders: GigaChat's token, Kandinsky's pipelines.
fn preliminary(request: &Request) -> Option<Answer> {
    match request.path.as_str() {
        TOKEN_PATH => Some(token_answer()),
        PIPELINES_PATH => Some(Answer::ok(kandinsky::PIPELINES)),
        _ => None,
    }
}

/// Serves one answer to every order and every question about a ticket.
async fn serve(answer: Answer) -> Server {
    Server::start(move |request, _| preliminary(request).unwrap_or_else(|| answer.clone())).await
}

/// What came besides the preliminaries.
fn asked(server: &Server) -> Vec<Request> {
    server.seen().into_iter().filter(|request| preliminary(request).is_none()).collect()
}

async fn ticket_of(model: &dyn ImageModel) -> String {
    match model.order(&request()).await {
        Ok(Ordered::Ticket(ticket)) => ticket,
        other => panic!("{other:?}"),
    }
}

async fn order_failure(model: &dyn ImageModel) -> ProviderError {
    model.order(&request()).await.unwrap_err()
}

async fn collect_failure(model: &dyn ImageModel) -> ProviderError {
    model.collect(TICKET).await.unwrap_err()
}

/// A vendor.
struct Vendor {
    name: &'static str,
    /// Whether there are tickets to ask for.
    has_tickets: bool,
    model: fn(&str, Timeouts) -> SharedImageModel,
}

/// All four.
const VENDORS: [Vendor; 4] = [
    Vendor { name: "kandinsky", has_tickets: true, model: |url, timeouts| Arc::new(kandinsky(url, timeouts)) },
    Vendor { name: "yandexart", has_tickets: true, model: |url, timeouts| Arc::new(yandexart(url, timeouts)) },
    Vendor { name: "gigachat", has_tickets: true, model: |url, timeouts| Arc::new(gigachat(url, timeouts)) },
    Vendor { name: "openai", has_tickets: false, model: |url, timeouts| Arc::new(openai(url, timeouts)) },
];

impl Vendor {
    /// What the vendor says to an order and to a question about a ticket when it fails.
    async fn failures(&self, server: &Server, timeouts: Timeouts) -> Vec<ProviderError> {
        let model = (self.model)(&server.url(), timeouts);
        let mut failures = vec![order_failure(&*model).await];
        if self.has_tickets {
            failures.push(collect_failure(&*model).await);
        }
        failures
    }

    /// The same of a server that gives one answer to everything.
    async fn failures_by(&self, answer: Answer) -> Vec<ProviderError> {
        self.failures(&serve(answer).await, patient()).await
    }
}

fn assert_drawn(collected: Result<Collected, ProviderError>) {
    assert_eq!(collected.unwrap(), Collected::Drawn(JPEG.to_vec()));
}
