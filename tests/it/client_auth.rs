//! Mutual TLS: which clients are accepted, and the name in a client's certificate.

use std::fs;

use crate::support::certificates::Authority;
use crate::support::folder::Folder;
use crate::support::https_client::HttpsClient;
use crate::support::page;
use serde_json::json;
use smartpay_oauth_mock::{ClientAuth, MockAuthServer};

async fn server(client_auth: ClientAuth) -> MockAuthServer {
    let builder = MockAuthServer::builder().tls().client_auth(client_auth);
    builder.start().await.unwrap()
}

/// Each mode, without a certificate, and with one from the server's CA, an added CA and an unknown
/// CA.
#[tokio::test]
async fn each_mode_accepts_the_certificates_of_known_cas() {
    let folder = Folder::new("certificates-added");
    let (added, foreign) = (Authority::new("added"), Authority::new("foreign"));
    fs::write(folder.path("added.pem"), &added.pem).unwrap();
    let (partner, unknown) = (added.issue("partner"), foreign.issue("unknown"));

    for (mode, accepts_none, accepts_unknown) in [
        (ClientAuth::Off, true, true),
        (ClientAuth::Optional, true, false),
        (ClientAuth::Required, false, false),
    ] {
        let builder = MockAuthServer::builder().tls().client_auth(mode);
        let server = builder.client_ca(folder.path("added.pem")).start().await.unwrap();
        let ca = server.ca_pem().unwrap();
        let url = server.base_url() + "/pts/v2/payments/1";

        for (client, is_accepted, name) in [
            (HttpsClient::new(&ca), accepts_none, None),
            (HttpsClient::identified(&server, "acme-partner"), true, Some("acme-partner")),
            (HttpsClient::with_certificate(&ca, &partner.pem, &partner.key), true, Some("partner")),
            (HttpsClient::with_certificate(&ca, &unknown.pem, &unknown.key), accepts_unknown, None),
        ] {
            let response = client.get(&url).await;
            assert_eq!(response.is_ok(), is_accepted, "{mode:?} {name:?}: {response:?}");
            if is_accepted {
                let entry = server.requests().await.pop().unwrap();
                let expected = name.filter(|_| mode != ClientAuth::Off);
                assert_eq!(entry.certificate.as_deref(), expected, "{mode:?}");
            }
        }
    }
}

/// A client without a certificate sees the alert before the connection closes.
#[tokio::test]
async fn a_client_without_a_certificate_sees_the_alert() {
    let server = server(ClientAuth::Required).await;
    let client = HttpsClient::of(&server);
    for client in [client.clone(), client.http2()] {
        for _ in 0..5 {
            let error = client.get(&(server.base_url() + "/_mock/health")).await.unwrap_err();
            assert!(error.contains("CertificateRequired"), "{error}");
        }
    }
}

/// A client that is bound to a certificate fails row 13 with another certificate or none.
#[tokio::test]
async fn a_client_bound_to_a_certificate_must_present_it() {
    let server = server(ClientAuth::Optional).await;
    let bind = |name: &str| {
        let name = name.to_owned();
        server.update_client("8l57hYffFb", move |client| client.certificate_cn = Some(name))
    };
    let anonymous = HttpsClient::of(&server);
    let identified = HttpsClient::identified(&server, "acme-partner");
    let refresh =
        async |client: &HttpsClient| client.post(&server.token_url(), page::REQUEST).await.unwrap();

    bind("acme-partner").await.unwrap();
    refresh(&identified).await.ok();
    let none = refresh(&anonymous).await;
    assert_eq!(none.error(), "invalid_client");
    let description = none.description();
    assert!(
        description.contains("'acme-partner'") && description.contains("presents none"),
        "{description}"
    );

    bind("somebody-else").await.unwrap();
    let other = refresh(&identified).await;
    assert_eq!(other.error(), "invalid_client");
    let description = other.description();
    assert!(
        description.contains("'somebody-else'") && description.contains("'acme-partner'"),
        "{description}"
    );

    // RFC 6749, section 5.2, admits no other characters to a description.
    bind("Zo\u{eb} \"the\\partner\"").await.unwrap();
    let description = refresh(&anonymous).await.description();
    assert!(description.contains("certificate 'Zo? ?the?partner?'; "), "{description}");

    let rows: Vec<_> =
        server.requests().await.iter().map(|entry| entry.outcome.as_ref().unwrap().row).collect();
    assert_eq!(rows, [None, Some(13), Some(13), Some(13)]);
}

#[tokio::test]
async fn a_common_name_that_is_too_long_for_the_vendor_is_noted() {
    let server = server(ClientAuth::Required).await;
    let client = HttpsClient::identified(&server, &"n".repeat(41));
    client.post(&server.token_url(), page::REQUEST).await.unwrap().ok();

    let entry = server.requests().await.pop().unwrap();
    let notes = entry.notes.concat();
    assert!(notes.contains("41 characters") && !notes.contains("no client certificate"), "{notes}");
}

/// The journal has the certificate's name.
#[tokio::test]
async fn the_journal_shows_the_certificate() {
    let server = server(ClientAuth::Required).await;
    let client = HttpsClient::identified(&server, "acme-partner");
    client.post(&server.token_url(), page::REQUEST).await.unwrap().ok();

    let journal = client.get(&(server.base_url() + "/_mock/requests")).await.unwrap().ok().json();
    assert_eq!(journal["requests"][0]["certificate"], "acme-partner");
    assert_eq!(journal["requests"][0]["scheme"], json!("https"));
}
