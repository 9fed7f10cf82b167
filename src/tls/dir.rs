//! CA and certificates in a folder, so that they outlive the server and clients need to be told of
//! the CA only once.

use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::path::Path;

use super::{Ca, Identity, LeafParams, TlsError};

/// Takes the CA and the server's certificate from a folder; what is missing, or good no longer, is
/// made and put there.
pub(crate) fn load_or_create(dir: &Path, hosts: &[String]) -> Result<(Ca, Identity), TlsError> {
    let failed = |error| TlsError::new(dir.display(), error);
    fs::create_dir_all(dir).map_err(failed)?;
    let ca = ca(dir)?;
    let (certificate, key) = (dir.join("server.pem"), dir.join("server.key"));
    if certificate.exists() {
        watch_mode(&key);
        match Identity::read(&certificate, &key) {
            Ok(server) if !server.is_signed_by(&ca) => {
                let text = "this certificate is of another CA than the folder's; --tls-cert and \
                            --tls-key take certificates of your own";
                return Err(TlsError::new(certificate.display(), text));
            }
            Ok(server) if covers(&server, hosts) => return Ok((ca, server)),
            Ok(_) => tracing::info!("{}: made anew, for other hosts", certificate.display()),
            Err(error) if error.is_expiry() => tracing::info!("{error}; it is made anew"),
            Err(error) => return Err(error),
        }
    }
    let server = ca.issue(&LeafParams::server(hosts));
    let server = server.map_err(|error| TlsError::new(certificate.display(), error))?;
    write(dir, "server", &server).map_err(failed)?;
    Ok((ca, server))
}

/// A key that others can read is theirs, too.
fn watch_mode(key: &Path) {
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = fs::metadata(key).map_or(0, |about| about.permissions().mode());
        if mode & 0o077 != 0 {
            tracing::warn!("{}: others can read this private key (chmod 600)", key.display());
        }
    }
    #[cfg(not(unix))]
    let _ = key;
}

fn covers(server: &Identity, hosts: &[String]) -> bool {
    ["localhost".to_owned(), "127.0.0.1".to_owned()]
        .iter()
        .chain(hosts)
        .all(|host| server.names(host))
}

/// The CA of a folder. One that cannot be read is not put aside: clients may trust it already.
fn ca(dir: &Path) -> Result<Ca, TlsError> {
    let (certificate, key) = (dir.join("ca.pem"), dir.join("ca.key"));
    if certificate.exists() || key.exists() {
        watch_mode(&key);
        match Identity::read(&certificate, &key) {
            Ok(_) => {
                let read = |file: &Path| {
                    fs::read_to_string(file).map_err(|error| TlsError::new(file.display(), error))
                };
                return Ca::from_pem(&read(&certificate)?, &read(&key)?)
                    .map_err(|error| TlsError::new(certificate.display(), error));
            }
            Err(error) if error.is_expiry() => {
                tracing::warn!("{error}; a new CA is made, which clients have yet to be told of");
            }
            Err(error) => return Err(error),
        }
    }
    let failed = |error: &dyn std::error::Error| TlsError::new(dir.display(), error);
    let ca = Ca::generate().map_err(|error| failed(&error))?;
    private(&key, ca.key_pem().as_bytes()).map_err(|error| failed(&error))?;
    fs::write(&certificate, ca.pem()).map_err(|error| failed(&error))?;
    Ok(ca)
}

/// Writes `NAME.pem` and `NAME.key`.
fn write(dir: &Path, name: &str, identity: &Identity) -> io::Result<()> {
    let (certificate, key) = identity.pem();
    private(&dir.join(format!("{name}.key")), key.as_bytes())?;
    fs::write(dir.join(format!("{name}.pem")), certificate)
}

/// Writes a file that only its owner can read, also where a wider one was before.
fn private(file: &Path, bytes: &[u8]) -> io::Result<()> {
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

/// Makes a client's certificate: `client.pem`, `client.key`, and `client.p12` under a password.
#[cfg(feature = "cli")]
pub(crate) fn keep_client(dir: &Path, ca: &Ca, name: &str, password: &str) -> Result<(), TlsError> {
    use p12_keystore::{Certificate, KeyStore, KeyStoreEntry, PrivateKey, PrivateKeyChain};

    let failed = |error: &dyn std::error::Error| TlsError::new(dir.display(), error);
    let client = ca.issue(&LeafParams::client(name)).map_err(|error| failed(&error))?;
    write(dir, "client", &client).map_err(|error| failed(&error))?;
    let (chain, key) = client.der();
    let chain: Result<Vec<_>, _> = chain.into_iter().map(Certificate::from_der).collect();
    let chain = chain.map_err(|error| failed(&error))?;
    let key = PrivateKey::from_der(key).map_err(|error| failed(&error))?;
    let mut store = KeyStore::new();
    let entry = PrivateKeyChain::new("client".as_bytes(), key, chain);
    store.add_entry("client", KeyStoreEntry::PrivateKeyChain(entry));
    let bytes = store.writer(password).write().map_err(|error| failed(&error))?;
    private(&dir.join("client.p12"), &bytes).map_err(|error| failed(&error))
}
