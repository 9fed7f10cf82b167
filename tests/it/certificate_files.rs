//! Certificates in files: the user's own, with keys of each kind; a folder for the mock's; and the
//! command that creates them.

use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use crate::support::certificates::Certificate;
use crate::support::folder::Folder;
use crate::support::https_client::HttpsClient;
use crate::support::program::{PROGRAM, Running};
use crate::support::tls::{certificate, curl, openssl, run, words};
use crate::support::tools::{lacks_tools, skip};
use smartpay_oauth_mock::MockAuthServer;

/// RSA in PKCS#8 and PKCS#1, ECDSA in PKCS#8 and SEC1.
#[tokio::test]
async fn keys_of_each_kind_are_supported() {
    if lacks_tools(&["curl", "openssl"]) {
        return;
    }
    let folder = Folder::new("own-kinds");
    let ec = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1"];
    let (rsa, rsa_key) = certificate(&folder.0, "rsa", &["-newkey", "rsa:2048"], "2").await;
    let (ec, ec_key) = certificate(&folder.0, "ec", &ec, "2").await;
    let (pkcs1, sec1) = (folder.path("pkcs1.key"), folder.path("sec1.key"));
    openssl(&["rsa", "-in", &rsa_key, "-traditional", "-out", &pkcs1]).await;
    openssl(&["ec", "-in", &ec_key, "-out", &sec1]).await;
    for (certificate, key, label) in [
        (&rsa, &rsa_key, "BEGIN PRIVATE KEY"),
        (&rsa, &pkcs1, "BEGIN RSA PRIVATE KEY"),
        (&ec, &ec_key, "BEGIN PRIVATE KEY"),
        (&ec, &sec1, "BEGIN EC PRIVATE KEY"),
    ] {
        assert!(fs::read_to_string(key).unwrap().contains(label), "{key}");
        let builder = MockAuthServer::builder().tls().tls_certificate(certificate, key);
        let server = builder.start().await.unwrap();
        fs::copy(certificate, folder.path("ca.pem")).unwrap();
        let output = curl(&folder, &[&(server.base_url() + "/_mock/health")]).await;
        assert_eq!(output.exit, 0, "{label}: {}", output.text);
        assert!(server.ca_pem().is_none(), "the mock's CA did not issue it");
    }
}

/// An invalid certificate is reported in one line, with its file, before the server starts.
#[tokio::test]
async fn invalid_certificates_are_refused_at_the_start() {
    let folder = Folder::new("own-wrong");
    let (good, key) = Certificate::self_signed("good", 2).write(&folder, "good");
    let (_, other) = Certificate::self_signed("other", 2).write(&folder, "other");
    let (expired, expired_key) = Certificate::self_signed("expired", -1).write(&folder, "expired");
    let (empty, nonsense) = (folder.path("empty"), folder.path("nonsense"));
    fs::write(&empty, "").unwrap();
    fs::write(&nonsense, "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n").unwrap();
    let missing = folder.path("missing");
    let table: [(&[&str], String); 13] = [
        (
            &["--tls-cert", &good, "--tls-key", &other],
            format!("{other}: the private key does not match the certificate in {good}"),
        ),
        (
            &["--tls-cert", &expired, "--tls-key", &expired_key],
            format!("{expired}: the certificate expired on "),
        ),
        (&["--tls-cert", &missing, "--tls-key", &key], format!("{missing}: No such file")),
        (&["--tls-cert", &good, "--tls-key", &missing], format!("{missing}: No such file")),
        (&["--tls-cert", &empty, "--tls-key", &key], format!("{empty}: contains no certificate")),
        (
            &["--tls-cert", &nonsense, "--tls-key", &key],
            format!("{nonsense}: certificate 1 cannot be parsed"),
        ),
        (
            &["--tls-cert", &good, "--tls-key", &empty],
            format!("{empty}: contains no readable private key"),
        ),
        (&["--tls-cert", &good], "--tls-cert and --tls-key must be given together".into()),
        (
            &["--client-auth", "always"],
            "--client-auth: expected off, optional or required, found \"always\"".into(),
        ),
        (&["--client-ca", &missing], "--client-ca requires --client-auth".into()),
        (
            &["--client-auth", "optional", "--client-ca", &missing],
            format!("{missing}: No such file"),
        ),
        (&["--tls-host", "bad host!"], "expected an ASCII host name or an IP address".into()),
        (
            &["--tls-cert", &good, "--tls-key", &key, "--tls-dir", &missing],
            "--tls-dir cannot be used with --tls-cert".into(),
        ),
    ];
    for (arguments, expected) in table {
        let listen = ["--listen", "off", "--tls-listen", "127.0.0.1:0"];
        let output = run(PROGRAM, &[&listen, arguments].concat()).await;
        assert_eq!(output.exit, 2, "{arguments:?}: {}", output.text);
        assert!(
            output.text.contains(&expected) && output.text.trim().lines().count() == 1,
            "{}",
            output.text
        );
    }
    for arguments in [["--tls-dir", "x"], ["--client-auth", "required"], ["--listen", "off"]] {
        let output = run(PROGRAM, &arguments).await;
        assert!(
            output.exit == 2 && output.text.contains("requires --tls-listen"),
            "{}",
            output.text
        );
    }
}

