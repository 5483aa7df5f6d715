//! Certificates: what a registry is given to trust, and what an `x5c` token carries.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use rcgen::{
    BasicConstraints, CertificateParams, DistinguishedName, DnType, IsCa, Issuer, KeyUsagePurpose,
    date_time_ymd,
};
use rustls_pki_types::CertificateDer;
use x509_parser::prelude::{FromDer as _, X509Certificate};

use super::{KeyError, pem, public_key::PublicKey, signing_key::SigningKey};

/// How far back certificates begin, for clocks that differ.
const BACKDATED: SignedDuration = SignedDuration::from_hours(1);

/// How long a CA and a long-lived key are certified: about ten years.
const LONG: SignedDuration = SignedDuration::from_hours(10 * 365 * 24);

/// A certificate, and what we need to know of it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Certificate {
    der: Vec<u8>,
    spki: Vec<u8>,
    is_authority: bool,
    pub(super) not_before: Timestamp,
    pub(super) not_after: Timestamp,
}

impl Certificate {
    /// Reads a certificate in DER.
    ///
    /// # Errors
    ///
    /// Says why the bytes are none.
    pub(super) fn from_der(der: &[u8]) -> Result<Self, String> {
        let (_, parsed) = X509Certificate::from_der(der)
            .map_err(|error| format!("not a certificate: {error}"))?;
        let time = |time: x509_parser::time::ASN1Time| {
            Timestamp::from_second(time.timestamp())
                .map_err(|error| format!("a certificate whose dates nobody can read: {error}"))
        };
        Ok(Self {
            der: der.to_vec(),
            spki: parsed.public_key().raw.to_vec(),
            // No key usage at all means every usage (RFC 5280 §4.2.1.3).
            is_authority: parsed.is_ca()
                && parsed
                    .key_usage()
                    .is_ok_and(|usage| usage.is_none_or(|usage| usage.value.key_cert_sign())),
            not_before: time(parsed.validity().not_before)?,
            not_after: time(parsed.validity().not_after)?,
        })
    }

    pub(super) fn der(&self) -> &[u8] {
        &self.der
    }

    /// The certified key, as a `SubjectPublicKeyInfo` in DER.
    pub(super) fn spki(&self) -> &[u8] {
        &self.spki
    }

    /// Whether other certificates may hang under it.
    pub(super) fn is_authority(&self) -> bool {
        self.is_authority
    }

    pub(super) fn public_key(&self) -> Result<PublicKey, String> {
        PublicKey::from_spki(&self.spki)
    }

    pub(super) fn pem(&self) -> String {
        pem::section("CERTIFICATE", &self.der)
    }

    /// A CA of our own: nothing but leaves can hang under it.
    pub(super) fn authority(key: &SigningKey, now: Timestamp) -> Result<Self, KeyError> {
        let name = format!("Portpass CA {}", now.strftime("%Y-%m-%d %H:%M:%S"));
        let mut parameters = parameters(&name, now - BACKDATED, now + LONG);
        parameters.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
        parameters.key_usages = vec![KeyUsagePurpose::KeyCertSign];
        Self::self_signed(&parameters, key)
    }

    /// A certificate that a registry holds for the sake of its key alone.
    pub(super) fn long_lived(
        key: &SigningKey,
        registry: &str,
        now: Timestamp,
    ) -> Result<Self, KeyError> {
        let name = format!("Portpass for {registry}");
        let parameters = parameters(&name, now - BACKDATED, now + LONG);
        Self::self_signed(&parameters, key)
    }

    fn self_signed(parameters: &CertificateParams, key: &SigningKey) -> Result<Self, KeyError> {
        let certificate = parameters.self_signed(&key.certifying()?)?;
        Ok(Self::of(&certificate))
    }

    /// A certificate for a key, under a CA.
    pub(super) fn leaf(
        key: &SigningKey,
        authority: (&Self, &rcgen::KeyPair),
        now: Timestamp,
        not_after: Timestamp,
    ) -> Result<Self, KeyError> {
        let (certificate, authority_key) = authority;
        let issuer =
            Issuer::from_ca_cert_der(&CertificateDer::from(certificate.der()), authority_key)?;
        let mut parameters = parameters("Portpass", now - BACKDATED, not_after);
        parameters.use_authority_key_identifier_extension = true;
        let leaf = parameters.signed_by(&key.certifying()?, &issuer)?;
        Ok(Self::of(&leaf))
    }

    fn of(made: &rcgen::Certificate) -> Self {
        Self::from_der(made.der()).expect("a certificate that was just made can be read")
    }
}

/// What all our certificates have in common.
fn parameters(name: &str, not_before: Timestamp, not_after: Timestamp) -> CertificateParams {
    let mut subject = DistinguishedName::new();
    subject.push(DnType::CommonName, name);
    let mut parameters = CertificateParams::default();
    parameters.distinguished_name = subject;
    parameters.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    let since_1970 = |time: Timestamp| {
        let seconds = u64::try_from(time.as_second()).unwrap_or_default();
        date_time_ymd(1970, 1, 1) + Duration::from_secs(seconds)
    };
    parameters.not_before = since_1970(not_before);
    parameters.not_after = since_1970(not_after);
    parameters
}
