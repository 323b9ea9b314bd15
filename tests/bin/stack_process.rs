//! A local stack in a process of its own, for tests that kill it.
//!
//! Arguments: the data folder, how many seconds the stack's clock is ahead, and parameters of the template as NAME=VALUE. Prints the addresses of Easy
//! Writer, AI Aggregator and the sandbox once it is ready.

use std::io::Write as _;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use domain::kernel::{Clock, SystemClock, Timestamp};
use quintet::{Data, Ports, Stack, StackOptions};

/// The machine's clock, so many seconds ahead: after a restart, what was waited for has happened.
struct Ahead(Duration);

impl Clock for Ahead {
    fn now(&self) -> Timestamp {
        SystemClock.now() + self.0
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let folder = PathBuf::from(arguments.next().ok_or("which folder?")?);
    let ahead = Duration::from_secs(arguments.next().ok_or("how many seconds ahead?")?.parse()?);
    let parameters = arguments.map(|argument| {
        let (name, value) = argument.split_once('=').ok_or("expected NAME=VALUE")?;
        Ok((name.to_owned(), value.to_owned()))
    });
    let options = StackOptions {
        parameters: parameters.collect::<Result<_, &str>>()?,
        data: Data::Folder(folder),
        ports: Ports::Free,
        clock: Arc::new(Ahead(ahead)),
        sandbox_pace: Duration::from_millis(5),
        ..StackOptions::for_people()
    };
    let stack = Stack::start(options).await?;
    let mut out = std::io::stdout();
    for address in [stack.base_url("easy-writer")?, stack.base_url("aggregator")?, stack.sandbox_url()] {
        writeln!(out, "{address}")?;
    }
    out.flush()?;
    std::future::pending::<()>().await;
    Ok(())
}
