//! What holds of any key file that an operator gives.

use super::{certificate::Certificate, pem, public_key::PublicKey};
use crate::fuzzing::laws;

/// Longest word on what is wrong with a certificate; the libraries' own are in it.
const LONGEST: usize = 1024;

/// Bytes as a PEM file, and as the certificate and the public key in DER.
pub fn pem(bytes: &[u8]) {
    match pem::sections(bytes) {
        Ok(sections) => {
            let held: usize = sections.certificates.iter().map(Vec::len).sum();
            assert!(held <= bytes.len(), "{held} bytes");
            for der in &sections.certificates {
                certificate(der);
            }
        }
        Err(fault) => laws::is_one_line(&fault, bytes.len() * 8 + LONGEST),
    }
    certificate(bytes);
    public_key(bytes);
}

fn certificate(der: &[u8]) {
    match Certificate::from_der(der) {
        Ok(certificate) => {
            let sections = pem::sections(certificate.pem().as_bytes());
            let sections = sections.expect("what we write is PEM");
            let again = sections.first_certificate().expect("and has a certificate");
            assert_eq!(again, certificate, "a certificate reads back");
            public_key(certificate.spki());
        }
        Err(fault) => laws::is_one_line(&fault, LONGEST),
    }
}

fn public_key(spki: &[u8]) {
    match PublicKey::from_spki(spki) {
        Ok(key) => {
            assert_eq!(key.spki(), spki);
            assert_eq!(key.thumbprint().len(), 43, "a SHA-256 in base64url");
            assert!(!key.verifies(b"message", &[1; 64]), "nobody signed it");
            assert_eq!(key.jwk("id").get("d"), None, "nothing private is there");
        }
        Err(fault) => laws::is_one_line(&fault, LONGEST),
    }
}
