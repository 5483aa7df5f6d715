//! The refresh token that `docker login` keeps instead of the password.

use super::{
    cause::Cause, cure::Cure, login::Token, post, realm::Realm, report::Report, wire::Wire,
};

/// Uses it as docker does at the next push.
pub(super) async fn examine(wire: &Wire, realm: &Realm, token: &Token, report: &mut Report) {
    let Some(secret) = &token.refresh else {
        let seen =
            "docker login is given no refresh token, so a login lasts no longer than its JWT";
        report.note("refresh", seen);
        return;
    };
    let form = [
        ("grant_type", "refresh_token"),
        ("client_id", "docker"),
        ("refresh_token", secret.as_str()),
    ];
    let seen = match post::ask(wire, realm, &form).await {
        Ok(answer) => match answer
            .member("access_token")
            .filter(|_| answer.status == 200)
        {
            Some(token) => {
                report.hide(&token);
                report.well(
                    "refresh",
                    "docker login is given a refresh token that works",
                );
                return;
            }
            None => format!("used by POST, it is answered with {}", answer.message()),
        },
        Err(fault) => format!("used by POST, it has no answer: {}", fault.words),
    };
    let text = "Answer POST with grant_type=refresh_token at the realm, and have every proxy pass it; \
                docker asks in no other way once it has one";
    report.trouble("refresh", Cause::Refresh, &seen, Cure::of(text));
}
