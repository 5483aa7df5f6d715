//! Rules that nobody can meet.

mod impossible;

use super::{
    Level, Lint,
    subject::{Findings, Subject, Table},
};
use crate::{
    config::Located,
    decision::{GroupSource, Shape},
    identity::{Fact, IssuerSettings},
};

pub(super) static LINT: Lint = Lint {
    code: "PP008",
    name: "never-matches",
    level: Level::Warning,
    summary: "A rule can never match, or never for one of the issuers that it names.",
    why: "Its conditions contradict each other, or the issuer's tenant pin, or ask for a fact that \
          the issuer's kind never gives. A fact that is missing meets no condition of a rule, and \
          no template. Whoever counts on the rule is refused.",
    mend: "Correct the condition. The push of a tag is the event `tag`, not `push`; what issuers \
           of different kinds give stands in the how-to of each.",
    bad: r#"
[rule.release]
from = ["github"]
when = { event = "push", ref = "refs/tags/v*" }
push = ["apps/{repository}"]
"#,
    good: r#"
[rule.release]
from = ["github"]
when = { event = "tag", ref = "refs/tags/v*" }
push = ["apps/{repository}"]
"#,
    find,
};

fn find(subject: &Subject<'_>, found: &mut Findings) {
    for table in subject.rules.iter().filter(|table| !table.rule.anonymous) {
        let dead: Vec<_> = table
            .issuers
            .iter()
            .filter_map(|issuer| Some((*issuer, never(subject, table, issuer)?)))
            .collect();
        let group = table.rule.group.as_ref();
        let source = group.and_then(|group| subject.config.policy.groups.get(&group.value));
        if let (Some(group), Some(GroupSource::Members(members))) = (group, source)
            && members.is_empty()
        {
            let message = format!("the group `{}` has no members", group.value);
            found.in_table(table, group.at, message);
        } else if dead.is_empty() || may_be_for_tokens(table, source) {
            // Somebody can meet it.
        } else if let Some((_, reason)) = dead.first().filter(|_| dead.len() == table.issuers.len())
        {
            let message = format!("nobody can meet this rule: {reason}");
            found.in_table(table, table.conditions_at(), message);
        } else {
            for (issuer, reason) in dead {
                let named = |from: &&Located<String>| from.value == issuer.name;
                if let Some(from) = table.rule.from.iter().find(named) {
                    let message =
                        format!("nobody of `{}` can meet this rule: {reason}", from.value);
                    found.in_table(table, from.at, message);
                }
            }
        }
    }
}

/// API tokens may be in the groups of operators, and have no fact but the
/// issuer.
fn may_be_for_tokens(table: &Table<'_>, group: Option<&GroupSource>) -> bool {
    group == Some(&GroupSource::Operators)
        && table
            .ways
            .iter()
            .any(|way| way.facts().all(|fact| fact == Fact::Issuer))
}

/// Why no identity of an issuer can ever get anything from a rule.
fn never(subject: &Subject<'_>, table: &Table<'_>, issuer: &IssuerSettings) -> Option<String> {
    let given = subject.facts_of(issuer);
    let mut reasons = table
        .ways
        .iter()
        .map(|way| impossible::reason(way, issuer, &given));
    if let Some(first) = reasons.next()
        && first.is_some()
        && reasons.all(|reason| reason.is_some())
    {
        return first;
    }
    let kind = issuer.kind.value;
    let shapes = table
        .patterns()
        .filter_map(|text| Some((text, Shape::of(&text.value)?)));
    let shapes: Vec<_> = shapes.collect();
    let unrendered = shapes.iter().find_map(|(text, shape)| {
        let facts = shape.facts();
        let missing = facts.into_iter().find(|fact| !given.contains(fact))?;
        Some(format!(
            "kind `{}` never gives the `{missing}` in `{}`, and a rule that cannot render one of \
             its templates gives nothing",
            kind.name(),
            text.value
        ))
    });
    let has_rows = subject.config.policy.images.contains_key(&issuer.name);
    let only_rows = !table.rule.catalog && shapes.iter().all(|(_, shape)| shape.is_images());
    let no_rows = (only_rows && !has_rows).then(|| {
        format!(
            "it gives the rows of `[images.{}]`, and there are none",
            issuer.name
        )
    });
    unrendered.or(no_rows)
}

#[cfg(test)]
mod tests {
    use crate::lint::tests::messages;

    fn said(rule: &str) -> Vec<String> {
        messages("PP008", rule)
    }

