//! The command line.

use std::fmt::{Display, Write as _};
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use clap::{Parser, Subcommand};
use edge::Vars;
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;

use crate::check_ledger;
use crate::options::{Data, StackOptions, StartError};
use crate::ports::Ports;
use crate::set_credit;
use crate::settings::{self, Parameters};
use crate::stack::Stack;

/// What the operator's commands exit with when they could not do their work. 1 says that they did, and that something is wrong.
const NO_ANSWER: u8 = 2;

/// Runs every product on this machine: HTTP, WebSockets, queues, schedules, storage.
#[derive(Debug, Parser)]
#[command(name = "quintet", version, args_conflicts_with_subcommands = true)]
struct Arguments {
    #[command(subcommand)]
    command: Option<Command>,

    /// Keep no state: everything is gone after the end.
    #[arg(long)]
    ephemeral: bool,

    /// Add this number to every port.
    #[arg(long, value_name = "N", default_value_t = 0)]
    port_offset: u16,

    /// Where to keep state. Without it, `.quintet` beside template.yaml.
    #[arg(long, value_name = "FOLDER", conflicts_with = "ephemeral")]
    data_dir: Option<PathBuf>,

    /// Set a parameter of template.yaml, such as OpenAiApiKey. Also read from parameters.toml in the data folder.
    #[arg(long, value_name = "NAME=VALUE", value_parser = assignment)]
    set: Vec<(String, String)>,

    /// Have the functions of a product run by what listens there, such as `cargo lambda watch` at localhost:9000, instead of in this process.
    #[arg(long, value_name = "PRODUCT=HOST:PORT", value_parser = assignment)]
    functions_at: Vec<(String, String)>,

    /// Milliseconds between two chunks of a text that the sandbox streams.
    #[arg(long, value_name = "MS", default_value_t = 15)]
    sandbox_pace_ms: u64,
}

/// What else there is to do.
#[derive(Debug, Subcommand)]
enum Command {
    CheckLedger(check_ledger::Arguments),
    SetCredit(set_credit::Arguments),
}

fn assignment(text: &str) -> Result<(String, String), String> {
    let (name, value) = text.split_once('=').ok_or("expected two texts with = between them")?;
    Ok((name.to_owned(), value.to_owned()))
}

impl Arguments {
    fn into_options(self) -> Result<StackOptions, StartError> {
        let mut options = StackOptions::for_people();
        if let Some(folder) = self.data_dir {
            options.data = Data::Folder(folder);
        }
        if let Data::Folder(folder) = &options.data {
            options.parameters = settings::read(folder)?;
        }
        if self.ephemeral {
            options.data = Data::Ephemeral;
        }
        options.parameters.extend(self.set.into_iter().collect::<Parameters>());
        options.ports = Ports::Fixed { offset: self.port_offset };
        options.functions_at = self.functions_at.into_iter().collect();
        options.sandbox_pace = Duration::from_millis(self.sandbox_pace_ms);
        Ok(options)
    }
}

/// What is logged where `RUST_LOG` says nothing.
fn usual_log() -> Targets {
    let ours = ["quintet", "sandbox", "edge", "domain", "vendors"].map(|target| (target, LevelFilter::INFO));
    Targets::new().with_default(LevelFilter::WARN).with_targets(ours)
}

/// Runs the local stack until Ctrl-C or SIGTERM.
pub fn main() -> ExitCode {
    let begun = Instant::now();
    let arguments = Arguments::parse();
    let filter = Vars::from_env().parse_optional("RUST_LOG").ok().flatten().unwrap_or_else(usual_log);
    let lines = tracing_subscriber::fmt::layer().with_writer(std::io::stderr).with_target(false);
    tracing_subscriber::registry().with(lines).with(filter).init();
    let runtime = match tokio::runtime::Runtime::new() {
        Ok(runtime) => runtime,
        Err(cause) => return complain(&cause, ExitCode::FAILURE),
    };
    match &arguments.command {
        None => match runtime.block_on(run(arguments, begun)) {
            Ok(()) => ExitCode::SUCCESS,
            Err(message) => complain(&message, ExitCode::FAILURE),
        },
        Some(Command::CheckLedger(check)) => {
            let (vars, mut out) = (Vars::from_env(), std::io::stdout());
            match runtime.block_on(check_ledger::run(check, &vars, &mut out)) {
                Ok(code) => ExitCode::from(code),
                Err(error) => complain(&error, ExitCode::from(NO_ANSWER)),
            }
        }
        Some(Command::SetCredit(credit)) => {
            let (vars, mut out) = (Vars::from_env(), std::io::stdout());
            match runtime.block_on(set_credit::run(credit, &vars, &mut out)) {
                Ok(()) => ExitCode::SUCCESS,
                Err(error) => complain(&error, ExitCode::from(NO_ANSWER)),
            }
        }
    }
}

