//! AI Aggregator: the gateway alone, and all of it in the local stack.

use std::ffi::OsString;
use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};

use http::HeaderMap;
use quintet::{Stack, StackOptions};
use serde_json::{Value, json};
use tokio::process::Command;

use crate::Outcome;
use crate::client::{call, headers};
use crate::load::Target;
use crate::subject::{Enrol, Subject};
use crate::upstream::Upstream;

const PRODUCT: &str = "aggregator";
const CHATS: &str = "/v1/chat/completions";

/// The variables of the function `chat` that the gateway alone needs.
const VARIABLES: [&str; 8] = [
    "AWS_REGION",
    "AWS_ACCESS_KEY_ID",
    "AWS_SECRET_ACCESS_KEY",
    "AWS_ENDPOINT_URL_DYNAMODB",
    "TABLE_NAME",
    "TOKEN_KEYS",
    "OPENAI_API_KEY",
    "OPENAI_BASE_URL",
];

/// Where the local stack's ports may be moved to, and in which steps one looks for free ones.
const OFFSETS: std::ops::Range<u16> = 12_000..29_000;
const STEP: usize = 97;
/// The usual ports of the local stack.
const PORTS: [u16; 4] = [3000, 8000, 8080, 8090];

/// A stack in this process that keeps the keys of the gateway alone, and how to start the others.
pub(crate) struct Ours {
    stack: Stack,
    upstream: String,
    key: String,
    out: PathBuf,
}

impl Ours {
    pub(crate) async fn start(upstream: &Upstream, out: &Path) -> Outcome<Self> {
        let mut options = StackOptions::for_tests();
        options.parameters.extend(vendor(&upstream.url()));
        let stack = Stack::start(options).await?;
        let url = stack.base_url(PRODUCT)?;
        let address = url.trim_start_matches("http://").parse()?;
        let key = key(address, &register(address).await?.0).await?;
        Ok(Self { stack, upstream: upstream.url(), key, out: out.to_owned() })
    }

    pub(crate) fn subjects(&self) -> Outcome<Vec<Subject>> {
        Ok(vec![self.alone()?, whole(&self.upstream, "1000000", &self.out)?])
    }

    fn alone(&self) -> Outcome<Subject> {
        let vars = &self.stack.platform("aggregator-chat")?.vars;
        let variables: Vec<(&str, String)> =
            VARIABLES.iter().filter_map(|name| Some((*name, vars.get(name)?.to_owned()))).collect();
        let (address, program) = (free_address()?, std::env::current_exe()?);
        Ok(Subject {
            name: "AI Aggregator, the gateway alone".to_owned(),
            command: Box::new(move || {
                let mut command = Command::new(&program);
                command.env_clear().envs(variables.clone()).arg("gateway").arg(address.to_string());
                command
            }),
            target: Target { address, path: CHATS, headers: bearer(&self.key)? },
            enrol: None,
            log: self.out.join("gateway.log"),
        })
    }
}

/// The local stack, as `cargo run` starts it: with limits, billing and the counting of usage. Companies have `welcome` US dollars.
pub(crate) fn whole(upstream: &str, welcome: &str, out: &Path) -> Outcome<Subject> {
    let offset = free_offset()?;
    let address = SocketAddr::from(([127, 0, 0, 1], 3000 + offset));
    let sandbox = SocketAddr::from(([127, 0, 0, 1], 8090 + offset));
    let mut arguments: Vec<OsString> = vec!["--ephemeral".into(), "--port-offset".into(), offset.to_string().into()];
    let limits = [("AggregatorRateLimitChat", "1000000000/60"), ("AggregatorWelcomeUsd", welcome)];
    let limits = limits.map(|(name, value)| (name.to_owned(), value.to_owned()));
    for (name, value) in vendor(upstream).into_iter().chain(limits) {
        arguments.extend(["--set".into(), format!("{name}={value}").into()]);
    }
    let program = std::env::current_exe()?.with_file_name("quintet");
    let enrol: Enrol = Box::new(move |target| Box::pin(enrol(target, sandbox)));
    Ok(Subject {
        name: "AI Aggregator, all of it".to_owned(),
        command: Box::new(move || {
            let mut command = Command::new(&program);
            command.args(&arguments);
            command
        }),
        target: Target { address, path: CHATS, headers: HeaderMap::new() },
        enrol: Some(enrol),
        log: out.join("quintet.log"),
    })
}

fn vendor(upstream: &str) -> [(String, String); 2] {
    [("OpenAiBaseUrl", upstream), ("OpenAiApiKey", "key")].map(|(name, value)| (name.to_owned(), value.to_owned()))
}

/// Opens a company, confirms its address from the sandbox's mailbox, and makes a key.
async fn enrol(target: Target, sandbox: SocketAddr) -> Outcome<Target> {
    let (token, email) = register(target.address).await?;
    let (_, letters) = call(sandbox, "/mailbox/letters.json", &HeaderMap::new(), None).await?;
    let letter = letters.find(&email).and_then(|at| letters.get(at..)).unwrap_or_default();
    let path = letter.find("/api/v1/auth/verify-email").and_then(|at| letter.get(at..)).unwrap_or_default();
    let end = path.find(|c: char| !c.is_ascii_alphanumeric() && !"/-_?=.".contains(c)).unwrap_or(path.len());
    let path = path.get(..end).unwrap_or_default();
    let (status, text) = call(target.address, path, &HeaderMap::new(), None).await?;
    if !status.is_success() {
        return Err(format!("the address is not confirmed: {status} {text}").into());
    }
    let headers = bearer(&key(target.address, &token).await?)?;
    Ok(Target { headers, ..target })
}

/// Opens a company: its access token and its address.
async fn register(address: SocketAddr) -> Outcome<(String, String)> {
    let email = "bench@example.com".to_owned();
    let body = json!({ "email": email, "password": "securepassword123" });
    let (status, text) = call(address, "/api/v1/auth/register", &HeaderMap::new(), Some(&body)).await?;
    Ok((field(&text, "accessToken").ok_or_else(|| format!("no company: {status} {text}"))?, email))
}

/// Makes a key.
async fn key(address: SocketAddr, token: &str) -> Outcome<String> {
    let body = json!({ "name": "bench", "permissions": ["chat"] });
    let (status, text) = call(address, "/api/v1/auth/api-keys", &bearer(token)?, Some(&body)).await?;
    Ok(field(&text, "key").ok_or_else(|| format!("no key: {status} {text}"))?)
}

fn field(json: &str, name: &str) -> Option<String> {
    serde_json::from_str::<Value>(json).ok()?.get(name)?.as_str().map(str::to_owned)
}

pub(crate) fn bearer(key: &str) -> Outcome<HeaderMap> {
    headers(&[("authorization", &format!("Bearer {key}"))])
}

/// An address that nobody listens at.
pub(crate) fn free_address() -> Outcome<SocketAddr> {
    Ok(TcpListener::bind("127.0.0.1:0")?.local_addr()?)
}

fn free_offset() -> Outcome<u16> {
    let is_free = |offset: &u16| PORTS.iter().all(|port| TcpListener::bind(("127.0.0.1", port + offset)).is_ok());
    Ok(OFFSETS.step_by(STEP).find(is_free).ok_or("no free ports")?)
}
