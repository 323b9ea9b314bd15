//! Makes journeys through a stack that was deployed, and plays the outside companies for it. `.ci/deployed` runs both.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::{Duration, Instant};

use clap::{Parser, Subcommand};
use deployed::{Lambda, Operator, Outcome, Queues, Site, journeys};
use domain::kernel::{Clock as _, SystemClock};
use quintet::settings;
use quintet::template::Template;
use serde::Deserialize;
use store::{Aws, AwsSettings};
use tokio::io::AsyncReadExt as _;
use tokio::net::TcpListener;

/// The pause between two pieces of a text that the sandbox writes: long enough to be seen by those who watch.
const PACE: Duration = Duration::from_millis(2);

/// Makes journeys through a stack that was deployed.
#[derive(Debug, Parser)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Play the outside companies until standard input ends. Prints where, and the template's parameters that lead there.
    Sandbox {
        /// Where shops take notices of payments.
        #[arg(long, value_name = "URL")]
        notices: String,
    },
    /// Make journeys.
    Journeys {
        /// The product, as its folder is called.
        #[arg(long, value_name = "NAME")]
        product: String,
        /// Where it is.
        #[arg(long, value_name = "URL")]
        base: String,
        /// Where the outside companies are.
        #[arg(long, value_name = "URL")]
        sandbox: String,
        /// What the stack has for operators, as tests/deployed/deploy.py writes it.
        #[arg(long, value_name = "FILE")]
        stack: PathBuf,
        /// The status of every refused handshake, where the gateway does not pass on that of the function.
        #[arg(long, value_name = "STATUS")]
        every_refusal: Option<u16>,
        /// Only journeys whose name has one of these in it.
        wanted: Vec<String>,
    },
}

/// What a stack has for operators.
#[derive(Deserialize)]
struct Description {
    endpoint: String,
    region: String,
    access_key_id: String,
    secret_access_key: String,
    table: String,
    queues: Queues,
    functions: Queues,
}

#[tokio::main]
async fn main() -> ExitCode {
    let done = match Arguments::parse().command {
        Command::Sandbox { notices } => play(&notices).await.map(|()| 0),
        Command::Journeys { product, base, sandbox, stack, every_refusal, wanted } => {
            match site(&base, &sandbox, &stack) {
                Ok(site) => travel(&product, &site.with_every_refusal(every_refusal), &wanted).await,
                Err(cause) => Err(cause),
            }
        }
    };
    match done {
        Ok(0) => ExitCode::SUCCESS,
        Ok(_) => ExitCode::FAILURE,
        Err(cause) => {
            say(&format!("deployed: {cause}"));
            ExitCode::FAILURE
        }
    }
}

async fn play(notices: &str) -> Outcome {
    // Nobody but this machine can reach it, and nothing of value is behind it.
    let key = "a-sandbox-has-no-secrets-worth-keeping-from-anybody";
    let options = sandbox::Options::new(key, PACE, Arc::new(|| SystemClock.now().as_second()));
    for shop in &options.shops {
        // Nobody has set it before.
        let _ = shop.webhook.set(notices.to_owned());
    }
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let url = format!("http://{}", listener.local_addr()?);
    say(&url);
    let template = Template::load(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../../template.yaml"))?;
    for (name, value) in settings::sandboxed(&template.parameters().collect(), &url, key) {
        say(&format!("{name}={value}"));
    }
    say("");
    let end_of_input = async {
        // Whatever comes is of no interest.
        let _ = tokio::io::stdin().read_to_end(&mut Vec::new()).await;
    };
    tokio::select! {
        served = async { axum::serve(listener, sandbox::router(options)).await } => Ok(served?),
        () = end_of_input => Ok(()),
    }
}

fn site(base: &str, sandbox: &str, description: &Path) -> Outcome<Site> {
    let known: Description = serde_json::from_slice(&std::fs::read(description)?)?;
    let settings = AwsSettings {
        region: known.region,
        access_key_id: known.access_key_id,
        secret_access_key: known.secret_access_key,
        session_token: None,
        dynamodb_endpoint: Some(known.endpoint.clone()),
        s3_endpoint: Some(known.endpoint.clone()),
        sqs_endpoint: Some(known.endpoint.clone()),
        http_client: None,
    };
    let http = reqwest::Client::builder().no_proxy().build()?;
    let lambda = Lambda { endpoint: known.endpoint, settings: settings.clone(), names: known.functions, http };
    Site::new(base, sandbox, Operator::new(&Aws::new(settings), &known.table, known.queues, Box::new(lambda)))
}

/// Returns how many journeys failed.
async fn travel(product: &str, site: &Site, wanted: &[String]) -> Outcome<usize> {
    let (mut done, mut failed) = (0, 0);
    let is_wanted = |name: &str| wanted.is_empty() || wanted.iter().any(|part| name.contains(part.as_str()));
    for (name, journey) in journeys::of(product)?.iter().filter(|(name, _)| is_wanted(name)) {
        let begun = Instant::now();
        let outcome = journey(site).await;
        let seconds = begun.elapsed().as_secs_f32();
        done += 1;
        match outcome {
            Ok(()) => say(&format!("ok      {name} ({seconds:.1} s)")),
            Err(cause) => {
                failed += 1;
                say(&format!("FAILED  {name} ({seconds:.1} s): {cause}"));
            }
        }
    }
    if done == 0 {
        return Err(format!("no journey has any of {wanted:?} in its name").into());
    }
    say(&format!("{done} journeys, {failed} failed"));
    Ok(failed)
}

/// Writes to a terminal that may be gone, which is no reason to fail.
fn say(line: &str) {
    let _ = writeln!(std::io::stdout(), "{line}");
}
