//! An explanation as people read it.

use crate::{
    admin::{Basis, Record, Story},
    cli::printer::{columns, minute},
    decision::{Access, Explained, Mode, Outcome, Rendered, Stage, Verdict},
    identity::FactValue,
};

/// Who it is, the facts, what each rule says, and what comes out.
///
/// Much of it came from strangers: all of it goes through [`columns`].
pub(super) fn page(story: &Story) -> String {
    let mut page = lines(head(story));
    let facts: Vec<_> = story
        .facts
        .iter()
        .map(|(fact, value)| [format!("  {fact}"), text(value)])
        .collect();
    if !facts.is_empty() {
        page.push_str("\nfacts\n");
        page.push_str(&columns(facts));
    }
    let groups = &story.explanation.groups;
    if !groups.is_empty() {
        let names: Vec<&str> = groups.iter().map(|name| &**name).collect();
        page.push_str(&lines(vec![format!("groups: {}", names.join(", "))]));
    }
    page.push_str(&rules(story));
    page.push_str(&lines(end(story)));
    page
}

fn head(story: &Story) -> Vec<String> {
    let basis = match story.basis {
        Basis::Fixture => "by a fixture",
        Basis::Presented => "by a JWT that was checked as if presented",
        Basis::Read => "by a JWT that was read and not checked",
        Basis::Recorded => "as an event recorded it",
    };
    let mut head = vec![format!(
        "{}:{} ({}), {basis}",
        story.issuer, story.id, story.name
    )];
    head.extend(story.objections.iter().map(|objection| {
        format!(
            "refused at {} before the rules are asked: {}",
            objection.stage, objection.message
        )
    }));
    if let Some(record) = &story.record {
        head.extend(recorded(record));
    }
    head
}

/// What was decided then.
fn recorded(record: &Record) -> Vec<String> {
    let outcome = match (&record.access, &record.reason) {
        (Some(access), _) => format!("granted {}", scopes(access)),
        (None, Some(reason)) => format!("refused ({reason})"),
        (None, None) => "recorded".to_owned(),
    };
    let policy = record.policy.as_deref().unwrap_or("unknown");
    let mut said = vec![format!(
        "then ({}, policy {policy}): {outcome}",
        minute(record.at)
    )];
    said.extend(record.message.iter().map(|message| format!("  {message}")));
    said
}

fn rules(story: &Story) -> String {
    let asked = if story.asked.is_empty() {
        "a login"
    } else {
        &story.asked
    };
    let version = story.explanation.policy;
    let mut page = lines(vec![
        String::new(),
        format!(
            "rules (policy {version}), for {asked} at {}",
            story.registry
        ),
    ]);
    let mut rows = Vec::new();
    for rule in &story.explanation.rules {
        let mode = match rule.mode {
            Mode::Live => "",
            Mode::Shadow => " (shadow)",
        };
        let place = rule.place.as_deref().map(|place| format!(" [{place}]"));
        let place = place.unwrap_or_default();
        rows.push([format!("  {}{mode}", rule.rule), said(rule) + &place]);
        let told = rule.patterns.iter().filter(|_| is_told(rule));
        rows.extend(told.map(|pattern| [String::new(), format!("  {}", rendered(pattern))]));
    }
    page.push_str(&columns(rows));
    page
}

/// Whether the patterns of a rule are of interest: those of a rule about other
/// things than were asked are, too, for that is where names are mistyped.
fn is_told(rule: &Explained) -> bool {
    match rule.outcome {
        Outcome::Matched | Outcome::OtherAccess | Outcome::Owned(_) | Outcome::Void(_) => true,
        Outcome::OtherCaller
        | Outcome::OtherRegistry
        | Outcome::Suspended
        | Outcome::UnmetCel
        | Outcome::UnmetFact(_) => false,
    }
}

