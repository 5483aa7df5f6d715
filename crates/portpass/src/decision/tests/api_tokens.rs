//! What a robot gets: what its group's rules give, under its own ceiling.

use super::*;
use crate::{decision::Ceiling, identity::ApiToken, session::Evidence};

const ROBOTS: &str = "\
    [group]\nrobots = 'operators'\nothers = 'operators'\nfile = [['github', '74']]\n\
    [rule.robots]\ngroup = 'robots'\nany_run = true\npush = ['team/**', 'r/{issuer}/x']\ndelete = ['team/**']\ncatalog = true\n\
    [rule.own]\ngroup = 'robots'\nany_run = true\npush = ['apps/{issuer}/{repository}']\n\
    [rule.others]\ngroup = 'others'\nany_run = true\npush = ['others/**']\n\
    [rule.file]\ngroup = 'file'\nany_run = true\npush = ['file/**']\n\
    [rule.all]\nanonymous = true\npull = ['public/**']\n\
    [rule.hosts]\nfrom = ['cluster', 'github', 'gitlab', 'people']\nany_run = true\npush = ['hosts/**']\n";

/// The proof of an API token of a group, which may pull, push and delete so much.
fn token(group: &str, may: [&[&str]; 3]) -> Proof {
    let [pull, push, delete] = may.map(|list| {
        list.iter()
            .map(|text| (*text).to_owned())
            .collect::<Vec<_>>()
    });
    let proof = proof("token", "t-1", "mirror", &[("issuer", json!("token"))]);
    let token = ApiToken {
        identity: proof.identity().clone(),
        name: "mirror".into(),
        group: group.into(),
        ceiling: Ceiling::parse(&pull, &push, &delete).unwrap(),
        expires: None,
        revoked: None,
        last_used: None,
    };
    proof.by(Evidence::ApiToken(Arc::new(token)))
}

const ALL: [&[&str]; 3] = [&["**"], &["**"], &["**"]];

#[track_caller]
fn gives(token: Proof, asked: &str, expected: &str) {
    assert_eq!(answer(&policy(ROBOTS), token, asked), expected, "{asked}");
}

#[test]
fn its_group_gives_and_its_ceiling_bounds() {
    let narrow = || token("robots", [&["team/**", "public/**"], &["team/web"], &[]]);
    gives(
        narrow(),
        "repository:team/web:delete,pull,push",
        "repository:team/web:pull,push",
    );
    gives(
        narrow(),
        "repository:team/api:pull",
        "repository:team/api:pull",
    );
    gives(
        narrow(),
        "repository:team/api:pull,push",
        "refused: ceiling",
    );
    gives(narrow(), "repository:team/web:delete", "refused: ceiling");
    gives(
        narrow(),
        "repository:public/a:pull",
        "repository:public/a:pull",
    );
    gives(narrow(), "repository:nobodys:push", "refused: no_rule");
    gives(
        token("robots", ALL),
        "repository:r/token/x:push",
        "repository:r/token/x:push",
    );
}

#[test]
fn what_everybody_may_pull_is_bounded_too() {
    let narrow = token("robots", [&["team/**"], &[], &[]]);
    gives(narrow, "repository:public/a:pull", "refused: ceiling");
}

#[test]
fn the_reason_is_told() {
    let narrow = token("robots", [&["team/**"], &[], &[]]);
    let asked = "repository:team/web:pull,push";
    insta::assert_snapshot!(
        told(&policy(ROBOTS), narrow, Held::default(), asked),
        @"push to team/web refused for mirror: the API token was not made for this; decision ID"
    );
}

#[test]
fn nothing_but_its_group_gives() {
    for asked in ["others/x", "file/x", "hosts/x", "apps/token/acme/web"] {
        let asked = format!("repository:{asked}:push");
        let answer = answer(&policy(ROBOTS), token("robots", ALL), &asked);
        assert!(answer.starts_with("refused: "), "{asked}: {answer}");
    }
    // What operators put the identity into does not count.
    let groups = groups(&["others"]);
    let held = Held {
        groups: &groups,
        ..Held::default()
    };
    let asked = "repository:others/x:push";
    let answer = answer_held(&policy(ROBOTS), token("robots", ALL), held, asked);
    assert_eq!(answer, "refused: no_rule");
}

#[test]
fn a_group_that_is_no_operators_group_gives_nothing() {
    for group in ["file", "gone"] {
        gives(
            token(group, ALL),
            "repository:file/x:push",
            "refused: no_rule",
        );
    }
}

#[test]
fn the_catalog_is_above_every_ceiling() {
    gives(
        token("robots", ALL),
        "registry:catalog:*",
        "refused: ceiling",
    );
}

#[test]
fn denies_for_everybody_and_for_its_group_take() {
    let denied = |deny: &str| {
        let text = format!("{ROBOTS}[deny.x]\n{deny}\npush = ['team/**']");
        let push = "repository:team/web:push";
        answer(&policy(&text), token("robots", ALL), push)
    };
    assert_eq!(denied(""), "refused: denied");
    assert_eq!(denied("group = 'robots'"), "refused: denied");
    for others in ["group = 'others'", "from = ['github']"] {
        assert_eq!(denied(others), "repository:team/web:push");
    }
}

#[test]
fn it_claims_nothing() {
    let policy = policy(ROBOTS);
    let token = token("robots", ALL);
    assert_eq!(
        policy.namespaces(Caller::from(&token), &registry("prod")),
        []
    );
    let asked = "repository:team/web:push repository:r/token/x:push";
    let grant = decide(&policy, token, asked).unwrap();
    assert_eq!(grant.claims(), []);
    assert_eq!(*grant.decision().groups(), groups(&["robots"]));
}
