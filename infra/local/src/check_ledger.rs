//! `cargo run -- check-ledger`: adds up every account of a table, for operators.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

use clap::Args;
use domain::kernel::{Clock as _, SystemClock};
use domain::ledger::{Check, Ledger, Report};
use edge::Vars;
use jiff::SignedDuration;
use store::{Aws, AwsSettings, Table};

use crate::data::Store;
use crate::engines::dynamodb::Tables;
use crate::engines::{ACCESS_KEY_ID, SECRET_ACCESS_KEY};
use crate::options::{Data, StackOptions, StartError};
use crate::ports;

/// The engine's file in a data folder.
const FILE: &str = "dynamodb.sqlite";

/// The region of a table that is not AWS's own; engines do not care.
const REGION: &str = "eu-central-1";

/// What a command exits with when the books balance.
const CLEAN: u8 = 0;
/// What it exits with when something differs.
const DIFFERENT: u8 = 1;

/// Adds up every account: the balance is the sum of the entries, is not negative, and no hold is older than a limit.
///
/// Without --table, it checks the local stack's tables, while no stack runs. With --table, it checks that table on AWS, as the usual AWS_*
/// variables say. It writes nothing. One line per difference, then a summary per table; exits with 0 if nothing differs, with 1 if something
/// does, with 2 if it could not be found out.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// Where the local stack keeps its state. Without it, `.quintet` beside template.yaml.
    #[arg(long, value_name = "FOLDER", conflicts_with = "table")]
    data_dir: Option<PathBuf>,

    /// Check this table of DynamoDB. AWS_REGION, AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_SESSION_TOKEN say which and as whom.
    #[arg(long, value_name = "NAME")]
    table: Option<String>,

    /// Where that DynamoDB is, if not on AWS. A running local stack prints its own address at its start; it needs no AWS_* variables.
    #[arg(long, value_name = "URL", requires = "table")]
    endpoint: Option<String>,

    /// How old a hold may be, such as 90m or 2h.
    #[arg(long, value_name = "DURATION", value_parser = duration, default_value = "2h")]
    hold_limit: Duration,

    /// How many read units of the table's throughput the check may use per second.
    #[arg(long, value_name = "N", default_value_t = 200, requires = "table")]
    read_units: u32,
}

fn duration(text: &str) -> Result<Duration, String> {
    let duration = SignedDuration::from_str(text).map_err(|cause| cause.to_string())?;
    Duration::try_from(duration).map_err(|_| "a duration cannot be negative".to_owned())
}

