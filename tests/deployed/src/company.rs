//! A company that uses AI Aggregator.

use std::time::Duration;

use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};
use tokio::time::timeout;

use crate::site::{Reply, Site, text};
use crate::user::{PASSWORD, new_email};
use crate::{Outcome, ensure};

/// How long something may take that goes on in the background.
const TIMEOUT: Duration = Duration::from_secs(30);

/// What companies ask here: the sandbox's model behind it answers at once.
pub(crate) const MODEL: &str = "gpt-4";

/// A company that is signed in, with a key.
pub(crate) struct Company<'a> {
    pub(crate) site: &'a Site,
    pub(crate) id: String,
    pub(crate) email: String,
    pub(crate) token: String,
    pub(crate) refresh: String,
    pub(crate) key: String,
}

impl<'a> Company<'a> {
    /// Registers. Nothing is on its account.
    pub(crate) async fn register(site: &'a Site) -> Outcome<Self> {
        let email = new_email();
        let reply = site.post("/auth/register", &json!({ "email": email, "password": PASSWORD })).await?;
        let mut company = Self::signed_in(site, &reply.bare(201)?)?;
        company.key = text(&company.new_key(&["chat", "billing", "analytics"]).await?, "key")?;
        Ok(company)
    }

    /// Registers and confirms the address, so that a dollar is on its account.
    pub(crate) async fn newcomer(site: &'a Site) -> Outcome<Self> {
        let company = Self::register(site).await?;
        company.confirm().await?.bare(200)?;
        Ok(company)
    }

    /// Whoever an answer of register or log-in signs in.
    pub(crate) fn signed_in(site: &'a Site, answer: &Value) -> Outcome<Self> {
        ensure!(answer["expiresIn"] == 3600 && answer["tokenType"] == "Bearer", "{answer}");
        let company = &answer["company"];
        let (id, email) = (text(company, "id")?, text(company, "email")?);
        let (token, refresh) = (text(answer, "accessToken")?, text(answer, "refreshToken")?);
        Ok(Self { site, id, email, token, refresh, key: String::new() })
    }

    /// The last letter to the company that has this in it.
    async fn letter(&self, part: &str) -> Outcome<Option<String>> {
        let letters = self.site.http.get(format!("{}/mailbox/letters.json", self.site.sandbox)).send().await?;
        let letters: Vec<Value> = letters.json().await?;
        let mut ours = letters.iter().map(Value::to_string).filter(|letter| letter.contains(&self.email));
        Ok(ours.find(|letter| letter.contains(part)))
    }

    /// Waits for a letter that has this in it.
    pub(crate) async fn letter_about(&self, part: &str) -> Outcome {
        let comes = async {
            while self.letter(part).await?.is_none() {}
            Ok(())
        };
        timeout(TIMEOUT, comes).await.map_err(|_| format!("no letter about {part}"))?
    }

    /// Follows the link of the last letter.
    pub(crate) async fn confirm(&self) -> Outcome<Reply> {
        let letter = self.letter("/auth/verify-email?token=").await?;
        let letter = letter.ok_or_else(|| format!("no letter to {}", self.email))?;
        let link = letter.split("/auth/verify-email?token=").nth(1).unwrap_or_default();
        let token: String = link.chars().take_while(|it| it.is_ascii_alphanumeric() || "-_".contains(*it)).collect();
        self.site.get(&format!("/auth/verify-email?token={token}")).await
    }

    /// Makes a key, which the answer has.
    pub(crate) async fn new_key(&self, permissions: &[&str]) -> Outcome<Value> {
        self.post("/auth/api-keys", &json!({ "name": "Key", "permissions": permissions })).await?.bare(201)
    }

    /// A request of the company itself.
    pub(crate) fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.site.request(method, path).bearer_auth(&self.token)
    }

    pub(crate) async fn get(&self, path: &str) -> Outcome<Value> {
        Reply::of(self.request(Method::GET, path)).await?.bare(200)
    }

    pub(crate) async fn post(&self, path: &str, body: &Value) -> Outcome<Reply> {
        Reply::of(self.request(Method::POST, path).json(body)).await
    }

    /// A request of its program, with the key.
    pub(crate) fn by_key(&self, method: Method, path: &str) -> RequestBuilder {
        self.site.request(method, path).header("x-api-key", &self.key)
    }

    /// A chat; what `more` has goes into the request.
    pub(crate) async fn chat(&self, more: &Value) -> Outcome<Reply> {
        Reply::of(self.by_key(Method::POST, "/chat/completions").json(&chat(more))).await
    }

    /// Balance in nano-dollars.
    pub(crate) async fn balance(&self) -> Outcome<i64> {
        nanos(&self.get("/billing/balance").await?["balance"])
    }

    /// That the statement adds up to the balance, and has so many lines.
    pub(crate) async fn books(&self, lines: usize) -> Outcome {
        let statement = self.get("/billing/transactions?limit=100").await?;
        let listed: Vec<_> = statement["data"].as_array().into_iter().flatten().collect();
        ensure!(listed.len() == lines && statement["pagination"]["total"] == lines, "{statement}");
        let mut sum = 0;
        for line in listed {
            let sign = if line["type"] == "DEBIT" { -1 } else { 1 };
            sum += sign * nanos(&line["amount"])?;
        }
        let balance = self.balance().await?;
        ensure!(sum == balance, "the statement adds up to {sum} and not {balance}");
        Ok(())
    }

    /// Asks until what comes back is as wanted: for what happens in the background.
    pub(crate) async fn until(&self, path: &str, wanted: impl Fn(&Value) -> bool) -> Outcome<Value> {
        let seen = async {
            loop {
                let found = self.get(path).await?;
                if wanted(&found) {
                    return Ok(found);
                }
            }
        };
        timeout(TIMEOUT, seen).await.map_err(|_| format!("{path} never tells what is wanted"))?
    }
}

/// The body of a chat.
pub(crate) fn chat(more: &Value) -> Value {
    let mut body =
        json!({ "model": MODEL, "max_tokens": 50, "messages": [{ "role": "user", "content": "Привет! Как дела?" }] });
    if let (Some(body), Some(more)) = (body.as_object_mut(), more.as_object()) {
        body.extend(more.clone());
    }
    body
}

/// An amount of dollars as a number of the answer has it, digit by digit.
pub(crate) fn nanos(dollars: &Value) -> Outcome<i64> {
    let number = dollars.as_f64().ok_or_else(|| format!("{dollars} is no amount"))?;
    let text = format!("{number:.9}").replace('.', "");
    Ok(text.parse()?)
}
