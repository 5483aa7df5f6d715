//! The token, shown to the registry.

use super::{
    cause::Cause,
    challenge::Challenge,
    cure::Cure,
    door::Door,
    login::Token,
    patient::Patient,
    report::Report,
    wire::{Answer, Auth, Wire},
};

/// A token that every registry calls invalid, if it sees it.
const NONSENSE: &str = "portpass-doctor";

/// What the registry makes of it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Trial {
    Accepted,
    Refused,
    /// Something else stands in the way, and was reported.
    Unclear,
}

/// Shows the token to the registry.
pub(super) async fn examine(
    patient: &Patient,
    wire: &Wire,
    door: &Door,
    token: &Token,
    report: &mut Report,
) -> Trial {
    let answer = match wire.get(&door.root, Auth::Bearer(&token.text)).await {
        Ok(answer) => answer,
        Err(fault) => {
            report.consequence(
                "token",
                &format!("the registry gives no answer to it: {}", fault.words),
            );
            return Trial::Unclear;
        }
    };
    if answer.status == 200 {
        report.well("token", "the registry accepts it");
        return Trial::Accepted;
    }
    if answer.is_too_large() {
        let seen = format!(
            "with the token in its header, {} answers {}",
            door.root,
            answer.message()
        );
        let text = "Let the proxy before the registry take headers of 32 KiB";
        report.trouble("token", Cause::HeaderSize, &seen, Cure::of(text));
        return Trial::Unclear;
    }
    // A token for a pull by nobody opens no more than that.
    if patient.login.is_none() && error_of(&answer).as_deref() == Some("insufficient_scope") {
        report.well("token", "the registry accepts it");
        return Trial::Accepted;
    }
    if answer.status != 401 {
        let seen = format!("the registry answers {}", answer.message());
        let text = "Look into the log of the registry, or of the proxy before it";
        report.trouble("token", Cause::NotARegistry, &seen, Cure::of(text));
        return Trial::Unclear;
    }
    if error_of(&answer).is_none() && is_stripped(wire, door).await {
        let seen =
            "the registry answers every token as if there were none, even one that is nonsense";
        report.trouble(
            "token",
            Cause::ProxyAuthorization,
            seen,
            pass_authorization(),
        );
        return Trial::Unclear;
    }
    Trial::Refused
}

/// Whether distribution says nothing of a token that it would call invalid.
async fn is_stripped(wire: &Wire, door: &Door) -> bool {
    let answer = wire.get(&door.root, Auth::Bearer(NONSENSE)).await;
    answer.is_ok_and(|answer| {
        answer.status == 401 && answer.is_registry && error_of(&answer).is_none()
    })
}

fn error_of(answer: &Answer) -> Option<String> {
    Challenge::among(&answer.challenges)?.error
}

/// How nginx passes the header on.
pub(super) fn pass_authorization() -> Cure {
    Cure::of(
        "Have the proxy pass the header on; take out the line that sets it to nothing, and any \
         auth_basic of the proxy's own",
    )
    .write(
        "the location of nginx, beside proxy_pass",
        "nginx",
        "proxy_set_header Authorization $http_authorization;\n",
    )
    .restart("nginx")
}
