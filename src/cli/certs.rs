//! `certs DIR`: a CA, and certificates of server and client, in files.

use std::path::PathBuf;

use clap::Args;

use super::{Failure, print};
use crate::tls::{keep, keep_client};

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
    pub(super) fn run(self) -> Result<(), Failure> {
        let (dir, name) = (&self.dir, &self.client_name);
        if name.is_empty() || name.chars().count() > 64 {
            return Err(Failure::wrong("--client-name: a common name has 1 to 64 characters"));
        }
        let (ca, _) = keep(dir, &self.tls_host).map_err(Failure::wrong)?;
        keep_client(dir, &ca, name, &self.password).map_err(Failure::at_run_time)?;
        if name.chars().count() > LONGEST_NAME {
            eprintln!("note: the vendor takes common names of at most {LONGEST_NAME} characters");
        }
        let path = dir.display();
        let password = match self.password.as_str() {
            "changeit" => "changeit",
            _ => "the password that you gave",
        };
        print(&format!(
            "{path}: ca.pem, server.pem, client.pem (CN={name}), a .key beside each, client.p12 \
             (password: {password})\n\n\
             serve   smartpay-oauth-mock --tls-listen 127.0.0.1:8443 --tls-dir {path} --client-auth required\n\
             curl    curl --cacert {path}/ca.pem --cert {path}/client.pem --key {path}/client.key https://localhost:8443/\n\
             Node    https.request(url, {{ ca: fs.readFileSync('{path}/ca.pem'),\n\
             \x20         cert: fs.readFileSync('{path}/client.pem'), key: fs.readFileSync('{path}/client.key') }})\n\
             Python  requests.post(url, verify='{path}/ca.pem', cert=('{path}/client.pem', '{path}/client.key'))\n\
             Java    keytool -importcert -noprompt -alias smartpay-mock -file {path}/ca.pem -keystore {path}/trust.p12 -storepass changeit\n\
             \x20       java -Djavax.net.ssl.trustStore={path}/trust.p12 -Djavax.net.ssl.keyStore={path}/client.p12\n\
             \x20         -Djavax.net.ssl.trustStorePassword=changeit -Djavax.net.ssl.keyStorePassword=...\n\
             .NET    handler.ClientCertificates.Add(new X509Certificate2(\"{path}/client.p12\", \"...\"));\n\
             \x20       trust {path}/ca.pem in the system's store, or compare it in ServerCertificateCustomValidationCallback",
        ));
        Ok(())
    }
}
