//! Why a credential is not accepted: what the JWT itself says, what we are configured for, what the
//! server's words and clock tell.

use jiff::Timestamp;

use super::{
    cause::Cause,
    clocks,
    cure::{Cure, export_authority, table},
    jwt::Seen,
    patient::Patient,
    post,
    realm::Realm,
    report::Report,
    wire::{Answer, Wire},
};
use crate::identity::{IssuerKind, IssuerSettings, LEEWAY_SECONDS, ask_for_keys};

/// Says why there is no token.
pub(super) async fn examine(
    patient: &Patient,
    wire: &Wire,
    realm: &Realm,
    answer: &Answer,
    report: &mut Report,
) {
    let said = format!("the token endpoint answers {}", answer.message());
    if report.has(Cause::HeaderSize) {
        report.consequence("login", &said);
        return;
    }
    if answer.is_too_large() {
        let text = "Let every proxy before the token server take headers of 32 KiB";
        report.trouble("login", Cause::HeaderSize, &said, Cure::of(text));
        return;
    }
    if answer.status == 401 && is_stripped(patient, wire, realm).await {
        let seen = format!("by POST the credential is accepted; by GET, in a header, {said}");
        let cure = super::trial::pass_authorization();
        report.trouble("login", Cause::ProxyAuthorization, &seen, cure);
        return;
    }
    let jwt = patient.login.as_ref().and_then(|login| login.jwt.as_ref());
    if answer.status >= 500 {
        return failing(patient, answer, jwt, &said, report).await;
    }
    let fault = jwt.and_then(|jwt| fault_of(patient, realm, answer, jwt));
    if let Some((cause, seen, cure)) = fault {
        return report.trouble("login", cause, &format!("{seen}; {said}"), cure);
    }
    let text = "See what the answer says; in Portpass, `portpass events` has the whole story, by the \
                decision's id if the answer has one";
    report.trouble("login", Cause::Credential, &said, Cure::of(text));
}

/// Whether only the header's way is closed.
async fn is_stripped(patient: &Patient, wire: &Wire, realm: &Realm) -> bool {
    let Some(login) = &patient.login else {
        return false;
    };
    let posted = post::ask(wire, realm, &post::password(login)).await;
    posted.is_ok_and(|posted| posted.status == 200 && posted.token().is_some())
}

/// What is wrong with a JWT, by its own claims.
fn fault_of(
    patient: &Patient,
    realm: &Realm,
    answer: &Answer,
    jwt: &Seen,
) -> Option<(Cause, String, Cure)> {
    let iss = jwt.claim("iss").unwrap_or_default();
    let issuer = patient.ours.as_ref().and_then(|ours| ours.issuer(iss));
    if patient.ours.is_some() && issuer.is_none() {
        let seen = format!("the JWT's iss is {iss:?}, which is no issuer's of the configuration");
        let text = "Configure the issuer, with its url as the JWT has it in iss, to the byte, and pinned to your tenant";
        return Some((Cause::JwtIssuer, seen, Cure::of(text)));
    }
    if let Some((seen, cure)) = clock_of(realm, answer, jwt) {
        return Some((Cause::ClockSkew, seen, cure));
    }
    if let Some(end) = jwt
        .time("exp")
        .filter(|end| seconds(answer.at, *end) > LEEWAY_SECONDS)
    {
        let seen = format!("the JWT's exp is {end}, and it is {} now", answer.at);
        let text =
            "Ask the platform for a new JWT right before it is used: GitHub's live five minutes";
        return Some((Cause::JwtExpired, seen, Cure::of(text)));
    }
    let audiences = jwt.audiences();
    let wanted = issuer.map(|issuer| {
        let wanted = issuer.audience.iter();
        wanted
            .map(|audience| audience.value.as_str())
            .collect::<Vec<_>>()
    });
    let is_wrong = match &wanted {
        Some(wanted) => !audiences.iter().any(|audience| wanted.contains(audience)),
        None => blames_audience(answer, &audiences),
    };
    if is_wrong {
        let guess = realm.service.clone().unwrap_or_default();
        let wanted = wanted.and_then(|wanted| Some((*wanted.first()?).to_owned()));
        let seen = format!("the JWT's aud is {}", audiences.join(", "));
        let seen = match &wanted {
            Some(wanted) => format!("{seen}, and the issuer's audience is {wanted}"),
            None => seen,
        };
        return Some((
            Cause::JwtAudience,
            seen,
            ask_for_audience(issuer, &wanted.unwrap_or(guess)),
        ));
    }
    None
}