/// The first condition that failed, or what it gave.
fn said(rule: &Explained) -> String {
    let is_deny = rule.rule.starts_with("deny.");
    if !rule.untold.is_empty() {
        return format!(
            "cannot be told: {} was not recorded",
            rule.untold.join(", ")
        );
    }
    match &rule.outcome {
        Outcome::Matched if rule.access.is_empty() => "matches".to_owned(),
        Outcome::Matched => {
            let verb = match (is_deny, rule.mode) {
                (false, Mode::Live) => "gives",
                (true, Mode::Live) => "takes",
                (false, Mode::Shadow) => "would give",
                (true, Mode::Shadow) => "would take",
            };
            format!("{verb} {}", scopes(&rule.access))
        }
        Outcome::OtherAccess => "matches, and is about nothing of what is asked".to_owned(),
        Outcome::OtherCaller => "for other callers".to_owned(),
        Outcome::OtherRegistry => "for other registries".to_owned(),
        Outcome::Owned(name) => format!("matches, and {name} belongs to another id"),
        Outcome::Suspended => "the issuer's name stands for something else than before".to_owned(),
        Outcome::UnmetCel => format!(
            "cel is not true: {}",
            rule.unmet_cel.as_deref().unwrap_or_default()
        ),
        Outcome::UnmetFact(fact) => match &rule.unmet {
            Some(unmet) => {
                let has = unmet.has.as_ref().map(text);
                let has = has.map_or("is absent".to_owned(), |has| format!("is {has}"));
                format!("{} {has}, and must be {}", fact.name(), unmet.wants)
            }
            None => format!("{} is not as it must be", fact.name()),
        },
        Outcome::Void(why) => format!("gives nothing: {why}"),
    }
}

/// One pattern: as the file has it, as rendered, and what it is about.
fn rendered(pattern: &Rendered) -> String {
    let names = pattern.rendered.join(", ");
    let mut text = format!("{} {}", pattern.action, pattern.pattern);
    if !names.is_empty() && names != pattern.pattern {
        text = format!("{text} = {names}");
    }
    if let Some(why) = &pattern.withheld {
        text = format!("{text}: {why}");
    } else if !pattern.covers.is_empty() {
        text = format!("{text}: covers {}", pattern.covers.join(", "));
    }
    text
}

/// What comes out.
fn end(story: &Story) -> Vec<String> {
    let explanation = &story.explanation;
    let mut end = vec![String::new()];
    let is_stopped = !story.objections.is_empty();
    end.push(match (&explanation.verdict, is_stopped) {
        (Verdict::Granted(access), false) => format!("granted: {}", given(access)),
        (Verdict::Granted(access), true) => format!(
            "the rules would give: {}; it does not come to that",
            given(access)
        ),
        (Verdict::Refused { stage, code, .. }, _) => {
            let stage = match stage {
                Stage::Deny => "deny",
                Stage::Rules => "rules",
            };
            format!("refused at {stage} ({code})")
        }
        (Verdict::Untold(what), _) => format!("cannot be told: it hangs on {}", what.join(", ")),
    });
    if let Some(message) = explanation.message.as_ref().filter(|_| !is_stopped) {
        // Nothing is recorded under the id of a decision that was only thought of.
        let thought = message.rsplit_once("; decision ").map(|(before, _)| before);
        let told = thought.filter(|_| story.record.is_none());
        end.push(format!("the caller reads: {}", told.unwrap_or(message)));
    }
    end.extend(explanation.shadow.as_ref().map(|shadow| match shadow {
        Verdict::Granted(access) => {
            format!("were the rules in shadow live: granted: {}", given(access))
        }
        Verdict::Refused { code, .. } => format!("were the rules in shadow live: refused ({code})"),
        Verdict::Untold(what) => format!(
            "were the rules in shadow live: it hangs on {}",
            what.join(", ")
        ),
    }));
    let unknown = story.unknown.iter();
    end.extend(unknown.map(|unknown| format!("not known here: {unknown}")));
    end
}

fn given(access: &[Access]) -> String {
    if access.is_empty() {
        "a login, with access to nothing".to_owned()
    } else {
        scopes(access)
    }
}

fn scopes(access: &[Access]) -> String {
    let scopes: Vec<_> = access.iter().map(Access::scope_text).collect();
    scopes.join(" ")
}

fn text(value: &FactValue) -> String {
    match value {
        FactValue::Flag(flag) => flag.to_string(),
        FactValue::List(texts) => texts.join(", "),
        FactValue::Text(text) => text.clone(),
    }
}

