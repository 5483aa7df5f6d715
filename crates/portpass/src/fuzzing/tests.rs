//! The laws, held by every input that is kept.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

use super::{TARGETS, Target};

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz")
}

/// Calls a target with each input of its corpus; without one, nothing would be held.
#[track_caller]
fn holds(name: &str) {
    let find = |(known, _): &&(&str, Target)| *known == name;
    let (_, target) = TARGETS.iter().find(find).unwrap();
    let corpus = folder().join("corpus").join(name);
    let mut inputs = 0;
    for entry in fs::read_dir(&corpus).unwrap() {
        let path = entry.unwrap().path();
        let bytes = fs::read(&path).unwrap();
        assert!(
            bytes.len() <= 64 * 1024,
            "{} is no small input",
            path.display()
        );
        // Shown if the target fails.
        println!("{}", path.display());
        target(&bytes);
        inputs += 1;
    }
    assert!(inputs > 0, "{} is empty", corpus.display());
}

#[test]
fn every_kept_authorization_is_read_or_refused_by_its_shape() {
    holds("authorization");
}

#[test]
fn every_kept_expression_is_bounded_and_about_the_claims_that_it_names() {
    holds("cel");
}

#[test]
fn every_kept_discovery_document_leads_nowhere_else() {
    holds("discovery");
}

#[test]
fn every_kept_form_hides_no_credential() {
    holds("form");
}

#[test]
fn every_kept_header_leaves_the_client_who_it_is() {
    holds("headers");
}

#[test]
fn every_kept_key_set_is_what_it_says() {
    holds("jwks");
}

#[test]
fn every_kept_jwt_gives_facts_of_its_platform_alone() {
    holds("jwt");
}

#[test]
fn every_kept_key_file_reads_back() {
    holds("pem");
}

#[test]
fn every_kept_answer_of_a_provider_is_taken_apart_or_refused() {
    holds("provider");
}

#[test]
fn every_kept_scope_reads_back_and_is_given_no_more() {
    holds("scope");
}

#[test]
fn every_kept_template_renders_a_name_under_its_prefix() {
    holds("template");
}

#[test]
fn every_kept_configuration_loads_or_says_where_it_is_wrong() {
    holds("toml");
}

#[test]
fn every_target_has_its_file_and_nothing_else_is_there() {
    let known: BTreeSet<String> = TARGETS.iter().map(|(name, _)| (*name).to_owned()).collect();
    for folder in ["corpus", "fuzz_targets"].map(|name| folder().join(name)) {
        let entries = fs::read_dir(&folder).unwrap();
        let names = entries.map(|entry| {
            let path = entry.unwrap().path();
            path.file_stem().unwrap().to_str().unwrap().to_owned()
        });
        assert_eq!(
            names.collect::<BTreeSet<_>>(),
            known,
            "{}",
            folder.display()
        );
    }
}
