//! Embeddings in OpenAI's protocol, which GigaChat shares.

use domain::gateway::{EmbeddingCall, Embeddings, ProviderError};
use serde::de::IgnoredAny;
use serde::ser::SerializeMap as _;
use serde::{Deserialize, Serialize, Serializer};
use serde_json::value::RawValue;

use super::usage;
use crate::http::Complaint;
use crate::{Secret, provider_error};

/// An embedding request as written, except for the model.
pub(super) struct Body<'a>(pub(super) EmbeddingCall<'a>);

impl Serialize for Body<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        for (name, value) in self.0.request.fields.iter() {
            match name {
                "model" => map.serialize_entry(name, self.0.model)?,
                _ => map.serialize_entry(name, value)?,
            }
        }
        map.end()
    }
}

#[derive(Deserialize)]
struct Answer<'a> {
    #[serde(borrow)]
    data: Option<&'a RawValue>,
    #[serde(borrow)]
    usage: Option<&'a RawValue>,
    error: Option<IgnoredAny>,
}

/// One embedding; GigaChat sends usage with each.
#[derive(Deserialize)]
struct Vector<'a> {
    #[serde(borrow)]
    usage: Option<&'a RawValue>,
}

/// Parses an answer. `secrets` are cut out of its error.
pub(super) fn read(answer: &[u8], secrets: &[Secret]) -> Result<Embeddings, ProviderError> {
    let malformed = |error| provider_error::malformed("embeddings", &error);
    let Answer { data, usage, error } = serde_json::from_slice(answer).map_err(malformed)?;
    let (Some(data), None) = (data, error) else {
        let json = serde_json::from_slice(answer).unwrap_or_default();
        return Err(provider_error::from_body(&json, &Complaint::from_json(&json, secrets)));
    };
    let vectors: Vec<Vector<'_>> = serde_json::from_str(data.get()).map_err(malformed)?;
    let of_each = || vectors.iter().map(|vector| vector.usage.and_then(usage::prompt)).sum();
    Ok(Embeddings { data: data.to_owned(), prompt: usage.and_then(usage::prompt).or_else(of_each) })
}
