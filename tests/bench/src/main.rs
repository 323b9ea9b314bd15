//! AI Aggregator's gateway beside others, on this machine's loopback: what each adds to a call of the vendor, and what it takes for it.
//!
//! One process plays the vendor and all callers; the gateway that is measured is another. Every figure is told beside that of calls that go
//! to the vendor directly. `.ci/bench` builds everything, installs the others and runs this.

mod client;
mod gateway;
mod load;
mod ours;
mod peers;
mod process;
mod race;
mod report;
mod subject;
mod upstream;

use std::io::Write as _;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use clap::{Parser, Subcommand};
use mimalloc::MiMalloc;
use tokio::runtime::Builder;

use crate::ours::Ours;
use crate::peers::Peers;
use crate::race::{BALANCE, VENDOR_TAKES};
use crate::report::Report;
use crate::upstream::Upstream;

/// That of the local stack.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

/// What may go wrong is for a person to read.
type Outcome<T = ()> = Result<T, Box<dyn std::error::Error + Send + Sync>>;

/// How many callers there are at once.
const CALLERS: [usize; 3] = [1, 32, 256];

/// Measures AI Aggregator's gateway beside others.
#[derive(Debug, Parser)]
struct Arguments {
    #[command(subcommand)]
    command: Option<Command>,

    /// Where the other gateways are installed, as `.ci/bench` does it. Without it, ours alone.
    #[arg(long, value_name = "FOLDER")]
    peers: Option<PathBuf>,

    /// Only gateways with this in their name.
    #[arg(long, value_name = "NAME")]
    only: Option<String>,

    /// How often everything is measured, one gateway after the other. The best of each figure is told.
    #[arg(long, value_name = "N", default_value_t = 3)]
    rounds: usize,

    /// How long each measurement lasts, in milliseconds.
    #[arg(long, value_name = "MS", default_value_t = 1500)]
    lasting: u64,

    /// Where the results are written.
    #[arg(long, value_name = "FOLDER", default_value = "target/bench")]
    out: PathBuf,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Serve chats on this address, without limits and billing: what is measured as "the gateway alone".
    Gateway {
        /// Where to listen.
        address: SocketAddr,
    },
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let done = match arguments.command {
        Some(Command::Gateway { address }) => gateway::serve(address),
        // One for the callers, and one for the vendor.
        None => Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(Into::into)
            .and_then(|runtime| runtime.block_on(measure(&arguments))),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(cause) => {
            say(&format!("bench: {cause}"));
            ExitCode::FAILURE
        }
    }
}

async fn measure(arguments: &Arguments) -> Outcome {
    std::fs::create_dir_all(&arguments.out)?;
    let upstream = Upstream::start()?;
    let ours = Ours::start(&upstream, &arguments.out).await?;
    let peers = arguments.peers.as_ref().map(|folder| Peers { folder, out: &arguments.out, upstream: &upstream });
    let mut subjects = ours.subjects()?;
    subjects.extend(peers.as_ref().map(Peers::subjects).transpose()?.into_iter().flatten());
    subjects.retain(|subject| arguments.only.as_ref().is_none_or(|only| subject.name.contains(only)));
    let lasting = Duration::from_millis(arguments.lasting);
    let mut report = Report::default();
    for round in 1..=arguments.rounds {
        report.add(&subject::direct(&upstream, lasting).await?);
        for subject in &subjects {
            say(&format!("round {round} of {}: {}", arguments.rounds, subject.name));
            match subject.measure(lasting).await {
                Ok(figures) => report.add(&figures),
                // One that does not work says nothing about the others.
                Err(cause) => report.fail(&subject.name, &cause.to_string()),
            }
        }
    }
    if arguments.only.is_none() {
        let slow = upstream.slow_url(VENDOR_TAKES);
        let mut racers = vec![ours::whole(&slow, BALANCE, &arguments.out)?];
        racers.extend(peers.map(|peers| peers.liter_llm(&slow, Some(BALANCE))).transpose()?.flatten());
        for racer in &racers {
            match race::run(racer, &upstream).await {
                Ok(race) => report.races.push(race),
                Err(cause) => report.fail(&format!("The race of {}", racer.name), &cause.to_string()),
            }
        }
    }
    let text = report.markdown();
    std::fs::write(arguments.out.join("results.md"), &text)?;
    std::fs::write(arguments.out.join("results.json"), serde_json::to_vec_pretty(&report)?)?;
    say(&text);
    Ok(())
}

/// Writes to a terminal that may be gone, which is no reason to fail.
fn say(text: &str) {
    let _ = writeln!(std::io::stdout(), "{text}");
}