    #[test]
    fn contradictions_are_found() {
        for when in [
            r#"event = "tag", ref = "refs/heads/**""#,
            r#"event = "push", ref = "refs/tags/v*""#,
            r#"event = "push", ref = "refs/heads/main", ref_type = "tag""#,
            r#"event = "manual", ref = ["refs/heads/a", "refs/heads/b"], ref_type = "tag""#,
            r#"event = "push", ref_protected = true, fork = true"#,
            r#"event = ["pull_request", "other"], ref = "refs/**", fork = false"#,
            r#"event = "push", ref = "refs/heads/main", owner_id = "1""#,
            r#"event = "push", ref = "refs/heads/main", issuer = "gitlab""#,
            r#"event = "push", ref = "refs/heads/main", namespace = "ci""#,
            r#"match = "branch", event = "push", ref = { not = "refs/heads/**" }"#,
            r#"match = "branch", event = "push", ref = "refs/heads/dev", ref_type = { not = "branch" }"#,
            r#"match = "branch", event = { not = ["push", "manual"] }"#,
            r#"match = ["branch", "job"], event = "tag""#,
        ] {
            let matches = "[match.branch]\nevent = [\"push\", \"manual\"]\nref = \"refs/heads/**\"\n\
                           [match.job]\nevent = \"schedule\"\nref_protected = true\n";
            let rule = format!(
                "{matches}[rule.r]\nfrom = [\"github\"]\nany_run = true\nwhen = {{ {when} }}\npull = [\"a\"]\n"
            );
            let found = said(&rule);
            assert_eq!(found.len(), 1, "{when}: {found:?}");
        }
    }

    #[test]
    fn what_somebody_can_meet_is_not_found() {
        for when in [
            r#"event = "tag", ref = "refs/tags/**""#,
            r#"event = "tag", ref = ["refs/heads/**", "refs/tags/v*"]"#,
            r#"event = ["push", "tag"], ref = "refs/tags/**""#,
            r#"event = "release", ref = "refs/tags/**""#,
            r#"event = "pull_request", ref = "refs/pull/**""#,
            r#"event = "pull_request", ref = "refs/heads/**""#,
            r#"event = "push", ref = "refs/heads/main", fork = false, owner_id = "65""#,
            r#"event = { not = "tag" }, ref_type = "branch""#,
            r#"event = "push", ref = "refs/heads/release-*", ref_protected = { not = false }"#,
            r#"match = ["branch", "job"], event = "schedule""#,
        ] {
            let matches = "[match.branch]\nevent = [\"push\", \"manual\"]\nref = \"refs/heads/**\"\n\
                           [match.job]\nevent = \"schedule\"\nref_protected = true\n";
            let rule = format!(
                "{matches}[rule.r]\nfrom = [\"github\"]\nwhen = {{ {when} }}\npull = [\"a\"]\n"
            );
            assert_eq!(said(&rule), [""; 0], "{when}");
        }
    }

    #[test]
    fn an_issuer_that_can_never_meet_it_is_named() {
        let rule =
            "[rule.r]\nfrom = [\"cluster\", \"github\"]\npull = [\"apps/{issuer}/{repository}\"]\n";
        let found = said(rule);
        assert_eq!(found.len(), 1, "{found:?}");
        assert!(
            found[0].contains("`cluster`") && found[0].contains("`repository`"),
            "{found:?}"
        );
        let release =
            "[rule.r]\nfrom = [\"gitlab\"]\nwhen = { event = \"release\" }\npull = [\"a\"]\n";
        assert!(
            said(release)[0].contains("never gives"),
            "{:?}",
            said(release)
        );
    }

    #[test]
    fn groups_without_members_and_images_without_rows_are_found() {
        let group = "[group.g]\nmembers = []\n[rule.r]\ngroup = \"g\"\npull = [\"a\"]\n";
        assert_eq!(said(group), ["the group `g` has no members"]);
        let images = "[rule.r]\nfrom = [\"github\"]\npull = [\"{images}\"]\n";
        assert_eq!(said(images).len(), 1);
        let rows = format!("{images}[images.github]\n\"74\" = [\"web\"]\n");
        assert_eq!(said(&rows), [""; 0]);
    }

    #[test]
    fn an_operators_group_may_hold_whoever_can_meet_it() {
        let rule = "[group.g]\noperators = true\n[rule.r]\ngroup = \"g\"\n";
        let of = |when: &str| said(&format!("{rule}when = {{ {when} }}\npull = [\"a\"]\n"));
        assert_eq!(of("namespace = \"ci\""), [""; 0]);
        assert_eq!(of("issuer = \"token\""), [""; 0]);
        assert_eq!(of("namespace = \"ci\", repository_id = \"1\"").len(), 1);
    }
}
