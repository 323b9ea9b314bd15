//! Unisender Go's protocol.

use domain::mail::{Mail, MailError, Mailer as _};
use serde_json::json;
use vendors::Secret;
use vendors::mail::{MailSettings, UnisenderGo, UnisenderGoSettings};

use crate::fixtures::{KEY, TestClock, patient};
use crate::server::{Answer, Server};

fn letter() -> Mail {
    Mail {
        to: "user@example.com".to_owned(), subject: "Пароль изменён".to_owned(), text: "Здравствуйте!".to_owned()
    }
}

async fn send(answer: Answer) -> (Server, Result<(), MailError>) {
    let server = Server::start(move |_, _| answer.clone()).await;
    let settings = UnisenderGoSettings {
        base_url: server.url(),
        api_key: Secret::new(KEY),
        from_email: "noreply@example.com".to_owned(),
        from_name: "Easy Writer".to_owned(),
        timeouts: patient(),
    };
    let sent = UnisenderGo::new(settings, TestClock::new()).send(&letter(), "key-1").await;
    (server, sent)
}

#[tokio::test]
async fn the_request_is_as_documented() {
    let success = r#"{"status":"success","job_id":"1ZymBc-00041N-9X","emails":["user@example.com"]}"#;
    let (server, sent) = send(Answer::ok(success)).await;
    assert!(sent.is_ok(), "{sent:?}");
    let seen = server.seen();
    let [post] = seen.as_slice() else { panic!("{seen:?}") };
    assert_eq!((post.method.as_str(), post.path.as_str()), ("POST", "/ru/transactional/api/v1/email/send.json"));
    assert_eq!(post.header("x-api-key"), Some(KEY));
    assert_eq!(
        post.json(),
        json!({ "message": {
            "recipients": [{ "email": "user@example.com" }], "body": { "plaintext": "Здравствуйте!" },
            "subject": "Пароль изменён", "from_email": "noreply@example.com", "from_name": "Easy Writer",
            "track_links": 0, "track_read": 0, "idempotence_key": "key-1"
        }})
    );
}

#[tokio::test]
async fn an_answer_of_200_can_mean_that_nothing_was_sent() {
    let failed = |reason: &str| {
        json!({ "status": "success", "job_id": "1", "emails": [], "failed_emails": { "user@example.com": reason } })
            .to_string()
    };
    for reason in ["invalid", "unsubscribed", "permanent_unavailable", "something_new"] {
        let (_server, sent) = send(Answer::ok(failed(reason))).await;
        assert!(matches!(sent, Err(MailError::AddressRefused(said)) if said == reason), "{reason}");
    }
    let (_server, sent) = send(Answer::ok(failed("temporary_unavailable"))).await;
    assert!(matches!(sent, Err(MailError::Broken(_))), "{sent:?}");
    let (_server, sent) = send(Answer::ok(failed("duplicate"))).await;
    assert!(sent.is_ok(), "it was sent before: {sent:?}");
}

#[tokio::test]
async fn error_answers_have_their_meaning() {
    let body = format!(r#"{{"status":"error","message":"key {KEY} is unknown","code":102}}"#);
    for status in [400, 401, 403, 404, 413] {
        let (_server, sent) = send(Answer::status(status, &body)).await;
        let Err(MailError::Rejected(said)) = sent else { panic!("{status}: {sent:?}") };
        assert!(!said.contains(KEY), "{said}");
    }
    for status in [429, 500, 503] {
        let (_server, sent) = send(Answer::status(status, &body)).await;
        assert!(matches!(sent, Err(MailError::Broken(_))), "{status}: {sent:?}");
    }
    for garbage in ["", "{", "[]", r#"{"status":"error"}"#] {
        let (_server, sent) = send(Answer::ok(garbage)).await;
        assert!(matches!(sent, Err(MailError::Broken(_))), "{garbage}: {sent:?}");
    }
}

#[test]
fn the_service_is_configured_by_its_key() {
    let read = |pairs: &'static [(&'static str, &'static str)]| {
        MailSettings::read(|name| pairs.iter().find(|(key, _)| *key == name).map(|(_, value)| *value))
    };
    assert!(read(&[("MAIL_FROM", "a@b.ru")]).unwrap().unisender_go.is_none());
    assert_eq!(read(&[("UNISENDER_API_KEY", "k")]).unwrap_err().name, "MAIL_FROM");
    let settings = read(&[("UNISENDER_API_KEY", "k"), ("MAIL_FROM", "a@b.ru")]).unwrap().unisender_go.unwrap();
    assert_eq!((settings.base_url.as_str(), settings.from_email.as_str()), ("https://go1.unisender.ru", "a@b.ru"));
}
