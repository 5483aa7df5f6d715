//! Whose repositories are believed in, by ids and not by names.

use fixtures::Kind;

use super::{
    file::{fault, findings},
    forge::Jwt,
    stage::{WEB, play},
};

/// A push of some repository of some owner at GitHub.
fn push_of(repository: &str, id: &str, owner_id: &str) -> Jwt {
    let owner = repository.split('/').next().unwrap();
    let set = [
        ("repository", repository),
        ("repository_id", id),
        ("repository_owner", owner),
        ("repository_owner_id", owner_id),
    ];
    Jwt::of(Kind::GithubActions, "push-main", &set)
}

#[tokio::test]
async fn case_01_a_jwt_of_another_tenant_proves_nobody() {
    play(async |stage| {
        for (variant, jwt) in [
            ("another owner", push_of("evil/web", "4711", "999")),
            (
                "another owner of the same names",
                push_of("acme/web", "4711", "999"),
            ),
            ("our repository's id", push_of("acme/web", "74", "999")),
            ("an id like ours", push_of("acme/web", "74", "650")),
            ("an id in zeros", push_of("acme/web", "74", "065")),
        ] {
            let outcome = stage.about(variant).push(&jwt.sign()).await;
            let reason = match variant {
                "an id in zeros" => "claims",
                _ => "not_pinned",
            };
            outcome.is_stranger(reason);
        }
        let neighbour = push_of("acme/api", "75", "65").sign();
        let outcome = stage
            .about("another repository of ours")
            .push(&neighbour)
            .await;
        outcome.is_refused("no_rule", "75");
        let own = "repository:apps/github/acme/api:push";
        stage
            .about("its own name")
            .ask(&neighbour, own)
            .await
            .is_granted(own);
    })
    .await;
    let unpinned = "[issuer.github]\nkind = \"github-actions\"\naudience = [\"a\"]\n";
    assert!(fault(unpinned).contains("owner_id is missing"));
    let pinned_by_name = format!("{unpinned}owner_path = [\"acme\"]\n");
    assert!(fault(&pinned_by_name).contains("owner_id is missing"));
}

#[tokio::test]
async fn case_22_a_name_that_changed_hands_gives_nothing_to_its_new_bearer() {
    play(async |stage| {
        let outcome = stage
            .about("deleted, and registered again")
            .push(&push_of("acme/web", "9999", "65").sign())
            .await;
        outcome
            .is_refused("owned", "9999")
            .says("belongs to another repository");
        let rules = outcome.event().body["rules"].to_string();
        assert!(
            rules.contains("owned"),
            "the record does not say why: {rules}"
        );
        let outcome = stage
            .about("transferred")
            .push(&push_of("evil/web", "74", "999").sign())
            .await;
        outcome.is_stranger("not_pinned");
        let renamed = push_of("acme/site", "74", "65").sign();
        let outcome = stage.about("renamed, the old name").push(&renamed).await;
        outcome.is_refused("no_rule", "74");
        let new = "repository:apps/github/acme/site:push";
        stage
            .about("renamed, the new name")
            .ask(&renamed, new)
            .await
            .is_granted(new);
        let new = "repository:apps/github/acme-corp/web:push";
        let moved = push_of("acme-corp/web", "74", "65").sign();
        stage
            .about("the owner renamed")
            .ask(&moved, new)
            .await
            .is_granted(new);
        let outcome = stage
            .about("the owner's old name, registered by another")
            .push(&push_of("acme/web", "4711", "999").sign())
            .await;
        outcome.is_stranger("not_pinned");
    })
    .await;
}

#[tokio::test]
async fn case_23_a_rule_that_pins_names_alone_is_found() {
    let by_name = "repository = \"acme/web\", event = \"push\", ref_protected = true";
    let rule = |when: &str| {
        format!("[rule.web]\nfrom = [\"github\"]\nwhen = {{ {when} }}\npush = [\"prod/web\"]\n")
    };
    assert!(findings(&rule(by_name)).contains(&"PP002".to_owned()));
    let by_id = by_name.replace("repository = \"acme/web\"", "repository_id = \"74\"");
    assert!(!findings(&rule(&by_id)).contains(&"PP002".to_owned()));
    // And at run time the id decides, whatever the rule says of names.
    play(async |stage| {
        let again = push_of("acme/web", "9999", "65").sign();
        stage.push(&again).await.is_refused("owned", "9999");
    })
    .await;
}

#[tokio::test]
async fn case_24_sub_in_any_form_changes_nothing() {
    play(async |stage| {
        let api = push_of("acme/api", "75", "65");
        for sub in [
            "repo:acme/web:ref:refs/heads/main",
            "repo:acme@65/web@74:ref:refs/heads/main",
            "repo:acme/web:environment:sanctum",
            "repository_owner:acme",
            "repository_id:74",
            "repo:evil/web:pull_request",
            "*",
        ] {
            let own = Jwt::github().claim("sub", sub).sign();
            stage.about(sub).push(&own).await.is_granted(WEB);
            let other = api.clone().claim("sub", sub).sign();
            stage.push(&other).await.is_refused("no_rule", "75");
        }
    })
    .await;
    let by_sub = "[rule.web]\nfrom = [\"github\"]\ncel = 'claims.sub == \"repo:acme/web:x\"'\n\
                  when = { event = \"push\", ref_protected = true }\npush = [\"prod/web\"]\n";
    assert!(findings(by_sub).contains(&"PP003".to_owned()));
}
