//! Certificates that the mock's own CA did not issue.
#![allow(dead_code, reason = "each test binary uses some of it")]

use std::fs;

use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
};
use time::{Duration, OffsetDateTime};

use super::folder::Folder;

/// A certificate and its private key, in PEM.
pub struct Certificate {
    pub pem: String,
    pub key: String,
}

impl Certificate {
    /// Makes a self-signed certificate of this machine, which expires after this number of days.
    pub fn self_signed(name: &str, days: i64) -> Self {
        let key = KeyPair::generate().unwrap();
        let pem = params(name, days).self_signed(&key).unwrap().pem();
        Self { pem, key: key.serialize_pem() }
    }

    /// Writes both into a folder. Returns the names of the files.
    pub fn write(&self, folder: &Folder, name: &str) -> (String, String) {
        let files = (folder.path(&format!("{name}.pem")), folder.path(&format!("{name}.key")));
        fs::write(&files.0, &self.pem).unwrap();
        fs::write(&files.1, &self.key).unwrap();
        files
    }
}

/// A CA that issues certificates to clients.
pub struct Authority {
    issuer: Issuer<'static, KeyPair>,
    pub pem: String,
}

impl Authority {
    pub fn new(name: &str) -> Self {
        let key = KeyPair::generate().unwrap();
        let mut params = params(name, 2);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let pem = params.self_signed(&key).unwrap().pem();
        Self { issuer: Issuer::new(params, key), pem }
    }

    /// Issues a certificate to a client with this common name.
    pub fn issue(&self, name: &str) -> Certificate {
        let key = KeyPair::generate().unwrap();
        let mut params = params(name, 2);
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
        let pem = params.signed_by(&key, &self.issuer).unwrap().pem();
        Certificate { pem, key: key.serialize_pem() }
    }
}

fn params(name: &str, days: i64) -> CertificateParams {
    let hosts = ["localhost".to_owned(), "127.0.0.1".to_owned()];
    let mut params = CertificateParams::new(hosts).unwrap();
    params.distinguished_name.push(DnType::CommonName, name);
    params.not_before = OffsetDateTime::now_utc() - Duration::days(10);
    params.not_after = OffsetDateTime::now_utc() + Duration::days(days);
    params
}
