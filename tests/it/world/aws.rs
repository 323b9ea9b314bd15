//! The embedded engines, each on a loopback port of its own.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use aws_sdk_dynamodb::types::{
    AttributeDefinition, BillingMode, GlobalSecondaryIndex, KeySchemaElement, KeyType, Projection, ProjectionType,
    ScalarAttributeType,
};
use domain::kernel::Clock as _;
use quintet::sqs::{Config, Engine};
use tempfile::TempDir;
use tokio::net::TcpListener;

use super::{DEAD, GENERATION, GREETING, HandClock, IMAGES};

pub const KEY: &str = "local-key";
pub const TABLE: &str = "easy-writer-Table";
pub const BUCKET: &str = "easy-writer-bucket";

/// How often a message is received before it goes to the dead-letter queue.
const MAX_RECEIVES: &str = "3";

pub struct Engines {
    pub dynamodb: String,
    pub s3: String,
    /// Where the objects are, as long as this is kept.
    pub objects: TempDir,
    pub sqs_url: String,
    pub sqs: Engine,
}

async fn listen() -> (TcpListener, String) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let url = format!("http://{}", listener.local_addr().expect("address"));
    (listener, url)
}

/// Starts something that runs until the test's runtime ends.
#[expect(clippy::disallowed_methods, reason = "servers of a test run beside it and end with its runtime")]
pub fn background(work: impl Future<Output = ()> + Send + 'static) {
    drop(tokio::spawn(work));
}

pub async fn serve(router: axum::Router) -> String {
    let (listener, url) = listen().await;
    background(async move { axum::serve(listener, router).await.expect("server") });
    url
}

pub async fn start_sandbox(pace: Duration, clock: &Arc<HandClock>) -> String {
    let time = Arc::clone(clock);
    let options = sandbox::Options::new(KEY, pace, Arc::new(move || time.now().as_second()));
    serve(sandbox::router(options)).await
}

pub async fn start(clock: &Arc<HandClock>) -> Engines {
    let (listener, dynamodb) = listen().await;
    let database = dynoxide::Database::memory().expect("database");
    background(dynoxide::server::serve_on(listener, database));
    let (listener, sqs_url) = listen().await;
    let time = Arc::clone(clock);
    let config = Config {
        account: "000000000000".to_owned(),
        region: "eu-central-1".to_owned(),
        base_url: sqs_url.clone(),
        clock: Arc::new(move || time.now()),
    };
    let sqs = Engine::open(None, config).expect("queues");
    let router = sqs.router();
    background(async move { axum::serve(listener, router).await.expect("server") });
    create_table(&dynamodb).await;
    create_queues(&sqs).await;
    let (s3, objects) = start_s3().await;
    Engines { dynamodb, s3, objects, sqs_url, sqs }
}

async fn create_queues(sqs: &Engine) {
    for queue in [GENERATION, IMAGES, GREETING] {
        let dead = format!("{queue}{DEAD}");
        sqs.put_queue(&dead, BTreeMap::new()).await.expect("dead-letter queue");
        let redrive =
            format!(r#"{{"deadLetterTargetArn":"{}","maxReceiveCount":"{MAX_RECEIVES}"}}"#, sqs.queue_arn(&dead));
        let attributes =
            [("VisibilityTimeout".to_owned(), "60".to_owned()), ("RedrivePolicy".to_owned(), redrive)].into();
        sqs.put_queue(queue, attributes).await.expect("queue");
    }
}

async fn create_table(endpoint: &str) {
    let config = aws_sdk_dynamodb::Config::builder()
        .behavior_version_latest()
        .region(aws_sdk_dynamodb::config::Region::new("eu-central-1"))
        .credentials_provider(aws_sdk_dynamodb::config::Credentials::new(KEY, KEY, None, None, "test"))
        .endpoint_url(endpoint)
        .build();
    let client = aws_sdk_dynamodb::Client::from_conf(config);
    let key = |name: &str, kind: KeyType| {
        KeySchemaElement::builder().attribute_name(name).key_type(kind).build().expect("key")
    };
    let mut create = client.create_table().table_name(TABLE).billing_mode(BillingMode::PayPerRequest);
    for name in ["pk", "sk", "gsi1pk", "gsi1sk", "gsi2pk", "gsi2sk"] {
        let attribute = AttributeDefinition::builder().attribute_name(name).attribute_type(ScalarAttributeType::S);
        create = create.attribute_definitions(attribute.build().expect("attribute"));
    }
    for (index, projected) in [("gsi1", ProjectionType::KeysOnly), ("gsi2", ProjectionType::All)] {
        let index = GlobalSecondaryIndex::builder()
            .index_name(index)
            .key_schema(key(&format!("{index}pk"), KeyType::Hash))
            .key_schema(key(&format!("{index}sk"), KeyType::Range))
            .projection(Projection::builder().projection_type(projected).build());
        create = create.global_secondary_indexes(index.build().expect("index"));
    }
    create.key_schema(key("pk", KeyType::Hash)).key_schema(key("sk", KeyType::Range)).send().await.expect("table");
}

async fn start_s3() -> (String, TempDir) {
    let (listener, url) = listen().await;
    let root = TempDir::with_prefix("quintet-test-").expect("a folder");
    std::fs::create_dir(root.path().join(BUCKET)).expect("bucket folder");
    let mut builder = s3s::service::S3ServiceBuilder::new(s3s_fs::FileSystem::new(root.path()).expect("file system"));
    builder.set_auth(s3s::auth::SimpleAuth::from_single(KEY, KEY));
    let service = builder.build();
    background(async move {
        let http = hyper_util::server::conn::auto::Builder::new(hyper_util::rt::TokioExecutor::new());
        while let Ok((stream, _)) = listener.accept().await {
            let (http, service) = (http.clone(), service.clone());
            background(async move {
                let _ = http.serve_connection(hyper_util::rt::TokioIo::new(stream), service).await;
            });
        }
    });
    (url, root)
}
