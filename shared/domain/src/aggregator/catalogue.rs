//! The catalogue of models: data in `models.toml`, read when a function starts.

use serde::Deserialize;

use super::price::{Price, Rate};
use crate::gateway::Deployment;
use crate::kernel::{Amount, Error, Resource, Result};

/// `models.toml`, as JSON that `build.rs` writes.
const SOURCE: &str = include_str!(concat!(env!("OUT_DIR"), "/models.json"));

/// The catalogue of models.
#[derive(Debug, Deserialize)]
pub struct Catalogue {
    models: Vec<Model>,
}

/// A model.
#[derive(Debug, Clone, Deserialize)]
pub struct Model {
    /// The name in requests.
    pub id: String,
    /// The name for people.
    pub name: String,
    /// The model's maker.
    pub provider: String,
    /// Tokens of prompt and completion together.
    pub context_length: u32,
    /// Most completion tokens.
    #[serde(default)]
    pub max_output: u32,
    input: Rate,
    #[serde(default)]
    cached_input: Option<Rate>,
    #[serde(default)]
    output: Rate,
    pub features: Vec<Feature>,
    #[serde(rename = "targets")]
    pub routes: Vec<Route>,
    /// Ids of models that may answer instead.
    #[serde(default)]
    pub fallback: Vec<String>,
}

/// A capability: `supported_features` of the contract.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Feature {
    Chat,
    Completion,
    FunctionCalling,
    /// Images in messages.
    Vision,
    /// Structured output.
    JsonSchema,
    Embedding,
}

/// A vendor that runs a model.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Route {
    /// The vendor, and its name for the model.
    #[serde(flatten)]
    pub deployment: Deployment,
    /// Weight in the draw for the first deployment; 0 takes no part.
    #[serde(default)]
    pub weight: u32,
}

impl Model {
    pub fn price(&self) -> Price {
        Price { input: self.input, cached_input: self.cached_input.unwrap_or(self.input), output: self.output }
    }

    pub fn can(&self, feature: Feature) -> bool {
        self.features.contains(&feature)
    }

    /// The deployments in the order in which they are called. `draw` returns a random number, which chooses the first of
    /// the deployments with weights.
    pub fn order(&self, draw: impl FnOnce() -> u64) -> Vec<Deployment> {
        let mut deployments: Vec<Deployment> = self.routes.iter().map(|route| route.deployment.clone()).collect();
        let total: u64 = self.routes.iter().map(|route| u64::from(route.weight)).sum();
        if total > 0 && deployments.len() > 1 {
            let mut left = draw() % total;
            let first = self.routes.iter().position(|route| {
                let weight = u64::from(route.weight);
                let hit = left < weight;
                left = left.saturating_sub(weight);
                hit
            });
            deployments.rotate_left(first.unwrap_or_default());
        }
        deployments
    }
}

impl Catalogue {
    /// Loads the built-in catalogue, or `source` instead: JSON of the same shape as `models.toml`.
    pub fn load(source: Option<&str>) -> Result<Self, MalformedModels> {
        let catalogue: Self =
            serde_json::from_str(source.unwrap_or(SOURCE)).map_err(|error| MalformedModels(error.to_string()))?;
        catalogue.check().map_err(MalformedModels)?;
        Ok(catalogue)
    }

    pub fn models(&self) -> &[Model] {
        &self.models
    }

    /// The model `id`, if it has `feature`.
    pub fn find(&self, id: &str, feature: Feature) -> Result<&Model> {
        let found = self.models.iter().find(|model| model.id == id && model.can(feature));
        found.ok_or(Error::NotFound(Resource::MODEL))
    }

    /// The model, then its fallbacks.
    pub fn chain<'a>(&'a self, model: &'a Model) -> Vec<&'a Model> {
        let others = model.fallback.iter().filter_map(|id| self.models.iter().find(|other| other.id == *id));
        std::iter::once(model).chain(others).collect()
    }

    fn check(&self) -> Result<(), String> {
        for (index, model) in self.models.iter().enumerate() {
            let id = &model.id;
            if model.routes.is_empty() || model.features.is_empty() || model.context_length == 0 {
                return Err(format!("{id}: targets, features and context_length must not be empty"));
            }
            if self.models.iter().take(index).any(|other| other.id == *id) {
                return Err(format!("{id} is there twice"));
            }
            if model.can(Feature::Chat) && model.max_output == 0 {
                return Err(format!("{id}: a chat needs max_output"));
            }
            for fallback in &model.fallback {
                let other = self.models.iter().find(|other| other.id == *fallback);
                if !other.is_some_and(|other| other.can(Feature::Chat)) {
                    return Err(format!("{id}: there is no chat model {fallback}"));
                }
            }
        }
        Ok(())
    }
}

