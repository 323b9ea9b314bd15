//! A browser that signs in through a provider: it keeps cookies, and its person clicks the sandbox's pages.

use std::collections::BTreeMap;

use http::{Method, Request};
use serde_json::Value;

use crate::easy_writer::{AUTH_RETURN_URL, PUBLIC_URL};
use crate::world::{Reply, World};

pub(crate) struct Browser<'a> {
    world: &'a World,
    http: reqwest::Client,
    /// Cookies of the API.
    pub(crate) jar: BTreeMap<String, String>,
}

/// Where a browser ended, and what it was told there.
pub(crate) struct Landing {
    pub(crate) reply: Reply,
    fragment: BTreeMap<String, String>,
}

impl Landing {
    /// Asserts that the answer leads to the front end, and nowhere else.
    #[track_caller]
    pub(crate) fn of(reply: Reply) -> Self {
        assert_eq!((reply.status, reply.text.as_str()), (302, ""));
        assert_eq!(reply.header("cache-control"), Some("no-store"));
        assert_eq!(reply.header("referrer-policy"), Some("no-referrer"));
        let (page, fragment) = reply.header("location").unwrap().split_once('#').unwrap();
        assert_eq!(page, AUTH_RETURN_URL);
        let fragment = parameters(fragment);
        Self { reply, fragment }
    }

    /// The code of a failure; nothing signs in then.
    #[track_caller]
    pub(crate) fn error(&self) -> &str {
        assert_eq!(self.fragment.len(), 1, "{:?}", self.fragment);
        assert!(!self.reply.cookies.iter().any(|cookie| cookie.starts_with("refresh_token=")));
        self.fragment["error"].as_str()
    }

    /// The access token of a success.
    #[track_caller]
    pub(crate) fn token(&self) -> &str {
        let names: Vec<_> = self.fragment.keys().map(String::as_str).collect();
        assert_eq!(names, ["access_token", "expires_in", "token_type"], "{:?}", self.fragment);
        assert_eq!((self.fragment["expires_in"].as_str(), self.fragment["token_type"].as_str()), ("900", "Bearer"));
        &self.fragment["access_token"]
    }
}

/// Parameters of a query or fragment; none is there twice.
pub(crate) fn parameters(text: &str) -> BTreeMap<String, String> {
    let url = reqwest::Url::parse(&format!("http://host/?{text}")).unwrap();
    let pairs: Vec<_> = url.query_pairs().into_owned().collect();
    let map: BTreeMap<_, _> = pairs.iter().cloned().collect();
    assert_eq!(map.len(), pairs.len(), "{text}");
    map
}

impl<'a> Browser<'a> {
    pub(crate) fn new(world: &'a World) -> Self {
        let http = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build().unwrap();
        Self { world, http, jar: BTreeMap::new() }
    }

    /// Goes to a path of the API.
    pub(crate) async fn go(&mut self, path: &str) -> Reply {
        let mut request = Request::builder().method(Method::GET).uri(path);
        if !self.jar.is_empty() {
            let cookies: Vec<_> = self.jar.iter().map(|(name, value)| format!("{name}={value}")).collect();
            request = request.header("cookie", cookies.join("; "));
        }
        let reply = self.world.send(request.body(String::new()).unwrap()).await;
        for cookie in &reply.cookies {
            let (name, value) = cookie.split(';').next().unwrap().split_once('=').unwrap();
            if value.is_empty() {
                self.jar.remove(name);
            } else {
                self.jar.insert(name.to_owned(), value.to_owned());
            }
        }
        reply
    }

    /// Sets out for a provider. Returns the address of its page.
    pub(crate) async fn set_out(&mut self, provider: &str) -> String {
        let reply = self.go(&format!("/api/v1/auth/{provider}")).await;
        assert_eq!((reply.status, reply.text.as_str()), (302, ""));
        reply.header("location").unwrap().to_owned()
    }

    /// Fills the page's form in and presses a button. Returns the path that the provider sends the browser to.
    pub(crate) async fn answer(&self, page: &str, fields: &[(&str, &str)]) -> String {
        let shown = self.http.get(page).send().await.unwrap();
        assert_eq!((shown.status().as_u16(), shown.headers()["x-sandbox"].to_str().unwrap()), (200, "true"));
        let shown = shown.text().await.unwrap();
        assert!(shown.contains("Песочница"), "{shown}");
        let mut form = hidden_fields(&shown);
        form.extend(fields.iter().map(|&(name, value)| (name.to_owned(), value.to_owned())));
        let answered = self.http.post(page).form(&form).send().await.unwrap();
        assert_eq!(answered.status().as_u16(), 302);
        let location = answered.headers()["location"].to_str().unwrap();
        location.strip_prefix(PUBLIC_URL).unwrap_or_else(|| panic!("{location}")).to_owned()
    }

    /// Goes to a provider and permits; returns the callback's path with a code that is still good.
    pub(crate) async fn permit(&mut self, provider: &str, person: &[(&str, &str)]) -> String {
        let page = self.set_out(provider).await;
        let mut fields = person.to_vec();
        fields.push(("decision", "allow"));
        self.answer(&page, &fields).await
    }

    /// Signs in all the way.
    pub(crate) async fn sign_in(&mut self, provider: &str, person: &[(&str, &str)]) -> Landing {
        let callback = self.permit(provider, person).await;
        Landing::of(self.go(&callback).await)
    }
}

/// The hidden fields of a page, as a browser reads them.
fn hidden_fields(page: &str) -> Vec<(String, String)> {
    let inputs = page.split("<input type=\"hidden\" name=\"").skip(1);
    let fields = inputs.map(|input| {
        let mut parts = input.split('"');
        let (name, value) = (parts.next().unwrap(), parts.nth(1).unwrap());
        (unescape(name), unescape(value))
    });
    fields.collect()
}

fn unescape(text: &str) -> String {
    let text = text.replace("&#x2f;", "/").replace("&#x27;", "'").replace("&quot;", "\"");
    text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
}

/// Somebody that a page does not know.
pub(crate) fn other<'a>(email: &'a str, name: &'a str, verified: bool) -> Vec<(&'a str, &'a str)> {
    let mut fields = vec![("person", "other"), ("email", email), ("name", name)];
    if verified {
        fields.push(("verified", "yes"));
    }
    fields
}

/// The user as they see themselves.
pub(crate) async fn me(world: &World, token: &str) -> Value {
    world.get("/api/v1/auth/me", token).await.data().clone()
}

/// A callback's path with one parameter changed, or taken away.
pub(crate) fn with_parameter(callback: &str, name: &str, value: Option<&str>) -> String {
    let mut url = reqwest::Url::parse(&format!("http://host{callback}")).unwrap();
    let mut pairs: Vec<(String, String)> = url.query_pairs().into_owned().filter(|(field, _)| field != name).collect();
    pairs.extend(value.map(|value| (name.to_owned(), value.to_owned())));
    url.query_pairs_mut().clear().extend_pairs(pairs);
    format!("{}?{}", url.path(), url.query().unwrap_or_default())
}

/// Makes a port that nobody listens on into an address.
pub(crate) async fn nowhere() -> String {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    format!("http://{}", listener.local_addr().unwrap())
}
