//! Routes of HTTP APIs and REST APIs and the order in which they are tried.

use std::collections::BTreeMap;

use crate::percent;

/// A route with its target.
#[derive(Debug)]
pub(crate) struct Route<T> {
    /// As the gateway spells it, `ANY /pets/{id}`.
    pub(crate) key: String,
    /// As the template spells it, `/pets/{id}`.
    pub(crate) path: String,
    method: Option<String>,
    /// `None` is the default route.
    segments: Option<Vec<Segment>>,
    pub(crate) target: T,
}

#[derive(Debug, PartialEq, Eq)]
enum Segment {
    Literal(String),
    Variable(String),
    /// A variable that takes the rest of the path.
    Greedy(String),
}

/// How closely a path fits a route.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Closeness(u8, Vec<u8>);

/// A route that fits a request.
#[derive(Debug)]
pub(crate) struct Match<'a, T> {
    pub(crate) route: &'a Route<T>,
    /// Values of the route's variables, decoded.
    pub(crate) parameters: BTreeMap<String, String>,
}

impl<T> Route<T> {
    /// A route for `method` (or `ANY`) and `path`, which may be `$default`.
    pub(crate) fn new(method: &str, path: &str, target: T) -> Self {
        if path == "$default" {
            return Self { key: path.to_owned(), path: path.to_owned(), method: None, segments: None, target };
        }
        let segments = path.trim_start_matches('/').split('/').map(|segment| {
            let variable = segment.strip_prefix('{').and_then(|rest| rest.strip_suffix('}'));
            match variable {
                Some(name) => match name.strip_suffix('+') {
                    Some(name) => Segment::Greedy(name.to_owned()),
                    None => Segment::Variable(name.to_owned()),
                },
                None => Segment::Literal(segment.to_owned()),
            }
        });
        Self {
            key: format!("{method} {path}"),
            path: path.to_owned(),
            method: (method != "ANY").then(|| method.to_owned()),
            segments: Some(segments.collect()),
            target,
        }
    }

    fn takes(&self, method: &str) -> bool {
        self.method.as_ref().is_none_or(|own| own == method)
    }

    /// The variables' values, if the path fits.
    fn parameters(&self, path: &str) -> Option<BTreeMap<String, String>> {
        let mut parameters = BTreeMap::new();
        let Some(segments) = &self.segments else { return Some(parameters) };
        let mut rest = Some(path.strip_prefix('/').unwrap_or(path));
        for segment in segments {
            let (first, others) = match rest?.split_once('/') {
                Some((first, others)) => (first, Some(others)),
                None => (rest?, None),
            };
            match segment {
                Segment::Literal(text) if text == first => {}
                Segment::Variable(name) if !first.is_empty() => {
                    parameters.insert(name.clone(), percent::decode(first));
                }
                Segment::Greedy(name) if rest.is_some_and(|rest| !rest.is_empty()) => {
                    parameters.insert(name.clone(), percent::decode(rest?));
                    return Some(parameters);
                }
                _ => return None,
            }
            rest = others;
        }
        rest.is_none().then_some(parameters)
    }

    /// Larger is more specific: a full match before a greedy one, the default route last; then segment by segment, literal before variable.
    fn closeness(&self) -> Closeness {
        let ranks = self.segments.iter().flatten().map(|segment| match segment {
            Segment::Literal(_) => 2,
            Segment::Variable(_) => 1,
            Segment::Greedy(_) => 0,
        });
        let ranks: Vec<u8> = ranks.collect();
        let kind = if self.segments.is_none() { 0 } else { 1 + u8::from(ranks.last() != Some(&0)) };
        Closeness(kind, ranks)
    }
}

/// The route that an HTTP API picks: of those that take the method, the one that the path fits most closely; then a method before `ANY`.
///
/// Source: "Routes for HTTP APIs", section on precedence: full match, then greedy match, then `$default`.
pub(crate) fn pick<'a, T>(routes: &'a [Route<T>], method: &str, path: &str) -> Option<Match<'a, T>> {
    let matches = fitting(routes, path).filter(|found| found.route.takes(method));
    matches.max_by_key(|found| (found.route.closeness(), found.route.method.is_some()))
}

/// The route that a REST API picks: first the resource that the path fits most closely, then one of its methods, or nothing.
pub(crate) fn pick_method<'a, T>(routes: &'a [Route<T>], method: &str, path: &str) -> Option<Match<'a, T>> {
    let resource = closest(routes, path)?;
    let methods = fitting(routes, path).filter(|found| found.route.closeness() == resource);
    methods.filter(|found| found.route.takes(method)).max_by_key(|found| found.route.method.is_some())
}

/// How closely a path fits the best of some routes, whatever the method.
pub(crate) fn closest<T>(routes: &[Route<T>], path: &str) -> Option<Closeness> {
    fitting(routes, path).map(|found| found.route.closeness()).max()
}

