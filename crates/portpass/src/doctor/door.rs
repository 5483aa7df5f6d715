//! `/v2/`: reach, TLS, and the challenge.

use jiff::{SignedDuration, Timestamp};
use x509_parser::prelude::{FromDer as _, X509Certificate};

use super::{
    cause::Cause,
    challenge::Challenge,
    cure::{Cure, Wanted},
    patient::{Ours, Patient},
    report::Report,
    wire::{Answer, Auth, FaultKind, Url, Wire, WireFault},
};

/// How long before its end a certificate is worth a word.
const SOON: SignedDuration = SignedDuration::from_hours(14 * 24);

/// What the registry shows to everybody.
#[derive(Clone, Debug)]
pub(super) struct Door {
    /// Where its root is.
    pub(super) root: Url,
    pub(super) realm: String,
    pub(super) service: Option<String>,
    /// Its answer to nobody.
    pub(super) answer: Answer,
}

/// Asks for `/v2/` without a credential.
pub(super) async fn examine(patient: &Patient, wire: &Wire, report: &mut Report) -> Option<Door> {
    let mut root = patient.url.clone();
    root.set_path("/v2/");
    let answer = match wire.get(&root, Auth::None).await {
        Ok(answer) => answer,
        Err(fault) => {
            unreachable(&root, &fault, report);
            return None;
        }
    };
    report.well("reach", &format!("{root} answers with {}", answer.status));
    certificate(&root, &answer, report);
    let challenge = Challenge::among(&answer.challenges);
    match (answer.status, challenge) {
        (
            401,
            Some(Challenge {
                realm: Some(realm),
                service,
                ..
            }),
        ) => {
            let named = service.as_deref().unwrap_or("none");
            let seen = format!("the realm is {realm}, the service {named}");
            report.well("challenge", &seen);
            Some(Door {
                root,
                realm,
                service,
                answer,
            })
        }
        (401, _) => {
            let seen = match answer.challenges.first() {
                Some(other) => format!("it asks for something else than a token: {other}"),
                None => "it asks for nothing in WWW-Authenticate; a proxy may have taken it away"
                    .to_owned(),
            };
            no_tokens(patient, &seen, report);
            None
        }
        (200, _) => {
            no_tokens(patient, "it lets everybody in without a token", report);
            None
        }
        (_, _) => {
            let seen = format!("{root} answers {}", answer.message());
            let cure = Cure::of(
                "Give the address of the registry itself, and let the proxy before it pass /v2/ to the registry",
            );
            report.trouble("challenge", Cause::NotARegistry, &seen, cure);
            None
        }
    }
}

fn no_tokens(patient: &Patient, seen: &str, report: &mut Report) {
    let registry = patient.registry("");
    let wanted = Wanted {
        realm: patient.ours.as_ref().map_or_else(
            || "https://portpass.example.com/token".to_owned(),
            Ours::realm,
        ),
        service: registry.map_or_else(
            || patient.url.host_str().unwrap_or_default().to_owned(),
            |registry| registry.service.clone(),
        ),
        issuer: registry.map_or_else(
            || "https://portpass.example.com".to_owned(),
            |registry| registry.token_issuer.clone(),
        ),
        algorithm: None,
    };
    let text = "Configure token authentication, and no other beside it";
    let cure = wanted.cure_with_keys(text, patient);
    report.trouble("challenge", Cause::NoTokenAuth, seen, cure);
}

/// Why there was no answer, at the registry's door or the token server's.
pub(super) fn fault_of(url: &Url, fault: &WireFault, otherwise: Cause) -> (Cause, Cure) {
    let host = url.host_str().unwrap_or_default();
    let nginx = |cure: Cure| {
        let text = "# all of the chain but the root, the server's own certificate first\n\
                    ssl_certificate     /etc/nginx/fullchain.pem;\n\
                    ssl_certificate_key /etc/nginx/key.pem;\n";
        cure.write("the server block of nginx", "nginx", text)
            .restart("nginx")
    };
    match fault.kind {
        FaultKind::Chain => (
            Cause::TlsChain,
            nginx(Cure::of(
                "Serve the whole chain; where the CA is your own, every client has to trust it, and \
                 this one with --ca FILE",
            )),
        ),
        FaultKind::Dates => (
            Cause::TlsExpired,
            nginx(Cure::of(
                "Renew the certificate, have the server read it, and look whether this machine's clock is right",
            )),
        ),
        FaultKind::Name => (
            Cause::TlsName,
            nginx(Cure::of(format!("Serve a certificate that names {host}"))),
        ),
        FaultKind::Plain => (
            Cause::TlsPlain,
            Cure::of(format!(
                "Put TLS before it; or, on this machine alone, ask http://{host}"
            )),
        ),
        FaultKind::Forbidden | FaultKind::Unreachable => (
            otherwise,
            Cure::of(format!(
                "Look whether {host} is the right name, resolves here, and whether something listens \
                 there that no firewall keeps away"
            )),
        ),
    }
}

fn unreachable(root: &Url, fault: &WireFault, report: &mut Report) {
    let (cause, cure) = fault_of(root, fault, Cause::RegistryUnreachable);
    let seen = format!("{root} gives no answer: {}", fault.words);
    report.trouble("reach", cause, &seen, cure);
}

/// Whose certificate it is, and for how long.
pub(super) fn certificate(url: &Url, answer: &Answer, report: &mut Report) {
    let Some(der) = &answer.certificate else {
        if url.scheme() == "http" {
            report.note("TLS", &format!("{url} is asked without TLS"));
        }
        return;
    };
    let end = X509Certificate::from_der(der).ok().and_then(|(_, parsed)| {
        Timestamp::from_second(parsed.validity().not_after.timestamp()).ok()
    });
    match end {
        Some(end) if end < answer.at + SOON => {
            let host = url.host_str().unwrap_or_default();
            let seen = format!("the certificate of {host} ends on {end}");
            report.note("TLS", &seen);
        }
        Some(end) => report.well("TLS", &format!("the certificate is good until {end}")),
        None => report.note("TLS", "the certificate's dates cannot be read"),
    }
}
