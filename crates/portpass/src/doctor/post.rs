//! POST at the token endpoint: how containerd and buildkit begin.

use super::{
    cause::Cause,
    cure::Cure,
    patient::{Login, Patient},
    realm::Realm,
    report::Report,
    wire::{Answer, Auth, Request, Wire, WireFault, encoded},
};

/// What containerd takes for "ask by GET, then".
const FALL_BACK: [u16; 4] = [400, 401, 404, 405];

/// The form of a login by name and password.
pub(super) fn password(login: &Login) -> Vec<(&'static str, &str)> {
    vec![
        ("grant_type", "password"),
        ("client_id", "containerd-client"),
        ("username", login.user.as_str()),
        ("password", login.password.expose()),
    ]
}

/// Sends a form to the token endpoint.
pub(super) async fn ask(
    wire: &Wire,
    realm: &Realm,
    form: &[(&str, &str)],
) -> Result<Answer, WireFault> {
    let form: Vec<(&str, &str)> = realm
        .service()
        .into_iter()
        .chain(form.iter().copied())
        .collect();
    let request = Request {
        method: "POST",
        url: &realm.url,
        auth: Auth::None,
        form: Some(encoded(&form)),
    };
    wire.ask(request).await
}

/// Logs in by POST.
pub(super) async fn examine(patient: &Patient, wire: &Wire, realm: &Realm, report: &mut Report) {
    let Some(login) = &patient.login else {
        return;
    };
    let trouble = |report: &mut Report, seen: &str| {
        let text = "Let POST of a form with grant_type=password be answered with access_token, or with \
                    404 or 405, upon which clients ask by GET; a proxy must pass POST as well";
        report.trouble("POST", Cause::Post, seen, Cure::of(text));
    };
    match ask(wire, realm, &password(login)).await {
        Err(fault) => trouble(report, &format!("no answer: {}", fault.words)),
        Ok(answer) if answer.status == 200 => match answer.member("access_token") {
            Some(token) => {
                report.hide(&token);
                report.well("POST", "answered as GET is");
            }
            None => trouble(
                report,
                "the answer has no access_token, which is all that clients read of it",
            ),
        },
        Ok(answer) if answer.is_too_large() => {
            trouble(
                report,
                &format!("the form is too large: {}", answer.message()),
            );
        }
        Ok(answer) if FALL_BACK.contains(&answer.status) => {
            let seen = format!("it answers {}; clients then ask by GET", answer.message());
            report.note("POST", &seen);
        }
        Ok(answer) => trouble(report, &format!("it answers {}", answer.message())),
    }
}
