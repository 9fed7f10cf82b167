//! Mutual TLS: which clients are accepted, and the name in a client's certificate.

use crate::support::folder::Folder;
use crate::support::page;
use crate::support::tls::{certificate, curl, identify, openssl, words};
use crate::support::tools::lacks_tools;
use serde_json::{Value, json};
use smartpay_oauth_mock::{ClientAuth, MockAuthServer};

async fn server(client_auth: ClientAuth, name: &str) -> (MockAuthServer, Folder) {
    let builder = MockAuthServer::builder().tls().client_auth(client_auth);
    let server = builder.start().await.unwrap();
    let folder = Folder::new(name);
    identify(&folder, &server, "acme-partner");
    (server, folder)
}

/// Issues a client certificate with openssl.
async fn signed(folder: &Folder, name: &str, ca: &str, ca_key: &str) -> (String, String) {
    let path = |ending: &str| folder.path(&format!("{name}.{ending}"));
    let (request, certificate, key, usage) = (path("csr"), path("pem"), path("key"), path("ext"));
    std::fs::write(&usage, "extendedKeyUsage=clientAuth\nbasicConstraints=CA:FALSE\n").unwrap();
    let subject = format!("/CN={name}");
    openssl(&["req", "-new", "-nodes", "-subj", &subject, "-keyout", &key, "-out", &request]).await;
    let issue = format!(
        "x509 -req -in {request} -CA {ca} -CAkey {ca_key} -CAcreateserial -days 2 -extfile {usage} \
         -out {certificate}"
    );
    openssl(&words(&issue)).await;
    (certificate, key)
}

