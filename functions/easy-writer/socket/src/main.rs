//! Easy Writer: WebSocket handshakes.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), edge::RunError> {
    edge::run("easy-writer", "socket", easy_writer_socket::function).await
}
