//! Settings that all AWS clients of a function share, and the clients themselves.
//!
//! Lambda hands credentials and region over in the environment, so the SDK's provider chain (profiles, SSO, instance metadata) is left out: it
//! costs start-up time and binary size and could only ever pick up something unintended.

use std::time::Duration;

use aws_credential_types::Credentials;
use aws_smithy_runtime_api::client::http::SharedHttpClient;
use aws_smithy_types::retry::RetryConfig;
use aws_smithy_types::timeout::TimeoutConfig;

/// Where AWS is and who we are.
#[derive(Clone)]
pub struct AwsSettings {
    /// For example `eu-central-1`.
    pub region: String,
    /// Access key id.
    pub access_key_id: String,
    /// Secret access key.
    pub secret_access_key: String,
    /// Session token of temporary credentials; Lambda always has one.
    pub session_token: Option<String>,
    /// Endpoint of DynamoDB, where it is not AWS's own.
    pub dynamodb_endpoint: Option<String>,
    /// Endpoint of S3, where it is not AWS's own; buckets are then addressed by path.
    pub s3_endpoint: Option<String>,
    /// Endpoint of SQS, where it is not AWS's own.
    pub sqs_endpoint: Option<String>,
    /// HTTP client of all AWS clients; tests put their own here to inject faults.
    pub http_client: Option<SharedHttpClient>,
}

/// Builds the AWS clients of one function. A client is only built when it is asked for.
#[derive(Clone)]
pub struct Aws {
    settings: AwsSettings,
}

macro_rules! config {
    ($settings:expr, $module:ident, $attempt_seconds:expr, $endpoint:expr) => {{
        let settings = &$settings;
        let mut builder = $module::Config::builder()
            .behavior_version($module::config::BehaviorVersion::latest())
            .region($module::config::Region::new(settings.region.clone()))
            .credentials_provider(credentials(settings))
            .retry_config(RetryConfig::standard().with_max_attempts(4).with_initial_backoff(Duration::from_millis(50)))
            .timeout_config(
                TimeoutConfig::builder()
                    .connect_timeout(Duration::from_secs(2))
                    .operation_attempt_timeout(Duration::from_secs($attempt_seconds))
                    .build(),
            );
        if let Some(client) = &settings.http_client {
            builder = builder.http_client(client.clone());
        }
        if let Some(endpoint) = $endpoint {
            builder = builder.endpoint_url(endpoint);
        }
        builder
    }};
}

impl Aws {
    /// Clients for `settings`.
    pub fn new(settings: AwsSettings) -> Self {
        Self { settings }
    }

    /// DynamoDB.
    pub fn dynamodb(&self) -> aws_sdk_dynamodb::Client {
        let config = config!(self.settings, aws_sdk_dynamodb, 3, self.settings.dynamodb_endpoint.clone());
        aws_sdk_dynamodb::Client::from_conf(config.build())
    }

    /// S3.
    pub fn s3(&self) -> aws_sdk_s3::Client {
        let config = config!(self.settings, aws_sdk_s3, 20, self.settings.s3_endpoint.clone())
            .force_path_style(self.settings.s3_endpoint.is_some());
        aws_sdk_s3::Client::from_conf(config.build())
    }

    /// SQS.
    pub fn sqs(&self) -> aws_sdk_sqs::Client {
        let config = config!(self.settings, aws_sdk_sqs, 5, self.settings.sqs_endpoint.clone());
        aws_sdk_sqs::Client::from_conf(config.build())
    }

    /// The management API of the WebSocket API whose stage is at `endpoint` (`https://{api}.execute-api.{region}.amazonaws.com/{stage}`).
    pub fn sockets(&self, endpoint: &str) -> aws_sdk_apigatewaymanagement::Client {
        let config = config!(self.settings, aws_sdk_apigatewaymanagement, 5, Some(endpoint));
        aws_sdk_apigatewaymanagement::Client::from_conf(config.build())
    }
}

fn credentials(settings: &AwsSettings) -> Credentials {
    Credentials::new(
        settings.access_key_id.clone(),
        settings.secret_access_key.clone(),
        settings.session_token.clone(),
        None,
        "environment",
    )
}