/// Each mode, without a certificate, and with one from the server's CA, an added CA and an unknown
/// CA.
#[tokio::test]
async fn each_mode_accepts_the_certificates_of_known_cas() {
    if lacks_tools(&["curl", "openssl"]) {
        return;
    }
    let added = Folder::new("certificates-added");
    let (added_ca, added_ca_key) = certificate(&added.0, "added", &[], "2").await;
    let (partner, partner_key) = signed(&added, "partner", &added_ca, &added_ca_key).await;
    let (foreign_ca, foreign_ca_key) = certificate(&added.0, "foreign", &[], "2").await;
    let (foreign, foreign_key) = signed(&added, "unknown", &foreign_ca, &foreign_ca_key).await;
    for (mode, without, unknown) in [
        (ClientAuth::Off, true, true),
        (ClientAuth::Optional, true, false),
        (ClientAuth::Required, false, false),
    ] {
        let builder = MockAuthServer::builder().tls().client_auth(mode).client_ca(&added_ca);
        let server = builder.start().await.unwrap();
        let folder = Folder::new(&format!("certificates-{mode:?}"));
        identify(&folder, &server, "acme-partner");
        let (own, own_key) = (folder.path("client.pem"), folder.path("client.key"));
        let url = server.base_url() + "/pts/v2/payments/1";
        for (certificate, is_accepted, name) in [
            (None, without, None),
            (Some((&own, &own_key)), true, Some("acme-partner")),
            (Some((&partner, &partner_key)), true, Some("partner")),
            (Some((&foreign, &foreign_key)), unknown, None),
        ] {
            let mut arguments = vec![url.as_str()];
            if let Some((certificate, key)) = certificate {
                arguments.extend(["--cert", certificate, "--key", key]);
            }
            let output = curl(&folder, &arguments).await;
            assert_eq!(output.exit == 0, is_accepted, "{mode:?} {name:?}: {}", output.text);
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
    if lacks_tools(&["curl"]) {
        return;
    }
    let (server, folder) = server(ClientAuth::Required, "certificates-alert").await;
    let url = server.base_url() + "/_mock/health";
    for version in ["--http1.1", "--http2"] {
        for _ in 0..5 {
            let output = curl(&folder, &[version, &url]).await;
            assert!(output.text.contains("certificate required"), "{version}: {}", output.text);
        }
    }
}

/// A client that is bound to a certificate fails row 13 with another certificate or none.
#[tokio::test]
async fn a_client_bound_to_a_certificate_must_present_it() {
    if lacks_tools(&["curl"]) {
        return;
    }
    let (server, folder) = server(ClientAuth::Optional, "certificates-bound").await;
    let bind = |name: &str| {
        let name = name.to_owned();
        server.update_client("8l57hYffFb", move |client| client.certificate_cn = Some(name))
    };
    let (certificate, key) = (folder.path("client.pem"), folder.path("client.key"));
    let with = ["--cert", &certificate, "--key", &key];
    let url = server.token_url();
    let refresh = async |more: &[&str]| {
        let mut arguments = vec![url.as_str(), "-d", page::REQUEST];
        arguments.extend(more);
        let output = curl(&folder, &arguments).await.text;
        serde_json::from_str::<Value>(&output).unwrap_or_else(|_| panic!("{output}"))
    };
    bind("acme-partner").await.unwrap();
    assert_eq!(refresh(&with).await["expires_in"], 899);
    let none = refresh(&[]).await;
    assert_eq!(none["error"], "invalid_client");
    let description = none["error_description"].as_str().unwrap();
    assert!(
        description.contains("'acme-partner'") && description.contains("presents none"),
        "{description}"
    );
    bind("somebody-else").await.unwrap();
    let other = refresh(&with).await;
    assert_eq!(other["error"], "invalid_client");
    let description = other["error_description"].as_str().unwrap();
    assert!(
        description.contains("'somebody-else'") && description.contains("'acme-partner'"),
        "{description}"
    );

    // RFC 6749, section 5.2, admits no other characters to a description.
    bind("Zo\u{eb} \"the\\partner\"").await.unwrap();
    let description = refresh(&[]).await["error_description"].to_string();
    assert!(description.contains("certificate 'Zo? ?the?partner?'; "), "{description}");

    let rows: Vec<_> =
        server.requests().await.iter().map(|entry| entry.outcome.as_ref().unwrap().row).collect();
    assert_eq!(rows, [None, Some(13), Some(13), Some(13)]);
}

#[tokio::test]
async fn a_common_name_that_is_too_long_for_the_vendor_is_noted() {
    if lacks_tools(&["curl"]) {
        return;
    }
    let (server, folder) = server(ClientAuth::Required, "certificates-long").await;
    let client = server.client_identity(&"n".repeat(41)).unwrap();
    std::fs::write(folder.path("client.pem"), client.certificate_pem).unwrap();
    std::fs::write(folder.path("client.key"), client.key_pem).unwrap();
    let (certificate, key) = (folder.path("client.pem"), folder.path("client.key"));
    let url = server.token_url();
    let arguments = ["--cert", &certificate, "--key", &key, &url, "-d", page::REQUEST];
    assert_eq!(curl(&folder, &arguments).await.exit, 0);
    let entry = server.requests().await.pop().unwrap();
    let notes = entry.notes.concat();
    assert!(notes.contains("41 characters") && !notes.contains("no client certificate"), "{notes}");
}

/// The journal has the certificate's name.
#[tokio::test]
async fn the_journal_shows_the_certificate() {
    if lacks_tools(&["curl"]) {
        return;
    }
    let (server, folder) = server(ClientAuth::Required, "certificates-journal").await;
    let (certificate, key) = (folder.path("client.pem"), folder.path("client.key"));
    let url = server.base_url() + "/oauth2/v3/token";
    let identified = ["--cert", certificate.as_str(), "--key", &key];
    curl(&folder, &[&identified[..], &[&url, "-d", page::REQUEST]].concat()).await;
    let journal = server.base_url() + "/_mock/requests";
    let entries = curl(&folder, &[&identified[..], &[&journal]].concat()).await.text;
    let entries: Value = serde_json::from_str(&entries).unwrap();
    assert_eq!(entries["requests"][0]["certificate"], "acme-partner");
    assert_eq!(entries["requests"][0]["scheme"], json!("https"));
}
