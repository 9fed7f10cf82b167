//! `certs DIR`: creates a CA with a server and a client certificate.

use std::path::{Path, PathBuf};

use clap::Args;

use super::error::CliError;
use super::log_queue::print_error;
use super::output::print;
use crate::tls::{
    Pkcs12Form, check_hosts, common_name, load_or_create, read_certificates, write_client,
};
use crate::units::printable;

/// The maximum length of a common name in a certificate (RFC 5280).
const MAX_NAME_LENGTH: usize = 64;
/// The maximum length of a common name that the vendor accepts (source D).
const MAX_VENDOR_NAME_LENGTH: usize = 40;

const DEFAULT_PASSWORD: &str = "changeit";

#[derive(Args)]
pub(super) struct Certs {
    /// Output directory, which can be used as --tls-dir; an existing CA in it is kept
    #[arg(value_name = "DIR")]
    dir: PathBuf,
    /// Common name of the client certificate
    #[arg(long, value_name = "NAME", default_value = "smartpay-client")]
    client_name: String,
    /// Password of client.p12
    #[arg(long, value_name = "PASSWORD", default_value = DEFAULT_PASSWORD)]
    password: String,
    /// Encrypt client.p12 with triple DES and SHA-1, for macOS and for Java before 8u301 and 11.0.12
    #[arg(long)]
    p12_legacy: bool,
    /// Replace the certificate of another client in the directory
    #[arg(long)]
    replace_client: bool,
    /// Additional host names for the server certificate
    #[arg(long, value_name = "NAME", num_args = 1..)]
    tls_host: Vec<String>,
}

impl Certs {
    pub(super) fn run(self) -> Result<(), CliError> {
        let name_length = self.client_name.chars().count();
        if name_length == 0 || name_length > MAX_NAME_LENGTH {
            return Err(CliError::usage(format!(
                "--client-name: expected 1 to {MAX_NAME_LENGTH} characters, found {name_length}"
            )));
        }

        check_hosts(&self.tls_host).map_err(CliError::usage)?;
        self.check_client()?;
        let (ca, _) = load_or_create(&self.dir, &self.tls_host).map_err(CliError::usage)?;
        let form = if self.p12_legacy { Pkcs12Form::Legacy } else { Pkcs12Form::Modern };
        write_client(&self.dir, &ca, &self.client_name, &self.password, form)
            .map_err(CliError::runtime)?;

        if name_length > MAX_VENDOR_NAME_LENGTH {
            print_error(&format!(
                "warning: --client-name has {name_length} characters; the vendor accepts at most \
                 {MAX_VENDOR_NAME_LENGTH} characters"
            ));
        }
        print(&self.instructions());
        Ok(())
    }

    /// Refuses to replace the certificate of another client, which may be in use.
    fn check_client(&self) -> Result<(), CliError> {
        let file = self.dir.join("client.pem");
        if self.replace_client || !file.exists() {
            return Ok(());
        }

        let owner = read_certificates(&file).ok().and_then(|chain| chain.first().map(common_name));
        if owner.as_deref() == Some(&*self.client_name) {
            return Ok(());
        }
        let owner = owner.filter(|name| !name.is_empty());
        let owner =
            owner.map_or("another client".to_owned(), |name| format!("\"{}\"", printable(&name)));
        Err(CliError::usage(format!(
            "--client-name {}: {} is the certificate of {owner}; use another directory, or \
             --replace-client to replace it",
            self.client_name,
            file.display()
        )))
    }

    /// Returns the list of files, and examples of their use in common tools.
    fn instructions(&self) -> String {
        let (dir, name) = (quote_for_shell(&self.dir), &self.client_name);
        // A password that the user chose is not printed.
        let (password_note, password) = if self.password == DEFAULT_PASSWORD {
            ("password: changeit", DEFAULT_PASSWORD)
        } else {
            ("protected by your password", "\"$PASSWORD\"")
        };

        format!(
            "Files in {dir}: ca.pem, server.pem and client.pem (CN={name}), each with a .key file; \
             client.p12 ({password_note})

# Server
smartpay-oauth-mock --tls-listen 127.0.0.1:8443 --tls-dir {dir} --client-auth required
# curl
curl --cacert {dir}/ca.pem --cert {dir}/client.pem --key {dir}/client.key https://localhost:8443/
# Node: NODE_EXTRA_CA_CERTS, or in https.request
{{ ca: fs.readFileSync('{dir}/ca.pem'), cert: fs.readFileSync('{dir}/client.pem'), key: fs.readFileSync('{dir}/client.key') }}
# Python
requests.post(url, verify='{dir}/ca.pem', cert=('{dir}/client.pem', '{dir}/client.key'))
# Java
keytool -importcert -noprompt -alias smartpay-mock -file {dir}/ca.pem -keystore {dir}/trust.p12 -storepass changeit
java -Djavax.net.ssl.trustStore={dir}/trust.p12 -Djavax.net.ssl.trustStorePassword=changeit \\
  -Djavax.net.ssl.keyStore={dir}/client.p12 -Djavax.net.ssl.keyStorePassword={password} ...
# .NET: trust {dir}/ca.pem in the system store, or verify it in the handler's callback
handler.ClientCertificates.Add(new X509Certificate2(\"{dir}/client.p12\", password));"
        )
    }
}

/// Returns a path that can be pasted into a shell.
fn quote_for_shell(path: &Path) -> String {
    let path = path.display().to_string();
    if path.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"/._-+:".contains(&byte)) {
        path
    } else {
        format!("'{}'", path.replace('\'', "'\\''"))
    }
}
