//! Why there is no answer: TLS apart from everything else.

use std::error::Error;

use rustls::CertificateError;

use crate::outbound::with_causes;

/// Why there is no answer.
#[derive(Clone, Debug)]
pub(in crate::doctor) struct WireFault {
    pub(in crate::doctor) kind: FaultKind,
    /// In words, without the address, which may hold what was sent.
    pub(in crate::doctor) words: String,
}

/// What kind of fault it is.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(in crate::doctor) enum FaultKind {
    /// An address that is never asked.
    Forbidden,
    /// The certificate's chain.
    Chain,
    /// The certificate's dates.
    Dates,
    /// The certificate's name.
    Name,
    /// Something else than TLS where TLS was to be.
    Plain,
    /// No connection, no name, no answer.
    Unreachable,
}

impl WireFault {
    /// What the library's error says, without the address.
    pub(super) fn of(error: reqwest::Error) -> Self {
        let error = error.without_url();
        Self {
            kind: kind_of(&error),
            words: with_causes(&error),
        }
    }
}

/// What a chain of errors comes from. TLS is wrapped in errors of input and output.
fn kind_of(error: &(dyn Error + 'static)) -> FaultKind {
    let mut next = Some(error);
    while let Some(error) = next {
        match error.downcast_ref::<rustls::Error>() {
            Some(rustls::Error::InvalidCertificate(fault)) => return certificate_fault(fault),
            Some(rustls::Error::InvalidMessage(_)) => return FaultKind::Plain,
            Some(_) | None => {}
        }
        // What is wrapped is no source of these, only its own source is.
        let wrapped = error
            .downcast_ref::<std::io::Error>()
            .and_then(std::io::Error::get_ref);
        next = match wrapped {
            Some(inner) => Some(inner),
            None => error.source(),
        };
    }
    FaultKind::Unreachable
}

fn certificate_fault(fault: &CertificateError) -> FaultKind {
    match fault {
        CertificateError::Expired
        | CertificateError::ExpiredContext { .. }
        | CertificateError::NotValidYet
        | CertificateError::NotValidYetContext { .. } => FaultKind::Dates,
        CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
            FaultKind::Name
        }
        _ => FaultKind::Chain,
    }
}
