//! A login as `docker login` does it: no scope, and a refresh token asked for.

use super::{
    declined,
    jwt::Seen,
    patient::Patient,
    realm::Realm,
    report::Report,
    wire::{Answer, Auth, Wire},
};

/// What the token endpoint gave.
#[derive(Clone, Debug)]
pub(super) struct Token {
    pub(super) text: String,
    /// What it says, if it is a JWT.
    pub(super) seen: Option<Seen>,
    pub(super) refresh: Option<String>,
    pub(super) answer: Answer,
}

/// Asks for a token, with the credential if there is one.
pub(super) async fn examine(
    patient: &Patient,
    wire: &Wire,
    realm: &Realm,
    report: &mut Report,
) -> Option<Token> {
    let basic = patient.login.as_ref().map(super::Login::basic);
    let asked = match (&patient.login, &patient.repository) {
        (Some(login), _) => realm.asking(&[
            ("account", login.user.as_str()),
            ("client_id", "docker"),
            ("offline_token", "true"),
        ]),
        (None, Some(repository)) => {
            let scope = format!("repository:{repository}:pull");
            realm.asking(&[("scope", scope.as_str())])
        }
        (None, None) => {
            report.skipped(
                "login",
                "give a JWT with --jwt-stdin, or --user and --password-stdin",
            );
            return None;
        }
    };
    let auth = basic.as_deref().map_or(Auth::None, Auth::Basic);
    let answer = match wire.get(&asked, auth).await {
        Ok(answer) => answer,
        Err(fault) => {
            report.consequence("login", &format!("no answer: {}", fault.words));
            return None;
        }
    };
    let Some(text) = answer.token().filter(|_| answer.status == 200) else {
        if basic.is_some() {
            declined::examine(patient, wire, realm, &answer, report).await;
        } else {
            report.skipped(
                "login",
                &format!("nobody is given a token: {}", answer.message()),
            );
        }
        return None;
    };
    report.hide(&text);
    let refresh = answer.member("refresh_token");
    if let Some(secret) = &refresh {
        report.hide(secret);
    }
    report.well("login", "a token is given for no scope at all");
    Some(Token {
        seen: Seen::of(&text),
        text,
        refresh,
        answer,
    })
}
