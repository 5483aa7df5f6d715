//! The realm: where tokens are had, and whether it knows this registry.

use std::net::IpAddr;

use super::{
    cause::Cause,
    cure::{Cure, Wanted, table},
    door::{self, Door},
    patient::{Ours, Patient},
    report::Report,
    wire::{Answer, Auth, Url, Wire, with_query},
};
use crate::outbound::is_localhost;

/// The token endpoint.
#[derive(Clone, Debug)]
pub(super) struct Realm {
    pub(super) url: Url,
    pub(super) service: Option<String>,
    /// Its answer to nobody who asks for nothing.
    pub(super) anonymous: Answer,
}

impl Realm {
    /// The `service` that clients send, if the registry named one.
    pub(super) fn service(&self) -> Vec<(&str, &str)> {
        let service = self.service.as_deref();
        service
            .map(|service| ("service", service))
            .into_iter()
            .collect()
    }

    /// The address for one question.
    pub(super) fn asking(&self, parameters: &[(&str, &str)]) -> Url {
        with_query(&with_query(&self.url, &self.service()), parameters)
    }
}

/// Asks the realm without a credential.
pub(super) async fn examine(
    patient: &Patient,
    wire: &Wire,
    door: &Door,
    report: &mut Report,
) -> Option<Realm> {
    let mend = |text: &str| wanted(patient, door).cure(text, patient);
    let Ok(url) = door.realm.parse::<Url>() else {
        let seen = format!("the realm is {:?}, which is no address", door.realm);
        let text = "Name the token endpoint in full, as in https://HOST/token";
        report.trouble("realm", Cause::Realm, &seen, mend(text));
        return None;
    };
    if url.scheme() != "https" && !may_be_plain(patient, door, &url) {
        let seen = format!(
            "{} sends its clients to {url}, which is not HTTPS",
            door.root
        );
        let text =
            "Announce the token endpoint by its https address; the credential was not sent there";
        report.trouble("realm", Cause::RealmScheme, &seen, mend(text));
        return None;
    }
    let mut realm = Realm {
        url,
        service: door.service.clone(),
        anonymous: door.answer.clone(),
    };
    let asked = realm.asking(&[]);
    realm.anonymous = match wire.get(&asked, Auth::None).await {
        Ok(answer) => answer,
        Err(fault) => {
            let seen = format!("{} gives no answer: {}", realm.url, fault.words);
            let (cause, mut cure) = door::fault_of(&realm.url, &fault, Cause::RealmUnreachable);
            let ours = patient.ours.as_ref().map(Ours::realm);
            if cause == Cause::RealmUnreachable && ours.is_some_and(|ours| ours != door.realm) {
                cure = mend("Announce the address of the token endpoint of Portpass");
            }
            report.trouble("realm", cause, &seen, cure);
            return None;
        }
    };
    if realm.url.host_str() != door.root.host_str() {
        door::certificate(&realm.url, &realm.anonymous, report);
    }
    let answer = &realm.anonymous;
    match answer.status {
        300..=399 => {
            let leads = answer.location.as_deref().unwrap_or("nowhere");
            let seen = format!(
                "{} leads on to {leads}; many clients drop the credential then",
                realm.url
            );
            let text = "Announce the address that it leads to";
            let cure = Wanted {
                realm: leads.to_owned(),
                ..wanted(patient, door)
            };
            report.trouble("realm", Cause::Realm, &seen, cure.cure(text, patient));
            None
        }
        404 | 405 => {
            let seen = format!("{} answers {}", realm.url, answer.message());
            let text = "Announce the token endpoint; Portpass' is its public_url with /token";
            report.trouble("realm", Cause::Realm, &seen, mend(text));
            None
        }
        400 if !is_known(patient, wire, &realm).await => {
            unknown_service(patient, door, &realm, report);
            None
        }
        500..=599 => {
            let seen = format!("{} answers {}", realm.url, answer.message());
            let text = "Look into the log of the token server, or of the proxy before it";
            report.trouble("realm", Cause::TokenServer, &seen, Cure::of(text));
            None
        }
        _ => {
            report.well(
                "realm",
                &format!("{} answers with {}", realm.url, answer.status),
            );
            Some(realm)
        }
    }
}

/// Whether what is sent to a realm without TLS is sent to this machine, or to where the operator
/// goes without TLS anyway.
fn may_be_plain(patient: &Patient, door: &Door, realm: &Url) -> bool {
    let host = realm.host_str().unwrap_or_default();
    let address = host.trim_matches(['[', ']']).parse::<IpAddr>();
    let is_own = is_localhost(host) || address.is_ok_and(|address| address.is_loopback());
    let goes_there = realm.host_str() == door.root.host_str();
    door.root.scheme() != "https" && (is_own || goes_there || patient.login.is_none())
}

/// Whether the answer has nothing to do with the name of the registry.
async fn is_known(patient: &Patient, wire: &Wire, realm: &Realm) -> bool {
    let Some(service) = &realm.service else {
        return true;
    };
    if let Some(ours) = &patient.ours {
        let registries = &ours.config.registries;
        return registries
            .iter()
            .any(|registry| registry.service == *service);
    }
    // Without a name the answer is another one: so the name it was.
    let unnamed = wire.get(&realm.url, Auth::None).await;
    let says_so = realm.anonymous.message().to_lowercase().contains("service");
    !says_so && unnamed.is_ok_and(|answer| answer.status == realm.anonymous.status)
}

fn unknown_service(patient: &Patient, door: &Door, realm: &Realm, report: &mut Report) {
    let service = realm.service.as_deref().unwrap_or_default();
    let said = realm.anonymous.message();
    let seen =
        format!("the registry calls itself {service:?}, and the token endpoint answers {said}");
    let known: Vec<&str> = patient.ours.as_ref().map_or_else(Vec::new, |ours| {
        let registries = ours.config.registries.iter();
        registries
            .map(|registry| registry.service.as_str())
            .collect()
    });
    let cure = match known.as_slice() {
        [_] => wanted(patient, door).cure(
            "Give the registry the name that the token server knows it by, letter for letter",
            patient,
        ),
        [] => Cure::of(
            "Give both the same name, letter for letter: `service` of the registry's configuration is \
             `service` of its table in portpass.toml",
        )
        .write("portpass.toml", "toml", &table("registry.main", &[("service", format!("{service:?}"))]))
        .restart("portpass"),
        several => Cure::of(format!(
            "Give the registry one of the names that the token server knows, letter for letter: {}",
            several.join(", ")
        )),
    };
    report.trouble("service", Cause::Service, &seen, cure);
}

/// What the registry should announce, as far as it is known before there is a token.
fn wanted(patient: &Patient, door: &Door) -> Wanted {
    let service = door.service.clone().unwrap_or_default();
    let settings = patient.settings.as_ref();
    let registry = patient.registry(&service);
    let ours = patient.ours.as_ref();
    let kept = settings.and_then(|settings| settings.issuer.clone());
    Wanted {
        realm: ours.map_or_else(|| door.realm.clone(), Ours::realm),
        issuer: registry
            .map(|registry| registry.token_issuer.clone())
            .or(kept)
            .unwrap_or_else(|| "https://portpass.example.com".to_owned()),
        service: registry.map_or(service, |registry| registry.service.clone()),
        algorithm: None,
    }
}