#[tokio::test]
async fn a_changed_certificate_is_reloaded() {
    let folder = Folder::new("own-renewed");
    let first = Certificate::self_signed("own", 2);
    let (file, key) = first.write(&folder, "own");
    let arguments = ["--watch", "--tls-cert", &file, "--tls-key", &key];
    let running = Running::start_https(&folder, &arguments);
    let health = format!("{}/_mock/health", running.url());
    let is_trusted =
        async |pem: &str| HttpsClient::new(pem).get(&health).await.is_ok_and(|it| it.status == 200);
    assert!(is_trusted(&first.pem).await);

    let second = Certificate::self_signed("own", 3);
    second.write(&folder, "own");
    let start = Instant::now();
    while !is_trusted(&second.pem).await {
        assert!(start.elapsed() < Duration::from_secs(30), "{}", running.log());
        tokio::time::sleep(Duration::from_millis(50)).await;
    }

    fs::write(&file, "broken").unwrap();
    while !running.log().contains("cannot reload the changed certificate") {
        assert!(start.elapsed() < Duration::from_secs(60), "{}", running.log());
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert!(is_trusted(&second.pem).await, "the previous certificate stays in use");
}

/// `certs` replaces the certificate in a folder, and a server with `--watch` reloads it.
#[tokio::test]
async fn a_changed_folder_is_reloaded() {
    let folder = Folder::new("own-renewed-folder");
    let dir = folder.path("tls");
    let running = Running::start_https(&folder, &["--watch", "--tls-dir", &dir]);
    let client = HttpsClient::new(&fs::read_to_string(Path::new(&dir).join("ca.pem")).unwrap());
    let port = running.port().parse().unwrap();
    let presented = async || {
        let stream = client.connect("localhost", port).await.unwrap();
        stream.get_ref().1.peer_certificates().unwrap()[0].clone().into_owned()
    };

    let first = presented().await;
    run(PROGRAM, &["certs", &dir, "--tls-host", "new.test"]).await;
    let start = Instant::now();
    while presented().await == first {
        assert!(start.elapsed() < Duration::from_secs(30), "{}", running.log());
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    client.get(&format!("{}/_mock/health", running.url())).await.unwrap().ok();
}

/// Returns whether only the owner can read a file.
fn is_private(file: &Path) -> bool {
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        fs::metadata(file).unwrap().permissions().mode() & 0o077 == 0
    }
    #[cfg(not(unix))]
    true
}

#[tokio::test]
async fn a_folder_keeps_the_ca_and_the_certificate() {
    let folder = Folder::new("own-folder");
    let dir = folder.path("tls");
    let read = |name: &str| fs::read(Path::new(&dir).join(name)).unwrap();
    let start = async |host: Option<&str>| {
        let mut builder = MockAuthServer::builder().tls().tls_dir(&dir);
        if let Some(host) = host {
            builder = builder.tls_host(host);
        }
        builder.start().await.unwrap()
    };

    let server = start(None).await;
    let (ca, leaf) = (read("ca.pem"), read("server.pem"));
    assert_eq!(server.ca_pem().unwrap().as_bytes(), ca);
    for name in ["ca.key", "server.key"] {
        assert!(is_private(&Path::new(&dir).join(name)), "{name}");
    }
    let server = start(None).await;
    assert_eq!((read("ca.pem"), read("server.pem")), (ca.clone(), leaf.clone()), "both are reused");
    let client = HttpsClient::new(std::str::from_utf8(&ca).unwrap());
    client.get(&(server.base_url() + "/_mock/health")).await.unwrap().ok();

    let server = start(Some("pay.test")).await;
    assert_eq!(read("ca.pem"), ca);
    assert_ne!(read("server.pem"), leaf, "a certificate that lacks a host is replaced");
    let health = format!("https://pay.test:{}/_mock/health", server.address().port());
    client.get(&health).await.unwrap().ok();

    // A certificate from another CA is the user's, and is not replaced.
    let other = Certificate::self_signed("other", 2);
    fs::write(Path::new(&dir).join("server.pem"), &other.pem).unwrap();
    fs::write(Path::new(&dir).join("server.key"), &other.key).unwrap();
    let error = MockAuthServer::builder().tls().tls_dir(&dir).start().await.unwrap_err();
    assert!(error.to_string().contains("was not issued by the CA in this directory"), "{error}");
    assert_eq!(read("server.pem"), other.pem.as_bytes());
    fs::remove_file(Path::new(&dir).join("server.pem")).unwrap();

    // A CA that cannot be read is not replaced: clients may trust it.
    fs::write(Path::new(&dir).join("ca.key"), "broken").unwrap();
    let error = MockAuthServer::builder().tls().tls_dir(&dir).start().await.unwrap_err();
    assert!(error.to_string().contains("ca.key: contains no readable private key"), "{error}");
}

/// Replicas are often started together, on a folder that is still empty.
#[tokio::test(flavor = "multi_thread")]
async fn servers_that_start_at_once_share_one_new_folder() {
    for round in 0..6 {
        let folder = Folder::new(&format!("tls-at-once-{round}"));
        let start = || {
            let dir = folder.0.join("tls");
            tokio::spawn(async move {
                let builder = MockAuthServer::builder().tls().tls_dir(dir);
                builder.start().await.map(|server| server.ca_pem())
            })
        };
        let servers: Vec<_> = (0..6).map(|_| start()).collect();

        let mut authorities = Vec::new();
        for server in servers {
            authorities.push(server.await.unwrap().unwrap_or_else(|error| panic!("{error}")));
        }
        authorities.dedup();
        assert_eq!(authorities.len(), 1, "all have the same CA");
        let files = fs::read_dir(folder.0.join("tls")).unwrap();
        let mut names: Vec<_> = files.map(|file| file.unwrap().file_name()).collect();
        names.sort();
        assert_eq!(names, ["ca.key", "ca.pem", "server.key", "server.pem"]);
    }
}

/// A disk that was full left empty files.
#[tokio::test]
async fn empty_certificates_are_created_again() {
    let folder = Folder::new("tls-empty");
    for (empty, others) in [("ca.pem", &["ca.key"][..]), ("server.pem", &["server.key"])] {
        fs::write(folder.0.join(empty), "").unwrap();
        others.iter().for_each(|other| fs::write(folder.0.join(other), "").unwrap());
        let server = MockAuthServer::builder().tls().tls_dir(&folder.0).start().await;
        let _server = server.unwrap_or_else(|error| panic!("{error}"));
    }
}

/// `certs` creates what clients need, and the folder can be used for `--tls-dir`.
#[tokio::test]
async fn the_command_creates_certificates_that_every_tool_can_read() {
    if lacks_tools(&["curl", "openssl"]) {
        return;
    }
    let folder = Folder::new("own-certs");
    let dir = folder.path("tls");
    let file = |name: &str| Path::new(&dir).join(name).display().to_string();
    let output =
        run(PROGRAM, &["certs", &dir, "--client-name", "acme", "--password", "s3cret"]).await;
    assert_eq!(output.exit, 0, "{}", output.text);
    for tool in ["curl", "Node", "Python", "Java", ".NET"] {
        assert!(output.text.contains(tool), "{tool}: {}", output.text);
    }
    assert!(!output.text.contains("s3cret"), "{}", output.text);
    let (ca, server_file, client) = (file("ca.pem"), file("server.pem"), file("client.pem"));
    let verify = format!("verify -x509_strict -CAfile {ca} {server_file} {client}");
    openssl(&words(&verify)).await;
    let subject = format!("x509 -in {client} -noout -subject -ext extendedKeyUsage");
    let subject = openssl(&words(&subject)).await;
    assert!(
        subject.contains("CN = acme") && subject.contains("Client Authentication"),
        "{subject}"
    );
    let p12 =
        openssl(&["pkcs12", "-in", &file("client.p12"), "-passin", "pass:s3cret", "-nodes"]).await;
    assert!(p12.contains("BEGIN PRIVATE KEY") && p12.contains("CN = acme"), "{p12}");
    let wrong = ["pkcs12", "-in", &file("client.p12"), "-passin", "pass:changeit", "-noout"];
    assert_ne!(run("openssl", &wrong).await.exit, 0);
    let about = ["pkcs12", "-in", &file("client.p12"), "-passin", "pass:s3cret", "-info", "-noout"];
    assert!(openssl(&about).await.contains("AES-256-CBC"));
    for name in ["ca.key", "server.key", "client.key", "client.p12"] {
        assert!(is_private(Path::new(&file(name))), "{name}");
    }
    let arguments = ["--tls-dir", &dir, "--client-auth", "required"];
    let mut running = Running::start_https(&folder, &arguments);
    fs::copy(file("ca.pem"), folder.path("ca.pem")).unwrap();
    let url = format!("{}/_mock/health", running.url());
    let (certificate, key) = (file("client.pem"), file("client.key"));
    assert_eq!(curl(&folder, &["--cert", &certificate, "--key", &key, &url]).await.exit, 0);
    assert_ne!(curl(&folder, &[&url]).await.exit, 0);
    // The commands present client certificates, too.
    let arguments = ["health", "--server", running.url(), "--ca", &file("ca.pem")];
    assert_eq!(run(PROGRAM, &arguments).await.exit, 1);
    let arguments = [&arguments[..], &["--cert", &certificate, "--key", &key]].concat();
    let output = run(PROGRAM, &arguments).await;
    assert!(output.exit == 0 && output.text.contains("\"ok\""), "{}", output.text);
    let output = run(PROGRAM, &["health", "--server", running.url()]).await;
    assert!(output.exit == 1 && output.text.contains("--ca FILE"), "{}", output.text);
    running.wait_for_log("with --client-auth required, the client must present");
    let before = fs::read(file("ca.pem")).unwrap();
    run(PROGRAM, &["certs", &dir, "--client-name", "acme"]).await;
    assert_eq!(fs::read(file("ca.pem")).unwrap(), before, "the CA is kept");
    let name = "n".repeat(41);
    let long = run(PROGRAM, &["certs", &dir, "--client-name", &name, "--replace-client"]).await;
    assert!(long.exit == 0 && long.text.contains("at most 40 characters"), "{}", long.text);
}

/// Another client's certificate may be in use, and its key exists nowhere else.
#[tokio::test]
async fn the_certificate_of_another_client_is_not_replaced_unless_asked_for() {
    let folder = Folder::new("certs-other");
    let dir = folder.path("certs");
    let certs =
        async |arguments: &[&str]| run(PROGRAM, &[&["certs", &dir], arguments].concat()).await;
    let certificate = || fs::read(Path::new(&dir).join("client.pem")).unwrap();

    assert_eq!(certs(&["--client-name", "acme"]).await.exit, 0);
    let acme = certificate();
    for arguments in [&["--client-name", "other"][..], &[]] {
        let refused = certs(arguments).await;
        assert_eq!(refused.exit, 2, "{}", refused.text);
        assert!(refused.text.contains("is the certificate of \"acme\""), "{}", refused.text);
        assert!(refused.text.contains("--replace-client"), "{}", refused.text);
        assert_eq!(certificate(), acme);
    }
    // A file that cannot be read may be a certificate, too.
    fs::write(Path::new(&dir).join("client.pem"), "damaged").unwrap();
    assert!(certs(&["--client-name", "acme"]).await.text.contains("of another client"));

    let replaced = certs(&["--client-name", "other", "--replace-client"]).await;
    assert_eq!(replaced.exit, 0, "{}", replaced.text);
    assert!(replaced.text.contains("CN=other"), "{}", replaced.text);
    assert_eq!(certs(&["--client-name", "other"]).await.exit, 0, "its own can be renewed");
}

/// The algorithms that docs/https.md names for programs that cannot read the modern form.
#[tokio::test]
async fn the_legacy_form_of_client_p12_uses_triple_des_and_sha_1() {
    if lacks_tools(&["openssl"]) {
        return;
    }
    let folder = Folder::new("certs-legacy");
    let dir = folder.path("certs");
    let said = run(PROGRAM, &["certs", &dir, "--client-name", "acme", "--p12-legacy"]).await;
    assert_eq!(said.exit, 0, "{}", said.text);

    let p12 = format!("{dir}/client.p12");
    let read = ["pkcs12", "-legacy", "-in", &p12, "-passin", "pass:changeit", "-nodes", "-info"];
    let shown = openssl(&read).await;
    for part in ["MAC: sha1, Iteration 10000", "BEGIN PRIVATE KEY", "CN = acme"] {
        assert!(shown.contains(part), "{part}: {shown}");
    }
    let encryption = "pbeWithSHA1And3-KeyTripleDES-CBC, Iteration 10000";
    assert_eq!(shown.matches(encryption).count(), 2, "the key and the certificates: {shown}");
    assert!(!shown.contains("AES") && !shown.contains("RC2"), "{shown}");

    // Current tools read it, too: it needs no algorithm that OpenSSL 3 has removed.
    let current = ["pkcs12", "-in", &p12, "-passin", "pass:changeit", "-nodes"];
    assert!(openssl(&current).await.contains("BEGIN PRIVATE KEY"));

    if std::process::Command::new("keytool").arg("-help").output().is_err() {
        return skip("there is no keytool");
    }
    let list = ["-list", "-keystore", &p12, "-storetype", "PKCS12", "-storepass", "changeit"];
    for more in [&[][..], &["-J-Dkeystore.pkcs12.legacy"]] {
        let listed = run("keytool", &[&list, more].concat()).await;
        assert!(listed.text.contains("client,") && listed.text.contains("PrivateKeyEntry"));
    }
}
