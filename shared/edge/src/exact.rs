//! Decimal numbers in JSON.

use serde::{Serialize, Serializer};
use serde_json::value::RawValue;

/// A decimal number that reaches the client digit by digit: no float touches an amount.
#[derive(Debug, Clone)]
pub struct Exact(Box<RawValue>);

impl Exact {
    /// From the text of a decimal number. Anything else is `null`.
    pub fn new(number: String) -> Self {
        Self(RawValue::from_string(number).unwrap_or_else(|_| RawValue::NULL.to_owned()))
    }
}

impl Serialize for Exact {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(serializer)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_written_as_they_are() {
        assert_eq!(serde_json::to_string(&Exact::new("0.000000001".to_owned())).unwrap(), "0.000000001");
        assert_eq!(serde_json::to_string(&Exact::new("-12.5".to_owned())).unwrap(), "-12.5");
        assert_eq!(serde_json::to_string(&Exact::new("x".to_owned())).unwrap(), "null");
    }
}
