//! The embedded services behind the AWS clients, each on a loopback port of its own.

pub(crate) mod direct;
pub(crate) mod dynamodb;
pub(crate) mod s3;
mod tokens;

/// The credentials that functions use. Nothing checks them but S3, which verifies signatures, presigned URLs among them.
pub(crate) const ACCESS_KEY_ID: &str = "local";
pub(crate) const SECRET_ACCESS_KEY: &str = "local";
