//! What every provider does alike.

use std::sync::Arc;

use domain::kernel::Clock;
use domain::payments::ProviderId;
use domain::payments::provider::{PaymentProvider, PaymentProviderError, SharedPaymentProvider};
use vendors::Timeouts;
use vendors::payments::{PaymentProvidersSettings, payment_providers};

use super::{cloudpayments_settings, known, order, robokassa_settings, tbank_settings, yookassa_settings};
use crate::fixtures::{KEY, SHORT, TestClock, patient};
use crate::server::{Answer, Server};

fn all(url: &str, timeouts: Timeouts) -> PaymentProvidersSettings {
    PaymentProvidersSettings {
        yookassa: Some(yookassa_settings(url, timeouts)),
        robokassa: Some(robokassa_settings(url, timeouts)),
        cloudpayments: Some(cloudpayments_settings(url, timeouts)),
        tbank: Some(tbank_settings(url, timeouts)),
    }
}

fn built(settings: PaymentProvidersSettings) -> Vec<SharedPaymentProvider> {
    let clock: Arc<dyn Clock> = TestClock::new();
    payment_providers(settings, &clock)
}

/// What a provider says to an order (Robokassa is not asked) and to a question about a payment.
async fn failures(provider: &dyn PaymentProvider) -> Vec<PaymentProviderError> {
    let mut failures = Vec::new();
    if provider.id() != ProviderId::Robokassa {
        failures.push(provider.open(&order()).await.unwrap_err());
    }
    failures.push(provider.look_up(&known(Some("13660"))).await.unwrap_err());
    failures
}

async fn failures_by(answer: Answer) -> Vec<(ProviderId, PaymentProviderError)> {
    let server = Server::start(move |_, _| answer.clone()).await;
    let mut all_failures = Vec::new();
    for provider in built(all(&server.url(), patient())) {
        all_failures.extend(failures(&*provider).await.into_iter().map(|failure| (provider.id(), failure)));
    }
    all_failures
}

#[test]
fn only_what_is_configured_is_offered_in_the_order_of_offers() {
    let settings = all("http://127.0.0.1:1", patient());
    let offered = |settings| built(settings).iter().map(|provider| provider.id()).collect::<Vec<_>>();
    assert_eq!(offered(settings.clone()), ProviderId::ALL);
    let some = PaymentProvidersSettings { yookassa: None, cloudpayments: None, ..settings };
    assert_eq!(offered(some), [ProviderId::Robokassa, ProviderId::TBank]);
    assert_eq!(offered(PaymentProvidersSettings::default()), []);
}

#[test]
fn settings_print_no_key() {
    let printed = format!("{:?}", all("http://127.0.0.1:1", patient()));
    for secret in [KEY, "testPass1", "testPass2", "supersecret"] {
        assert!(!printed.contains(secret), "{printed}");
    }
    assert!(printed.contains("123456"), "{printed}");
}

#[test]
fn the_setting_says_what_is_a_test() {
    let mut settings = all("http://127.0.0.1:1", patient());
    assert!(built(settings.clone()).iter().all(|provider| !provider.is_test()));
    settings.yookassa.as_mut().unwrap().test = true;
    settings.robokassa.as_mut().unwrap().test = true;
    settings.cloudpayments.as_mut().unwrap().test = true;
    settings.tbank.as_mut().unwrap().test = true;
    assert!(built(settings).iter().all(|provider| provider.is_test()));
}

#[tokio::test]
async fn a_refusal_is_told_from_a_breakdown() {
    for status in [400, 401, 403, 405, 302] {
        for (provider, failure) in failures_by(Answer::status(status, "no")).await {
            assert!(matches!(failure, PaymentProviderError::Rejected(_)), "{provider} {status}: {failure:?}");
        }
    }
    for status in [408, 425, 429, 500, 502, 503] {
        for (provider, failure) in failures_by(Answer::status(status, "later")).await {
            assert!(matches!(failure, PaymentProviderError::Broken(_)), "{provider} {status}: {failure:?}");
        }
    }
}

#[tokio::test]
async fn redirects_are_not_followed() {
    let server = Server::start(|_, _| Answer::status(307, "").header("location", "/elsewhere")).await;
    for provider in built(all(&server.url(), patient())) {
        failures(&*provider).await;
    }
    assert!(server.seen().iter().all(|request| request.path != "/elsewhere"));
}

#[tokio::test]
async fn garbage_and_floods_are_broken_answers() {
    let flood = "x".repeat(300 * 1024);
    for body in ["", "{", "[]", "<html>", "{\"Success\":1}", flood.as_str()] {
        for (provider, failure) in failures_by(Answer::ok(body)).await {
            assert!(matches!(failure, PaymentProviderError::Broken(_)), "{provider} {body:.20}: {failure:?}");
        }
    }
    for (provider, failure) in failures_by(Answer::ok("{\"Success\":").then_cut()).await {
        assert!(matches!(failure, PaymentProviderError::Broken(_)), "{provider}: {failure:?}");
    }
}

#[tokio::test]
async fn a_provider_that_does_not_answer_in_time_is_given_up() {
    let first_byte = Timeouts { first_byte: SHORT, ..patient() };
    let total = Timeouts { total: SHORT, ..patient() };
    for timeouts in [first_byte, total] {
        let server = Server::start(|_, _| Answer::silence()).await;
        for provider in built(all(&server.url(), timeouts)) {
            for failure in failures(&*provider).await {
                assert!(matches!(failure, PaymentProviderError::TimedOut), "{}: {failure:?}", provider.id());
            }
        }
    }
    let server = Server::start(|_, _| Answer::ok("{").then_hang()).await;
    for provider in built(all(&server.url(), Timeouts { silence: SHORT, ..patient() })) {
        for failure in failures(&*provider).await {
            assert!(matches!(failure, PaymentProviderError::TimedOut), "{}: {failure:?}", provider.id());
        }
    }
}

#[tokio::test]
async fn a_provider_that_is_not_there_is_broken() {
    // A port that was free a moment ago.
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    for provider in built(all(&format!("http://127.0.0.1:{port}"), patient())) {
        for failure in failures(&*provider).await {
            assert!(matches!(failure, PaymentProviderError::Broken(_)), "{}: {failure:?}", provider.id());
        }
    }
}
