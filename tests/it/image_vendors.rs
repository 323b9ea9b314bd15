//! The image vendors against the sandbox that plays them: two readings of one protocol, written apart.

use std::sync::Arc;
use std::time::Duration;

use domain::gateway::ProviderError;
use domain::generation::ProviderId;
use domain::generation::image::{Collected, ImageRequest, ImageStyle, Ordered, SharedImageModel};
use domain::kernel::{Clock, RandomIds, SystemClock};
use tokio::net::TcpListener;
use vendors::image::{ImageVendorsSettings, image_models};

const KEY: &str = "sk-sandbox-of-a-test";

/// Runs a test with Kandinsky and OpenAI as the sandbox plays them.
async fn with_vendors<F: Future<Output = ()>>(model: &'static str, test: impl FnOnce(Vec<SharedImageModel>) -> F) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let clock = Arc::new(|| 1_750_000_000);
    let router = sandbox::router(sandbox::Options::new(KEY, Duration::ZERO, clock));
    let (fusionbrain, openai) = (format!("{url}/fusionbrain"), format!("{url}/openai/v1"));
    let keys = sandbox::FusionBrainKeys::of(KEY);
    let variables = [
        ("KANDINSKY_API_KEY", keys.api_key.as_str()),
        ("KANDINSKY_SECRET_KEY", keys.secret_key.as_str()),
        ("KANDINSKY_BASE_URL", fusionbrain.as_str()),
        ("OPENAI_API_KEY", KEY),
        ("OPENAI_BASE_URL", openai.as_str()),
        ("OPENAI_IMAGE_MODEL", model),
    ];
    let get = |name: &str| variables.iter().find(|(known, _)| *known == name).map(|(_, value)| *value);
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let models = image_models(ImageVendorsSettings::read(get).unwrap(), &clock, &(Arc::new(RandomIds) as _));
    tokio::select! {
        served = axum::serve(listener, router).into_future() => panic!("{served:?}"),
        () = test(models) => {}
    }
}

fn request(prompt: &str) -> ImageRequest {
    ImageRequest { prompt: prompt.to_owned(), style: ImageStyle::Default, width: 512, height: 256 }
}

async fn draw(model: &SharedImageModel, prompt: &str) -> Result<Vec<u8>, ProviderError> {
    let ticket = match model.order(&request(prompt)).await? {
        Ordered::Drawn(file) => return Ok(file),
        Ordered::Ticket(ticket) => ticket,
    };
    loop {
        if let Collected::Drawn(file) = model.collect(&ticket).await? {
            let again = model.collect(&ticket).await;
            assert!(matches!(again, Err(ProviderError::UnknownTicket)), "a picture is handed out once: {again:?}");
            return Ok(file);
        }
    }
}

#[tokio::test]
async fn both_vendors_draw() {
    with_vendors("sandbox", async |models| {
        let [kandinsky, openai] = models.as_slice() else { panic!("two vendors") };
        assert_eq!((kandinsky.provider(), openai.provider()), (ProviderId::Kandinsky, ProviderId::OpenAi));
        assert!(draw(kandinsky, "Осенний лес sandbox-slow").await.unwrap().starts_with(b"\xff\xd8\xff"));
        assert!(draw(openai, "Осенний лес").await.unwrap().starts_with(b"\x89PNG"));
    })
    .await;
}

#[tokio::test]
async fn both_vendors_refuse() {
    with_vendors("sandbox", async |models| {
        for model in models {
            let refused = draw(&model, "Это запрещено").await;
            assert!(matches!(refused, Err(ProviderError::ContentRefused(_))), "{}: {refused:?}", model.provider());
        }
    })
    .await;
}

#[tokio::test]
async fn kandinsky_fails_as_the_prompt_says() {
    with_vendors("sandbox", async |models| {
        let failure = async |word| draw(&models[0], word).await.unwrap_err();
        assert!(matches!(failure("sandbox-queue-full").await, ProviderError::RateLimited { retry_after: None }));
        assert!(matches!(failure("sandbox-fail").await, ProviderError::Broken(_)));
        assert!(matches!(failure("sandbox-lost").await, ProviderError::UnknownTicket));
        assert!(matches!(failure("sandbox-500").await, ProviderError::Broken(_)));
    })
    .await;
}

#[tokio::test]
async fn openai_fails_as_the_model_says() {
    for (model, meaning) in [
        ("sandbox-500", "Broken"),
        ("sandbox-429", "RateLimited { retry_after: Some(1s) }"),
        ("sandbox-quota", "OutOfFunds"),
        ("sandbox-broken-json", "Broken"),
        ("sandbox-half-stream", "Broken"),
        ("sandbox-none", "Misconfigured"),
    ] {
        with_vendors(model, async |models| {
            let failure = format!("{:?}", draw(&models[1], "Кот").await.unwrap_err());
            assert!(failure.starts_with(meaning), "{model}: {failure}");
        })
        .await;
    }
}
