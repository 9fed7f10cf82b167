//! The CA and certificates in a directory, so that they outlive the server and clients need to
//! trust the CA only once.

use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::path::Path;

use super::ca::{Ca, LeafParams};
use super::error::TlsError;
use super::identity::Identity;

/// Loads the CA and the server's certificate from a directory. Creates what is missing or has
/// expired, and a certificate that does not cover all `hosts`.
pub(crate) fn load_or_create(dir: &Path, hosts: &[String]) -> Result<(Ca, Identity), TlsError> {
    fs::create_dir_all(dir).map_err(TlsError::in_file(dir))?;
    let ca = load_or_create_ca(dir)?;

    let (certificate, key) = (dir.join("server.pem"), dir.join("server.key"));
    if certificate.exists() {
        warn_if_shared(&key);
        match Identity::read(&certificate, &key) {
            // Replacing a certificate that the mock did not issue would lose it.
            Ok(server) if !server.is_issued_by(ca.certificate()) => {
                let reason = "the certificate was not issued by the CA in this directory; use \
                              --tls-cert and --tls-key for a certificate of your own";
                return Err(TlsError::new(certificate.display(), reason));
            }
            Ok(server) if covers_all(&server, hosts) => return Ok((ca, server)),
            Ok(_) => {
                tracing::info!(
                    "{}: issuing a new certificate for other host names",
                    certificate.display()
                );
            }
            Err(error) if error.is_expired() => tracing::info!("{error}; issuing a new one"),
            Err(error) => return Err(error),
        }
    }

    let server = ca.issue(&LeafParams::server(hosts)).map_err(TlsError::in_file(&certificate))?;
    write(dir, "server", &server).map_err(TlsError::in_file(dir))?;
    Ok((ca, server))
}

/// Warns if other users can read a private key.
fn warn_if_shared(key: &Path) {
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;

        let mode = fs::metadata(key).map_or(0, |metadata| metadata.permissions().mode());
        if mode & 0o077 != 0 {
            tracing::warn!(
                "{}: other users can read this private key (run chmod 600)",
                key.display()
            );
        }
    }
    #[cfg(not(unix))]
    let _ = key;
}

fn covers_all(server: &Identity, hosts: &[String]) -> bool {
    ["localhost", "127.0.0.1"]
        .into_iter()
        .chain(hosts.iter().map(String::as_str))
        .all(|host| server.covers(host))
}

/// Loads the CA of a directory, or creates one. A CA that cannot be read is an error, not replaced:
/// clients may trust it already.
fn load_or_create_ca(dir: &Path) -> Result<Ca, TlsError> {
    let (certificate, key) = (dir.join("ca.pem"), dir.join("ca.key"));
    if certificate.exists() || key.exists() {
        warn_if_shared(&key);
        match Identity::read(&certificate, &key) {
            Ok(_) => {
                let pem =
                    fs::read_to_string(&certificate).map_err(TlsError::in_file(&certificate))?;
                let key_pem = fs::read_to_string(&key).map_err(TlsError::in_file(&key))?;
                return Ca::from_pem(&pem, &key_pem).map_err(TlsError::in_file(&certificate));
            }
            Err(error) if error.is_expired() => {
                tracing::warn!("{error}; creating a new CA, which clients must trust");
            }
            Err(error) => return Err(error),
        }
    }

    let ca = Ca::generate().map_err(TlsError::in_file(dir))?;
    write_private(&key, ca.key_pem().as_bytes()).map_err(TlsError::in_file(dir))?;
    fs::write(&certificate, ca.pem()).map_err(TlsError::in_file(dir))?;
    Ok(ca)
}

/// Writes `NAME.pem` and `NAME.key`.
fn write(dir: &Path, name: &str, identity: &Identity) -> io::Result<()> {
    let (certificate, key) = identity.pem();
    write_private(&dir.join(format!("{name}.key")), key.as_bytes())?;
    fs::write(dir.join(format!("{name}.pem")), certificate)
}

/// Writes a file that only its owner can read.
fn write_private(file: &Path, bytes: &[u8]) -> io::Result<()> {
    // An existing file would keep its permissions.
    match fs::remove_file(file) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }

    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(file)?.write_all(bytes)
}

/// The encryption of a PKCS#12 file.
#[cfg(feature = "cli")]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Pkcs12Form {
    /// AES-256 with PBKDF2 and HMAC-SHA-256.
    Modern,
    /// Triple DES and HMAC-SHA-1, for programs that do not know HMAC-SHA-256 for PKCS#12.
    Legacy,
}

/// Issues a client certificate: `client.pem`, `client.key`, and `client.p12` with a password.
#[cfg(feature = "cli")]
pub(crate) fn write_client(
    dir: &Path,
    ca: &Ca,
    common_name: &str,
    password: &str,
    form: Pkcs12Form,
) -> Result<(), TlsError> {
    let client = ca.issue(&LeafParams::client(common_name)).map_err(TlsError::in_file(dir))?;
    write(dir, "client", &client).map_err(TlsError::in_file(dir))?;
    let p12 = encode_pkcs12(&client, password, form).map_err(TlsError::in_file(dir))?;
    write_private(&dir.join("client.p12"), &p12).map_err(TlsError::in_file(dir))
}

#[cfg(feature = "cli")]
fn encode_pkcs12(
    identity: &Identity,
    password: &str,
    form: Pkcs12Form,
) -> Result<Vec<u8>, p12_keystore::error::Error> {
    use p12_keystore::{
        Certificate, EncryptionAlgorithm, KeyStore, KeyStoreEntry, MacAlgorithm, PrivateKey,
        PrivateKeyChain,
    };

    let (chain, key) = identity.der();
    let chain = chain.map(Certificate::from_der).collect::<Result<Vec<_>, _>>()?;
    let entry = PrivateKeyChain::new("client".as_bytes(), PrivateKey::from_der(key)?, chain);

    let mut store = KeyStore::new();
    store.add_entry("client", KeyStoreEntry::PrivateKeyChain(entry));
    let writer = store.writer(password);
    match form {
        Pkcs12Form::Modern => writer.write(),
        Pkcs12Form::Legacy => writer
            .encryption_algorithm(EncryptionAlgorithm::PbeWithShaAnd3KeyTripleDesCbc)
            .mac_algorithm(MacAlgorithm::HmacSha1)
            .write(),
    }
}
