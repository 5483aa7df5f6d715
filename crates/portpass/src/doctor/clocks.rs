//! Clocks: the registry's, the token server's, and this machine's.

use jiff::{SignedDuration, Timestamp};

use super::{cause::Cause, cure::Cure, door::Door, login::Token, report::Report, wire::Answer};

/// What distribution tolerates (`registry/auth/token/token.go`, `Leeway`).
const LEEWAY: SignedDuration = SignedDuration::from_secs(60);
/// What is worth a word.
const NOTABLE: SignedDuration = SignedDuration::from_secs(30);

/// Compares the times of the token with the registry's clock.
pub(super) fn examine(door: &Door, token: &Token, report: &mut Report) {
    let Some(registry) = ahead(&door.answer) else {
        report.skipped("clocks", "the registry does not tell its time");
        return;
    };
    let there = token.answer.at + registry;
    let seen = token.seen.as_ref();
    let time = |name: &str| seen.and_then(|seen| seen.time(name));
    let begins = time("nbf").or_else(|| time("iat"));
    if let Some(begins) = begins.filter(|begins| *begins > there + LEEWAY) {
        let early = begins.duration_since(there).as_secs();
        let seen = format!(
            "the token begins {early} s after the registry's clock, which stands at {there}"
        );
        return trouble(begins, registry, &token.answer, &seen, report);
    }
    if let Some(ends) = time("exp").filter(|ends| *ends + LEEWAY < there) {
        let late = there.duration_since(ends).as_secs();
        let seen = format!(
            "the token ended {late} s before the registry's clock, which stands at {there}"
        );
        return trouble(ends, registry, &token.answer, &seen, report);
    }
    let apart = ahead(&token.answer).map_or(SignedDuration::ZERO, |theirs| theirs - registry);
    let apart = if apart.abs() > registry.abs() {
        apart
    } else {
        registry
    };
    if apart.abs() > NOTABLE {
        let seen = format!(
            "clocks are {} s apart; registries tolerate 60",
            apart.as_secs().abs()
        );
        report.note("clocks", &seen);
    } else {
        report.well("clocks", "they agree");
    }
}

/// Names the clock that is further from this machine's.
fn trouble(
    token: Timestamp,
    registry: SignedDuration,
    answer: &Answer,
    seen: &str,
    report: &mut Report,
) {
    let theirs = ahead(answer).unwrap_or_else(|| token.duration_since(answer.at));
    let whose = if theirs.abs() >= registry.abs() {
        "the token server"
    } else {
        "the registry"
    };
    let seen = format!(
        "{seen}; compared with this machine, the token server is {} s ahead, and the registry {} s",
        theirs.as_secs(),
        registry.as_secs()
    );
    report.trouble("clocks", Cause::ClockSkew, &seen, cure(whose));
}

/// How far a server's clock is ahead of ours.
fn ahead(answer: &Answer) -> Option<SignedDuration> {
    Some(answer.date?.duration_since(answer.at))
}

/// How a clock is set right.
pub(super) fn cure(whose: &str) -> Cure {
    Cure::of(format!(
        "Set the clock of {whose} by the network, and keep it so"
    ))
    .write(
        &format!("the machine of {whose}"),
        "sh",
        "timedatectl set-ntp true\n",
    )
}
