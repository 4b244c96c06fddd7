//! Certificates that a test issues itself.
// Only tests use this crate: what cannot be issued ends the test.
#![allow(clippy::unwrap_used)]

use openssl::asn1::Asn1Time;
use openssl::bn::{BigNum, MsbOption};
use openssl::ec::{EcGroup, EcKey};
use openssl::hash::MessageDigest;
use openssl::nid::Nid;
use openssl::pkey::PKey;
use openssl::x509::extension::{BasicConstraints, SubjectAlternativeName};
use openssl::x509::{X509, X509Name};
use std::path::Path;

/// A certificate that is its own issuer, and its key.
#[derive(Clone)]
pub struct Issued {
    /// DER.
    pub certificate: Vec<u8>,
    pub chain_pem: Vec<u8>,
    pub key_pem: Vec<u8>,
}

/// For a host of that name, from now on and for two days.
///
/// # Panics
/// When OpenSSL refuses.
pub fn issued(host: &str) -> Issued {
    let group = EcGroup::from_curve_name(Nid::X9_62_PRIME256V1).unwrap();
    let key = PKey::from_ec_key(EcKey::generate(&group).unwrap()).unwrap();
    let mut name = X509Name::builder().unwrap();
    name.append_entry_by_text("CN", host).unwrap();
    let name = name.build();
    let mut serial = BigNum::new().unwrap();
    serial.rand(120, MsbOption::ONE, false).unwrap();
    let mut certificate = X509::builder().unwrap();
    certificate.set_version(2).unwrap();
    certificate.set_serial_number(&serial.to_asn1_integer().unwrap()).unwrap();
    certificate.set_subject_name(&name).unwrap();
    certificate.set_issuer_name(&name).unwrap();
    certificate.set_pubkey(&key).unwrap();
    certificate.set_not_before(&Asn1Time::days_from_now(0).unwrap()).unwrap();
    certificate.set_not_after(&Asn1Time::days_from_now(2).unwrap()).unwrap();
    certificate.append_extension(BasicConstraints::new().build().unwrap()).unwrap();
    let names = SubjectAlternativeName::new()
        .dns(host)
        .build(&certificate.x509v3_context(None, None));
    certificate.append_extension(names.unwrap()).unwrap();
    certificate.sign(&key, MessageDigest::sha256()).unwrap();
    let certificate = certificate.build();
    Issued {
        certificate: certificate.to_der().unwrap(),
        chain_pem: certificate.to_pem().unwrap(),
        key_pem: key.private_key_to_pem_pkcs8().unwrap(),
    }
}

impl Issued {
    /// As `tls.crt` and `tls.key`, which are the names that Kubernetes gives them.
    ///
    /// # Panics
    /// When they cannot be written.
    pub fn write_to(&self, folder: &Path) {
        std::fs::write(folder.join("tls.crt"), &self.chain_pem).unwrap();
        std::fs::write(folder.join("tls.key"), &self.key_pem).unwrap();
    }
}
