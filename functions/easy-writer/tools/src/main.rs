//! Easy Writer: the tools over HTTP.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), edge::RunError> {
    edge::run("easy-writer", "tools", easy_writer_tools::function).await
}
