//! The consent page and its outcome. It works without JavaScript.

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{Html, IntoResponse, Response};
use minijinja::{Environment, context};

use super::desk::{Desk, Grant, Refusal};
use super::fields::{Fields, with_parameters};
use super::people::{Character, Person};

/// Parameters of an authorization request that the form repeats.
const KEPT: [&str; 8] = [
    "response_type",
    "client_id",
    "redirect_uri",
    "scope",
    "state",
    "nonce",
    "code_challenge",
    "code_challenge_method",
];

/// A provider's page.
pub(super) struct Page {
    pub(super) provider: &'static str,
    pub(super) people: &'static [Character],
    /// Whether the provider says if addresses are verified.
    pub(super) knows_verified: bool,
}

impl Page {
    /// Shows the page.
    pub(super) fn ask(&self, desk: &Desk, query: &Fields) -> Response {
        if let Err(complaint) = checked(desk, query) {
            return bad_request(complaint);
        }
        match self.render(query) {
            Ok(page) => html(StatusCode::OK, page),
            Err(_) => Refusal::broken().into_response(),
        }
    }

    fn render(&self, query: &Fields) -> Result<String, minijinja::Error> {
        let hidden: Vec<_> = KEPT.iter().filter_map(|name| Some((*name, query.get(name)?))).collect();
        let person = |person: &Character| {
            context! { id => person.id, name => person.name, email => person.email, note => person.note }
        };
        let people: Vec<_> = self.people.iter().map(person).collect();
        let mut environment = Environment::new();
        // The extension turns escaping on.
        environment.add_template("consent.html", include_str!("consent.html"))?;
        environment.get_template("consent.html")?.render(context! {
            provider => self.provider,
            scope => query.get("scope"),
            redirect_uri => query.get("redirect_uri"),
            knows_verified => self.knows_verified,
            people, hidden,
        })
    }

    /// Redirects back with a code or an error.
    pub(super) fn answer(&self, desk: &Desk, form: &Fields) -> Response {
        let redirect_uri = match checked(desk, form) {
            Ok(redirect_uri) => redirect_uri,
            Err(complaint) => return bad_request(complaint),
        };
        let state = form.get("state").unwrap_or_default();
        let answer = match (form.get("decision"), Person::chosen(form, self.people)) {
            (Some("allow"), Some(person)) => {
                let grant = Grant {
                    person,
                    redirect_uri: redirect_uri.to_owned(),
                    nonce: form.get("nonce").map(str::to_owned),
                    scope: form.get("scope").unwrap_or_default().to_owned(),
                    challenge: form.get("code_challenge").map(str::to_owned),
                    given_at: desk.now(),
                };
                desk.give(grant).map(|code| with_parameters(redirect_uri, &[("state", state), ("code", &code)]))
            }
            (Some("allow"), None) => return bad_request("Выберите, кто входит."),
            _ => Ok(with_parameters(redirect_uri, &[("error", "access_denied"), ("state", state)])),
        };
        match answer.map(HeaderValue::try_from) {
            Ok(Ok(location)) => (StatusCode::FOUND, [(header::LOCATION, location)]).into_response(),
            Ok(Err(_)) => bad_request("Параметр redirect_uri: недопустимые символы."),
            Err(refusal) => refusal.into_response(),
        }
    }
}

/// The redirect URI of a valid authorization request. Errors are shown on the page: a browser must not be redirected to an unverified URI.
fn checked<'a>(desk: &Desk, fields: &'a Fields) -> Result<&'a str, &'static str> {
    if fields.get("client_id") != Some(desk.client_id()) {
        return Err("Параметр client_id: такого приложения нет.");
    }
    let redirect_uri = fields.get("redirect_uri").filter(|uri| !uri.contains('#'));
    let redirect_uri = redirect_uri.filter(|uri| uri.starts_with("https://") || uri.starts_with("http://"));
    let redirect_uri = redirect_uri.ok_or("Параметр redirect_uri: ожидается абсолютный адрес.")?;
    if fields.get("response_type") != Some("code") {
        return Err("Параметр response_type: ожидается code.");
    }
    if fields.get("code_challenge").is_some() && fields.get("code_challenge_method") != Some("S256") {
        return Err("Параметр code_challenge_method: ожидается S256.");
    }
    Ok(redirect_uri)
}

fn bad_request(complaint: &str) -> Response {
    let page = format!(
        "<!doctype html><html lang=\"ru\"><meta charset=\"utf-8\"><title>Песочница: ошибка</title>\
         <h1>Песочница</h1><p>Ошибка 400. {complaint}</p></html>"
    );
    html(StatusCode::BAD_REQUEST, page)
}

fn html(status: StatusCode, page: String) -> Response {
    let headers = [
        (header::CACHE_CONTROL, "no-store"),
        (header::CONTENT_SECURITY_POLICY, "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'"),
        (header::REFERRER_POLICY, "no-referrer"),
    ];
    (status, headers, Html(page)).into_response()
}
