//! What a function is given at start: configuration, clock, ids and the settings of its AWS clients.

use std::sync::Arc;

use domain::kernel::{Clock, IdSource, RandomIds, SystemClock};
use store::{Aws, AwsSettings};

use crate::vars::{ConfigError, Vars};

/// Everything that differs between Lambda, the local stack and tests.
#[derive(Clone)]
pub struct Platform {
    /// The function's variables.
    pub vars: Vars,
    /// Tells the time.
    pub clock: Arc<dyn Clock>,
    /// Mints ids.
    pub ids: Arc<dyn IdSource>,
    /// Builds AWS clients.
    pub aws: Aws,
}

impl Platform {
    /// The platform of a function on Lambda: process environment, machine clock, random ids.
    pub fn from_env() -> Result<Self, ConfigError> {
        let vars = Vars::from_env();
        let aws = Aws::new(aws_settings(&vars)?);
        Ok(Self { vars, clock: Arc::new(SystemClock), ids: Arc::new(RandomIds), aws })
    }

    /// The product of a function that every product deploys. Reads `PRODUCT`.
    pub fn product(&self) -> Result<&str, ConfigError> {
        self.vars.require("PRODUCT")
    }
}

/// Reads the standard AWS variables.
///
/// `AWS_REGION`, `AWS_ACCESS_KEY_ID` and `AWS_SECRET_ACCESS_KEY` are required, `AWS_SESSION_TOKEN` is not. Endpoints
/// are AWS's own unless `AWS_ENDPOINT_URL` or `AWS_ENDPOINT_URL_{DYNAMODB,S3,SQS}` says otherwise.
pub fn aws_settings(vars: &Vars) -> Result<AwsSettings, ConfigError> {
    let endpoint = |service: &str| vars.get(service).or_else(|| vars.get("AWS_ENDPOINT_URL")).map(str::to_owned);
    Ok(AwsSettings {
        region: vars.require("AWS_REGION")?.to_owned(),
        access_key_id: vars.require("AWS_ACCESS_KEY_ID")?.to_owned(),
        secret_access_key: vars.require("AWS_SECRET_ACCESS_KEY")?.to_owned(),
        session_token: vars.get("AWS_SESSION_TOKEN").map(str::to_owned),
        dynamodb_endpoint: endpoint("AWS_ENDPOINT_URL_DYNAMODB"),
        s3_endpoint: endpoint("AWS_ENDPOINT_URL_S3"),
        sqs_endpoint: endpoint("AWS_ENDPOINT_URL_SQS"),
        http_client: None,
    })
}
