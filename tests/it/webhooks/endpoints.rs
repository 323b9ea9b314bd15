//! Endpoints and their secrets.

use domain::idempotency::Request;
use domain::kernel::{Error, Resource, Rule};
use domain::webhooks::{EndpointChange, MAX_ENDPOINTS, NewEndpoint, SecretChoice};
use uuid::Uuid;

use super::{PAID, Post, REFUSED};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_created_is_shown_and_its_secret_is_told_once() {
    let post = Post::open().await;
    let new = NewEndpoint { secret: SecretChoice::Generated, ..post.new_endpoint("in", &[PAID, PAID]) };
    let saved = post.endpoints.create(new).await.unwrap();
    let secret = saved.secret.expect("the secret");
    assert!(secret.expose().starts_with("whsec_") && secret.expose().len() == 6 + 44, "{}", secret.expose());
    let endpoint = saved.endpoint;
    assert_eq!((endpoint.url.as_str(), &endpoint.events[..]), ("https://shop.example/in", &[PAID.to_owned()][..]));
    assert!(endpoint.is_active);
    assert_eq!(post.look(&endpoint).await, endpoint, "what is answered is what is stored");
    assert_eq!(post.endpoints.list(post.owner).await.unwrap(), std::slice::from_ref(&endpoint));
    assert!(!format!("{endpoint:?}").contains(secret.expose()));

    let stranger = Uuid::from_u128(8).into();
    let found = post.endpoints.get(stranger, endpoint.id).await;
    assert!(matches!(found, Err(Error::NotFound(Resource::WEBHOOK))), "{found:?}");
    assert!(post.endpoints.list(stranger).await.unwrap().is_empty());
    let gone = post.endpoints.delete(stranger, endpoint.id).await;
    assert!(matches!(gone, Err(Error::NotFound(Resource::WEBHOOK))), "{gone:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_will_not_do_is_refused_at_creation_and_change() {
    let post = Post::open().await;
    let endpoint = post.endpoint("in", &[PAID]).await;
    let url = Some("https://169.254.169.254/latest".to_owned());
    let create = post.endpoints.create(NewEndpoint { url: url.clone().unwrap(), ..post.new_endpoint("", &[PAID]) });
    let change = post.endpoints.update(post.owner, endpoint.id, EndpointChange { url, ..EndpointChange::default() });
    for refused in [create.await, change.await] {
        let Err(Error::Invalid(wrong)) = refused else { panic!("{refused:?}") };
        assert_eq!((wrong[0].field.as_str(), wrong[0].code), ("url", "private_address"));
    }
    assert_eq!(post.look(&endpoint).await, endpoint);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn there_is_room_for_twenty_and_deleting_makes_room() {
    let post = Post::open().await;
    for number in 0..MAX_ENDPOINTS {
        post.endpoint(&number.to_string(), &[PAID]).await;
    }
    let refused = post.endpoints.create(post.new_endpoint("more", &[PAID])).await;
    assert!(matches!(&refused, Err(Error::Invalid(wrong)) if wrong[0].code == "limit"), "{refused:?}");
    let all = post.endpoints.list(post.owner).await.unwrap();
    assert_eq!(all.len(), 20);
    assert!(all.is_sorted_by_key(|endpoint| endpoint.id));
    post.endpoints.delete(post.owner, all[3].id).await.unwrap();
    let again = post.endpoints.delete(post.owner, all[3].id).await;
    assert!(matches!(again, Err(Error::NotFound(Resource::WEBHOOK))), "{again:?}");
    post.endpoint("more", &[PAID]).await;
    assert!(post.endpoints.create(post.new_endpoint("too many", &[PAID])).await.is_err());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_repeated_request_makes_one_endpoint() {
    let post = Post::open().await;
    let request = |url: &str| Some(Request::new("company", "key".to_owned(), &["POST /webhooks", url]));
    let new =
        || NewEndpoint { secret: SecretChoice::Generated, request: request("a"), ..post.new_endpoint("a", &[PAID]) };
    let first = post.endpoints.create(new()).await.unwrap();
    assert_eq!(post.endpoints.create(new()).await.unwrap(), first, "the secret too");
    let other = post.endpoints.create(NewEndpoint { request: request("b"), ..new() }).await;
    assert!(matches!(other, Err(Error::Conflict(Rule::IdempotencyKeyReused))), "{other:?}");
    assert_eq!(post.endpoints.list(post.owner).await.unwrap().len(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn changes_leave_the_rest_as_it_is() {
    let post = Post::open().await;
    let endpoint = post.endpoint("in", &[PAID]).await;
    post.world.clock.advance(60);
    let change = EndpointChange { events: Some(vec![REFUSED.to_owned()]), ..EndpointChange::default() };
    let changed = post.endpoints.update(post.owner, endpoint.id, change).await.unwrap();
    assert_eq!((changed.secret, &changed.endpoint.url), (None, &endpoint.url));
    assert_eq!(changed.endpoint.events, [REFUSED]);
    assert_eq!((changed.endpoint.created_at, changed.endpoint.updated_at), (endpoint.created_at, post.now()));
    assert_eq!(post.look(&endpoint).await, changed.endpoint);
    let missing = post.endpoints.update(post.owner, Uuid::from_u128(1).into(), EndpointChange::default()).await;
    assert!(matches!(missing, Err(Error::NotFound(Resource::WEBHOOK))), "{missing:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_replaced_secret_signs_for_another_day() {
    let post = Post::open().await;
    let endpoint = post.endpoint("in", &[PAID]).await;
    let change = || EndpointChange { secret: Some(SecretChoice::Generated), ..EndpointChange::default() };
    let saved = post.endpoints.update(post.owner, endpoint.id, change()).await.unwrap();
    assert!(saved.secret.expect("the new one").expose().starts_with("whsec_"));
    let mut signatures = Vec::new();
    for seconds in [0, 24 * 3600 - 1, 1] {
        post.world.clock.advance(seconds);
        let message = post.publish().await;
        post.attempt(message).await;
        let header = post.calls().last().unwrap().headers["webhook-signature"].clone();
        signatures.push(header.split(' ').filter(|signature| signature.starts_with("v1,")).count());
    }
    assert_eq!(signatures, [2, 2, 1]);

    let replace = || Box::pin(post.endpoints.update(post.owner, endpoint.id, change()));
    let (one, two) = tokio::join!(replace(), replace());
    assert!(one.is_ok() || two.is_ok());
    for replaced in [one, two] {
        // Who overtakes another is told so: else a secret that signs too would be lost unseen.
        assert!(matches!(replaced, Ok(_) | Err(Error::Conflict(Rule::Busy))), "{replaced:?}");
    }
}
