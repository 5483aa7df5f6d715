//! Every platform's file is sound, and every fixture proves what it stands for.

use std::collections::BTreeMap;

use fixtures::Kind;
use serde_json::{Map, Value, json};

use super::*;
use crate::identity::{
    Facts,
    claims::{ClaimFault, Claims},
    kind::{Reading, Subject},
};

fn described(name: &str) -> Described {
    Described::all().find(|one| one.name() == name).unwrap()
}

fn claims_of(name: &str, fixture: &str) -> Map<String, Value> {
    let kind: Kind = name.parse().unwrap();
    fixtures::claims(kind, fixture).unwrap().at(1_700_000_000)
}

fn read(name: &str, claims: Map<String, Value>) -> Result<Subject, ClaimFault> {
    let reading = Reading {
        issuer: "ci",
        web: described(name)
            .web()
            .or(Some("https://acme.semaphoreci.com")),
        groups_claim: None,
        id_claim: None,
    };
    let claims = Claims::parse(Value::from(claims).to_string().as_bytes()).unwrap();
    described(name).subject(&claims, &reading)
}

/// The usual fixture's facts, with these claims put in place as they are.
fn changed(name: &str, changes: &Value) -> Result<Subject, ClaimFault> {
    let kind: Kind = name.parse().unwrap();
    let mut claims = claims_of(name, kind.usual());
    for (claim, value) in changes.as_object().unwrap() {
        claims.insert(claim.clone(), value.clone());
    }
    read(name, claims)
}

fn fact(name: &str, changes: &Value, fact: Fact) -> Option<String> {
    let subject = changed(name, changes).unwrap();
    subject.facts.text(fact).map(str::to_owned)
}

#[test]
fn every_file_is_read_and_named_in_order() {
    for (name, text) in FILES {
        Description::parse(name, text).unwrap();
    }
    assert!(FILES.windows(2).all(|pair| pair[0].0 < pair[1].0));
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src/identity/platforms");
    assert_eq!(std::fs::read_dir(folder).unwrap().count(), FILES.len());
}

#[test]
fn every_file_says_what_is_verified_and_what_is_not() {
    for described in Described::all() {
        let file = &described.0.file;
        let name = described.name();
        assert!(
            !file.verified.is_empty() || !file.unverified.is_empty(),
            "{name}"
        );
        assert!(!file.traps.is_empty(), "{name}");
        assert!(file.documentation.starts_with("https://"), "{name}");
        for text in file
            .traps
            .iter()
            .chain(&file.verified)
            .chain(&file.unverified)
        {
            assert!(text.ends_with('.'), "{name}: {text}");
        }
        let pins = ["id", "owner_id", "owner_path", "repository_id"];
        for pin in described.pins() {
            assert!(pins.contains(&pin.as_str()), "{name}: {pin}");
            let is_fact = pin
                .parse()
                .is_ok_and(|fact| described.facts().contains(&fact));
            assert!(pin == "id" || is_fact, "{name} has no {pin} to pin");
        }
        let shared = &file.issuer.shared_hosts;
        assert_eq!(shared.is_empty(), described.pins().is_empty(), "{name}");
    }
}

#[test]
fn the_words_of_an_event_and_a_runner_are_ours() {
    let events = [
        "api",
        "manual",
        "other",
        "pull_request",
        "pull_request_target",
        "push",
        "release",
        "schedule",
        "tag",
        "workflow_run",
    ];
    for described in Described::all() {
        let words = |fact| {
            described
                .0
                .file
                .facts
                .get(&fact)
                .into_iter()
                .flat_map(fact_source::FactSource::words)
        };
        for word in words(Fact::Event) {
            assert!(events.contains(&word), "{}: {word}", described.name());
        }
        for word in words(Fact::Runner) {
            assert!(
                ["hosted", "self-hosted"].contains(&word),
                "{}: {word}",
                described.name()
            );
        }
    }
}

#[test]
fn a_file_that_contradicts_itself_is_not_read() {
    let (name, text) = FILES[3];
    for (from, to) in [
        ("id    = [\"pipeline_id\"]", "id    = [\"build_number\"]"),
        ("id    = [\"pipeline_id\"]", "id    = []"),
        ("\"RS256\"", "\"HS256\""),
        ("event_raw     = { claim", "ref_type      = { claim"),
        ("event_raw     = { claim", "fork          = { claim"),
        ("form = \"uuid\" }", "form = \"guid\" }"),
        (
            "code_host       = true",
            "code_host       = true\ncolour = 1",
        ),
        ("iss          = \"https://agent.buildkite.com\"", ""),
        ("{ claim = \"organization_slug\" }", "{}"),
    ] {
        assert!(text.contains(from), "{from}");
        let broken = text.replacen(from, to, 1);
        assert!(Description::parse(name, &broken).is_err(), "{from} → {to}");
    }
    let two = text.replacen(
        "id    = [\"pipeline_id\"]",
        "id    = [\"organization_id\", \"pipeline_id\"]",
        1,
    );
    assert!(Description::parse(name, &two).is_ok());
    let run_together = two.replacen(
        "\"pipeline_id\", form = \"uuid\"",
        "\"pipeline_id\", form = \"text\"",
        1,
    );
    assert!(Description::parse(name, &run_together).is_err());
}

