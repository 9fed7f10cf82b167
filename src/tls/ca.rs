//! The mock's own certificate authority, and what it signs.

use std::fmt;
use std::sync::Arc;

use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    KeyUsagePurpose,
};
use rustls_pki_types::{CertificateDer, PrivateKeyDer};
use time::OffsetDateTime;

use super::{Identity, machine_seconds};
use crate::units::is_host_name;

const DAY: i64 = 86_400;
/// How long the CA is good.
const CA_DAYS: i64 = 3650;
/// How long a certificate is good: less than the longest that any client takes.
const LEAF_DAYS: i64 = 390;

/// A certificate authority. Clones are the same one.
#[derive(Clone)]
pub(crate) struct Ca {
    inner: Arc<Inner>,
}

struct Inner {
    issuer: Issuer<'static, KeyPair>,
    certificate: CertificateDer<'static>,
    pem: String,
}

impl fmt::Debug for Ca {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Ca")
    }
}

/// A certificate that is wanted.
#[derive(Clone, Debug)]
pub(crate) struct LeafParams {
    common_name: String,
    /// Host names and addresses; none for a client's.
    hosts: Vec<String>,
    usage: ExtendedKeyUsagePurpose,
    /// When it begins and ends to be good, in days from now.
    days: (i64, i64),
}

impl LeafParams {
    /// For localhost, the loopback addresses, this machine's name and these hosts.
    pub(crate) fn server(hosts: &[String]) -> Self {
        let mut all = vec!["localhost".to_owned(), "127.0.0.1".to_owned(), "::1".to_owned()];
        let machine = gethostname::gethostname().to_string_lossy().to_ascii_lowercase();
        for host in hosts.iter().chain(is_host_name(&machine).then_some(&machine)) {
            if !all.contains(host) {
                all.push(host.clone());
            }
        }
        let first = hosts.first().map_or("localhost", String::as_str);
        Self { hosts: all, ..Self::only(first) }
    }

    /// For one host only.
    pub(crate) fn only(host: &str) -> Self {
        Self {
            common_name: host.to_owned(),
            hosts: vec![host.to_owned()],
            usage: ExtendedKeyUsagePurpose::ServerAuth,
            // A clock that is a little behind should not matter.
            days: (-1, LEAF_DAYS),
        }
    }

    /// For a client of this name.
    pub(crate) fn client(name: &str) -> Self {
        let usage = ExtendedKeyUsagePurpose::ClientAuth;
        Self { hosts: Vec::new(), usage, ..Self::only(name) }
    }

    /// The same, but it was good until yesterday.
    pub(crate) fn expired(self) -> Self {
        Self { days: (-LEAF_DAYS, -1), ..self }
    }
}

impl Ca {
    /// A new one, under a name of its own, so that a trust store can hold several.
    pub(crate) fn generate() -> Result<Self, rcgen::Error> {
        let key = KeyPair::generate()?;
        let mut params = CertificateParams::default();
        let number = rand::random::<u32>();
        name(&mut params, format!("smartpay-oauth-mock CA {number:08x}"));
        dates(&mut params, (-1, CA_DAYS))?;
        params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        let certificate = params.self_signed(&key)?;
        let (der, pem) = (certificate.der().clone(), certificate.pem());
        let issuer = Issuer::new(params, key);
        Ok(Self { inner: Arc::new(Inner { issuer, certificate: der, pem }) })
    }

    /// One that was kept.
    pub(super) fn from_pem(pem: &str, key: &str) -> Result<Self, rcgen::Error> {
        let issuer = Issuer::from_ca_cert_pem(pem, KeyPair::from_pem(key)?)?;
        let mut certificates = super::identity::certificates(pem.as_bytes());
        let certificate = certificates.next().ok_or(rcgen::Error::CouldNotParseCertificate)?;
        Ok(Self { inner: Arc::new(Inner { issuer, certificate, pem: pem.to_owned() }) })
    }

    pub(crate) fn certificate(&self) -> &CertificateDer<'static> {
        &self.inner.certificate
    }

    pub(crate) fn pem(&self) -> &str {
        &self.inner.pem
    }

    /// The private key in PEM.
    pub(super) fn key_pem(&self) -> String {
        self.inner.issuer.key().serialize_pem()
    }

    /// Makes a key and signs its certificate.
    pub(crate) fn issue(&self, leaf: &LeafParams) -> Result<Identity, rcgen::Error> {
        let key = KeyPair::generate()?;
        let mut params = CertificateParams::new(leaf.hosts.clone())?;
        name(&mut params, leaf.common_name.clone());
        dates(&mut params, leaf.days)?;
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.extended_key_usages = vec![leaf.usage.clone()];
        params.use_authority_key_identifier_extension = true;
        let certificate = params.signed_by(&key, &self.inner.issuer)?;
        let chain = vec![certificate.der().clone(), self.inner.certificate.clone()];
        let key = PrivateKeyDer::Pkcs8(key.serialize_der().into());
        Ok(Identity::new("the mock's own certificate", chain, key))
    }
}

fn name(params: &mut CertificateParams, common_name: String) {
    params.distinguished_name = rcgen::DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, common_name);
}

fn dates(params: &mut CertificateParams, (from, to): (i64, i64)) -> Result<(), rcgen::Error> {
    let now = machine_seconds();
    let at = |days: i64| {
        OffsetDateTime::from_unix_timestamp(now + days * DAY).map_err(|_| rcgen::Error::Time)
    };
    params.not_before = at(from)?;
    params.not_after = at(to)?;
    Ok(())
}
