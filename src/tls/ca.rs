//! The mock's own certificate authority, and the certificates that it issues.

use std::fmt;

use rcgen::{
    BasicConstraints, CertificateParams, DistinguishedName, DnType, ExtendedKeyUsagePurpose, IsCa,
    Issuer, KeyPair, KeyUsagePurpose,
};
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, PrivateKeyDer};
use time::{Duration, OffsetDateTime};

use super::identity::Identity;
use crate::units::is_host_name;

/// The lifetime of a CA certificate, in days.
const CA_DAYS: i64 = 3650;
/// The lifetime of other certificates, in days: below the maximum that any client accepts.
const LEAF_DAYS: i64 = 390;

/// A certificate authority.
pub(crate) struct Ca {
    issuer: Issuer<'static, KeyPair>,
    certificate: CertificateDer<'static>,
    pem: String,
}

/// Leaves the private key out.
impl fmt::Debug for Ca {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Ca")
    }
}

/// What a certificate that the CA issues contains.
#[derive(Clone, Debug)]
pub(crate) struct LeafParams {
    common_name: String,
    /// Host names and IP addresses; empty for a client's certificate.
    hosts: Vec<String>,
    usage: ExtendedKeyUsagePurpose,
    /// The first and the last day of its validity, relative to today.
    days: (i64, i64),
}

impl LeafParams {
    /// A server certificate for localhost, the loopback addresses, this machine's name and `hosts`.
    pub(crate) fn server(hosts: &[String]) -> Self {
        let mut all = vec!["localhost".to_owned(), "127.0.0.1".to_owned(), "::1".to_owned()];
        let machine = gethostname::gethostname().to_string_lossy().to_ascii_lowercase();
        for host in hosts.iter().chain(is_host_name(&machine).then_some(&machine)) {
            if !all.contains(host) {
                all.push(host.clone());
            }
        }

        let common_name = hosts.first().map_or("localhost", String::as_str);
        Self { hosts: all, ..Self::single_host(common_name) }
    }

    /// A server certificate for one host.
    pub(crate) fn single_host(host: &str) -> Self {
        Self {
            common_name: host.to_owned(),
            hosts: vec![host.to_owned()],
            usage: ExtendedKeyUsagePurpose::ServerAuth,
            // Valid from yesterday, for clients whose clock is a little behind.
            days: (-1, LEAF_DAYS),
        }
    }

    /// A client certificate with this common name.
    pub(crate) fn client(common_name: &str) -> Self {
        let usage = ExtendedKeyUsagePurpose::ClientAuth;
        Self { hosts: Vec::new(), usage, ..Self::single_host(common_name) }
    }

    /// The same certificate, expired yesterday.
    pub(crate) fn expired(self) -> Self {
        Self { days: (-LEAF_DAYS, -1), ..self }
    }
}

impl Ca {
    /// Generates a CA. Its name is unique, so that a trust store can hold several.
    pub(crate) fn generate() -> Result<Self, rcgen::Error> {
        Self::issue_own(KeyPair::generate()?)
    }

    /// Creates a CA with an existing key in PEM.
    pub(super) fn with_key(key: &str) -> Result<Self, rcgen::Error> {
        Self::issue_own(KeyPair::from_pem(key)?)
    }

    fn issue_own(key: KeyPair) -> Result<Self, rcgen::Error> {
        let mut params = CertificateParams::default();
        let number = rand::random::<u32>();
        set_common_name(&mut params, format!("smartpay-oauth-mock CA {number:08x}"));
        set_validity(&mut params, (-1, CA_DAYS));
        params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];

        let certificate = params.self_signed(&key)?;
        let (der, pem) = (certificate.der().clone(), certificate.pem());
        Ok(Self { issuer: Issuer::new(params, key), certificate: der, pem })
    }

    /// Loads a CA from its certificate and private key.
    pub(super) fn from_pem(pem: &str, key: &str) -> Result<Self, rcgen::Error> {
        let issuer = Issuer::from_ca_cert_pem(pem, KeyPair::from_pem(key)?)?;
        let certificate = CertificateDer::from_pem_slice(pem.as_bytes())
            .map_err(|_| rcgen::Error::CouldNotParseCertificate)?;
        Ok(Self { issuer, certificate, pem: pem.to_owned() })
    }

    pub(crate) fn certificate(&self) -> &CertificateDer<'static> {
        &self.certificate
    }

    /// Returns the certificate in PEM.
    pub(crate) fn pem(&self) -> &str {
        &self.pem
    }

    /// Returns the private key in PEM.
    pub(super) fn key_pem(&self) -> String {
        self.issuer.key().serialize_pem()
    }

    /// Generates a key and issues a certificate for it.
    pub(crate) fn issue(&self, leaf: &LeafParams) -> Result<Identity, rcgen::Error> {
        let key = KeyPair::generate()?;
        let mut params = CertificateParams::new(leaf.hosts.clone())?;
        set_common_name(&mut params, leaf.common_name.clone());
        set_validity(&mut params, leaf.days);
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.extended_key_usages = vec![leaf.usage.clone()];
        params.use_authority_key_identifier_extension = true;

        let certificate = params.signed_by(&key, &self.issuer)?;
        let chain = vec![certificate.der().clone(), self.certificate.clone()];
        let key = PrivateKeyDer::Pkcs8(key.serialize_der().into());
        Ok(Identity::new(chain, key))
    }
}

fn set_common_name(params: &mut CertificateParams, common_name: String) {
    params.distinguished_name = DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, common_name);
}

/// Sets the first and the last day of the validity, relative to today.
fn set_validity(params: &mut CertificateParams, (first, last): (i64, i64)) {
    let now = OffsetDateTime::now_utc();
    params.not_before = now + Duration::days(first);
    params.not_after = now + Duration::days(last);
}
