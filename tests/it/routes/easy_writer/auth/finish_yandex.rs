//! `GET /api/v1/auth/yandex/callback`

use futures_util::future::join_all;
use serde_json::{Value, json};

use super::super::support::NOON;
use super::browser::{Browser, Landing, me, other};
use super::{COOKIE, assert_bound_to_the_browser, assert_provider_failures, assert_refresh_works, cookie, items};
use crate::world::World;

const VERA: [(&str, &str); 1] = [("person", "vera")];
const GLEB: [(&str, &str); 1] = [("person", "gleb")];
const DINA: [(&str, &str); 1] = [("person", "dina")];

async fn sign_in(world: &World, person: &[(&str, &str)]) -> Landing {
    Browser::new(world).sign_in("yandex", person).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_new_person_gets_an_account_with_100_raits() {
    let world = World::easy_writer().await;
    let landing = sign_in(&world, &VERA).await;
    let vera = me(&world, landing.token()).await;
    let wanted = json!({
        "id": vera["id"], "email": "vera@yandex.ru", "name": "Вера Лебедева", "provider": "yandex", "balance": 100,
        "created_at": NOON
    });
    assert_eq!(vera, wanted);
    assert_refresh_works(&world, cookie(&landing.reply, "refresh_token", &COOKIE)).await;
    world.audit(vera["id"].as_str().unwrap().parse().unwrap()).await;
    assert_eq!(me(&world, sign_in(&world, &VERA).await.token()).await, vera);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_account_without_an_address_works() {
    let world = World::easy_writer().await;
    let landing = sign_in(&world, &DINA).await;
    let token = landing.token();
    let dina = me(&world, token).await;
    assert_eq!((dina["email"].as_str(), dina["name"].as_str()), (Some(""), Some("Дина Зайцева")));
    let profile = world.put("/api/v1/user/profile", token, &json!({ "name": "Дина" })).await;
    assert_eq!((profile.status, profile.data()["email"].as_str()), (200, Some("")));
    let body = json!({ "current_password": "x", "new_password": "new1234567" });
    assert_eq!(world.put("/api/v1/user/password", token, &body).await.failure(), (409, "NO_PASSWORD"));
    let body = json!({ "email": "", "password": "" });
    assert_eq!(world.post("/api/v1/auth/login", None, &body).await.failure(), (401, "INVALID_CREDENTIALS"));
    let again = me(&world, sign_in(&world, &DINA).await.token()).await;
    assert_eq!((&again["id"], again["name"].as_str()), (&dina["id"], Some("Дина")), "what they changed stays");
    let nobody = me(&world, sign_in(&world, &other("", "", false)).await.token()).await;
    assert_eq!((nobody["email"].as_str(), &nobody["name"]), (Some(""), &Value::Null));
    assert_ne!(nobody["id"], dina["id"], "two people without an address are two");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn yandexs_own_mailbox_joins_its_account() {
    let world = World::easy_writer().await;
    let prepared = world.register("vera@yandex.ru").await;
    let vera = me(&world, sign_in(&world, &VERA).await.token()).await;
    assert_eq!(vera["id"], prepared.user.to_string());
    let body = json!({ "email": "vera@yandex.ru", "password": "pass123456" });
    assert_eq!(world.post("/api/v1/auth/login", None, &body).await.status, 401);
    let old = world.post_with_cookie("/api/v1/auth/refresh", &prepared.refresh).await;
    world.assert_refusal(&old, 401, "TOKEN_INVALID");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_address_in_another_companys_mail_never_takes_an_account_over() {
    let world = World::easy_writer().await;
    let owner = world.register("gleb@example.com").await;
    assert_eq!(sign_in(&world, &GLEB).await.error(), "email_not_verified");
    let body = json!({ "email": "gleb@example.com", "password": "pass123456" });
    assert_eq!(world.post("/api/v1/auth/login", None, &body).await.status, 200);
    assert_refresh_works(&world, &owner.refresh).await;
    assert_eq!((items(&world, "PROFILE").await, items(&world, "LINK").await), (1, 0));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_address_in_another_companys_mail_is_not_claimed() {
    let world = World::easy_writer().await;
    let gleb = me(&world, sign_in(&world, &GLEB).await.token()).await;
    assert_eq!(gleb["email"], "");
    assert_ne!(world.register("gleb@example.com").await.user.to_string(), gleb["id"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_eight_first_sign_ins_at_once_one_opens_the_account() {
    let world = World::easy_writer().await;
    for person in [DINA, VERA] {
        let landings = join_all((0..8).map(|_| sign_in(&world, &person))).await;
        let users = join_all(landings.iter().map(|landing| me(&world, landing.token()))).await;
        assert!(users.iter().all(|user| user["id"] == users[0]["id"] && user["balance"] == 100), "{users:?}");
    }
    assert_eq!((items(&world, "PROFILE").await, items(&world, "LINK").await, items(&world, "EMAIL").await), (2, 2, 1));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_callback_counts_for_the_browser_that_set_out_and_once() {
    assert_bound_to_the_browser("yandex", &VERA).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn failures_end_on_the_front_end() {
    let urls = ["YandexTokenUrl", "YandexInfoUrl"];
    assert_provider_failures("yandex", &DINA, &urls, "YandexClientSecret").await;
}
