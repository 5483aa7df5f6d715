//! Platforms that are described by data, from their settings to a proof.

use fixtures::Kind;

use super::*;

/// The kind of that name.
fn kind(name: &str) -> IssuerKind {
    IssuerKind::all().find(|kind| kind.name() == name).unwrap()
}

/// Settings that load for a kind, for the tenants of its fixtures.
fn of(name: &str, keys: &[SigningKey]) -> IssuerSettings {
    let url = |url: &str| Some(located(&[url]).remove(0));
    let plain = settings("ci", kind(name), keys);
    match name {
        "aws" => IssuerSettings {
            url: url("https://a124dc86-7fee-4e8e-a98d-640682d5143c.tokens.sts.global.api.aws"),
            ..plain
        },
        "azure-devops" => IssuerSettings {
            url: url("https://vstoken.dev.azure.com/0ca3ddd9-f0b0-4635-a98c-5866526961b6"),
            audience: located(&["api://AzureADTokenExchange"]),
            allow_foreign_audience: Some(yes()),
            id: located(&["sc://acme/shop/registry"]),
            ..plain
        },
        "bitbucket" => IssuerSettings {
            url: url(
                "https://api.bitbucket.org/2.0/workspaces/acme/pipelines-config/identity/oidc",
            ),
            owner_id: located(&["{6b2c1f0e-9d8a-4b7c-8e6f-5a4b3c2d1e0f}"]),
            ..plain
        },
        "buildkite" => IssuerSettings {
            owner_id: located(&["0184990a-477b-4fa8-9968-496074483ce1"]),
            ..plain
        },
        "circleci" => IssuerSettings {
            url: url("https://oidc.circleci.com/org/f0a10872-21a3-4373-940a-06233d826661"),
            ..plain
        },
        "entra" => IssuerSettings {
            url: url("https://login.microsoftonline.com/9188040d-6c67-4c5b-b112-36a304b66da1/v2.0"),
            audience: located(&["6e74172b-be56-4843-9ff4-e66a39bb12e3"]),
            ..plain
        },
        "google" => IssuerSettings {
            id: located(&["110169484474386276334"]),
            ..plain
        },
        "harness" => IssuerSettings {
            url: url("https://app.harness.io/ng/api/oidc/account/Ab1Cd2Ef3Gh4Ij5Kl6Mn7O"),
            ..plain
        },
        "hcp-terraform" => IssuerSettings {
            owner_id: located(&["org-GRNbCjYNpBB6NEH9"]),
            ..plain
        },
        "jenkins" => IssuerSettings {
            url: url("https://jenkins.example.com/oidc"),
            ..plain
        },
        "semaphore" => IssuerSettings {
            url: url("https://acme.semaphoreci.com"),
            owner_id: located(&["d7dd33ad-9317-498c-9cc6-51c250749be7"]),
            ..plain
        },
        "spiffe" => IssuerSettings {
            url: url("https://spire.example.org"),
            owner_path: located(&["example.org"]),
            ..plain
        },
        other => panic!("no settings for {other}"),
    }
}

fn yes() -> Located<bool> {
    Located {
        value: true,
        at: Place::default(),
    }
}

/// Every described kind's name.
fn names() -> impl Iterator<Item = &'static str> {
    IssuerKind::all()
        .filter(|kind| matches!(kind, IssuerKind::Described(_)))
        .map(IssuerKind::name)
}

fn fixture(name: &str, fixture: Option<&str>) -> Value {
    let kind: Kind = name.parse().unwrap();
    let fixture = fixture.unwrap_or(kind.usual());
    fixtures::claims(kind, fixture).unwrap().at(NOW - 10).into()
}

#[tokio::test]
async fn the_usual_job_of_every_platform_is_proven() {
    for name in names() {
        let key = SigningKey::es256("k");
        let token = key.token(&fixture(name, None));
        let directory = build(vec![of(name, &[key])]).unwrap();
        let proof = present(&directory, &token).await;
        let proof = proof.unwrap_or_else(|error| panic!("{name}: {error:?}"));
        assert_eq!(proof.identity().issuer(), "ci");
        assert!(kind(name).may_have_id(proof.identity().id()), "{name}");
    }
}

