//! Serves a router on a listener until the stack stops.

use std::net::SocketAddr;

use axum::Router;
use axum::serve::ListenerExt as _;
use tokio::net::TcpListener;

use crate::tasks::Tasks;

/// Serves `router` in the background. Requests that are under way when the stack stops are finished.
pub(crate) fn serve(tasks: &Tasks, listener: TcpListener, router: Router) {
    // Small answers must not wait for a full packet.
    let listener = listener.tap_io(|stream| {
        if let Err(cause) = stream.set_nodelay(true) {
            tracing::debug!(%cause, "connection keeps Nagle's algorithm");
        }
    });
    let stopped = tasks.stopped();
    tasks.spawn(async move {
        let service = router.into_make_service_with_connect_info::<SocketAddr>();
        if let Err(cause) = axum::serve(listener, service).with_graceful_shutdown(stopped).await {
            tracing::error!(%cause, "server stopped");
        }
    });
}
