//! Query parameters.

use std::convert::Infallible;
use std::ops::RangeInclusive;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use domain::kernel::{Error, Page, Timestamp};

/// The largest page.
const MAX_LIMIT: u32 = 100;
/// Skipping reads what it skips, so it has a bound.
const MAX_OFFSET: u32 = 10_000;
/// The same for numbered pages: page number times limit.
const MAX_NUMBERED: u32 = 20_000;

/// The query string. A malformed or repeated parameter is refused when it is read.
pub struct Query(Vec<(String, String)>);

impl<S: Send + Sync> FromRequestParts<S> for Query {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        let query = parts.uri.query().unwrap_or_default();
        Ok(Self(form_urlencoded::parse(query.as_bytes()).into_owned().collect()))
    }
}

impl Query {
    /// The value of `name`; an empty one is none.
    pub fn get(&self, name: &str) -> Result<Option<&str>, Error> {
        Ok(self.given(name)?.filter(|value| !value.is_empty()))
    }

    /// The value of `name`; none if repeated. For redirects from other sites, which must not be refused over the form
    /// of the URL.
    pub fn lenient(&self, name: &str) -> Option<&str> {
        self.given(name).ok().flatten()
    }

    fn given(&self, name: &str) -> Result<Option<&str>, Error> {
        let mut values = self.0.iter().filter(|(parameter, _)| parameter == name).map(|(_, value)| value.as_str());
        match (values.next(), values.next()) {
            (value, None) => Ok(value),
            _ => Err(Error::invalid(name, "duplicate", "Параметр указан несколько раз")),
        }
    }

    /// The time in `name`: ISO 8601 with an offset, or a date, which is the beginning of that day in UTC, or its `end`.
    pub fn time(&self, name: &str, end: bool) -> Result<Option<Timestamp>, Error> {
        let Some(text) = self.get(name)? else { return Ok(None) };
        let of_day = if end { format!("{text}T23:59:59.999Z") } else { format!("{text}T00:00:00Z") };
        // An unencoded plus sign is a space in a query.
        let parsed = text.replace(' ', "+").parse().or_else(|_| of_day.parse());
        parsed.map(Some).map_err(|_| Error::invalid(name, "format", "Ожидается дата или время ISO 8601"))
    }

    /// The whole number in `name`.
    pub fn number(&self, name: &str, range: RangeInclusive<u32>, default: u32) -> Result<u32, Error> {
        number(name, self.get(name)?, range, default)
    }

    /// The page by `limit` (default `default`) and `offset`.
    pub fn page(&self, default: u32) -> Result<Page, Error> {
        let read = |name, range, default| number(name, self.given(name)?, range, default);
        Ok(Page { limit: read("limit", 1..=MAX_LIMIT, default)?, offset: read("offset", 0..=MAX_OFFSET, 0)? })
    }

    /// The page by `page`, from 1, and `limit` (default `default`).
    pub fn numbered_page(&self, default: u32) -> Result<NumberedPage, Error> {
        let limit = self.number("limit", 1..=MAX_LIMIT, default)?;
        Ok(NumberedPage { page: self.number("page", 1..=MAX_NUMBERED / limit, 1)?, limit })
    }
}

fn number(name: &str, text: Option<&str>, range: RangeInclusive<u32>, default: u32) -> Result<u32, Error> {
    let Some(text) = text else { return Ok(default) };
    text.parse().ok().filter(|number| range.contains(number)).ok_or_else(|| {
        let message = format!("Ожидается целое число от {} до {}", range.start(), range.end());
        Error::invalid(name, "range", message)
    })
}

/// A page by its number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NumberedPage {
    /// From 1.
    pub page: u32,
    /// The most items.
    pub limit: u32,
}

impl NumberedPage {
    /// The same as limit and offset.
    pub fn page(self) -> Page {
        Page { limit: self.limit, offset: (self.page - 1) * self.limit }
    }
}

#[cfg(test)]
mod tests {
    use axum::http::Request;
    use futures_util::FutureExt as _;

    use super::*;

    fn query(text: &str) -> Query {
        let request = Request::builder().uri(format!("/?{text}")).body(()).unwrap();
        let mut parts = request.into_parts().0;
        let Ok(query) = Query::from_request_parts(&mut parts, &()).now_or_never().unwrap();
        query
    }

    #[test]
    fn times_are_instants_or_days() {
        let time =
            |text: &str, end| query(&format!("t={text}")).time("t", end).map(|time| time.map(|it| it.to_string()));
        assert_eq!(time("2023-12-01T10:00:00%2B03:00", false).unwrap().unwrap(), "2023-12-01T07:00:00Z");
        assert_eq!(time("2023-12-01T10:00:00+03:00", false).unwrap().unwrap(), "2023-12-01T07:00:00Z");
        assert_eq!(time("2023-12-01", false).unwrap().unwrap(), "2023-12-01T00:00:00Z");
        assert_eq!(time("2023-12-01", true).unwrap().unwrap(), "2023-12-01T23:59:59.999Z");
        assert_eq!(time("", true).unwrap(), None);
        assert!(time("yesterday", true).is_err());
        assert!(query("t=1&t=2").get("t").is_err());
    }

    #[test]
    fn pages_are_counted_from_one() {
        let read = |text| query(text).numbered_page(20);
        assert_eq!(read("").unwrap().page(), Page { limit: 20, offset: 0 });
        assert_eq!(read("page=3&limit=7").unwrap().page(), Page { limit: 7, offset: 14 });
        for bad in ["page=0", "page=-1", "limit=0", "limit=101", "page=x", "page=100000"] {
            assert!(read(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn pages_have_bounds() {
        let read = |text| query(text).page(20);
        assert_eq!(read("").unwrap(), Page { limit: 20, offset: 0 });
        assert_eq!(read("limit=5&offset=7").unwrap(), Page { limit: 5, offset: 7 });
        for bad in
            ["limit=0", "limit=101", "limit=-1", "limit=x", "limit=", "offset=10001", "offset=1e3", "limit=1&limit=2"]
        {
            assert!(read(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_lenient_parameter_that_cannot_be_read_is_none() {
        let parameters = query("a=1%2B2+3&b=&c=1&c=2");
        assert_eq!((parameters.lenient("a"), parameters.lenient("b")), (Some("1+2 3"), Some("")));
        assert_eq!((parameters.lenient("c"), parameters.lenient("d")), (None, None));
        for odd in ["", "a", "%", "a=%FF", "&&=", "a[b]=1"] {
            assert_eq!(query(odd).lenient("state"), None, "{odd}");
        }
    }
}
