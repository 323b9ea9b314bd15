//! Vectors in OpenAI's protocol, which GigaChat's is like.

use domain::gateway::{EmbeddingCall, Embeddings, ProviderError};
use serde::de::IgnoredAny;
use serde::ser::SerializeMap as _;
use serde::{Deserialize, Serialize, Serializer};
use serde_json::value::RawValue;

use super::{failure, usage};
use crate::Secret;
use crate::http::Complaint;

/// A request for vectors as it was written, but for the model.
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

/// One vector; GigaChat tells the tokens with each.
#[derive(Deserialize)]
struct Vector<'a> {
    #[serde(borrow)]
    usage: Option<&'a RawValue>,
}

/// Reads an answer. `secrets` are cut out of what it complains of.
pub(super) fn read(answer: &[u8], secrets: &[Secret]) -> Result<Embeddings, ProviderError> {
    let malformed = |error| failure::malformed("vectors", &error);
    let Answer { data, usage, error } = serde_json::from_slice(answer).map_err(malformed)?;
    let (Some(data), None) = (data, error) else {
        let json = serde_json::from_slice(answer).unwrap_or_default();
        return Err(failure::told(&json, &Complaint::from_json(&json, secrets)));
    };
    let vectors: Vec<Vector<'_>> = serde_json::from_str(data.get()).map_err(malformed)?;
    let of_each = || vectors.iter().map(|vector| vector.usage.and_then(usage::prompt)).sum();
    Ok(Embeddings { data: data.to_owned(), prompt: usage.and_then(usage::prompt).or_else(of_each) })
}
