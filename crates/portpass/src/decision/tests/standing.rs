//! What a decision's id and version cover: all that concerns the caller.

use super::*;

const RULES: &str = "\
    [group]\nops = 'operators'\nmore = 'operators'\n\
    [rule.a]\nfrom = ['github']\nany_run = true\npush = ['apps/{issuer}/{repository}']\n\
    [rule.b]\nfrom = ['github']\nwhen = { event = 'tag', ref = '**' }\npush = ['tags/{repository}']\n\
    [rule.c]\ngroup = 'ops'\nany_run = true\npush = ['ops/{issuer}/{repository}']\n";

const WEB: &str = "apps/github/acme/web";

/// The version and the id of a decision.
fn ids(proof: Proof, names: &[&str], rows: &[(&str, &str, &str)]) -> (ShortId, ShortId) {
    let (groups, owners) = (groups(names), owners(rows));
    let held = Held {
        groups: &groups,
        owners: &owners,
    };
    let asked = "repository:x:push";
    let denied = decide_held(&policy(RULES), proof, held, asked).unwrap_err();
    (denied.decision().policy(), denied.decision().id())
}

#[test]
fn it_is_the_files_version_where_nothing_is_settled() {
    let (version, _) = ids(run("github", &[]), &[], &[]);
    assert_eq!(version, policy(RULES).version());
}

#[test]
fn the_same_standing_has_the_same_id() {
    let rows = [(WEB, "github", "74")];
    let one = ids(run("github", &[]), &["ops"], &rows);
    assert_eq!(one, ids(run("github", &[]), &["ops"], &rows));
}

#[test]
fn what_concerns_the_caller_changes_it() {
    let mut seen = std::collections::BTreeSet::new();
    for (names, rows) in [
        (&[][..], &[][..]),
        (&["ops"], &[]),
        (&["more"], &[]),
        (&["more", "ops"], &[]),
        (&[], &[(WEB, "github", "74")]),
        (&[], &[(WEB, "github", "12")]),
        (&[], &[(WEB, "gitlab", "74")]),
        (&["ops"], &[("ops/github/acme/web", "github", "74")]),
    ] {
        assert!(
            seen.insert(ids(run("github", &[]), names, rows)),
            "{names:?} {rows:?}"
        );
    }
    assert!(seen.insert(ids(run("github", &[]).of_issuer(false, false), &[], &[])));
    let (versions, ids): (Vec<_>, Vec<_>) = seen.into_iter().unzip();
    for list in [versions, ids] {
        let distinct: std::collections::BTreeSet<_> = list.iter().collect();
        assert_eq!(distinct.len(), list.len());
    }
}

#[test]
fn what_concerns_others_does_not() {
    let plain = ids(run("github", &[]), &[], &[]);
    for (names, row) in [
        (&["gone"][..], ("apps/github/acme/other", "github", "12")),
        (&[], ("tags/acme/web", "github", "12")),
        (&[], ("ops/github/acme/web", "github", "12")),
    ] {
        assert_eq!(ids(run("github", &[]), names, &[row]), plain, "{row:?}");
    }
}

#[test]
fn that_a_group_is_the_operators_is_part_of_the_files_version() {
    let version = |group: &str| policy(&format!("[group]\ng = {group}")).version();
    assert_ne!(version("'operators'"), version("[]"));
    assert_eq!(version("'operators'"), version("'operators'"));
    assert_ne!(version("'operators'"), policy("").version());
}