#[tokio::test]
async fn a_stranger_of_a_shared_platform_is_not_believed() {
    for (name, fixture_name, changes) in [
        ("azure-devops", None, json!({"sub": "sc://acme/shop/other"})),
        (
            "bitbucket",
            None,
            json!({"workspaceUuid": "{0184990a-477b-4fa8-9968-496074483cee}"}),
        ),
        (
            "buildkite",
            None,
            json!({"organization_id": "0184990a-477b-4fa8-9968-496074483cee"}),
        ),
        ("google", None, json!({"sub": "117483920174839201748"})),
        (
            "hcp-terraform",
            None,
            json!({"terraform_organization_id": "org-evil"}),
        ),
        (
            "semaphore",
            None,
            json!({"org_id": "0184990a-477b-4fa8-9968-496074483cee"}),
        ),
        ("spiffe", Some("foreign-trust-domain"), json!({})),
        (
            "spiffe",
            None,
            json!({"sub": "spiffe://example.org.evil.example/ns/ci"}),
        ),
    ] {
        let key = SigningKey::es256("k");
        let mut claims = fixture(name, fixture_name);
        for (claim, value) in changes.as_object().unwrap() {
            claims[claim] = value.clone();
        }
        let token = key.token(&claims);
        let directory = build(vec![of(name, &[key])]).unwrap();
        let reason = stranger_of(&directory, &token).await;
        assert_eq!(reason, StrangerReason::NotPinned, "{name}");
    }
}

#[tokio::test]
async fn what_a_platform_signs_for_people_and_tests_proves_nobody() {
    for (name, bad) in [
        ("buildkite", "without-ids"),
        ("circleci", "ssh-rerun"),
        ("entra", "person"),
        ("google", "person"),
        ("harness", "connector-validation"),
        ("semaphore", "debug"),
    ] {
        let key = SigningKey::es256("k");
        let token = key.token(&fixture(name, Some(bad)));
        let directory = build(vec![of(name, &[key])]).unwrap();
        let reason = stranger_of(&directory, &token).await;
        assert_eq!(reason, StrangerReason::Claims, "{name} {bad}");
    }
}

#[test]
fn a_shared_platform_is_believed_of_named_tenants_only() {
    let keys = [SigningKey::es256("k")];
    for name in [
        "azure-devops",
        "bitbucket",
        "buildkite",
        "google",
        "hcp-terraform",
        "semaphore",
        "spiffe",
    ] {
        let unpinned = IssuerSettings {
            id: Vec::new(),
            owner_id: Vec::new(),
            owner_path: Vec::new(),
            ..of(name, &keys)
        };
        let fault = fault(unpinned);
        assert!(fault.contains(" is missing: "), "{name}: {fault}");
    }
    let own = IssuerSettings {
        url: Some(located(&["https://terraform.example.com"]).remove(0)),
        owner_id: Vec::new(),
        ..of("hcp-terraform", &keys)
    };
    build(vec![own]).unwrap();
}

#[test]
fn every_mistake_in_the_settings_says_the_way_out() {
    let keys = [SigningKey::es256("k")];
    let at = |name: &str, url: Option<&str>| IssuerSettings {
        url: url.map(|url| located(&[url]).remove(0)),
        ..of(name, &keys)
    };
    let faults = [
        at("circleci", None),
        at("circleci", Some("https://oidc.circleci.com/org/acme")),
        at("buildkite", Some("https://buildkite.com/acme")),
        IssuerSettings {
            owner_id: located(&["acme"]),
            ..of("buildkite", &keys)
        },
        IssuerSettings {
            repository_id: located(&["74"]),
            ..of("aws", &keys)
        },
        IssuerSettings {
            id: located(&["acme/web"]),
            ..of("buildkite", &keys)
        },
        IssuerSettings {
            allow_foreign_audience: None,
            ..of("azure-devops", &keys)
        },
        IssuerSettings {
            allow_foreign_audience: Some(yes()),
            ..of("buildkite", &keys)
        },
        IssuerSettings {
            allow_foreign_audience: Some(yes()),
            ..github(&keys)
        },
        IssuerSettings {
            id: located(&["acme/web"]),
            ..github(&keys)
        },
        IssuerSettings {
            id: Vec::new(),
            ..of("google", &keys)
        },
    ]
    .map(fault)
    .join("\n");
    insta::assert_snapshot!(faults);
}

