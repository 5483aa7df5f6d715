//! What came of tests, for people: a difference for each that failed, and a line for the rest.

use std::fmt::Write as _;

use crate::{
    cli::printer::{columns, printable},
    decision::{Outcome, RuleOutcome},
    identity::{Fact, FactValue, Facts},
    trial::{Change, Expected, Got, TestResult},
};

const TAKES: &str = "a string takes every write";

/// All of it; the failures last, nearest to the prompt.
pub(super) fn text(results: &[TestResult], places: &[String]) -> String {
    if results.is_empty() {
        return "there are no tests: state some, as tables [test.NAME]\n".to_owned();
    }
    let mut text = String::new();
    for result in results {
        let word = if result.passed { "ok    " } else { "FAILED" };
        writeln!(text, "{word} {}", result.name).expect(TAKES);
    }
    let mut failed = 0;
    for (result, place) in results.iter().zip(places) {
        if !result.passed {
            failed += 1;
            let failure = failure(result);
            write!(text, "\n{} at {place}\n{failure}", result.name).expect(TAKES);
        }
    }
    let passed = results.len() - failed;
    let blank = if failed > 0 { "\n" } else { "" };
    writeln!(text, "{blank}{passed} passed, {failed} failed").expect(TAKES);
    text
}

/// Why one failed: what was asked, how it differs, and what each rule said.
pub(super) fn failure(result: &TestResult) -> String {
    let mut text = String::new();
    let mut line = |line: &str| writeln!(text, "  {}", printable(line)).expect(TAKES);
    if let Some(because) = &result.because {
        line(&format!("because {because}"));
    }
    let asked: Vec<String> = result.asked.iter().map(ToString::to_string).collect();
    let asked = if asked.is_empty() {
        "a login".to_owned()
    } else {
        asked.join(" ")
    };
    let who = result.identity.as_deref().unwrap_or("a stranger");
    line(&format!("{who} asks {} for {asked}", result.registry));
    for shown in difference(result) {
        line(&shown);
    }
    match &result.got {
        Got::Granted(_) => {}
        Got::Untried(reason) => line(&format!("it could not be tried: {reason}")),
        Got::Refused {
            message,
            unmet,
            detail,
            ..
        } => {
            line(&format!("the caller reads: {message}"));
            if let Some(fact) = unmet {
                let value = value(*fact, result.facts.as_ref());
                line(&format!("unmet: {fact}, which is {value}"));
            }
            if let Some(detail) = detail {
                line(&format!("the operator reads: {detail}"));
            }
        }
    }
    for rule in rules(result).lines() {
        line(rule);
    }
    text
}

/// What was expected with a minus and what came with a plus, where they differ.
fn difference(result: &TestResult) -> Vec<String> {
    let mut lines = Vec::new();
    let (expected, got) = (&result.expected, &result.got);
    match (expected, got) {
        (_, Got::Untried(_)) | (Expected::Granted | Expected::Exactly(_), Got::Granted(_)) => {}
        (Expected::Refused(_), _) => lines.push(format!("- {expected}")),
        (Expected::Granted | Expected::Exactly(_), Got::Refused { .. }) => {
            if result.asked.is_empty() {
                lines.push("- a login".to_owned());
            }
        }
    }
    lines.extend(result.lines().iter().map(|line| {
        let sign = match line.change {
            Change::Extra => '+',
            Change::Missing => '-',
            Change::Same => ' ',
        };
        format!("{sign} {}", line.scope)
    }));
    match got {
        Got::Granted(access) if access.is_empty() => lines.push("+ a login".to_owned()),
        Got::Refused { .. } => lines.push(format!("+ {got}")),
        Got::Granted(_) | Got::Untried(_) => {}
    }
    lines
}

/// What each rule said that could have had a say; the others are counted.
fn rules(result: &TestResult) -> String {
    let has_a_say = |rule: &&RuleOutcome| {
        !matches!(
            rule.outcome,
            Outcome::OtherCaller | Outcome::OtherRegistry | Outcome::OtherAccess
        )
    };
    let shown: Vec<&RuleOutcome> = result.rules.iter().filter(has_a_say).collect();
    let others = result.rules.len() - shown.len();
    let mut rows: Vec<[String; 2]> = shown
        .iter()
        .map(|rule| {
            [
                rule.rule.to_string(),
                said(&rule.outcome, result.facts.as_ref()),
            ]
        })
        .collect();
    if others > 0 {
        let (rules, are) = if others == 1 {
            ("1 other".to_owned(), "is")
        } else {
            (format!("{others} others"), "are")
        };
        let what = format!("{are} for other callers or registries, or about other access");
        rows.push([rules, what]);
    }
    columns(rows)
}

