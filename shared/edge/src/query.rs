//! Query parameters that must be right, and pages that have numbers.

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use domain::kernel::{Error, Page, Timestamp};
use serde::{Serialize, Serializer};
use serde_json::value::RawValue;

use crate::problem::Failure;

/// The parameters of the query. One that is given twice is refused when it is asked for.
pub struct Query(Vec<(String, String)>);

impl<S: Send + Sync> FromRequestParts<S> for Query {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Failure> {
        let pairs = axum::extract::Query::try_from_uri(&parts.uri);
        let pairs = pairs.map_err(|_| Error::invalid("", "format", "Недопустимая строка запроса"))?;
        Ok(Self(pairs.0))
    }
}

impl Query {
    /// The value of the parameter `name`; an empty one is none.
    pub fn get(&self, name: &str) -> Result<Option<&str>, Error> {
        let mut values = self.0.iter().filter(|(parameter, _)| parameter == name).map(|(_, value)| value.as_str());
        match (values.next(), values.next()) {
            (value, None) => Ok(value.filter(|value| !value.is_empty())),
            _ => Err(Error::invalid(name, "duplicate", "Параметр указан несколько раз")),
        }
    }

    /// The time in the parameter `name`: ISO 8601 with an offset, or a date, which is the beginning of that day in UTC, or its `end`.
    pub fn time(&self, name: &str, end: bool) -> Result<Option<Timestamp>, Error> {
        let Some(text) = self.get(name)? else { return Ok(None) };
        let of_day = if end { format!("{text}T23:59:59.999Z") } else { format!("{text}T00:00:00Z") };
        // A plus sign in a query is a space unless it is encoded, which people forget.
        let parsed = text.replace(' ', "+").parse().or_else(|_| of_day.parse());
        parsed.map(Some).map_err(|_| Error::invalid(name, "format", "Ожидается дата или время ISO 8601"))
    }

    /// The whole number in the parameter `name`.
    pub fn number(&self, name: &str, range: std::ops::RangeInclusive<u32>, default: u32) -> Result<u32, Error> {
        let Some(text) = self.get(name)? else { return Ok(default) };
        text.parse().ok().filter(|number| range.contains(number)).ok_or_else(|| {
            let message = format!("Ожидается целое число от {} до {}", range.start(), range.end());
            Error::invalid(name, "range", message)
        })
    }
}

/// `?page=&limit=`, pages counted from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NumberedPage {
    /// The number.
    pub page: u32,
    /// The most items of a page.
    pub limit: u32,
}

/// Skipping reads what it skips, so there is an end to it.
const MAX_SKIPPED: u32 = 20_000;

impl NumberedPage {
    /// Reads number and limit; without a limit a page has `default` items.
    pub fn read(query: &Query, default: u32) -> Result<Self, Error> {
        let limit = query.number("limit", 1..=100, default)?;
        Ok(Self { page: query.number("page", 1..=MAX_SKIPPED / limit, 1)?, limit })
    }

    /// The same as limit and offset.
    pub fn page(self) -> Page {
        Page { limit: self.limit, offset: (self.page - 1) * self.limit }
    }
}

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

    fn query(pairs: &[(&str, &str)]) -> Query {
        Query(pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect())
    }

    #[test]
    fn times_are_instants_or_days() {
        let time = |text: &str, end| query(&[("t", text)]).time("t", end).map(|time| time.map(|time| time.to_string()));
        assert_eq!(time("2023-12-01T10:00:00+03:00", false).unwrap().unwrap(), "2023-12-01T07:00:00Z");
        assert_eq!(time("2023-12-01T10:00:00 03:00", false).unwrap().unwrap(), "2023-12-01T07:00:00Z");
        assert_eq!(time("2023-12-01", false).unwrap().unwrap(), "2023-12-01T00:00:00Z");
        assert_eq!(time("2023-12-01", true).unwrap().unwrap(), "2023-12-01T23:59:59.999Z");
        assert_eq!(time("", true).unwrap(), None);
        assert!(time("yesterday", true).is_err());
        assert!(query(&[("t", "1"), ("t", "2")]).get("t").is_err());
    }

    #[test]
    fn pages_are_counted_from_one() {
        let read = |pairs: &[(&str, &str)]| NumberedPage::read(&query(pairs), 20);
        assert_eq!(read(&[]).unwrap().page(), Page { limit: 20, offset: 0 });
        assert_eq!(read(&[("page", "3"), ("limit", "7")]).unwrap().page(), Page { limit: 7, offset: 14 });
        for bad in [("page", "0"), ("page", "-1"), ("limit", "0"), ("limit", "101"), ("page", "x"), ("page", "100000")]
        {
            assert!(read(&[bad]).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn amounts_are_written_as_they_are() {
        assert_eq!(serde_json::to_string(&Exact::new("0.000000001".to_owned())).unwrap(), "0.000000001");
        assert_eq!(serde_json::to_string(&Exact::new("-12.5".to_owned())).unwrap(), "-12.5");
        assert_eq!(serde_json::to_string(&Exact::new("x".to_owned())).unwrap(), "null");
    }
}
