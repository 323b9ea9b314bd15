//! `GET /api/v1/auth/google/callback`

use std::collections::HashSet;

use futures_util::future::join_all;
use serde_json::{Value, json};

use super::super::support::NOON;
use super::browser::{Browser, Landing, me, other};
use super::{COOKIE, assert_bound_to_the_browser, assert_provider_failures, assert_refresh_works, cookie, gone, items};
use crate::easy_writer::AUTH_RETURN_URL;
use crate::world::{Action, World};

const ANNA: [(&str, &str); 1] = [("person", "anna")];
const BORIS: [(&str, &str); 1] = [("person", "boris")];

async fn sign_in(world: &World, person: &[(&str, &str)]) -> Landing {
    Browser::new(world).sign_in("google", person).await
}

async fn log_in(world: &World, email: &str, password: &str) -> u16 {
    world.post("/api/v1/auth/login", None, &json!({ "email": email, "password": password })).await.status
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_new_person_gets_an_account_with_100_raits() {
    let world = World::easy_writer().await;
    let mut browser = Browser::new(&world);
    let landing = browser.sign_in("google", &ANNA).await;
    assert_eq!(landing.reply.cookies.len(), 2, "{:?}", landing.reply.cookies);
    let refresh = cookie(&landing.reply, "refresh_token", &COOKIE).to_owned();
    assert_eq!(cookie(&landing.reply, "oauth_attempt", &gone()), "");
    assert!(
        !landing.reply.header("location").unwrap().contains(&refresh),
        "the refresh token stays out of the address"
    );
    let token = landing.token();
    let anna = me(&world, token).await;
    let wanted = json!({
        "id": anna["id"], "email": "anna@example.com", "name": "Анна Смирнова", "provider": "google", "balance": 100,
        "created_at": NOON
    });
    assert_eq!(anna, wanted);
    let profile = world.get("/api/v1/user/profile", token).await;
    assert_eq!((profile.data()["provider"].as_str(), profile.data()["balance"].as_i64()), (Some("google"), Some(100)));
    let transactions = world.get("/api/v1/user/transactions", token).await;
    assert_eq!(transactions.data()["transactions"][0]["description"], "Приветственный бонус");
    world.audit(anna["id"].as_str().unwrap().parse().unwrap()).await;
    assert_refresh_works(&world, &refresh).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_person_who_comes_again_has_the_same_account_and_no_second_gift() {
    let world = World::easy_writer().await;
    let first = me(&world, sign_in(&world, &ANNA).await.token()).await;
    world.clock.advance(86_400);
    let again = sign_in(&world, &ANNA).await;
    assert_eq!(me(&world, again.token()).await, first);
    let taken = json!({ "email": "anna@example.com", "password": "pass123456" });
    world.assert_refusal(&world.post("/api/v1/auth/register", None, &taken).await, 400, "EMAIL_EXISTS");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_account_from_a_provider_has_no_password() {
    let world = World::easy_writer().await;
    let landing = sign_in(&world, &ANNA).await;
    assert_eq!(log_in(&world, "anna@example.com", "").await, 401);
    let body = json!({ "current_password": "", "new_password": "new1234567" });
    let reply = world.put("/api/v1/user/password", landing.token(), &body).await;
    assert_eq!(reply.failure(), (409, "NO_PASSWORD"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_verified_address_joins_its_account_and_ends_what_others_may_have_prepared() {
    let world = World::easy_writer().await;
    let prepared = world.register("anna@example.com").await;
    let other_device = json!({ "email": "anna@example.com", "password": "pass123456" });
    let other_device = world.post("/api/v1/auth/login", None, &other_device).await.refresh_token();
    world.start_essay(&prepared).await;

    let mut browser = Browser::new(&world);
    let landing = browser.sign_in("google", &ANNA).await;
    let anna = me(&world, landing.token()).await;
    assert_eq!((anna["id"].as_str(), anna["balance"].as_i64()), (Some(prepared.user.to_string().as_str()), Some(50)));
    assert_eq!(
        (anna["provider"].as_str(), &anna["name"]),
        (Some("local"), &Value::Null),
        "the account stays what it was"
    );
    assert_eq!(items(&world, "PROFILE").await, 1);

    // Whoever knows the password is out: no log-in, no refresh, no new password with a token that is still valid.
    assert_eq!(log_in(&world, "anna@example.com", "pass123456").await, 401);
    for refresh in [&prepared.refresh, &other_device] {
        let reply = world.post_with_cookie("/api/v1/auth/refresh", refresh).await;
        world.assert_refusal(&reply, 401, "TOKEN_INVALID");
    }
    let body = json!({ "current_password": "pass123456", "new_password": "new1234567" });
    let reply = world.put("/api/v1/user/password", &prepared.token, &body).await;
    assert_eq!(reply.failure(), (409, "NO_PASSWORD"));
    world.audit(prepared.user).await;

    // From then on the link counts, and ends nothing.
    assert_eq!(me(&world, sign_in(&world, &ANNA).await.token()).await["id"], anna["id"]);
    assert_refresh_works(&world, &browser.jar["refresh_token"]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_account_with_many_sign_ins_is_joined_too() {
    let world = World::easy_writer().await;
    let prepared = world.register("anna@example.com").await;
    let body = json!({ "email": "anna@example.com", "password": "pass123456" });
    for _ in 0..12 {
        join_all((0..10).map(|_| world.post("/api/v1/auth/login", None, &body))).await;
    }
    let landing = sign_in(&world, &ANNA).await;
    assert_eq!(me(&world, landing.token()).await["id"], prepared.user.to_string());
    let scan = world.platform.aws.dynamodb().scan().table_name(world.variable("TABLE_NAME"));
    let rows = scan.send().await.unwrap().items.unwrap_or_default();
    let families = rows.iter().filter(|item| item["sk"].as_s().is_ok_and(|key| key.starts_with("FAMILY#"))).count();
    assert_eq!(families, 1, "only the new sign-in is left");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn joining_goes_on_where_a_crash_left_it() {
    let world = World::easy_writer().await;
    let prepared = world.register("anna@example.com").await;
    let mut call = 0;
    loop {
        let mut browser = Browser::new(&world);
        let callback = browser.permit("google", &ANNA).await;
        world.faults.plan("", call, 1, Action::DieAfter);
        let ended = world.faults.until_death(browser.go(&callback)).await;
        world.faults.clear();
        if ended {
            break;
        }
        call += 1;
    }
    assert!(call >= 6, "the callback makes more calls than {call}");
    let anna = me(&world, sign_in(&world, &ANNA).await.token()).await;
    assert_eq!((anna["id"].as_str(), anna["balance"].as_i64()), (Some(prepared.user.to_string().as_str()), Some(100)));
    assert_eq!(log_in(&world, "anna@example.com", "pass123456").await, 401);
    let old = world.post_with_cookie("/api/v1/auth/refresh", &prepared.refresh).await;
    world.assert_refusal(&old, 401, "TOKEN_INVALID");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_crash_while_an_account_is_opened_leaves_all_of_it_or_nothing() {
    let world = World::easy_writer().await;
    let mut call = 0;
    loop {
        let email = format!("user-{call}@example.com");
        let mut browser = Browser::new(&world);
        let callback = browser.permit("google", &other(&email, "Кто-то", true)).await;
        world.faults.plan("", call, 1, Action::DieAfter);
        let ended = world.faults.until_death(browser.go(&callback)).await;
        world.faults.clear();
        let user = me(&world, sign_in(&world, &other(&email, "Кто-то", true)).await.token()).await;
        assert_eq!((user["email"].as_str(), user["balance"].as_i64()), (Some(email.as_str()), Some(100)));
        world.audit(user["id"].as_str().unwrap().parse().unwrap()).await;
        call += 1;
        if ended {
            break;
        }
    }
    assert_eq!(items(&world, "PROFILE").await, call);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_unverified_address_never_takes_an_account_over() {
    let world = World::easy_writer().await;
    let owner = world.register("boris@example.com").await;
    assert_eq!(sign_in(&world, &BORIS).await.error(), "email_not_verified");
    assert_eq!(sign_in(&world, &other(" Boris@EXAMPLE.com", "Не Борис", false)).await.error(), "email_not_verified");
    assert_eq!(log_in(&world, "boris@example.com", "pass123456").await, 200);
    assert_refresh_works(&world, &owner.refresh).await;
    assert_eq!((items(&world, "PROFILE").await, items(&world, "LINK").await), (1, 0));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_unverified_address_is_not_claimed_either() {
    let world = World::easy_writer().await;
    let landing = sign_in(&world, &BORIS).await;
    let boris = me(&world, landing.token()).await;
    assert_eq!((boris["email"].as_str(), boris["name"].as_str()), (Some(""), Some("Борис Орлов")));
    assert_eq!(boris["balance"], 100);
    let owner = world.register("boris@example.com").await;
    assert_ne!(boris["id"], owner.user.to_string());
    let again = sign_in(&world, &BORIS).await;
    assert_eq!(me(&world, again.token()).await["id"], boris["id"], "the link comes before the address");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_person_at_two_providers_has_one_account() {
    let world = World::easy_writer().await;
    let at_yandex = Browser::new(&world).sign_in("yandex", &[("person", "vera")]).await;
    let vera = me(&world, at_yandex.token()).await;
    let at_google = sign_in(&world, &other("vera@yandex.ru", "Вера", true)).await;
    assert_eq!(me(&world, at_google.token()).await, vera);
    assert_eq!((items(&world, "PROFILE").await, items(&world, "LINK").await), (1, 2));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_eight_first_sign_ins_at_once_one_opens_the_account() {
    let world = World::easy_writer().await;
    let landings = join_all((0..8).map(|_| sign_in(&world, &ANNA))).await;
    let users = join_all(landings.iter().map(|landing| me(&world, landing.token()))).await;
    let ids: HashSet<_> = users.iter().map(|user| user["id"].as_str().unwrap()).collect();
    assert_eq!(ids.len(), 1, "{ids:?}");
    assert_eq!((items(&world, "PROFILE").await, items(&world, "LINK").await, items(&world, "EMAIL").await), (1, 1, 1));
    assert!(users.iter().all(|user| user["balance"] == 100));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_registration_of_the_same_address_at_the_same_time_makes_no_second_account() {
    let world = World::easy_writer().await;
    let body = json!({ "email": "anna@example.com", "password": "pass123456" });
    let registering = join_all((0..4).map(|_| world.post("/api/v1/auth/register", None, &body)));
    let (landings, _) = tokio::join!(join_all((0..4).map(|_| sign_in(&world, &ANNA))), registering);
    assert_eq!((items(&world, "PROFILE").await, items(&world, "EMAIL").await), (1, 1));
    for landing in landings {
        assert_eq!(me(&world, landing.token()).await["email"], "anna@example.com");
    }
    assert_eq!(log_in(&world, "anna@example.com", "pass123456").await, 401, "the owner came, so the password went");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_answer_that_gets_lost_on_the_way_to_the_table_changes_nothing() {
    let world = World::easy_writer().await;
    for (call, target) in ["PutItem", "TransactWriteItems"].into_iter().enumerate() {
        world.faults.plan(target, 0, 1, Action::LoseAnswer);
        let email = format!("user-{call}@example.com");
        let user = me(&world, sign_in(&world, &other(&email, "", true)).await.token()).await;
        assert_eq!(user["balance"], 100, "{target}");
        world.faults.clear();
    }
    assert_eq!(items(&world, "PROFILE").await, 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn keys_may_rotate_between_two_sign_ins() {
    let world = World::easy_writer().await;
    sign_in(&world, &ANNA).await.token();
    let rotated = world.faults.outside().post(format!("{}/google/rotate", world.sandbox)).send().await.unwrap();
    assert!(rotated.status().is_success());
    world.clock.advance(60);
    sign_in(&world, &ANNA).await.token();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_token_of_another_issuer_lets_nobody_in() {
    let mut world = World::easy_writer().await;
    world.update(&[("GoogleIssuer", "")]);
    assert_eq!(sign_in(&world, &ANNA).await.error(), "server_error");
    assert_eq!(items(&world, "PROFILE").await, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_callback_counts_for_the_browser_that_set_out_and_once() {
    assert_bound_to_the_browser("google", &ANNA).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn failures_end_on_the_front_end() {
    let urls = ["GoogleTokenUrl", "GoogleJwksUrl"];
    assert_provider_failures("google", &ANNA, &urls, "GoogleClientSecret").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_callback_that_nobody_asked_for_ends_on_the_front_end() {
    let world = World::easy_writer().await;
    for query in ["", "?", "?%", "?code=c", "?state=s", "?error=access_denied", "?state=%FF&code=%00", "?a[b]=c"] {
        let landing = Landing::of(Browser::new(&world).go(&format!("/api/v1/auth/google/callback{query}")).await);
        assert_eq!(landing.error(), "state_mismatch", "{query}");
        let wanted = format!("{AUTH_RETURN_URL}#error=state_mismatch");
        assert_eq!(landing.reply.header("location"), Some(wanted.as_str()));
    }
}
