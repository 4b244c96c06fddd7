//! Which files are read, when, and what is said of those that cannot be used.

use super::*;
use tempfile::TempDir;
use test_certificates::{Issued, issued};

fn folder(issued: &Issued) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    issued.write_to(folder.path());
    folder
}

fn shown(certificates: &Certificates) -> Vec<u8> {
    certificates.shown.0.read().unwrap().cert[0].to_vec()
}

#[test]
fn no_directory_means_no_certificate() {
    assert!(Certificates::configured("").unwrap().is_none());
}

#[test]
fn files_that_have_changed_together_are_shown_and_the_same_ones_are_not_read_twice() {
    let (first, second) = (issued("localhost"), issued("localhost"));
    let folder = folder(&first);
    let certificates = Certificates::read(folder.path()).unwrap();
    assert!(!certificates.refresh().unwrap());
    assert_eq!(shown(&certificates), first.certificate);
    second.write_to(folder.path());
    assert!(certificates.refresh().unwrap());
    assert!(!certificates.refresh().unwrap());
    assert_eq!(shown(&certificates), second.certificate);
}

#[test]
fn a_certificate_without_its_key_waits_until_the_key_has_come_too() {
    let (first, second) = (issued("localhost"), issued("localhost"));
    let folder = folder(&first);
    let certificates = Certificates::read(folder.path()).unwrap();
    fs::write(folder.path().join(CHAIN_FILE), &second.chain_pem).unwrap();
    assert!(matches!(certificates.refresh(), Err(CertificateError::Unfit { .. })));
    assert_eq!(shown(&certificates), first.certificate);
    assert!(!certificates.refresh().unwrap(), "it is an error once");
    fs::write(folder.path().join(KEY_FILE), &second.key_pem).unwrap();
    assert!(certificates.refresh().unwrap());
    assert_eq!(shown(&certificates), second.certificate);
}

#[test]
fn files_that_are_removed_or_emptied_leave_the_certificate_as_it_was() {
    let first = issued("localhost");
    let folder = folder(&first);
    let certificates = Certificates::read(folder.path()).unwrap();
    for damage in [
        &b""[..],
        b"no certificate",
        b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
    ] {
        fs::write(folder.path().join(CHAIN_FILE), damage).unwrap();
        assert!(certificates.refresh().is_err());
    }
    fs::remove_file(folder.path().join(CHAIN_FILE)).unwrap();
    assert!(matches!(certificates.refresh(), Err(CertificateError::Unreadable { .. })));
    assert_eq!(shown(&certificates), first.certificate);
}

#[test]
fn what_is_wrong_with_which_file_is_said_and_nothing_of_the_key() {
    let (first, other) = (issued("localhost"), issued("localhost"));
    let refusal = |chain: &[u8], key: &[u8]| {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join(CHAIN_FILE), chain).unwrap();
        fs::write(folder.path().join(KEY_FILE), key).unwrap();
        Certificates::read(folder.path()).unwrap_err().to_string()
    };
    for (chain, key, said) in [
        (&first.chain_pem[..], &other.key_pem[..], "cannot be used together"),
        (b"", &first.key_pem, "tls.crt"),
        (&first.chain_pem, b"", "tls.key"),
        (&first.chain_pem, &first.chain_pem, "tls.key"),
    ] {
        let refusal = refusal(chain, key);
        assert!(refusal.contains(said), "{refusal}");
        assert!(!refusal.contains("PRIVATE KEY"), "{refusal}");
    }
    let folder = tempfile::tempdir().unwrap();
    let refusal = Certificates::read(folder.path()).unwrap_err().to_string();
    assert!(refusal.contains("tls.crt"), "{refusal}");
}
