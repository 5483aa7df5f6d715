//! What the credential opens: a push, a push with a mount, the catalog.

use super::{
    cause::Cause,
    cure::Cure,
    patient::Patient,
    realm::Realm,
    report::Report,
    scheme,
    wire::{Answer, Auth, Wire},
};

/// A repository that nobody has, as the source of a mount.
const NOWHERE: &str = "portpass-doctor/nowhere";

/// Asks for more than nothing.
pub(super) async fn examine(patient: &Patient, wire: &Wire, realm: &Realm, report: &mut Report) {
    catalog(patient, wire, realm, report).await;
    let Some(repository) = &patient.repository else {
        report.skipped(
            "push",
            "name a repository that the credential may push to with --repository",
        );
        return;
    };
    if patient.login.is_none() {
        return;
    }
    let push = format!("repository:{repository}:pull,push");
    let Some(token) = token(patient, wire, realm, &[&push], report).await else {
        return;
    };
    report.well("push", &format!("a token for {push} is given"));
    mount(patient, wire, realm, &push, report).await;
    // With it an upload can be cancelled; without, the one above has to do.
    let all = format!("{push},delete");
    let asked = ask(patient, wire, realm, &[&all]).await;
    let better = asked.and_then(|answer| answer.token()).unwrap_or(token);
    report.hide(&better);
    scheme::examine(patient, wire, repository, &better, report).await;
}

/// The token for a push, or a note that the rules do not give it: that is no fault of the set-up.
async fn token(
    patient: &Patient,
    wire: &Wire,
    realm: &Realm,
    scopes: &[&str],
    report: &mut Report,
) -> Option<String> {
    let Some(answer) = ask(patient, wire, realm, scopes).await else {
        report.note("push", "the token endpoint gives no answer");
        return None;
    };
    let token = answer.token().filter(|_| answer.status == 200);
    match &token {
        Some(token) => report.hide(token),
        None => report.note("push", &format!("not allowed: {}", answer.message())),
    }
    token
}

/// A push that could mount from a repository which is not there must not fail for it.
async fn mount(patient: &Patient, wire: &Wire, realm: &Realm, push: &str, report: &mut Report) {
    let source = format!("repository:{NOWHERE}:pull");
    let Some(answer) = ask(patient, wire, realm, &[push, &source]).await else {
        return;
    };
    if let Some(token) = answer.token().filter(|_| answer.status == 200) {
        report.hide(&token);
        report.well(
            "mount",
            "a source that may not be pulled does not stop a push",
        );
        return;
    }
    let seen = format!(
        "asked for {push} and {source}, it answers {}",
        answer.message()
    );
    let text = "Have the token server leave out what is not allowed, and answer with the rest, as the \
                protocol says; a push that may not mount then uploads";
    report.trouble("mount", Cause::Mount, &seen, Cure::of(text));
}

async fn catalog(patient: &Patient, wire: &Wire, realm: &Realm, report: &mut Report) {
    let Some(answer) = ask(patient, wire, realm, &["registry:catalog:*"]).await else {
        return;
    };
    let Some(token) = answer.token().filter(|_| answer.status == 200) else {
        report.note("catalog", "not allowed, as is usual");
        return;
    };
    report.hide(&token);
    let mut url = patient.url.clone();
    url.set_path("/v2/_catalog");
    url.set_query(Some("n=1"));
    match wire.get(&url, Auth::Bearer(&token)).await {
        Ok(answer) if answer.status == 200 => report.well("catalog", "it can be listed"),
        Ok(answer) => report.note(
            "catalog",
            &format!("it cannot be listed: {}", answer.status),
        ),
        Err(fault) => report.note("catalog", &format!("no answer: {}", fault.words)),
    }
}

async fn ask(patient: &Patient, wire: &Wire, realm: &Realm, scopes: &[&str]) -> Option<Answer> {
    let parameters: Vec<(&str, &str)> = scopes.iter().map(|scope| ("scope", *scope)).collect();
    let basic = patient.login.as_ref().map(super::Login::basic);
    let auth = basic.as_deref().map_or(Auth::None, Auth::Basic);
    wire.get(&realm.asking(&parameters), auth).await.ok()
}