/// Whether the server's words are about the audience; ours are, that the JWT is for somebody else.
fn blames_audience(answer: &Answer, audiences: &[&str]) -> bool {
    let message = answer.message();
    let is_for = |audience: &&str| message.contains(&format!("is for {audience}"));
    message.to_lowercase().contains("audience") || audiences.iter().any(is_for)
}

/// A token server whose clock is so wrong that a good JWT is too old or too young there.
fn clock_of(realm: &Realm, answer: &Answer, jwt: &Seen) -> Option<(String, Cure)> {
    let theirs = answer.date.or(realm.anonymous.date)?;
    let ahead = seconds(theirs, answer.at);
    let is_good_here = jwt
        .time("exp")
        .is_some_and(|end| seconds(answer.at, end) <= 0)
        && jwt
            .time("iat")
            .is_none_or(|iat| seconds(iat, answer.at) <= LEEWAY_SECONDS);
    let is_bad_there = jwt.time("exp").is_some_and(|end| seconds(theirs, end) > 0)
        || jwt
            .time("iat")
            .is_some_and(|iat| seconds(iat, theirs) > LEEWAY_SECONDS);
    (is_good_here && is_bad_there && ahead.abs() > LEEWAY_SECONDS).then(|| {
        let seen = format!(
            "the clock of the token server is {ahead} s ahead of this machine's, which makes the JWT \
             too old or too young there"
        );
        (seen, clocks::cure("the token server"))
    })
}

/// How many seconds one time lies behind another.
fn seconds(later: Timestamp, earlier: Timestamp) -> i64 {
    later.as_second() - earlier.as_second()
}

/// How a job asks for a JWT of an audience, on its platform.
fn ask_for_audience(issuer: Option<&IssuerSettings>, audience: &str) -> Cure {
    let text = "Have the job ask for a JWT of that audience; letting the issuer's table take the \
                JWT's own would accept JWTs that were made for another service";
    let cure = Cure::of(text);
    match issuer.map(|issuer| issuer.kind.value) {
        Some(IssuerKind::Gitlab) => {
            let job = format!("id_tokens:\n  PORTPASS_JWT:\n    aud: {audience:?}\n");
            cure.write("the job in .gitlab-ci.yml", "yaml", &job)
        }
        Some(IssuerKind::Kubernetes) => {
            let volume = format!(
                "serviceAccountToken:\n  audience: {audience:?}\n  expirationSeconds: 600\n  path: token\n"
            );
            cure.write("the pod's projected volume", "yaml", &volume)
        }
        Some(IssuerKind::GithubActions | IssuerKind::Forgejo) | None => {
            let step = format!(
                "curl -fsS -H \"Authorization: bearer $ACTIONS_ID_TOKEN_REQUEST_TOKEN\" \\\n  \
                 \"$ACTIONS_ID_TOKEN_REQUEST_URL&audience={audience}\"\n"
            );
            cure.write("the step that asks for the JWT", "sh", &step)
        }
        Some(IssuerKind::Described(_) | IssuerKind::Oidc) => cure.write(
            "the client of the provider",
            "text",
            &format!("aud: {audience}\n"),
        ),
    }
}

