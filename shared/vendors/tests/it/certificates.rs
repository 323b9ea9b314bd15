//! Who trusts which certificate authority.

use std::sync::Arc;

use domain::gateway::ProviderError;
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::aws_lc_rs::default_provider;
use tokio_rustls::rustls::pki_types::PrivatePkcs8KeyDer;
use vendors::chat::GigaChat;

use crate::chat::every_vendor::CASES;
use crate::chat::{complete, hear};
use crate::fixtures::{TEXT, TOKEN_PATH, TestClock, TestIds, gigachat_settings, patient, token_answer};
use crate::server::{Answer, Server};

/// A server for `localhost` under an authority of its own, and the authority's certificate as PEM.
async fn serve_tls() -> (Server, String) {
    let mut authority = CertificateParams::default();
    authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let authority = CertifiedIssuer::self_signed(authority, KeyPair::generate().unwrap()).unwrap();
    let key = KeyPair::generate().unwrap();
    let host = CertificateParams::new(["localhost".to_owned()]).unwrap().signed_by(&key, &authority).unwrap();
    let config = ServerConfig::builder_with_provider(Arc::new(default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![host.der().clone()], PrivatePkcs8KeyDer::from(key.serialize_der()).into())
        .unwrap();
    let server = Server::start_tls(TlsAcceptor::from(Arc::new(config)), |request, _| {
        if request.path == TOKEN_PATH { token_answer() } else { Answer::ok(crate::streams::gigachat::STREAM) }
    });
    (server.await, authority.pem())
}

fn gigachat_trusting(url: &str, roots: &str) -> GigaChat {
    let mut settings = gigachat_settings(url, patient());
    settings.root_certificates = Some(roots.to_owned());
    GigaChat::new(settings, TestClock::new(), Arc::new(TestIds::default()))
}

#[tokio::test]
async fn gigachat_trusts_its_own_authority_and_nobody_else_does() {
    let (server, roots) = serve_tls().await;
    let trusting = gigachat_trusting(&server.tls_url(), &roots);
    assert_eq!(hear(&trusting).await.text(), TEXT);
    for case in CASES {
        let error = complete(&*(case.make)(&server.tls_url(), patient())).await.unwrap_err();
        assert!(
            matches!(&error, ProviderError::Broken(text) if text.contains("certificate")),
            "{}: {error:?}",
            case.name
        );
    }
}

#[tokio::test]
async fn another_authority_is_not_enough() {
    let (server, _) = serve_tls().await;
    let (_, other_roots) = serve_tls().await;
    let error = complete(&gigachat_trusting(&server.tls_url(), &other_roots)).await.unwrap_err();
    assert!(matches!(error, ProviderError::Broken(_)), "{error:?}");
}

#[tokio::test]
async fn certificates_that_do_not_parse_are_misconfigured() {
    let (server, roots) = serve_tls().await;
    for broken in [roots.replace("MII", "!!!"), "/etc/ca.pem".to_owned(), String::new()] {
        let error = complete(&gigachat_trusting(&server.tls_url(), &broken)).await.unwrap_err();
        assert!(matches!(error, ProviderError::Misconfigured(_)), "{error:?}");
    }
    assert!(server.seen().is_empty());
}