/// What a rule said, in words.
fn said(outcome: &Outcome, facts: Option<&Facts>) -> String {
    match outcome {
        Outcome::Matched => "matches".to_owned(),
        Outcome::OtherAccess => "is about other access".to_owned(),
        Outcome::OtherCaller => "is for other callers".to_owned(),
        Outcome::OtherRegistry => "is for other registries".to_owned(),
        Outcome::Owned(name) => format!("gives nothing: {name} belongs to another id"),
        Outcome::Suspended => "gives nothing to a suspended issuer's identities".to_owned(),
        Outcome::UnmetCel => "its expression is not true".to_owned(),
        Outcome::UnmetFact(fact) => {
            let value = value(*fact, facts);
            format!("wants {fact}, which is {value}, to be otherwise")
        }
        Outcome::Void(reason) => format!("gives nothing: {reason}"),
    }
}

/// What a caller has of a fact, in words.
fn value(fact: Fact, facts: Option<&Facts>) -> String {
    match facts.and_then(|facts| facts.get(fact)) {
        None => "missing".to_owned(),
        Some(FactValue::Flag(flag)) => flag.to_string(),
        Some(FactValue::List(list)) => format!("[{}]", list.join(", ")),
        Some(FactValue::Text(text)) => text.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::test::tests::{TESTS, results};

    #[test]
    fn a_failure_shows_what_differs_and_why() {
        let (results, places) = results(TESTS);
        insta::assert_snapshot!(text(&results, &places), @r"
        FAILED branch-pushes
        FAILED main-pulls-only
        ok     own-name
        FAILED squatter

        branch-pushes at portpass.toml:31:10
          because reviewers <push> previews & more
          github:74 asks prod for repository:apps/github/acme/web:pull,push
          - repository:apps/github/acme/web:pull,push
          + refused at rules
          the caller reads: push to apps/github/acme/web refused for acme/web (ref refs/heads/topic/login, event push, ref_protected false): no rule allows this with ref_protected as it is
          unmet: ref_protected, which is false
          rule.own-namespace  wants ref_protected, which is false, to be otherwise
          2 others            are for other callers or registries, or about other access

        main-pulls-only at portpass.toml:37:10
          github:74 asks prod for repository:apps/github/acme/web:pull,push
            repository:apps/github/acme/web:pull
          + repository:apps/github/acme/web:push
          rule.own-namespace  matches
          2 others            are for other callers or registries, or about other access

        squatter at portpass.toml:47:10
          a stranger asks prod for repository:apps/github/acme/web:pull,push
          - refused at rules
          + refused at pin
          the caller reads: the JWT's owner is not one that this issuer is configured for
          the operator reads: owner_id 999 is not pinned

        1 passed, 3 failed
        ");
    }

    #[test]
    fn logins_and_denies_are_told_apart_too() {
        let (results, places) = results(
            r#"
[test.login]
proof = { issuer = "github", fixture = "push-main", set = { aud = "other" } }
ask = []
expect = "granted"

[test.nobody]
proof = "anonymous"
ask = []
expect = "refused at deny"

[test.somebody]
proof = { issuer = "github" }
ask = []
expect = "refused"
"#,
        );
        insta::assert_snapshot!(text(&results, &places), @r"
        FAILED login
        FAILED nobody
        FAILED somebody

        login at portpass.toml:31:10
          github:74 asks prod for a login
          - a login
          + refused at jwt
          the caller reads: login refused for acme/web (ref refs/heads/main, event push): the JWT is for other, and not for this server

        nobody at portpass.toml:36:10
          anonymous asks prod for a login
          - refused at deny
          + refused at rules
          the caller reads: login refused: no credential was presented; log in with the JWT of your platform as the password
          deny.base  matches
          2 others   are for other callers or registries, or about other access

        somebody at portpass.toml:41:10
          github:74 asks prod for a login
          - refused
          + a login
          deny.base           matches
          rule.own-namespace  matches
          1 other             is for other callers or registries, or about other access

        0 passed, 3 failed
        ");
    }

    #[test]
    fn nothing_to_run_is_said() {
        assert!(text(&[], &[]).starts_with("there are no tests"));
    }
}
