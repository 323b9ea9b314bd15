//! Frames to WebSocket connections, through API Gateway's management API.

use aws_sdk_apigatewaymanagement::Client;
use aws_sdk_apigatewaymanagement::primitives::Blob;

use crate::meter::{self, Usage};
use crate::{Error, Result};

const SERVICE: &str = "apigatewaymanagement";

/// The connections of one WebSocket API.
#[derive(Debug, Clone)]
pub struct Sockets {
    client: Client,
}

/// What became of a frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Delivery {
    /// The gateway took it.
    Delivered,
    /// The connection is closed. Not an error: forget the connection.
    Gone,
}

impl Sockets {
    /// The connections that `client`'s endpoint serves.
    pub fn new(client: Client) -> Self {
        Self { client }
    }

    /// Sends one text frame.
    pub async fn post(&self, connection_id: &str, frame: String) -> Result<Delivery> {
        meter::add(Usage { socket_calls: 1, ..Usage::default() });
        match self.client.post_to_connection().connection_id(connection_id).data(Blob::new(frame)).send().await {
            Ok(_) => Ok(Delivery::Delivered),
            Err(error) if error.as_service_error().is_some_and(aws_sdk_apigatewaymanagement::operation::post_to_connection::PostToConnectionError::is_gone_exception) => Ok(Delivery::Gone),
            Err(error) => Err(Error::from_sdk(SERVICE, error)),
        }
    }
}
