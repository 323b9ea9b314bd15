//! API Gateway: HTTP APIs, REST APIs, WebSocket APIs and the management endpoint of the last.

pub(crate) mod http_answer;
pub(crate) mod http_api;
pub(crate) mod http_event;
pub(crate) mod rest_answer;
pub(crate) mod rest_api;
pub(crate) mod rest_event;
#[cfg(test)]
mod rest_tests;
pub(crate) mod routes;
pub(crate) mod socket_api;
pub(crate) mod socket_connection;
pub(crate) mod socket_event;
pub(crate) mod socket_handshake;
pub(crate) mod socket_management;
#[cfg(test)]
mod socket_tests;
pub(crate) mod stamp;