/// Why a table was not checked.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CheckError {
    #[error("{}: there are no tables; has a local stack ever run here? --data-dir names another folder", .0.display())]
    Empty(PathBuf),
    #[error(
        "a local stack uses {}; stop it, or check it while it runs: --table EasyWriter-Table --endpoint <the DynamoDB address that it printed>",
        .0.display()
    )]
    InUse(PathBuf),
    #[error(transparent)]
    Folder(#[from] StartError),
    #[error(transparent)]
    Tables(#[from] crate::TablesError),
    #[error(transparent)]
    Port(#[from] ports::Error),
    #[error(transparent)]
    Variables(#[from] edge::ConfigError),
    #[error("table {table}: {cause}")]
    Check { table: String, cause: String },
    #[error("the engine stopped")]
    Stopped,
    #[error("cannot print: {0}")]
    Print(#[from] std::io::Error),
}

/// Runs the command and returns what to exit with. `vars` are the process's variables.
pub(crate) async fn run(arguments: &Arguments, vars: &Vars, out: &mut impl Write) -> Result<u8, CheckError> {
    let mut check = Check { hold_limit: arguments.hold_limit, ..Check::default() };
    let Some(table) = &arguments.table else {
        let folder = arguments.data_dir.clone();
        let folder = folder.or_else(|| match StackOptions::for_people().data {
            Data::Folder(folder) => Some(folder),
            Data::Ephemeral => None,
        });
        return check_folder(&folder.unwrap_or_default(), &check, out).await;
    };
    check.read_units = Some(arguments.read_units);
    let settings = match &arguments.endpoint {
        Some(endpoint) => elsewhere(endpoint, vars),
        None => edge::aws_settings(vars)?,
    };
    check_table(&Aws::new(settings), table, &check, out).await
}

/// The tables of a data folder that no stack uses.
async fn check_folder(folder: &Path, check: &Check, out: &mut impl Write) -> Result<u8, CheckError> {
    let file = folder.join(FILE);
    // Opening the folder would create it.
    if !file.exists() {
        return Err(CheckError::Empty(folder.to_owned()));
    }
    let _store = Store::open(&Data::Folder(folder.to_owned())).map_err(|error| match error {
        StartError::InUse(folder) => CheckError::InUse(folder),
        error => error.into(),
    })?;
    let tables = Tables::open(Some(&file), Arc::new(SystemClock))?;
    let names = tables.names()?;
    let listener = ports::free("DynamoDB").await?;
    let address = listener.local_addr().map_err(CheckError::Print)?;
    let aws = Aws::new(elsewhere(&format!("http://{address}"), &Vars::from_iter([])));
    let work = async {
        let mut code = CLEAN;
        for name in &names {
            code = code.max(check_table(&aws, name, check, out).await?);
        }
        Ok(code)
    };
    tokio::select! {
        code = work => code,
        () = tables.serve(listener, std::future::pending()) => Err(CheckError::Stopped),
    }
}

/// A DynamoDB that is not AWS's: what the variables leave open does not matter to it.
pub(crate) fn elsewhere(endpoint: &str, vars: &Vars) -> AwsSettings {
    let or = |name: &str, other: &str| vars.get(name).unwrap_or(other).to_owned();
    AwsSettings {
        region: or("AWS_REGION", REGION),
        access_key_id: or("AWS_ACCESS_KEY_ID", ACCESS_KEY_ID),
        secret_access_key: or("AWS_SECRET_ACCESS_KEY", SECRET_ACCESS_KEY),
        session_token: vars.get("AWS_SESSION_TOKEN").map(str::to_owned),
        dynamodb_endpoint: Some(endpoint.to_owned()),
        s3_endpoint: None,
        sqs_endpoint: None,
        http_client: None,
    }
}

async fn check_table(aws: &Aws, name: &str, check: &Check, out: &mut impl Write) -> Result<u8, CheckError> {
    let ledger = Ledger::new(Table::new(aws.dynamodb(), name));
    let failed = |error: domain::kernel::Error| CheckError::Check { table: name.to_owned(), cause: chain(&error) };
    let report = ledger.check_all(check, SystemClock.now()).await.map_err(failed)?;
    print(name, &report, out)?;
    Ok(if report.is_clean() { CLEAN } else { DIFFERENT })
}

fn print(table: &str, report: &Report, out: &mut impl Write) -> std::io::Result<()> {
    for difference in &report.differences {
        writeln!(out, "{table}: {difference}")?;
    }
    let verdict = match report.differences.len() {
        0 => "the books balance".to_owned(),
        1 => "1 difference".to_owned(),
        several => format!("{several} differences"),
    };
    let Report { accounts, entries, available, held, .. } = report;
    writeln!(out, "{table}: accounts {accounts}, entries {entries}, available {available}, held {held}: {verdict}")
}

/// An error with its causes, in one line.
fn chain(error: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(Some(error), |error| error.source());
    causes.map(ToString::to_string).collect::<Vec<_>>().join(": ")
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use clap::Parser;
    use http::Request;
    use serde_json::json;
    use tempfile::TempDir;

    use super::*;
    use crate::Stack;

    const PRODUCT: &str = "easy-writer";

    #[derive(Parser)]
    struct Command {
        #[command(flatten)]
        arguments: Arguments,
    }

    async fn check(arguments: &[&str]) -> (Result<u8, String>, String) {
        let command =
            Command::try_parse_from([&["check-ledger"], arguments].concat()).unwrap_or_else(|error| panic!("{error}"));
        let mut out = Vec::new();
        let code = run(&command.arguments, &Vars::from_iter([]), &mut out).await;
        (code.map_err(|error| error.to_string()), String::from_utf8(out).unwrap())
    }

    async fn stack(folder: &Path) -> Stack {
        Stack::start(StackOptions { data: Data::Folder(folder.to_owned()), ..StackOptions::for_tests() }).await.unwrap()
    }

    async fn register(stack: &Stack) {
        let body = json!({ "email": "user@example.com", "password": "pass123456" }).to_string();
        let request = Request::post("/api/v1/auth/register").header("content-type", "application/json");
        let answer = stack.http(PRODUCT, request.body(Bytes::from(body)).unwrap()).await.unwrap();
        assert_eq!(answer.status(), 201);
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn a_data_folder_is_checked_while_no_stack_uses_it() {
        let scratch = TempDir::new().unwrap();
        let folder = scratch.path().to_str().unwrap();
        let (code, _) = check(&["--data-dir", folder]).await;
        assert!(code.unwrap_err().contains("no tables"), "a folder that never had a stack has nothing to check");

        let running = stack(scratch.path()).await;
        register(&running).await;
        let (code, _) = check(&["--data-dir", folder]).await;
        assert!(code.unwrap_err().contains("--endpoint"), "the way out is told");
        let table = running.table_name(PRODUCT).unwrap().to_owned();
        let platform = running.platform("easy-writer-auth").unwrap();
        let endpoint = platform.vars.get("AWS_ENDPOINT_URL_DYNAMODB").unwrap();
        let clean = format!("{table}: accounts 1, entries 1, available 100, held 0: the books balance\n");
        let (code, text) = check(&["--table", &table, "--endpoint", endpoint]).await;
        assert_eq!((code, text.as_str()), (Ok(CLEAN), clean.as_str()));
        assert!(running.shutdown().await);

        let (code, text) = check(&["--data-dir", folder]).await;
        let others = "Aggregator-Table: accounts 0, entries 0, available 0, held 0: the books balance\n";
        assert_eq!((code, text), (Ok(CLEAN), format!("{others}{clean}")));
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn a_difference_is_one_line_and_exit_code_one() {
        let scratch = TempDir::new().unwrap();
        let running = stack(scratch.path()).await;
        register(&running).await;
        let table = running.table_name(PRODUCT).unwrap().to_owned();
        let dynamodb = running.platform("easy-writer-auth").unwrap().aws.dynamodb();
        let store = Table::new(dynamodb, &table);
        let found = store.scan::<store::Key>(store::Scan::partitions("ACCOUNT#", &["pk", "sk"])).await.unwrap();
        let balance = found.items.into_iter().find(|key| key.sk == "BALANCE").unwrap();
        let _: serde_json::Value = store.update(store::Update::new(balance).add("available", 1)).await.unwrap();
        assert!(running.shutdown().await);

        let (code, text) = check(&["--data-dir", scratch.path().to_str().unwrap()]).await;
        assert_eq!(code, Ok(DIFFERENT));
        let lines: Vec<_> = text.lines().filter(|line| line.starts_with(&table)).collect();
        assert_eq!(lines.len(), 2, "{text}");
        assert!(lines[0].ends_with("the balance says 101 available, 0 held, 1 posted entries; its entries say 100 available, 0 held, 1 posted entries"), "{text}");
        assert!(lines[1].ends_with("available 101, held 0: 1 difference"), "{text}");
    }

    #[tokio::test]
    async fn a_table_on_aws_needs_the_usual_variables() {
        let (code, _) = check(&["--table", "some-table"]).await;
        assert!(code.unwrap_err().contains("AWS_REGION"));
    }

    #[test]
    fn durations_are_written_as_people_do() {
        assert_eq!(duration("2h"), Ok(Duration::from_hours(2)));
        assert_eq!(duration("90m"), Ok(Duration::from_mins(90)));
        assert!(duration("-1h").is_err());
        assert!(duration("soon").is_err());
    }
}
