//! Signing in through companies that vouch for people; the sandbox shows their pages.

use reqwest::{Method, Url};
use serde_json::json;

use crate::site::{Reply, text};
use crate::user::{PASSWORD, User, new_email, new_key};
use crate::{Outcome, Site, ensure};

/// What the front end is told in the fragment of its address.
struct Landing {
    token: Option<String>,
    error: Option<String>,
    cookies: Vec<String>,
}

/// Goes to the provider, fills in its page and comes back with the answer.
async fn sign_in(site: &Site, provider: &str, answers: &[(&str, &str)]) -> Outcome<Landing> {
    let begun = site.get(&format!("/auth/{provider}")).await?;
    ensure!(begun.status == 302 && begun.location.starts_with(&site.sandbox), "{begun}");
    let attempt = begun.cookies.first().cloned().unwrap_or_default();
    let page = Url::parse(&begun.location)?;
    let asked = site.http.get(page.clone()).send().await?;
    ensure!(asked.status() == 200, "{page} is answered {}", asked.status());
    // The page sends back what it was asked with, and what its person says.
    let mut form: Vec<(String, String)> = page.query_pairs().into_owned().collect();
    form.extend(answers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
    let mut action = page;
    action.set_query(None);
    let allowed = Reply::of(site.http.request(Method::POST, action).form(&form)).await?;
    ensure!(allowed.status == 302, "{allowed}");
    ensure!(allowed.location.contains(&format!("/api/v1/auth/{provider}/callback?")), "{allowed}");
    let back = Reply::of(site.http.request(Method::GET, &allowed.location).header("cookie", &attempt)).await?;
    ensure!(back.status == 302, "{back}");
    let landing = landing(back)?;
    // The same answer does not count twice, nor in another browser.
    let again = Reply::of(site.http.request(Method::GET, &allowed.location).header("cookie", &attempt)).await?;
    let elsewhere = Reply::of(site.http.request(Method::GET, &allowed.location)).await?;
    for reply in [again, elsewhere] {
        let refused = self::landing(reply)?;
        ensure!(refused.token.is_none() && refused.error.is_some(), "an answer counts twice");
    }
    Ok(landing)
}

fn landing(reply: Reply) -> Outcome<Landing> {
    let mut url = Url::parse(&reply.location)?;
    let fragment = url.fragment().unwrap_or_default().to_owned();
    url.set_query(Some(&fragment));
    let found = |name: &str| url.query_pairs().find(|(key, _)| key == name).map(|(_, value)| value.into_owned());
    Ok(Landing { token: found("access_token"), error: found("error"), cookies: reply.cookies })
}

impl Landing {
    async fn person(self, site: &Site) -> Outcome<User<'_>> {
        let token = self.token.ok_or_else(|| format!("nobody is signed in: {:?}", self.error))?;
        let cookie = self.cookies.into_iter().find(|cookie| cookie.starts_with("refresh_token="));
        let cookie = cookie.ok_or("the sign-in sets no cookie")?;
        let user = User { site, id: String::new(), email: String::new(), token, cookie };
        let me = user.get("/auth/me").await?.data(200)?;
        Ok(User { id: text(&me, "id")?, email: text(&me, "email")?, ..user })
    }
}

pub(super) async fn through_google(site: &Site) -> Outcome {
    let denied = sign_in(site, "google", &[("decision", "deny")]).await?;
    ensure!(denied.error.as_deref() == Some("access_denied"), "{:?}", denied.error);
    let email = new_email();
    let person = [("person", "other"), ("email", &email), ("name", "Мария Ветрова"), ("verified", "on")];
    let answers: Vec<_> = person.into_iter().chain([("decision", "allow")]).collect();
    let user = sign_in(site, "google", &answers).await?.person(site).await?;
    ensure!(user.email == email, "{} and not {email}", user.email);
    user.books(&[100]).await?;
    let again = sign_in(site, "google", &answers).await?.person(site).await?;
    ensure!(again.id == user.id, "a second account");
    Ok(())
}

pub(super) async fn through_yandex(site: &Site) -> Outcome {
    // Somebody registered with an address that turns out to be another's: the account is joined, and its password ends.
    let address = format!("{}@yandex.ru", new_key());
    let credentials = json!({ "email": address, "password": PASSWORD });
    let stranger = User::signed_in(site, site.post("/auth/register", &credentials).await?, 201)?;
    let answers = [("person", "other"), ("email", address.as_str()), ("name", "Дина Зайцева"), ("decision", "allow")];
    let owner = sign_in(site, "yandex", &answers).await?.person(site).await?;
    ensure!(owner.id == stranger.id, "no account is joined");
    site.post("/auth/login", &credentials).await?.refusal(401, "INVALID_CREDENTIALS")?;
    let change = json!({ "current_password": PASSWORD, "new_password": "new123456" });
    owner.put("/user/password", &change).await?.refusal(409, "NO_PASSWORD")?;
    Ok(())
}
