//! Named values: a form, or the scalars in the root of a JSON object, each as written.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::fmt;

use domain::kernel::Amount;
use serde::Deserializer as _;
use serde::de::{Error as _, MapAccess, Visitor};
use serde_json::value::RawValue;

use super::{Unreadable, money};

/// Named values. Duplicate names are rejected: two parsers could choose different ones.
pub(super) struct Fields(BTreeMap<String, Option<String>>);

impl Fields {
    /// Parses a form or a query string. Bytes that are not UTF-8 become replacement characters.
    pub(super) fn of_form(form: &[u8]) -> Result<Self, Unreadable> {
        let mut fields = BTreeMap::new();
        for (name, value) in form_urlencoded::parse(form) {
            match fields.entry(name.into_owned()) {
                Entry::Vacant(place) => place.insert(Some(value.into_owned())),
                Entry::Occupied(_) => return Err(Unreadable::new("a field comes twice")),
            };
        }
        Ok(Self(fields))
    }

    /// Parses the root of a JSON object. Numbers keep their digits; of objects, arrays and `null` only the name is
    /// kept.
    pub(super) fn of_json(json: &[u8]) -> Result<Self, Unreadable> {
        let mut reader = serde_json::Deserializer::from_slice(json);
        let fields = reader.deserialize_map(Root).and_then(|fields| reader.end().map(|()| fields));
        fields.map_err(|error| Unreadable::json("object", &error))
    }

    /// All values, sorted by name (byte order).
    pub(super) fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().filter_map(|(name, value)| Some((name.as_str(), value.as_deref()?)))
    }

    /// A field, unless it is empty.
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name)?.as_deref().filter(|value| !value.is_empty())
    }

    /// A required field.
    pub(super) fn require(&self, name: &'static str) -> Result<&str, Unreadable> {
        self.get(name).ok_or_else(|| Unreadable(format!("there is no {name}")))
    }

    /// An amount in roubles.
    pub(super) fn roubles(&self, name: &'static str) -> Result<Amount, Unreadable> {
        money::kopecks(self.require(name)?)
    }
}

/// Reads an object.
struct Root;

impl<'de> Visitor<'de> for Root {
    type Value = Fields;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Fields, A::Error> {
        let mut fields = BTreeMap::new();
        while let Some((name, value)) = map.next_entry::<String, Box<RawValue>>()? {
            match fields.entry(name) {
                Entry::Vacant(place) => place.insert(scalar(&value).map_err(A::Error::custom)?),
                Entry::Occupied(_) => return Err(A::Error::custom("a field comes twice")),
            };
        }
        Ok(Fields(fields))
    }
}

fn scalar(value: &RawValue) -> serde_json::Result<Option<String>> {
    match value.get().as_bytes().first() {
        Some(b'"') => serde_json::from_str(value.get()).map(Some),
        Some(b'{' | b'[' | b'n') | None => Ok(None),
        Some(_) => Ok(Some(value.get().to_owned())),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn all(fields: &Fields) -> Vec<(&str, &str)> {
        fields.iter().collect()
    }

    #[test]
    fn numbers_of_json_keep_their_digits() {
        let json = r#" {"b": 1.10, "a": 12345678901234567890123, "t": true, "s": "\u0441\"", "n": null, "o": {"x": 1}, "l": [1], "e": ""} "#;
        let fields = Fields::of_json(json.as_bytes()).unwrap();
        let texts = [("a", "12345678901234567890123"), ("b", "1.10"), ("e", ""), ("s", "с\""), ("t", "true")];
        assert_eq!(all(&fields), texts);
        assert_eq!((fields.get("e"), fields.get("n"), fields.get("o")), (None, None, None));
        assert!(fields.require("e").is_err());
    }

    #[test]
    fn forms_are_decoded_once() {
        let fields = Fields::of_form(b"a=1+2%2B&b=%D1%81&c&d=%ff").unwrap();
        assert_eq!(all(&fields), [("a", "1 2+"), ("b", "с"), ("c", ""), ("d", "\u{fffd}")]);
    }

    #[test]
    fn a_field_that_comes_twice_is_refused() {
        assert!(Fields::of_form(b"a=1&b=2&a=1").is_err());
        assert!(Fields::of_form(b"a=1&%61=2").is_err());
        assert!(Fields::of_json(br#"{"a":1,"\u0061":1}"#).is_err());
        assert!(Fields::of_json(br#"{"a":null,"a":{}}"#).is_err());
    }

    #[test]
    fn what_is_no_object_is_refused() {
        for json in ["", "[]", "1", "\"a\"", "{", "{}{}", "{\"a\":1}x", "{\"a\":01}", "{\"a\":\"\\ud800\"}", "null"] {
            assert!(Fields::of_json(json.as_bytes()).is_err(), "{json}");
        }
        assert!(Fields::of_json(b"{\"a\":\"\xff\"}").is_err());
        let deep = format!("{{\"a\":{}1{}}}", "[".repeat(100_000), "]".repeat(100_000));
        assert!(Fields::of_json(deep.as_bytes()).is_ok_and(|fields| fields.get("a").is_none()));
    }

    proptest! {
        #[test]
        fn any_bytes_are_survived(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
            let _ = (Fields::of_json(&bytes), Fields::of_form(&bytes));
        }
    }
}
