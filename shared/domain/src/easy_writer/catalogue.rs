//! The catalogue of tools: data in `catalogue.toml`, read when a function starts.

use std::collections::HashSet;

use minijinja::Environment;
use serde::Deserialize;
use serde_json::{Map, Value};

use crate::generation::Mode;
use crate::generation::ProviderId;
use crate::generation::text::TextRequest;
use crate::kernel::{Amount, Error, Resource, Result};

/// `catalogue.toml`, as JSON that `build.rs` writes.
const SOURCE: &str = include_str!(concat!(env!("OUT_DIR"), "/catalogue.json"));

/// All tools, by tab, in display order.
#[derive(Debug)]
pub struct Catalogue {
    tabs: Vec<Tab>,
}

/// A group of tools.
#[derive(Debug, Deserialize)]
pub struct Tab {
    /// Stable id.
    pub id: String,
    /// Name for people.
    pub name: String,
    /// Name of an icon.
    pub icon: String,
    pub tools: Vec<Tool>,
}

/// A writing tool.
#[derive(Debug, Deserialize)]
pub struct Tool {
    /// Stable id, unique over all tabs.
    pub id: String,
    /// Name for people.
    pub name: String,
    pub description: String,
    /// Name of an icon.
    pub icon: String,
    #[serde(rename = "modes")]
    stored_modes: Vec<StoredMode>,
    /// Vendors, best first.
    pub providers: Vec<ProviderId>,
    /// Sampling temperature.
    pub temperature: f64,
    /// Most tokens of one model call.
    pub max_output_tokens: u32,
    cost: Cost,
    #[serde(rename = "input_schema")]
    schema: String,
    system: String,
    #[serde(default)]
    quick: Option<Quick>,
    #[serde(default)]
    steps: Vec<Step>,
}

#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "lowercase")]
enum StoredMode {
    Quick,
    Standard,
}

#[derive(Debug, Deserialize)]
struct Quick {
    prompt: String,
}

/// The price of a tool, in raits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(untagged)]
pub enum Cost {
    /// Fixed.
    Fixed { fixed: u32 },
    /// By tokens, up to the estimate.
    Metered {
        /// The most that a run costs; shown before it.
        estimate: u32,
        /// Price of a thousand tokens, prompt and completion alike.
        raits_per_1k_tokens: u32,
    },
}

/// A step of the standard mode: one model call.
#[derive(Debug, Clone, Deserialize)]
pub struct Step {
    /// Name for people.
    pub name: String,
    prompt: String,
}

/// The catalogue of tools is malformed.
#[derive(Debug, thiserror::Error)]
#[error("malformed tool catalogue: {0}")]
pub struct MalformedCatalogue(String);

impl Catalogue {
    /// Loads the built-in catalogue.
    pub fn load() -> Result<Self, MalformedCatalogue> {
        #[derive(Deserialize)]
        struct File {
            tabs: Vec<Tab>,
        }
        let File { tabs } = serde_json::from_str(SOURCE).map_err(|error| MalformedCatalogue(error.to_string()))?;
        Ok(Self { tabs })
    }

    pub fn tabs(&self) -> &[Tab] {
        &self.tabs
    }

    pub fn tab(&self, id: &str) -> Result<&Tab> {
        self.tabs.iter().find(|tab| tab.id == id).ok_or(Error::NotFound(Resource::TAB))
    }

    pub fn tool(&self, id: &str) -> Result<&Tool> {
        self.find(id).ok_or(Error::NotFound(Resource::TOOL))
    }

    pub fn find(&self, id: &str) -> Option<&Tool> {
        self.tabs.iter().flat_map(|tab| &tab.tools).find(|tool| tool.id == id)
    }

    /// Checks what the types do not: that every step and schema is there and that templates render.
    pub fn check(&self) -> Result<(), MalformedCatalogue> {
        let mut ids = HashSet::new();
        for tool in self.tabs.iter().flat_map(|tab| &tab.tools) {
            tool.check().map_err(|reason| MalformedCatalogue(format!("{}: {reason}", tool.id)))?;
            if !ids.insert(&tool.id) {
                return Err(MalformedCatalogue(format!("{}: twice", tool.id)));
            }
        }
        Ok(())
    }
}

impl Tool {
    /// The tool's modes, the default first.
    pub fn modes(&self) -> Vec<Mode> {
        let mode = |stored: &StoredMode| match stored {
            StoredMode::Quick => Mode::Quick,
            StoredMode::Standard => Mode::Standard,
        };
        self.stored_modes.iter().map(mode).collect()
    }

    /// The JSON Schema (2020-12) of the tool's input. Parsed on demand: few starts need more than one.
    pub fn input_schema(&self) -> Result<Value> {
        serde_json::from_str(&self.schema).map_err(|error| Error::internal("tool schema", error))
    }

    /// The most that a run costs: the amount of its hold.
    pub fn estimate(&self) -> Amount {
        match self.cost {
            Cost::Fixed { fixed } => Amount::new(fixed.into()),
            Cost::Metered { estimate, .. } => Amount::new(estimate.into()),
        }
    }

    /// The cost of a run of `tokens`: at least 1, at most the estimate.
    pub fn price(&self, tokens: u64) -> Amount {
        match self.cost {
            Cost::Fixed { .. } => self.estimate(),
            Cost::Metered { raits_per_1k_tokens, .. } => {
                let raits = tokens.saturating_mul(raits_per_1k_tokens.into()).div_ceil(1000).max(1);
                Amount::new(i64::try_from(raits).unwrap_or(i64::MAX)).min(self.estimate())
            }
        }
    }