/// The token server fails: for want of a CA, for want of the issuer's keys, or for its own reasons.
async fn failing(
    patient: &Patient,
    answer: &Answer,
    jwt: Option<&Seen>,
    said: &str,
    report: &mut Report,
) {
    let ours = patient.ours.as_ref();
    let authority = ours.and_then(|ours| ours.config.keys.authority_ends());
    if let Some(end) = authority.filter(|end| *end <= answer.at) {
        let seen = format!("{said}; the CA ended on {end}");
        return report.trouble("login", Cause::CaExpired, &seen, next_authority(patient));
    }
    let iss = jwt.and_then(|jwt| jwt.claim("iss")).unwrap_or_default();
    let asked = match ours.and_then(|ours| ours.issuer(iss)) {
        Some(issuer) => Some((issuer, ask_for_keys(issuer).await)),
        None => None,
    };
    let blames_issuer = answer.message().to_lowercase().contains("issuer");
    let (seen, cure) = match asked {
        Some((issuer, Err(reason))) => (
            format!("{said}; asked from here: {reason}"),
            reach_issuer(patient, issuer, &reason),
        ),
        Some((_, Ok(keys))) if blames_issuer => (
            format!("{said}; from here the issuer's {keys} keys can be had, at {iss}"),
            Cure::of(
                "Open the way from the token server to the issuer: its firewall, its resolver, or the \
                 image that lacks certificates; Portpass uses no proxy",
            ),
        ),
        None if blames_issuer => (
            format!("{said}; the JWT's iss is {iss}"),
            Cure::of(format!(
                "Let the token server reach {iss} by HTTPS; the detailed readiness of Portpass, on \
                 listen.ops /readyz, has the error. With -c the doctor asks the issuer itself"
            )),
        ),
        Some((_, Ok(_))) | None => {
            let text = "Look into the log of the token server, or of the proxy before it";
            return report.trouble("login", Cause::TokenServer, said, Cure::of(text));
        }
    };
    report.trouble("login", Cause::IssuerKeys, &seen, cure);
}

/// How a CA is succeeded that has ended.
fn next_authority(patient: &Patient) -> Cure {
    let Some(ours) = &patient.ours else {
        return Cure::default();
    };
    let cure = Cure::of("Make the next CA, sign under it, and give it to every registry");
    if ours.config.keys.ca.is_some() {
        return Cure::of(
            "Give a new CA, as the files of [keys] ca, and its certificate to every registry",
        );
    }
    cure.run(Some(ours.command("keys ca stage")))
        .run(Some(ours.command("keys ca activate")))
        .run(export_authority(patient))
        .restart("the registry")
}

/// The line that the issuer's table lacks, by the words of the fault.
fn reach_issuer(patient: &Patient, issuer: &IssuerSettings, reason: &str) -> Cure {
    let header = format!("issuer.{}", issuer.name);
    let file = patient
        .ours
        .as_ref()
        .map(|ours| ours.path.display().to_string());
    let file = file.unwrap_or_default();
    let rebind = format!("issuers rebind {}", issuer.name);
    let rebind = patient.ours.as_ref().map(|ours| ours.command(&rebind));
    let write = |text: &str, key: &str, value: &str| {
        let lines = [(key, value.to_owned())];
        Cure::of(text).write(&file, "toml", &table(&header, &lines))
    };
    if reason.contains("private address") {
        write(
            "Allow the issuer's private address",
            "allow_private_network",
            "true",
        )
    } else if reason.contains("certificate") {
        write(
            "Trust the CA of the issuer's own server: put its certificate beside the configuration",
            "ca",
            "\"issuer-ca.pem\"",
        )
    } else {
        write(
            "Open the way to the issuer: its name, its firewall, its server. Where it can never be \
             reached, fetch its key set from elsewhere, put it beside the configuration, and say \
             that its keys are meant to come from there now",
            "jwks_file",
            "\"issuer-keys.json\"",
        )
        .run(rebind)
    }
}