fn fitting<'a, T>(routes: &'a [Route<T>], path: &str) -> impl Iterator<Item = Match<'a, T>> {
    routes.iter().filter_map(move |route| Some(Match { route, parameters: route.parameters(path)? }))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn picked(routes: &[&str], method: &str, path: &str) -> Option<(String, BTreeMap<String, String>)> {
        let routes: Vec<_> = routes
            .iter()
            .map(|key| {
                let (method, path) = key.split_once(' ').unwrap_or(("ANY", key));
                Route::new(method, path, ())
            })
            .collect();
        pick(&routes, method, path).map(|found| (found.route.key.clone(), found.parameters))
    }

    fn key(routes: &[&str], method: &str, path: &str) -> String {
        picked(routes, method, path).unwrap().0
    }

    #[test]
    fn the_examples_of_the_developer_guide() {
        let routes = ["GET /pets/dog/1", "GET /pets/dog/{id}", "GET /pets/{proxy+}", "ANY /{proxy+}", "$default"];
        assert_eq!(key(&routes, "GET", "/pets/dog/1"), "GET /pets/dog/1");
        assert_eq!(key(&routes, "GET", "/pets/dog/2"), "GET /pets/dog/{id}");
        assert_eq!(key(&routes, "GET", "/pets/cat/1"), "GET /pets/{proxy+}");
        assert_eq!(key(&routes, "POST", "/test/5"), "ANY /{proxy+}");
        assert_eq!(key(&routes, "GET", "/"), "$default");
    }

    #[test]
    fn the_order_of_declaration_does_not_matter() {
        let routes = ["ANY /{proxy+}", "ANY /api/v1/auth/{proxy+}", "ANY /api/{proxy+}"];
        assert_eq!(key(&routes, "GET", "/api/v1/auth/me"), "ANY /api/v1/auth/{proxy+}");
        assert_eq!(key(&routes, "GET", "/api/v1/other"), "ANY /api/{proxy+}");
    }

    #[test]
    fn a_method_beats_any_and_a_full_match_beats_a_greedy_one() {
        assert_eq!(key(&["ANY /a", "GET /a"], "GET", "/a"), "GET /a");
        assert_eq!(key(&["ANY /a", "GET /a"], "PUT", "/a"), "ANY /a");
        assert_eq!(
            key(&["GET /pets/dog/{proxy+}", "GET /pets/{id}/toys"], "GET", "/pets/dog/toys"),
            "GET /pets/{id}/toys"
        );
    }

    #[test]
    fn variables_are_decoded_and_greedy_ones_take_the_rest() {
        let (_, parameters) = picked(&["GET /a/{id}/{proxy+}"], "GET", "/a/x%20y/b/c").unwrap();
        assert_eq!(
            parameters,
            BTreeMap::from([("id".to_owned(), "x y".to_owned()), ("proxy".to_owned(), "b/c".to_owned())])
        );
    }

    #[test]
    fn what_does_not_fit_has_no_route() {
        let routes = ["ANY /api/v1/auth/{proxy+}", "GET /a/{id}"];
        for (method, path) in
            [("GET", "/api/v1/auth"), ("GET", "/api/v1/auth/"), ("GET", "/a/1/2"), ("POST", "/a/1"), ("GET", "/a/")]
        {
            assert!(picked(&routes, method, path).is_none(), "{method} {path}");
        }
    }

    #[test]
    fn a_rest_api_looks_for_the_resource_first() {
        let routes = [("ANY", "/a/{proxy+}"), ("GET", "/a/b"), ("ANY", "/a/{id}/c"), ("POST", "/a/{id}/c")];
        let routes = routes.map(|(method, path)| Route::new(method, path, ()));
        let key = |method, path| pick_method(&routes, method, path).map(|found| found.route.key.as_str());
        assert_eq!(key("GET", "/a/b"), Some("GET /a/b"));
        assert_eq!(key("POST", "/a/b"), None, "the resource has no such method, and no other resource is asked");
        assert_eq!(key("POST", "/a/1/c"), Some("POST /a/{id}/c"));
        assert_eq!(key("PUT", "/a/1/c"), Some("ANY /a/{id}/c"));
        assert_eq!(key("PUT", "/a/1/d"), Some("ANY /a/{proxy+}"));
        assert_eq!(key("GET", "/b"), None);
    }

    #[test]
    fn paths_can_be_compared_across_apis() {
        let close = |route: &str, path: &str| closest(&[Route::new("GET", route, ())], path);
        assert!(close("/api/chat/stream", "/api/chat/stream") > close("/api/chat/{proxy+}", "/api/chat/stream"));
        assert!(close("/api/chat/{proxy+}", "/api/chat/x") > close("/api/{proxy+}", "/api/chat/x"));
        assert!(close("/api/{proxy+}", "/api/x") > close("$default", "/api/x"));
        assert!(close("$default", "/api/x") > close("/other", "/api/x"));
        assert_eq!(close("/a/{id}", "/a/1"), close("/a/{name}", "/a/1"));
    }
}
