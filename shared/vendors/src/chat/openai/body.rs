//! A request as written, except for what the gateway sets.

use domain::gateway::{Call, Fields, ProviderError};
use serde::ser::SerializeMap as _;
use serde::{Serialize, Serializer};
use serde_json::value::to_raw_value;

use super::LimitField;
use crate::provider_error;

/// Fields that the gateway sets, whatever the caller wrote.
const DECIDED: [&str; 5] = ["model", "max_tokens", "max_completion_tokens", "stream", "stream_options"];

pub(super) struct Body<'a> {
    call: Call<'a>,
    limit_field: LimitField,
    extra: &'a Fields,
    /// `stream_options`, if the answer is streamed.
    stream_options: Option<Fields>,
}

impl<'a> Body<'a> {
    pub(super) fn whole(call: Call<'a>, limit_field: LimitField, extra: &'a Fields) -> Self {
        Self { call, limit_field, extra, stream_options: None }
    }

    /// Requests usage besides the caller's own options.
    pub(super) fn streamed(call: Call<'a>, limit_field: LimitField, extra: &'a Fields) -> Result<Self, ProviderError> {
        let malformed = |error| provider_error::malformed("stream_options", &error);
        let mut options: Fields = match call.request.fields.get("stream_options") {
            Some(written) => serde_json::from_str(written.get()).map_err(malformed)?,
            None => Fields::new(),
        };
        options.set("include_usage", to_raw_value(&true).map_err(malformed)?);
        Ok(Self { stream_options: Some(options), ..Self::whole(call, limit_field, extra) })
    }

    fn is_written(&self, name: &str) -> bool {
        self.call.request.fields.iter().any(|(own, _)| own == name)
    }
}

impl Serialize for Body<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("model", self.call.model)?;
        let written = self.call.request.fields.iter();
        let extra = self.extra.iter().filter(|(name, _)| !self.is_written(name));
        for (name, value) in written.chain(extra).filter(|(name, _)| !DECIDED.contains(name)) {
            map.serialize_entry(name, value)?;
        }
        let limit = match self.limit_field {
            LimitField::MaxCompletionTokens => "max_completion_tokens",
            LimitField::MaxTokens => "max_tokens",
        };
        if let Some(requested) = self.call.max_tokens.requested {
            map.serialize_entry(limit, &requested)?;
        }
        map.serialize_entry("stream", &self.stream_options.is_some())?;
        if let Some(options) = &self.stream_options {
            map.serialize_entry("stream_options", options)?;
        }
        map.end()
    }
}
