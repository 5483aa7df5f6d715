//! `portpass.example.toml` loads, and shows every key.

use std::collections::BTreeSet;

use serde_json::Value;

use super::*;
use crate::{decision::Policy, identity::Directory, trial::Trial};

/// Files that the example names.
const NAMED_FILES: [(&str, &str); 12] = [
    ("admin/alice.token", "0123456789abcdef0123456789abcdef\n"),
    ("ca/gitlab.crt", ""),
    ("ca/portpass.crt", ""),
    ("ca/portpass.key", ""),
    ("ca/provider.crt", ""),
    ("cluster/edge.jwks", ""),
    ("cluster/token", ""),
    ("introspection.secret", "0123456789abcdef0123456789abcdef\n"),
    ("rules.d/empty.toml", ""),
    ("teams/shop/empty.toml", ""),
    ("tls/server.crt", ""),
    ("tls/server.key", ""),
];

fn example() -> String {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    fs::read_to_string(root.join("portpass.example.toml")).unwrap()
}

/// A key that only stands instead of another.
const INSTEAD: &str = "anonymous_jwt_file";

/// The example with every setting in force: `#key = value` without the `#`.
fn all_in_force() -> String {
    let lines = example();
    let lines: Vec<&str> = lines
        .lines()
        .filter(|line| !line.starts_with(&format!("#{INSTEAD} = ")))
        .map(|line| match line.strip_prefix('#') {
            Some(setting) if !setting.is_empty() && !setting.starts_with(' ') => setting,
            _ => line,
        })
        .collect();
    let mut shown: toml::Table = lines.join("\n").parse().unwrap();
    // There are two registries now, so each rule says where it holds.
    for section in ["rule", "deny"] {
        for (_, rule) in shown[section].as_table_mut().unwrap() {
            let rule = rule.as_table_mut().unwrap();
            rule.entry("registries")
                .or_insert_with(|| vec!["prod"].into());
        }
    }
    shown.to_string()
}

#[test]
fn the_example_loads_as_it_stands() {
    let config = load_files(&[("portpass.toml", &example())]);
    assert_eq!(
        config
            .unwrap_or_else(|faults| panic!("{faults}"))
            .issuers
            .len(),
        2
    );
}

#[test]
fn the_tests_in_the_example_pass() {
    let config = load_files(&[("portpass.toml", &example())]).unwrap();
    let now = "2026-01-01T00:00:00Z".parse().unwrap();
    let results = Trial::of(&config, now).unwrap().run_all(&config.tests);
    assert_eq!(results.len(), 2);
    for result in results {
        assert!(result.passed, "{}", result.complaint());
    }
}

#[test]
fn the_example_shows_the_defaults() {
    let example = load_files(&[("portpass.toml", &example())]).unwrap();
    let least = load_files(&[("portpass.toml", LEAST)]).unwrap();
    assert_eq!(example.listen, least.listen);
    assert_eq!(example.limits, least.limits);
    assert_eq!(example.events, least.events);
    assert_eq!(example.metrics, least.metrics);
    assert_eq!(example.log, least.log);
    assert_eq!(example.data_dir, least.data_dir);
    assert_eq!(example.keys.rotate_every, least.keys.rotate_every);
    assert_eq!(example.registries, least.registries);
}

#[test]
fn the_example_loads_with_every_setting_in_force() {
    let text = all_in_force();
    let key = rcgen::KeyPair::generate_for(&rcgen::PKCS_RSA_SHA256).unwrap();
    let key = key.serialize_pem();
    let files: Vec<_> = [("portpass.toml", text.as_str()), ("authentik.pem", &key)]
        .into_iter()
        .chain(NAMED_FILES)
        .collect();
    let config = load_files(&files).unwrap_or_else(|faults| panic!("{faults}"));
    assert_eq!(config.issuers.len(), 5);
    Policy::compile(&config.policy).unwrap();
    // The inline keys are such that they can be used.
    let other = config.issuers.into_iter().filter(|it| it.name == "other");
    let cache = tempfile::tempdir().unwrap();
    Directory::build(
        other.collect(),
        None,
        cache.path(),
        jiff::Timestamp::UNIX_EPOCH,
    )
    .unwrap();
}

#[test]
fn the_example_compares_the_workflow_with_what_platforms_sign() {
    let shown: toml::Table = all_in_force().parse().unwrap();
    let pattern = shown["match"]["every-fact"]["workflow_ref"]
        .as_str()
        .unwrap();
    let claims = fixtures::claims(fixtures::Kind::GithubActions, "push-main").unwrap();
    let signed = claims.at(0)["workflow_ref"].as_str().unwrap().to_owned();
    assert_eq!(pattern.split_once('@').unwrap().1, "refs/heads/main");
    assert_eq!(signed.split_once('@').unwrap().1, "refs/heads/main");
}

#[test]
fn every_key_of_the_schema_is_in_the_example() {
    let shown: toml::Table = all_in_force().parse().unwrap();
    let shown = serde_json::to_value(shown).unwrap();
    let schema = Value::from(schema());
    let mut missing = BTreeSet::new();
    for (section, inner) in schema["properties"].as_object().unwrap() {
        // Of included files alone; here it stands in an entry of `include`.
        let is_included = section == "within";
        if shown.get(section).is_none() && !is_included {
            missing.insert(section.clone());
        }
        for key in keys_of(&schema, inner) {
            // A deny has the keys of a rule.
            let tables = match section.as_str() {
                "deny" => vec![&shown["deny"], &shown["rule"]],
                "match" => vec![&shown["match"], &shown["rule"]],
                _ => vec![&shown[section]],
            };
            if key == INSTEAD {
                assert!(example().contains(&format!("\n#{INSTEAD} = ")));
            } else if !tables.iter().any(|table| holds(table, &key)) {
                missing.insert(format!("{section}.{key}"));
            }
        }
    }
    assert!(missing.is_empty(), "{missing:?}");
}

/// The keys of a section, named or not.
fn keys_of(schema: &Value, section: &Value) -> Vec<String> {
    let mut at = section;
    loop {
        if let Some(properties) = at.get("properties") {
            return properties.as_object().unwrap().keys().cloned().collect();
        }
        if let Some(reference) = at.get("$ref").and_then(Value::as_str) {
            at = &schema["$defs"][reference.rsplit('/').next().unwrap()];
        } else if let Some(choices) = at.get("anyOf") {
            at = &choices[0];
        } else if let Some(element) = at.get("additionalProperties").filter(|e| e.is_object()) {
            at = element;
        } else {
            return Vec::new();
        }
    }
}

/// Whether a key stands in a table or in one of its tables.
fn holds(table: &Value, key: &str) -> bool {
    let Some(entries) = table.as_object() else {
        return false;
    };
    entries.contains_key(key) || entries.values().any(|inner| holds(inner, key))
}