#[test]
fn no_platform_of_its_own_kind_hides_behind_oidc() {
    let keys = [SigningKey::es256("k")];
    for iss in [
        "https://agent.buildkite.com",
        "https://app.eu.terraform.io",
        "https://accounts.google.com",
        "https://oidc.circleci.com",
        "https://vstoken.dev.azure.com/0ca3ddd9-f0b0-4635-a98c-5866526961b6",
        "https://api.bitbucket.org/2.0/workspaces/acme/pipelines-config/identity/oidc",
    ] {
        let disguised = IssuerSettings {
            iss: located(&[iss]),
            ..settings("ci", IssuerKind::Oidc, &keys)
        };
        assert!(
            fault(disguised).contains("use the platform's own kind"),
            "{iss}"
        );
    }
}

#[test]
fn an_iss_at_a_platforms_own_host_is_one_customers() {
    let keys = [SigningKey::es256("k")];
    for (name, iss) in [
        ("circleci", "https://oidc.circleci.com"),
        ("circleci", "https://oidc.circleci.com/org/"),
        ("entra", "https://login.microsoftonline.com/common/v2.0"),
        (
            "entra",
            "https://login.microsoftonline.com/organizations/v2.0",
        ),
    ] {
        let everybodys = IssuerSettings {
            url: None,
            iss: located(&[iss]),
            ..of(name, &keys)
        };
        assert!(fault(everybodys).contains("others could have it"), "{iss}");
    }
    let own = IssuerSettings {
        url: None,
        iss: located(&["https://circleci.example.com"]),
        ..of("circleci", &keys)
    };
    build(vec![own]).unwrap();
}

#[tokio::test]
async fn a_persons_id_token_is_no_workloads() {
    let key = SigningKey::es256("k");
    let mut claims = fixture("entra", Some("person"));
    let claims_of_login = claims.as_object_mut().unwrap();
    for of_access_tokens in ["azp", "azpacr", "scp"] {
        claims_of_login.remove(of_access_tokens);
    }
    let token = key.token(&claims);
    let directory = build(vec![of("entra", &[key])]).unwrap();
    assert_eq!(
        stranger_of(&directory, &token).await,
        StrangerReason::Claims
    );
}

#[tokio::test]
async fn an_id_pins_an_issuer_of_any_kind() {
    let key = SigningKey::es256("k");
    let ours = key.token(&claims(&json!({})));
    let other = key.token(&claims(&json!({"repository_id": "75"})));
    let pinned = IssuerSettings {
        id: located(&["74"]),
        ..github(&[key])
    };
    let directory = build(vec![pinned]).unwrap();
    assert!(present(&directory, &ours).await.is_ok());
    assert_eq!(
        stranger_of(&directory, &other).await,
        StrangerReason::NotPinned
    );
}

#[test]
fn keys_are_where_the_platform_has_them() {
    let source = |name: &str| {
        let settings = IssuerSettings {
            keys: KeySource::Discovery,
            algorithms: None,
            ..of(name, &[])
        };
        let directory = build(vec![settings]).unwrap();
        let binding = directory.bindings().next().unwrap().clone();
        assert_eq!(binding.kind, name);
        binding.source
    };
    assert_eq!(
        source("google"),
        "url https://www.googleapis.com/oauth2/v3/certs"
    );
    assert_eq!(
        source("semaphore"),
        "url https://acme.semaphoreci.com/.well-known/jwts"
    );
    assert_eq!(
        source("buildkite"),
        "discovery https://agent.buildkite.com/"
    );
    assert_eq!(source("spiffe"), "discovery https://spire.example.org/");
}

#[tokio::test]
async fn aws_signs_with_either_algorithm_and_others_with_their_own() {
    assert_eq!(kind("aws").algorithms().len(), 2);
    let key = SigningKey::es256("k");
    let token = key.token(&fixture("buildkite", None));
    let own = IssuerSettings {
        algorithms: None,
        ..of("buildkite", &[key])
    };
    let directory = build(vec![own]).unwrap();
    assert_eq!(
        stranger_of(&directory, &token).await,
        StrangerReason::Algorithm
    );
}