fn complain(cause: &dyn Display, code: ExitCode) -> ExitCode {
    say(&mut std::io::stderr(), &format!("quintet: {cause}\n"));
    code
}

async fn run(arguments: Arguments, begun: Instant) -> Result<(), String> {
    let text = |error: &dyn std::error::Error| error.to_string();
    let options = arguments.into_options().map_err(|error| text(&error))?;
    let stack = Stack::start(options).await.map_err(|error| text(&error))?;
    say(&mut std::io::stdout(), &welcome(&stack, begun.elapsed()));
    stop_signal().await.map_err(|error| text(&error))?;
    say(&mut std::io::stdout(), "finishing what is under way; once more to stop at once\n");
    tokio::select! {
        finished = stack.shutdown() => if !finished {
            say(&mut std::io::stdout(), "some work was cut off\n");
        },
        signal = stop_signal() => signal.map_err(|error| text(&error))?,
    }
    Ok(())
}

/// Resolves on Ctrl-C and, where it exists, on SIGTERM.
async fn stop_signal() -> std::io::Result<()> {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};

        let mut terminate = signal(SignalKind::terminate())?;
        tokio::select! {
            interrupt = tokio::signal::ctrl_c() => interrupt,
            _ = terminate.recv() => Ok(()),
        }
    }
    #[cfg(not(unix))]
    tokio::signal::ctrl_c().await
}

fn welcome(stack: &Stack, took: Duration) -> String {
    let mut text = String::from("\n");
    let lines = stack.products().filter_map(|product| Some((product, stack.base_url(product).ok()?)));
    let lines = lines.chain([("sandbox", stack.sandbox_url()), ("start page", stack.console_url())]);
    for (name, url) in lines {
        // Writing to a string does not fail.
        let _ = writeln!(text, "  {name:<14}{}", url.replace("127.0.0.1", "localhost"));
    }
    let engines = stack.functions.values().next().map(|function| function.platform().vars);
    for (name, variable) in [("DynamoDB", "DYNAMODB"), ("S3", "S3"), ("SQS", "SQS")] {
        let url = engines.as_ref().and_then(|vars| vars.get(&format!("AWS_ENDPOINT_URL_{variable}")));
        let _ = writeln!(text, "  {name:<14}{}", url.unwrap_or_default());
    }
    let _ = writeln!(text, "\nready in {} ms", took.as_millis());
    text
}

/// Writes to a terminal that may be gone, which is no reason to fail.
fn say(terminal: &mut impl std::io::Write, text: &str) {
    let _ = terminal.write_all(text.as_bytes()).and_then(|()| terminal.flush());
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    #[test]
    fn the_command_line_is_sound() {
        Arguments::command().debug_assert();
    }

    #[test]
    fn arguments_become_options() {
        let arguments = Arguments::parse_from(["quintet", "--ephemeral", "--port-offset", "100", "--set", "A=b=c"]);
        let options = arguments.into_options().unwrap();
        assert_eq!((options.data, options.ports), (Data::Ephemeral, Ports::Fixed { offset: 100 }));
        assert_eq!(options.parameters["A"], "b=c");
        assert!(Arguments::try_parse_from(["quintet", "--set", "A"]).is_err());
        assert!(
            Arguments::try_parse_from(["quintet", "--ephemeral", "check-ledger"]).is_err(),
            "they mean nothing together"
        );
    }
}