/// The catalogue of models is malformed.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct MalformedModels(String);

/// The most that a call can cost: the amount of its hold. A model reads at most its context for each of `inputs`.
pub(super) fn bound(models: &[&Model], prompt: u64, max_tokens: Option<u32>, choices: u32, inputs: usize) -> Amount {
    let costs = models.iter().map(|model| {
        let prompt = prompt.min(u64::from(model.context_length).saturating_mul(inputs as u64));
        let each = max_tokens.unwrap_or(model.max_output).min(model.max_output);
        model.price().cost(prompt, 0, u64::from(each) * u64::from(choices))
    });
    // At least one nano-dollar: a free call has an entry too.
    costs.max().unwrap_or(Amount::ZERO).max(Amount::new(1))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn model(weights: &[u32]) -> Model {
        let catalogue = Catalogue::load(None).unwrap();
        let mut model = catalogue.find("gpt-4", Feature::Chat).unwrap().clone();
        model.routes = weights
            .iter()
            .enumerate()
            .map(|(index, weight)| Route {
                deployment: Deployment { vendor: format!("v{index}"), model: "m".to_owned(), timeout_seconds: None },
                weight: *weight,
            })
            .collect();
        model
    }

    #[test]
    fn the_catalogue_has_what_the_contract_shows() {
        let catalogue = Catalogue::load(None).unwrap();
        let gpt4 = catalogue.find("gpt-4", Feature::Chat).unwrap();
        assert_eq!(gpt4.price().cost(10, 0, 15), Amount::new(10 * 30_000 + 15 * 60_000));
        assert_eq!((gpt4.context_length, gpt4.provider.as_str()), (8192, "openai"));
        let claude = catalogue.find("claude-3-sonnet", Feature::Chat).unwrap();
        assert_eq!(claude.price().cost(1, 0, 0), Amount::new(3_000));
        assert!(matches!(catalogue.find("gpt-5", Feature::Chat), Err(Error::NotFound(Resource::MODEL))));
        assert!(catalogue.find("text-embedding-3-small", Feature::Chat).is_err());
    }

    #[test]
    fn weights_are_a_draw_and_everyone_else_is_asked_afterwards() {
        let first = |weights: &[u32], draw| model(weights).order(|| draw)[0].vendor.clone();
        assert_eq!(first(&[0, 0], 7), "v0");
        let counts = (0..100).filter(|draw| first(&[1, 3], *draw) == "v1").count();
        assert_eq!(counts, 75);
        assert_eq!(model(&[1, 3, 0]).order(|| 2).len(), 3);
    }

    #[test]
    fn what_is_held_is_enough_for_every_model_of_the_chain() {
        let catalogue = Catalogue::load(None).unwrap();
        let [small, large] = ["gpt-4o-mini", "gpt-4"].map(|id| catalogue.find(id, Feature::Chat).unwrap());
        assert_eq!(bound(&[small, large], 100, Some(10), 1, 1), large.price().cost(100, 0, 10));
        assert_eq!(bound(&[small], 1_000_000, None, 2, 1), small.price().cost(128_000, 0, 2 * 16_384));
        assert_eq!(bound(&[], 1, None, 1, 1), Amount::new(1));
    }

    #[test]
    fn a_catalogue_of_ones_own_is_checked() {
        let of = |models: &str| {
            Catalogue::load(Some(&format!(r#"{{"models":[{models}]}}"#))).err().map(|error| error.to_string())
        };
        let good = r#"{"id":"m","name":"M","provider":"p","context_length":10,"max_output":5,"input":"1","output":"2","features":["chat"],"targets":[{"vendor":"v","model":"m"}]}"#;
        assert_eq!(of(good), None);
        assert!(of(&format!("{good},{good}")).unwrap().contains("twice"));
        assert!(of(&good.replace(r#""max_output":5,"#, "")).unwrap().contains("max_output"));
        assert!(
            of(&good.replace(r#""targets""#, r#""fallback":["x"],"targets""#)).unwrap().contains("no chat model x")
        );
        assert!(of(&good.replace(r#""1""#, r#""-1""#)).is_some());
    }
}