#[test]
fn every_fixture_gives_the_facts_that_are_written_down() {
    let mut all: BTreeMap<String, BTreeMap<&str, Value>> = BTreeMap::new();
    for described in Described::all() {
        let kind: Kind = described.name().parse().unwrap();
        for fixture in kind.fixtures() {
            let told = match read(described.name(), claims_of(described.name(), fixture)) {
                Ok(Subject { id, name, facts }) => {
                    assert!(described.may_have_id(&id), "{kind} {fixture} {id}");
                    let given: BTreeSet<Fact> = facts.iter().map(|(fact, _)| fact).collect();
                    assert!(given.is_subset(&described.facts()), "{kind} {fixture}");
                    json!({ "id": id, "name": name, "facts": facts })
                }
                Err(fault) => json!({ "refused": fault.to_string() }),
            };
            all.entry(kind.name().to_owned())
                .or_default()
                .insert(fixture, told);
        }
    }
    insta::assert_json_snapshot!(all);
}

#[test]
fn the_fixtures_give_every_fact_that_a_file_promises() {
    for described in Described::all() {
        let kind: Kind = described.name().parse().unwrap();
        let subjects = kind
            .fixtures()
            .filter_map(|fixture| read(kind.name(), claims_of(kind.name(), fixture)).ok());
        let mut given: BTreeSet<Fact> = subjects
            .flat_map(|subject| {
                subject
                    .facts
                    .iter()
                    .map(|(fact, _)| fact)
                    .collect::<Vec<_>>()
            })
            .collect();
        given.insert(Fact::Issuer);
        assert_eq!(given, described.facts(), "{kind}");
    }
}

#[test]
fn a_required_claim_of_another_type_or_form_proves_nobody() {
    for described in Described::all() {
        for required in &described.0.file.required {
            let claim = required.claim.text();
            // Claims within claims are removed whole.
            let top = claim
                .strip_prefix('/')
                .map_or(claim, |_| "https://sts.amazonaws.com/");
            let name = described.name();
            for bad in [
                json!(null),
                json!(""),
                json!(["a"]),
                json!({"a": "b"}),
                json!(true),
            ] {
                let subject = changed(name, &json!({ top: bad }));
                assert_eq!(
                    subject.unwrap_err(),
                    ClaimFault::Missing(claim),
                    "{name} {claim}"
                );
            }
            let text_is_fine = required.form == form::Form::Text;
            let odd = changed(name, &json!({ top: "é\u{2028}/x" }));
            assert_eq!(odd.is_ok(), text_is_fine, "{name} {claim}");
        }
    }
}

#[test]
fn an_optional_claim_of_the_wrong_type_is_no_fact() {
    for (name, claim, missing) in [
        ("bitbucket", "branchName", Fact::Ref),
        ("bitbucket", "deploymentEnvironmentUuid", Fact::Environment),
        ("buildkite", "build_source", Fact::Event),
        ("buildkite", "runner_environment", Fact::Runner),
        ("buildkite", "build_id", Fact::RunId),
        ("circleci", "oidc.circleci.com/vcs-ref", Fact::Ref),
        ("semaphore", "trg", Fact::Event),
        ("semaphore", "ref", Fact::RefType),
    ] {
        assert!(
            fact(name, &json!({}), missing).is_some(),
            "{name} {missing}"
        );
        for bad in [json!(null), json!(["main"]), json!(true), json!({"a": 1})] {
            assert_eq!(
                fact(name, &json!({ claim: bad }), missing),
                None,
                "{name} {claim}"
            );
        }
    }
}