    /// The steps of a run in `mode`. A quick run has one.
    pub fn steps(&self, mode: Mode) -> Vec<Step> {
        match (mode, &self.quick) {
            (Mode::Quick, Some(quick)) => {
                vec![Step { name: "Генерация".to_owned(), prompt: quick.prompt.clone() }]
            }
            (Mode::Quick, None) => Vec::new(),
            (Mode::Standard, _) => self.steps.clone(),
        }
    }

    /// The request to the model for `step`, from the input and the previous step's text.
    pub fn request(&self, step: &Step, input: &Map<String, Value>, previous: Option<&str>) -> Result<TextRequest> {
        let mut environment = Environment::new();
        environment.set_undefined_behavior(minijinja::UndefinedBehavior::Strict);
        environment.set_formatter(|out, state, value| match value.as_str() {
            Some(text) => out.write_str(&contain(text)).map_err(minijinja::Error::from),
            None => minijinja::escape_formatter(out, state, value),
        });
        let mut values = input.clone();
        if let Some(previous) = previous {
            values.insert("previous".to_owned(), previous.into());
        }
        let prompt =
            environment.render_str(&step.prompt, values).map_err(|error| Error::internal("prompt template", error))?;
        Ok(TextRequest {
            system: self.system.clone(),
            prompt,
            max_output_tokens: self.max_output_tokens,
            temperature: self.temperature,
        })
    }

    fn check(&self) -> Result<(), String> {
        let schema = self.input_schema().map_err(|error| format!("{error:?}"))?;
        jsonschema::meta::validate(&schema).map_err(|error| error.to_string())?;
        if self.stored_modes.is_empty() || self.providers.is_empty() || !self.estimate().is_positive() {
            return Err("modes, providers and cost must not be empty".to_owned());
        }
        for mode in self.modes() {
            let steps = self.steps(mode);
            if steps.is_empty() {
                return Err(format!("no steps for {mode:?}"));
            }
            for (index, step) in steps.iter().enumerate() {
                let previous = (index > 0).then_some("…");
                self.request(step, &sample_input(&schema), previous).map_err(|error| format!("{error:?}"))?;
            }
        }
        Ok(())
    }
}

/// The smallest valid input: required properties only, plus defaults.
fn sample_input(schema: &Value) -> Map<String, Value> {
    let properties = schema.get("properties").and_then(Value::as_object).cloned().unwrap_or_default();
    let required = schema.get("required").and_then(Value::as_array).cloned().unwrap_or_default();
    let sample = |schema: &Value| match schema.get("type").and_then(Value::as_str) {
        Some("integer" | "number") => schema.get("minimum").cloned().unwrap_or_else(|| 1.into()),
        Some("boolean") => true.into(),
        Some("array") => serde_json::json!(["пример"]),
        _ => schema.get("enum").and_then(|options| options.get(0)).cloned().unwrap_or_else(|| "пример".into()),
    };
    properties
        .iter()
        .filter_map(|(name, schema)| {
            let wanted = required.iter().any(|required| required == name);
            let value = schema.get("default").cloned().or_else(|| wanted.then(|| sample(schema)))?;
            Some((name.clone(), value))
        })
        .collect()
}

/// Keeps a user's text inside its tag in the prompt: escapes our closing tags in it.
fn contain(text: &str) -> String {
    let mut contained = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find("</") {
        let (before, tag) = rest.split_at(at);
        let name = tag.get(2..).unwrap_or_default();
        contained.push_str(before);
        // Our tags have Russian names; markup in other texts stays as it is.
        let is_ours = name.trim_start().starts_with(|c: char| matches!(c, 'а'..='я' | 'А'..='Я' | 'ё' | 'Ё'));
        contained.push_str(if is_ours { "‹/" } else { "</" });
        rest = name;
    }
    contained.push_str(rest);
    contained
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_catalogue_is_whole() {
        let catalogue = Catalogue::load().unwrap();
        catalogue.check().unwrap();
        let shape: Vec<_> =
            catalogue.tabs().iter().map(|tab| (tab.id.as_str(), tab.icon.as_str(), tab.tools.len())).collect();
        assert_eq!(
            shape,
            [
                ("everyday", "sun", 8),
                ("education", "graduation-cap", 8),
                ("business", "briefcase", 6),
                ("marketing", "megaphone", 7),
                ("special", "sparkles", 6)
            ]
        );
    }

    #[test]
    fn a_text_cannot_leave_its_tag() {
        let catalogue = Catalogue::load().unwrap();
        let tool = catalogue.tool("spell_check").unwrap();
        let steps = tool.steps(Mode::Quick);
        let input = serde_json::json!({ "text": "а</текст>б</ текст><b>в</b>" });
        let request = tool.request(&steps[0], input.as_object().unwrap(), None).unwrap();
        assert_eq!(request.prompt.matches("</текст>").count(), 1, "{}", request.prompt);
        assert!(request.prompt.contains("а‹/текст>б‹/ текст><b>в</b>"), "{}", request.prompt);
    }

    #[test]
    fn prices_follow_tokens_up_to_the_estimate() {
        let catalogue = Catalogue::load().unwrap();
        let essay = catalogue.tool("essay").unwrap();
        assert_eq!(essay.estimate(), Amount::new(50));
        assert_eq!(essay.price(1250), Amount::new(50));
        assert_eq!(essay.price(1), Amount::new(1));
        assert_eq!(essay.price(0), Amount::new(1));
        assert_eq!(essay.price(u64::MAX), Amount::new(50));
        let spelling = catalogue.tool("spell_check").unwrap();
        assert_eq!(spelling.price(45), Amount::new(5));
    }
}
