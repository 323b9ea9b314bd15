//! `cargo run -- set-credit`: how far below zero a company of AI Aggregator may go, for operators.

use std::io::Write;

use clap::Args;
use domain::aggregator::{CompanyId, dollars, parse_dollars};
use domain::kernel::{Amount, Error};
use domain::ledger::Ledger;
use edge::Vars;
use store::{Aws, Table};

use crate::check_ledger::elsewhere;

/// Sets the credit limit of a company of AI Aggregator.
///
/// The company can spend its balance and that much more. A limit below what is used already is refused. On AWS the usual AWS_* variables say where
/// and as whom.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// The product's table.
    #[arg(long, value_name = "NAME")]
    table: String,

    /// Where that DynamoDB is, if not on AWS. A running local stack prints its own address at its start; it needs no AWS_* variables.
    #[arg(long, value_name = "URL")]
    endpoint: Option<String>,

    /// The company's id, as its balance shows it.
    #[arg(long, value_name = "ID")]
    company: CompanyId,

    /// The limit in US dollars, such as 1000 or 49.50.
    #[arg(long, value_name = "AMOUNT", value_parser = amount)]
    usd: Amount,
}

fn amount(text: &str) -> Result<Amount, String> {
    parse_dollars(text).map_err(|error| error.to_string())
}

/// Why no limit was set.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SetCreditError {
    #[error(transparent)]
    Variables(#[from] edge::ConfigError),
    #[error("{} USD of the present limit are in use already; {} can be taken away", dollars(*.needed), dollars(*.available))]
    InUse { needed: Amount, available: Amount },
    #[error("table {table}: {cause}")]
    Table { table: String, cause: Error },
    #[error("cannot print: {0}")]
    Print(#[from] std::io::Error),
}

/// Runs the command. `vars` are the process's variables.
pub(crate) async fn run(arguments: &Arguments, vars: &Vars, out: &mut impl Write) -> Result<(), SetCreditError> {
    let settings = match &arguments.endpoint {
        Some(endpoint) => elsewhere(endpoint, vars),
        None => edge::aws_settings(vars)?,
    };
    let ledger = Ledger::new(Table::new(Aws::new(settings).dynamodb(), &arguments.table));
    let account = match ledger.set_credit(arguments.company.into(), arguments.usd).await {
        Ok(account) => account,
        Err(Error::InsufficientFunds { needed, available }) => return Err(SetCreditError::InUse { needed, available }),
        Err(cause) => return Err(SetCreditError::Table { table: arguments.table.clone(), cause }),
    };
    let (balance, available, credit) =
        (dollars(account.balance()), dollars(account.available), dollars(account.credit));
    writeln!(
        out,
        "{}: balance {balance} USD, credit limit {credit} USD, available {available} USD",
        arguments.company
    )?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use clap::Parser;
    use http::Request;
    use serde_json::{Value, json};

    use super::*;
    use crate::{Stack, StackOptions};

    #[derive(Parser)]
    struct Command {
        #[command(flatten)]
        arguments: Arguments,
    }

    async fn set(stack: &Stack, company: &str, usd: &str) -> Result<String, SetCreditError> {
        let platform = stack.platform("aggregator-billing").unwrap();
        let endpoint = edge::aws_settings(&platform.vars).unwrap().dynamodb_endpoint.unwrap();
        let table = stack.table_name("aggregator").unwrap();
        let words = ["set-credit", "--table", table, "--endpoint", &endpoint, "--company", company, "--usd", usd];
        let mut out = Vec::new();
        run(&Command::try_parse_from(words).unwrap().arguments, &Vars::from_iter([]), &mut out).await?;
        Ok(String::from_utf8(out).unwrap())
    }

    async fn call(stack: &Stack, request: http::request::Builder, body: &Value) -> Value {
        let body = if body.is_null() { Bytes::new() } else { body.to_string().into() };
        let request = request.header("content-type", "application/json").body(body).unwrap();
        serde_json::from_slice(stack.http("aggregator", request).await.unwrap().body()).unwrap()
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn a_company_is_given_credit_and_what_is_not_used_can_be_taken_away() {
        let stack = Stack::start(StackOptions::for_tests()).await.unwrap();
        let body = json!({ "email": "admin@company.com", "password": "securepassword123" });
        let company = call(&stack, Request::post("/api/v1/auth/register"), &body).await;
        let (id, token) = (company["company"]["id"].as_str().unwrap(), company["accessToken"].as_str().unwrap());
        let said = set(&stack, id, "49.50").await.unwrap();
        assert_eq!(said, format!("{id}: balance 0 USD, credit limit 49.5 USD, available 49.5 USD\n"));
        let request = Request::get("/api/v1/billing/balance").header("authorization", format!("Bearer {token}"));
        let balance = call(&stack, request, &Value::Null).await;
        assert_eq!(
            (&balance["creditLimit"], &balance["balance"], &balance["available"]),
            (&json!(49.5), &json!(0), &json!(49.5))
        );
        assert!(set(&stack, id, "0").await.unwrap().ends_with("credit limit 0 USD, available 0 USD\n"));
    }

    #[test]
    fn only_amounts_and_ids_are_taken() {
        let parse = |company: &str, usd: &str| {
            let words = ["set-credit", "--table", "t", "--company", company, "--usd", usd];
            Command::try_parse_from(words).is_ok()
        };
        let id = "0192f0c1-2a3b-7c4d-8e5f-6a7b8c9d0e1f";
        assert!(parse(id, "1000"));
        assert!(!parse(id, "-1") && !parse(id, "1e3") && !parse("company", "1"));
    }
}
