//! `certs DIR`: a CA, and certificates of server and client, in files.

use std::path::PathBuf;

use clap::Args;

use super::{CliError, print};
use crate::tls::{check_hosts, load_or_create, write_client};

#[derive(Args)]
pub(super) struct Certs {
    /// Where to put them; a CA that is there already goes on. The folder then serves as --tls-dir.
    #[arg(value_name = "DIR")]
    dir: PathBuf,
    /// The common name of the client's certificate.
    #[arg(long, value_name = "NAME", default_value = "smartpay-client")]
    client_name: String,
    /// The password of client.p12.
    #[arg(long, value_name = "PASS", default_value = "changeit")]
    password: String,
    /// Another host that the server's certificate is for, beside localhost.
    #[arg(long, value_name = "NAME", num_args = 1..)]
    tls_host: Vec<String>,
}

/// The longest common name that the vendor takes (source K).
const LONGEST_NAME: usize = 40;

impl Certs {
    pub(super) fn run(self) -> Result<(), CliError> {
        let (dir, name) = (&self.dir, &self.client_name);
        if name.is_empty() || name.chars().count() > 64 {
            return Err(CliError::usage("--client-name: a common name has 1 to 64 characters"));
        }
        check_hosts(&self.tls_host).map_err(CliError::usage)?;
        let (ca, _) = load_or_create(dir, &self.tls_host).map_err(CliError::usage)?;
        write_client(dir, &ca, name, &self.password).map_err(CliError::at_run_time)?;
        if name.chars().count() > LONGEST_NAME {
            eprintln!("note: the vendor takes common names of at most {LONGEST_NAME} characters");
        }
        let path = dir.display().to_string();
        let plain = path.bytes().all(|b| b.is_ascii_alphanumeric() || b"/._-+:".contains(&b));
        let dir = if plain { path } else { format!("'{}'", path.replace('\'', "'\\''")) };
        let (known, password) = match self.password.as_str() {
            "changeit" => ("password: changeit", "changeit"),
            _ => ("under the password that you gave", "\"$PASSWORD\""),
        };
        print(&instructions(&dir, name, known, password));
        Ok(())
    }
}

/// What was made, and a few lines to paste for those who use it. `dir` is ready for a shell.
fn instructions(dir: &str, name: &str, known: &str, password: &str) -> String {
    format!(
        "{dir}: ca.pem, server.pem, client.pem (CN={name}), a .key beside each, client.p12 ({known})

# serve
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
# .NET; trust {dir}/ca.pem in the system's store, or compare it in the handler's callback
handler.ClientCertificates.Add(new X509Certificate2(\"{dir}/client.p12\", password));"
    )
}
