//! The CA and certificates in a directory, so that they outlive the server and clients need to
//! trust the CA only once.

use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use super::ca::{Ca, LeafParams};
use super::error::TlsError;
use super::identity::Identity;

/// Loads the CA and the server's certificate from a directory. Creates what is missing, empty or has
/// expired, and a certificate that does not cover all `hosts`. Several servers may do so at once.
pub(crate) fn load_or_create(dir: &Path, hosts: &[String]) -> Result<(Ca, Identity), TlsError> {
    fs::create_dir_all(dir).map_err(TlsError::in_file(dir))?;

    // If nothing is missing, nothing is written: the directory may be read-only.
    if let Ok(Some(ca)) = load_ca(dir)
        && let Ok(Some(server)) = load_server(dir, &ca, hosts)
    {
        return Ok((ca, server));
    }

    // Whatever is wrong may be the work of another server that has not finished.
    let _lock = DirLock::acquire(dir).map_err(TlsError::in_file(dir))?;
    let ca = match load_ca(dir)? {
        Some(ca) => ca,
        None => create_ca(dir)?,
    };
    if let Some(server) = load_server(dir, &ca, hosts)? {
        return Ok((ca, server));
    }

    let certificate = dir.join("server.pem");
    let server = ca.issue(&LeafParams::server(hosts)).map_err(TlsError::in_file(&certificate))?;
    write(dir, "server", &server).map_err(TlsError::in_file(dir))?;
    Ok((ca, server))
}

/// Loads the server's certificate. `None` if it has to be issued.
fn load_server(dir: &Path, ca: &Ca, hosts: &[String]) -> Result<Option<Identity>, TlsError> {
    let (certificate, key) = (dir.join("server.pem"), dir.join("server.key"));
    if is_absent(&certificate) {
        return Ok(None);
    }

    warn_if_shared(&key);
    match Identity::read(&certificate, &key) {
        // Replacing a certificate that the mock did not issue would lose it.
        Ok(server) if !server.is_issued_by(ca.certificate()) => {
            let reason = "the certificate was not issued by the CA in this directory; use \
                          --tls-cert and --tls-key for a certificate of your own";
            Err(TlsError::new(certificate.display(), reason))
        }
        Ok(server) if covers_all(&server, hosts) => Ok(Some(server)),
        Ok(_) => {
            tracing::info!(
                "{}: issuing a new certificate for other host names",
                certificate.display()
            );
            Ok(None)
        }
        Err(error) if error.is_expired() => {
            tracing::info!("{error}; issuing a new one");
            Ok(None)
        }
        Err(error) => Err(error),
    }
}

/// Whether a file does not exist, or is as empty as a full disk leaves it.
fn is_absent(file: &Path) -> bool {
    match fs::metadata(file) {
        Ok(metadata) => metadata.is_file() && metadata.len() == 0,
        Err(error) => error.kind() == io::ErrorKind::NotFound,
    }
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

/// Loads the CA of a directory. `None` if it has to be created. A CA that cannot be read is an error,
/// not replaced: clients may trust it already.
fn load_ca(dir: &Path) -> Result<Option<Ca>, TlsError> {
    let (certificate, key) = (dir.join("ca.pem"), dir.join("ca.key"));
    // No client can trust an empty file.
    if is_absent(&certificate) {
        return Ok(None);
    }

    warn_if_shared(&key);
    match Identity::read(&certificate, &key) {
        Ok(_) => {
            let pem = fs::read_to_string(&certificate).map_err(TlsError::in_file(&certificate))?;
            let key_pem = fs::read_to_string(&key).map_err(TlsError::in_file(&key))?;
            Ca::from_pem(&pem, &key_pem).map(Some).map_err(TlsError::in_file(&certificate))
        }
        Err(error) if error.is_expired() => {
            tracing::warn!("{error}; creating a new CA, which clients must trust");
            Ok(None)
        }
        Err(error) => Err(error),
    }
}

fn create_ca(dir: &Path) -> Result<Ca, TlsError> {
    let (certificate, key) = (dir.join("ca.pem"), dir.join("ca.key"));
    // Replacing a key that somebody put there would lose it.
    if !is_absent(&key) && is_absent(&certificate) {
        let key_pem = fs::read_to_string(&key).map_err(TlsError::in_file(&key))?;
        let ca = Ca::with_key(&key_pem).map_err(TlsError::in_file(&key))?;
        return write_file(&certificate, ca.pem().as_bytes(), Access::Everyone)
            .map(|()| ca)
            .map_err(TlsError::in_file(&certificate));
    }

    let ca = Ca::generate().map_err(TlsError::in_file(dir))?;
    // The certificate comes last: with it, the CA is complete.
    write_file(&key, ca.key_pem().as_bytes(), Access::Owner).map_err(TlsError::in_file(&key))?;
    write_file(&certificate, ca.pem().as_bytes(), Access::Everyone)
        .map_err(TlsError::in_file(&certificate))?;
    Ok(ca)
}

/// Writes `NAME.pem` and `NAME.key`.
fn write(dir: &Path, name: &str, identity: &Identity) -> io::Result<()> {
    let (certificate, key) = identity.pem();
    write_file(&dir.join(format!("{name}.key")), key.as_bytes(), Access::Owner)?;
    write_file(&dir.join(format!("{name}.pem")), certificate.as_bytes(), Access::Everyone)
}

/// Who can read a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Access {
    Owner,
    Everyone,
}

/// Writes a file as a whole: nobody sees a part of it, and if it cannot be written, the file is as it
/// was.
fn write_file(file: &Path, bytes: &[u8], access: Access) -> io::Result<()> {
    static COUNTER: AtomicU64 = AtomicU64::new(0);

    let number = COUNTER.fetch_add(1, Ordering::Relaxed);
    let temporary = file.with_extension(format!("{}-{number}.new", std::process::id()));
    let written = write_new(&temporary, bytes, access).and_then(|()| fs::rename(&temporary, file));
    if written.is_err() {
        // The first error is the one to report.
        let _ = fs::remove_file(&temporary);
    }
    written
}

fn write_new(file: &Path, bytes: &[u8], access: Access) -> io::Result<()> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    if access == Access::Owner {
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    }
    #[cfg(not(unix))]
    let _ = access;

    let mut file = options.open(file)?;
    file.write_all(bytes)?;
    // A disk may turn out to be full only now.
    file.sync_all()
}

/// A file in a directory that only one process can create, and that others wait for.
struct DirLock(PathBuf);

impl DirLock {
    /// The age of a lock whose process is gone: creating a CA takes milliseconds.
    const STALE: Duration = Duration::from_secs(10);
    const RETRY_INTERVAL: Duration = Duration::from_millis(20);

    fn acquire(dir: &Path) -> io::Result<Self> {
        let file = dir.join(".lock");
        let start = Instant::now();
        loop {
            match OpenOptions::new().write(true).create_new(true).open(&file) {
                Ok(_) => return Ok(Self(file)),
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                Err(error) => return Err(error),
            }

            // Our own clock counts, as that of a file system may differ.
            if start.elapsed() >= Self::STALE {
                let _ = fs::remove_file(&file);
            }
            thread::sleep(Self::RETRY_INTERVAL);
        }
    }
}

impl Drop for DirLock {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.0);
    }
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
    write_file(&dir.join("client.p12"), &p12, Access::Owner).map_err(TlsError::in_file(dir))
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