fn lines(lines: Vec<String>) -> String {
    columns(lines.into_iter().map(|line| [line]))
}

#[cfg(test)]
mod tests {
    use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
    use jiff::Timestamp;

    use super::*;
    use crate::{admin::Explain, cli::explain::locate, config, snapshot::Snapshot};

    const FILE: &str = r#"
public_url = "https://registry.example.com"
[registry.prod]
service = "registry.example.com"
kind = "distribution"
[issuer.github]
kind = "github-actions"
audience = ["registry.example.com"]
owner_id = ["65"]
[group.trusted]
operators = true
[rule.own]
from = ["github"]
when = { event = ["push", "tag"], ref = "refs/tags/v*" }
push = ["apps/{issuer}/{repository}"]
[rule.tools]
from = ["github"]
any_run = true
cel = 'claims.runner_environment == "self-hosted"'
push = ["tools/**"]
[rule.trusted]
group = "trusted"
any_run = true
push = ["**"]
[rule.wide]
mode = "shadow"
from = ["github"]
any_run = true
push = ["apps/**"]
[deny.locked]
push = ["apps/github/acme/locked/**"]
"#;

    /// The page for `acme/web` on main, whose JWT nobody signed.
    fn page_of(set: &[(&str, &str)], scope: &str) -> String {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("portpass.toml");
        std::fs::write(&path, FILE).unwrap();
        let config = config::load(&path).unwrap_or_else(|error| panic!("{error}"));
        let now: Timestamp = "2026-01-01T00:00:00Z".parse().unwrap();
        let snapshot = Snapshot::of(&config, None, now).unwrap_or_else(|error| panic!("{error}"));
        let claims = fixtures::claims(fixtures::Kind::GithubActions, "push-main").unwrap();
        let claims = claims.with(set).unwrap().at(now.as_second());
        let part = |text: &[u8]| URL_SAFE_NO_PAD.encode(text);
        let head = part(br#"{"alg":"RS256","kid":"k","typ":"JWT"}"#);
        let payload = part(serde_json::to_string(&claims).unwrap().as_bytes());
        let question = Explain {
            jwt: Some(format!("{head}.{payload}.{}", part(b"nobody"))),
            scopes: vec![scope.to_owned()],
            ..Explain::default()
        };
        let mut story = question.by_file(Basis::Read, &snapshot, now).unwrap();
        locate(&mut story, &config.sources);
        let folder = format!("{}/", folder.path().display());
        page(&story).replace(&folder, "")
    }

    #[test]
    fn a_refusal_shows_the_first_condition_that_failed() {
        let page = page_of(&[], "repository:apps/github/acme/web:pull,push");
        insta::assert_snapshot!(page);
    }

    #[test]
    fn what_each_rule_gives_is_shown_although_the_jwt_is_refused_before() {
        let set = [("ref", "refs/tags/v1"), ("owner_id", "9")];
        let page = page_of(&set, "repository:apps/github/acme/web:pull,push");
        insta::assert_snapshot!(page);
    }

    #[test]
    fn what_strangers_wrote_does_nothing_to_the_terminal() {
        let story = serde_json::json!({
            "basis": "recorded", "issuer": "github", "id": "74", "name": "a\u{1b}[2Jb",
            "registry": "prod", "asked": "", "facts": { "ref": "x\u{1b}[31m" },
            "record": {
                "event": "e", "at": "2026-01-01T00:00:00Z", "policy": "p", "groups": [],
                "reason": "no_rule", "message": "m\u{7}", "access": null,
            },
            "unknown": ["u\u{202e}"],
            "explanation": {
                "verdict": { "untold": ["claims.x\u{1b}"] },
                "policy": "aaaaaaaaaaaaaaaa", "groups": ["g\r"], "rules": [],
            },
        });
        let page = page(&serde_json::from_value(story).unwrap());
        let odd = |letter: char| letter != '\n' && (letter.is_control() || letter == '\u{202e}');
        assert!(!page.contains(odd), "{page:?}");
        assert!(page.contains("a?[2Jb"), "{page}");
    }
}
