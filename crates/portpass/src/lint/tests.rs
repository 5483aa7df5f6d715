//! The examples of the lints, and of what is acknowledged.

use std::{collections::BTreeSet, fs, sync::Arc};

use jiff::Timestamp;
use toml::{Table, Value};

use super::{ALL, Finding, lint, reference};
use crate::{config, snapshot::Snapshot, trial};

/// What is found in an addition to the base.
fn findings(addition: &str) -> Vec<Finding> {
    let mut file: Table = reference::BASE.parse().unwrap();
    let addition: Table = addition.parse().unwrap();
    for (section, value) in addition {
        match (file.get_mut(&section), value) {
            (Some(Value::Table(there)), Value::Table(new)) => there.extend(new),
            (_, value) => {
                file.insert(section, value);
            }
        }
    }
    let folder = tempfile::tempdir().unwrap();
    let mut store = Table::new();
    let data_dir = folder.path().join("data").display().to_string();
    store.insert("data_dir".to_owned(), data_dir.into());
    file.insert("store".to_owned(), store.into());
    let path = folder.path().join("portpass.toml");
    fs::write(&path, file.to_string()).unwrap();
    let config = config::load(&path).unwrap_or_else(|error| panic!("{error}"));
    // Fixtures hold times from some minutes before.
    let now = Timestamp::from_second(1_700_000_000).unwrap();
    let snapshot = Snapshot::of(&config, None, now).unwrap_or_else(|error| panic!("{error}"));
    let snapshot = Arc::new(snapshot);
    let tried = trial::check(&config, &snapshot, now).unwrap_or_else(|error| panic!("{error}"));
    lint(&config, &snapshot.policy, &tried)
}

/// What the findings of a code say, in an addition to the base.
pub(super) fn messages(code: &str, addition: &str) -> Vec<String> {
    findings(addition)
        .into_iter()
        .filter(|finding| finding.lint.code == code)
        .map(|finding| finding.message)
        .collect()
}

#[test]
fn every_lint_finds_its_bad_example_and_not_its_good_one() {
    for lint in ALL {
        let found = messages(lint.code, lint.bad);
        assert!(
            !found.is_empty(),
            "{}: nothing in the bad example",
            lint.code
        );
        let found = messages(lint.code, lint.good);
        assert_eq!(found, [""; 0], "{}: in the good example", lint.code);
    }
}

#[test]
fn good_examples_have_neither_errors_nor_warnings() {
    for lint in ALL {
        for finding in findings(lint.good) {
            assert!(
                finding.lint.level == super::Level::Note,
                "{}: {} {}",
                lint.code,
                finding.lint.code,
                finding.message
            );
        }
    }
}

#[test]
fn codes_are_in_order_and_texts_are_sentences() {
    let codes: Vec<_> = ALL.iter().map(|lint| lint.code).collect();
    assert!(codes.windows(2).all(|pair| pair[0] < pair[1]), "{codes:?}");
    let names: BTreeSet<_> = ALL.iter().map(|lint| lint.name).collect();
    assert_eq!(names.len(), ALL.len());
    for lint in ALL {
        for text in [lint.summary, lint.why, lint.mend] {
            assert!(
                text.ends_with('.') && !text.contains("  "),
                "{}: {text}",
                lint.code
            );
        }
        assert!(
            !lint.summary.contains('|'),
            "{} stands in a table",
            lint.code
        );
    }
}

#[test]
fn a_code_beside_it_acknowledges_a_finding_and_no_other() {
    let rule = |codes: &str| {
        format!(
            "[rule.apps]\nfrom = [\"github\"]\nwhen = {{ event = [\"push\", \"workflow_run\"], \
             ref = \"refs/heads/main\", repository = \"acme/web\" }}\npush = [\"apps/{{repository}}\"]\n\
             allow_lints = {codes}\n"
        )
    };
    let codes = |allowed: &str| {
        let findings = findings(&rule(allowed)).into_iter();
        let of_rule = findings.filter(|finding| finding.table.as_deref() == Some("rule.apps"));
        of_rule.map(|finding| finding.lint.code).collect::<Vec<_>>()
    };
    assert_eq!(codes("[]"), ["PP002", "PP005"]);
    assert_eq!(codes(r#"["PP005"]"#), ["PP002"]);
    assert_eq!(codes(r#"["PP002", "PP005"]"#), [""; 0]);
    assert_eq!(codes(r#"["PP002", "PP005", "PP005"]"#), ["PP025"]);
}

#[test]
fn a_wrong_code_is_found_with_what_was_meant() {
    let rule = "[rule.web]\nfrom = [\"github\"]\npull = [\"**\"]\nallow_lints = ";
    let said = |code: &str| messages("PP024", &format!("{rule}[\"{code}\"]\n"));
    assert_eq!(
        said("raw-sub"),
        ["there is no lint `raw-sub`; did you mean `PP003` (raw-sub)?"]
    );
    assert_eq!(said("harbor"), ["there is no lint `harbor`"]);
}
