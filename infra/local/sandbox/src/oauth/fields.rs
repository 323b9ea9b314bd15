//! Queries and forms.

use form_urlencoded::Serializer;

/// The fields of a query or form, in order.
pub(super) struct Fields(Vec<(String, String)>);

impl Fields {
    pub(super) fn parse(text: &[u8]) -> Self {
        Self(form_urlencoded::parse(text).into_owned().collect())
    }

    /// A field that occurs once and is not empty.
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        let mut values = self.0.iter().filter(|(field, value)| field == name && !value.is_empty());
        match (values.next(), values.next()) {
            (Some((_, value)), None) => Some(value),
            _ => None,
        }
    }
}

/// A URL with more parameters.
pub(super) fn with_parameters(url: &str, parameters: &[(&str, &str)]) -> String {
    let separator = if url.contains('?') { '&' } else { '?' };
    let query = Serializer::new(String::new()).extend_pairs(parameters).finish();
    format!("{url}{separator}{query}")
}