#[test]
fn buildkite_vouches_for_no_ref() {
    let subject = changed(
        "buildkite",
        &json!({"build_branch": "main", "build_tag": "v1"}),
    )
    .unwrap();
    for absent in [Fact::Ref, Fact::RefType, Fact::Sha, Fact::Actor, Fact::Fork] {
        assert_eq!(subject.facts.get(absent), None, "{absent}");
    }
    for (source, event) in [
        ("api", "api"),
        ("schedule", "schedule"),
        ("trigger_job", "workflow_run"),
        ("ui", "manual"),
        ("webhook", "other"),
        ("new", "other"),
    ] {
        assert_eq!(
            fact("buildkite", &json!({"build_source": source}), Fact::Event).as_deref(),
            Some(event)
        );
    }
    let hostile = fact("buildkite", &json!({"build_number": "../.."}), Fact::RunUrl);
    assert_eq!(hostile, None);
}

#[test]
fn a_shell_in_the_job_proves_nobody() {
    for flag in [json!(true), json!("false"), json!(null), json!(0)] {
        let subject = changed("circleci", &json!({"oidc.circleci.com/ssh-rerun": flag}));
        assert!(matches!(subject, Err(ClaimFault::Refused(_))), "{flag}");
    }
    for job in ["debug_job", "project_debug_job", "", "pipeline_job "] {
        let subject = changed("semaphore", &json!({"job_type": job}));
        assert!(matches!(subject, Err(ClaimFault::Refused(_))), "{job}");
    }
}

#[test]
fn google_believes_addresses_that_are_verified_and_of_service_accounts() {
    let refused = |changes| matches!(changed("google", &changes), Err(ClaimFault::Refused(_)));
    for verified in [json!(false), json!("true"), json!(null)] {
        assert!(refused(json!({"email_verified": verified})), "{verified}");
    }
    for email in [
        "jo@gmail.com",
        "ci@acme.iam.gserviceaccount.com.evil.example",
    ] {
        assert!(refused(json!({"email": email})), "{email}");
    }
    let mut claims = claims_of("google", "service-account");
    claims.remove("email");
    claims.remove("email_verified");
    let subject = read("google", claims).unwrap();
    assert_eq!(subject.name, subject.id, "the number alone is enough");
}

#[test]
fn an_application_that_acts_for_a_person_proves_nobody() {
    let subject = changed("entra", &json!({"scp": "registry.push"}));
    assert!(matches!(subject, Err(ClaimFault::Refused(_))));
}

#[test]
fn semaphores_event_follows_from_trigger_and_ref() {
    let event = |ref_type: &str, trigger: &str| {
        let changes = json!({"ref_type": ref_type, "trg": format!("{trigger}:f-i:f")});
        fact("semaphore", &changes, Fact::Event).unwrap()
    };
    for (ref_type, trigger, ours) in [
        ("branch", "h", "push"),
        ("tag", "h", "tag"),
        ("pull-request", "h", "pull_request"),
        ("branch", "m", "manual"),
        ("tag", "s", "schedule"),
        ("branch", "a", "api"),
        ("pull-request", "a", "other"),
        ("branch", "x", "other"),
        ("new", "h", "other"),
    ] {
        assert_eq!(event(ref_type, trigger), ours, "{ref_type} {trigger}");
    }
}

#[test]
fn ids_have_the_form_that_their_platform_gives_them() {
    for (name, good, bad) in [
        (
            "azure-devops",
            "sc://acme/shop/registry",
            "acme/shop/registry",
        ),
        (
            "bitbucket",
            "{0184990a-477b-4fa8-9968-496074483cee}",
            "0184990a-477b-4fa8-9968-496074483cee",
        ),
        ("harness", "default/shop", "default/shop/x"),
        ("harness", "default/shop", "default"),
        (
            "google",
            "110169484474386276334",
            "ci@acme.iam.gserviceaccount.com",
        ),
        ("spiffe", "spiffe://example.org/ci", "spiffe://example.org"),
    ] {
        assert!(described(name).may_have_id(good), "{name} {good}");
        assert!(!described(name).may_have_id(bad), "{name} {bad}");
    }
}

#[test]
fn a_trust_domain_is_the_top_of_the_path() {
    let subject = changed("spiffe", &json!({"sub": "spiffe://example.org/ns/ci/sa/b"})).unwrap();
    assert_eq!(
        subject.facts.text(Fact::OwnerPath),
        Some("example.org/ns/ci/sa/b")
    );
    let mut none = Facts::default();
    none.set_text(Fact::OwnerPath, Some("example.org/ns/ci/sa/b"));
    assert_eq!(subject.facts, none);
}

#[test]
fn the_page_names_every_platform_with_what_it_cannot_vouch_for() {
    let page = page();
    for described in Described::all() {
        assert!(page.contains(&format!("\n## `{}`\n", described.name())));
    }
    assert!(page.contains("Not verified:"));
    assert!(page.contains("`https://sts.amazonaws.com/` → `aws_account`"));
}
