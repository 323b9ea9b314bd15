//! One S3 bucket, and texts that are too large for an item.

use std::sync::Arc;

use aws_sdk_s3::Client;
use aws_sdk_s3::primitives::ByteStream;
use serde::{Deserialize, Serialize};

use crate::meter::{self, Usage};
use crate::{Error, Result};

const SERVICE: &str = "s3";

/// Texts up to this many bytes stay in their item. Lists read whole items, so large ones would make every list expensive.
const INLINE_LIMIT: usize = 4096;

/// A bucket.
#[derive(Debug, Clone)]
pub struct Objects {
    client: Client,
    bucket: Arc<str>,
}

/// A text that lives in its item while it is small and in a bucket when it is not.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Body {
    /// The text itself.
    Inline(String),
    /// The key of the object that holds the text.
    Object(String),
}

impl Objects {
    /// The bucket called `bucket`.
    pub fn new(client: Client, bucket: &str) -> Self {
        Self { client, bucket: bucket.into() }
    }

    /// Writes an object.
    pub async fn put(&self, key: &str, content_type: &str, bytes: Vec<u8>) -> Result<()> {
        self.write(key, content_type, None, bytes).await
    }

    /// Writes an object that is served to the public and never changes: whoever has it need not ask again.
    pub async fn put_public(&self, key: &str, content_type: &str, bytes: Vec<u8>) -> Result<()> {
        self.write(key, content_type, Some("public, max-age=31536000, immutable"), bytes).await
    }

    async fn write(&self, key: &str, content_type: &str, caching: Option<&str>, bytes: Vec<u8>) -> Result<()> {
        meter::add(Usage { object_calls: 1, ..Usage::default() });
        self.client
            .put_object()
            .bucket(&*self.bucket)
            .key(key)
            .content_type(content_type)
            .set_cache_control(caching.map(str::to_owned))
            .body(ByteStream::from(bytes))
            .send()
            .await
            .map_err(|error| Error::from_sdk(SERVICE, error))?;
        Ok(())
    }

    /// Reads an object; `None` if there is none.
    pub async fn get(&self, key: &str) -> Result<Option<Vec<u8>>> {
        meter::add(Usage { object_calls: 1, ..Usage::default() });
        let object = match self.client.get_object().bucket(&*self.bucket).key(key).send().await {
            Ok(object) => object,
            Err(error)
                if error
                    .as_service_error()
                    .is_some_and(aws_sdk_s3::operation::get_object::GetObjectError::is_no_such_key) =>
            {
                return Ok(None);
            }
            Err(error) => return Err(Error::from_sdk(SERVICE, error)),
        };
        let bytes = object
            .body
            .collect()
            .await
            .map_err(|error| Error::Unavailable { service: SERVICE, source: error.into() })?;
        Ok(Some(bytes.to_vec()))
    }

    /// Removes an object; removing what is not there is fine.
    pub async fn delete(&self, key: &str) -> Result<()> {
        meter::add(Usage { object_calls: 1, ..Usage::default() });
        self.client
            .delete_object()
            .bucket(&*self.bucket)
            .key(key)
            .send()
            .await
            .map_err(|error| Error::from_sdk(SERVICE, error))?;
        Ok(())
    }

    /// Stores a text: inline if it is small, else as the object `key`.
    pub async fn store_text(&self, key: &str, text: String) -> Result<Body> {
        if text.len() <= INLINE_LIMIT {
            return Ok(Body::Inline(text));
        }
        self.put(key, "text/plain; charset=utf-8", text.into_bytes()).await?;
        Ok(Body::Object(key.to_owned()))
    }

    /// Loads a text that [`Objects::store_text`] stored.
    pub async fn load_text(&self, body: &Body) -> Result<String> {
        match body {
            Body::Inline(text) => Ok(text.clone()),
            Body::Object(key) => {
                let missing = || Error::Corrupt { key: key.clone(), source: "object is missing".into() };
                let bytes = self.get(key).await?.ok_or_else(missing)?;
                String::from_utf8(bytes).map_err(|error| Error::Corrupt { key: key.clone(), source: error.into() })
            }
        }
    }

    /// Removes the object behind a text, if it has one.
    pub async fn delete_text(&self, body: &Body) -> Result<()> {
        match body {
            Body::Inline(_) => Ok(()),
            Body::Object(key) => self.delete(key).await,
        }
    }
}
