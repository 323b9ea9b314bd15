//! The other gateways, as installed from their registries.

use std::ffi::OsString;
use std::fs;
use std::path::Path;

use http::HeaderMap;
use tokio::process::Command;

use crate::Outcome;
use crate::client::headers;
use crate::load::Target;
use crate::ours::{bearer, free_address};
use crate::subject::Subject;
use crate::upstream::Upstream;

/// A key that callers show.
const KEY: &str = "sk-bench";

/// Where they are, and whom they are to ask.
pub(crate) struct Peers<'a> {
    pub(crate) folder: &'a Path,
    pub(crate) out: &'a Path,
    pub(crate) upstream: &'a Upstream,
}

impl Peers<'_> {
    /// Those that are there.
    pub(crate) fn subjects(&self) -> Outcome<Vec<Subject>> {
        let all = [self.crabllm()?, self.liter_llm(&self.upstream.url(), None)?, self.portkey()?, self.litellm()?];
        Ok(all.into_iter().flatten().collect())
    }

    fn crabllm(&self) -> Outcome<Option<Subject>> {
        let address = free_address()?;
        let config = format!(
            "listen = \"{address}\"\n[providers.openai]\nkind = \"openai\"\napi_key = \"key\"\nbase_url = \"{}\"\nmodels = [\"gpt-4o-mini\"]\n[[keys]]\nname = \"bench\"\nkey = \"{KEY}\"\nmodels = [\"*\"]\n",
            self.upstream.url()
        );
        let file = self.write("crabllm.toml", &config)?;
        let target = Target { address, path: "/v1/chat/completions", headers: bearer(KEY)? };
        Ok(self.subject("crabllm", "cargo/bin/crabllm", vec!["serve".into(), "--config".into(), file], target))
    }

    fn subject(&self, name: &str, program: &str, arguments: Vec<OsString>, target: Target) -> Option<Subject> {
        let program = self.folder.join(program);
        if !program.exists() {
            return None;
        }
        Some(Subject {
            name: name.to_owned(),
            command: Box::new(move || {
                let mut command = Command::new(&program);
                command.args(&arguments);
                command
            }),
            target,
            enrol: None,
            log: self.out.join(format!("{name}.log")),
        })
    }

    /// With `budget` US dollars for the key, if it is to have an end.
    pub(crate) fn liter_llm(&self, url: &str, budget: Option<&str>) -> Outcome<Option<Subject>> {
        let address = free_address()?;
        let budget = budget.map(|budget| format!("budget_limit = {budget}\n")).unwrap_or_default();
        // It calls no server on this machine unless it is told that it may.
        let config = format!(
            "[general]\nenable_cost_tracking = true\n[[models]]\nname = \"gpt-4o-mini\"\nprovider_model = \"openai/gpt-4o-mini\"\napi_key = \"key\"\nbase_url = \"{url}\"\n[[keys]]\nkey = \"{KEY}\"\n{budget}[security]\noutbound_policy = \"off\"\n"
        );
        let file = self.write(&format!("liter-llm-{}.toml", address.port()), &config)?;
        let target = Target { address, path: "/v1/chat/completions", headers: bearer(KEY)? };
        let arguments = ["api", "--host", "127.0.0.1", "--port"].map(OsString::from).into_iter();
        let arguments = arguments.chain([address.port().to_string().into(), "--config".into(), file]).collect();
        Ok(self.subject("liter-llm", "cargo/bin/liter-llm", arguments, target))
    }

    fn portkey(&self) -> Outcome<Option<Subject>> {
        let address = free_address()?;
        let url = self.upstream.url();
        let headers: HeaderMap = headers(&[
            ("authorization", "Bearer key"),
            ("x-portkey-provider", "openai"),
            ("x-portkey-custom-host", &url),
        ])?;
        let target = Target { address, path: "/v1/chat/completions", headers };
        let port = format!("--port={}", address.port());
        let program = "npm/node_modules/@portkey-ai/gateway/build/start-server.js";
        Ok(self.subject("Portkey", program, vec!["--headless".into(), port.into()], target))
    }

    fn litellm(&self) -> Outcome<Option<Subject>> {
        let address = free_address()?;
        let config = format!(
            "model_list:\n  - model_name: gpt-4o-mini\n    litellm_params: {{ model: openai/gpt-4o-mini, api_base: \"{}\", api_key: key }}\ngeneral_settings: {{ master_key: {KEY} }}\n",
            self.upstream.url()
        );
        let file = self.write("litellm.yaml", &config)?;
        let port = address.port().to_string();
        let target = Target { address, path: "/v1/chat/completions", headers: bearer(KEY)? };
        let arguments =
            vec!["--config".into(), file, "--host".into(), "127.0.0.1".into(), "--port".into(), port.into()];
        Ok(self.subject("LiteLLM", "litellm/bin/litellm", arguments, target))
    }

    fn write(&self, name: &str, content: &str) -> Outcome<OsString> {
        let path = fs::canonicalize(self.out)?.join(name);
        fs::write(&path, content)?;
        Ok(path.into())
    }
}
