//! What runs may do, and what only looks as if they might.

use fixtures::Kind;
use serde_json::{Value, json};

use super::{
    file::fault,
    forge::Jwt,
    setting::Setting,
    stage::{Stage, WEB, play_with},
};

const GOLD: &str = "repository:gold/web:push";

/// Rules of one case beside those of every case.
pub(super) fn with(rules: &'static str) -> Setting {
    Setting {
        rules,
        ..Setting::default()
    }
}

/// Refused for want of a fact, which the event names.
pub(super) async fn lacks(stage: &Stage, jwt: &Jwt, scope: &str, fact: &str) {
    let outcome = stage.ask(&jwt.sign(), scope).await;
    outcome.is_refused("unmet_fact", "74");
    assert_eq!(outcome.event().body["unmet"], fact, "{outcome:#?}");
}

#[tokio::test]
async fn case_27_a_ref_is_compared_whole_and_byte_by_byte() {
    let rules = "[rule.medal]\nfrom = [\"gitlab\"]\n\
                 when = { ref = \"refs/heads/gold\", event = \"push\" }\npush = [\"gold/lab\"]\n";
    play_with(with(rules), async |stage| {
        let on = |full: &str| Jwt::github().claim("ref", full);
        for full in [
            "refs/tags/gold",
            "refs/heads/gold/",
            "refs/heads/gold/x",
            "refs/heads/x/../gold",
            "refs/heads/gold@x",
            "refs/heads/gold%0a",
            "refs/heads/%67old",
            "refs/heads/Gold",
            "refs/heads/refs/heads/gold",
            "refs/remotes/origin/gold",
            " refs/heads/gold",
            "refs/heads/gold ",
            "heads/gold",
            "gold",
        ] {
            stage.about(full);
            let kind = match full.strip_prefix("refs/tags/") {
                Some(_) => "tag",
                None => "branch",
            };
            lacks(stage, &on(full).claim("ref_type", kind), GOLD, "ref").await;
        }
        for (full, fact) in [
            ("refs/heads/gold\n", "a newline"),
            ("refs/heads/gold\u{0}", "a NUL"),
            ("refs/heads/\u{1b}[2Kgold", "an escape"),
        ] {
            let outcome = stage.about(fact).ask(&on(full).sign(), GOLD).await;
            outcome.is_stranger("claims");
        }
        stage.about("a tag that says to be a branch");
        let both = on("refs/tags/gold").claim("ref_type", "branch");
        lacks(stage, &both, GOLD, "ref").await;
        stage.about("the branch itself");
        stage
            .ask(&on("refs/heads/gold").sign(), GOLD)
            .await
            .is_granted(GOLD);

        let lab = "repository:gold/lab:push";
        let named = |name: &str, kind: &str| {
            let jwt = Jwt::gitlab().claim("ref", name).claim("ref_type", kind);
            jwt.without("ref_path")
        };
        stage.about("GitLab's tag of the branch's name");
        let tag = named("gold", "tag").claim("pipeline_source", "api");
        let outcome = stage.ask(&tag.sign(), lab).await;
        outcome.is_refused("unmet_fact", "74");
        stage.about("GitLab's branch that looks like a ref");
        lacks(stage, &named("refs/heads/gold", "branch"), lab, "ref").await;
        stage.about("GitLab's branch");
        stage
            .ask(&named("gold", "branch").sign(), lab)
            .await
            .is_granted(lab);
    })
    .await;
}

#[tokio::test]
async fn case_32_patterns_are_no_expressions_and_hold_both_ends() {
    let rules = "[rule.bilberry]\nfrom = [\"github\"]\n\
                 when = { event = \"push\", ref = \"refs/heads/rel-*\" }\npush = [\"star/*\"]\n\
                 [rule.sorrel]\nfrom = [\"github\"]\n\
                 when = { event = \"push\", ref = \"refs/heads/a|b\" }\npush = [\"pipe/web\"]\n";
    let star = "repository:star/web:push";
    play_with(with(rules), async |stage| {
        let on = |name: &str| Jwt::github().claim("ref", format!("refs/heads/{name}"));
        for branch in ["rel", "xrel-1", "rel-1/x", "Rel-1", "x/rel-1", "rel.1"] {
            stage.about(branch);
            lacks(stage, &on(branch), star, "ref").await;
        }
        for branch in ["a", "b", "|", "a|", "a|b|c"] {
            stage.about(branch);
            lacks(stage, &on(branch), "repository:pipe/web:push", "ref").await;
        }
        for name in ["star/web/x", "xstar/web", "star", "starx"] {
            let scope = format!("repository:{name}:push");
            let outcome = stage.about(name).ask(&on("rel-1").sign(), &scope).await;
            outcome.is_refused("no_rule", "74");
        }
        stage.about("what they do mean");
        stage.ask(&on("rel-1").sign(), star).await.is_granted(star);
        let pipe = "repository:pipe/web:push";
        stage.ask(&on("a|b").sign(), pipe).await.is_granted(pipe);
    })
    .await;
    let github =
        "[issuer.github]\nkind = \"github-actions\"\naudience = [\"a\"]\nowner_id = [\"65\"]\n";
    for pattern in ["", "/", "a//b", "A/b", "^a$", "(a|b)"] {
        let rule = format!("[rule.a]\nfrom = [\"github\"]\npull = [\"{pattern}\"]\n");
        let told = fault(&format!("{github}{rule}"));
        assert!(!told.is_empty(), "{pattern}");
    }
}

#[tokio::test]
async fn case_33_a_claim_of_another_type_is_no_claim() {
    let rules = "[rule.bilberry]\nfrom = [\"github\"]\n\
                 when = { match = \"bergamot\", environment = { not = \"dev\" } }\n\
                 push = [\"not-dev/web\"]\n\
                 [deny.sorrel]\nfrom = [\"github\"]\nwhen = { environment = { not = \"prod\" } }\n\
                 push = [\"apps/github/acme/live\"]\n";
    play_with(with(rules), async |stage| {
        for value in [
            json!(false),
            json!("false"),
            json!("TRUE"),
            json!("yes"),
            json!("1"),
            json!(1),
            json!(null),
            json!(["true"]),
            json!([true]),
            json!({ "true": true }),
            json!(""),
        ] {
            stage.about(value.to_string());
            let jwt = Jwt::github().claim("ref_protected", value);
            lacks(stage, &jwt, WEB, "ref_protected").await;
        }
        stage.about("missing");
        lacks(
            stage,
            &Jwt::github().without("ref_protected"),
            WEB,
            "ref_protected",
        )
        .await;
        let jwt = Jwt::github().claim("ref_protected", true).sign();
        stage.about("true").push(&jwt).await.is_granted(WEB);

        let not_dev = "repository:not-dev/web:push";
        for value in [
            json!(null),
            json!(["prod"]),
            json!(5),
            json!({}),
            json!("dev"),
            json!(""),
        ] {
            stage.about(format!("not dev: {value}"));
            let jwt = Jwt::github().claim("environment", value);
            lacks(stage, &jwt, not_dev, "environment").await;
        }
        stage.about("no environment, under not");
        lacks(stage, &Jwt::github(), not_dev, "environment").await;
        let prod = Jwt::github().claim("environment", "prod");
        stage.about("another environment");
        stage.ask(&prod.sign(), not_dev).await.is_granted(not_dev);

        // In a deny what is missing counts against the caller.
        let live = "repository:apps/github/acme/live:push";
        let live_jwt = |environment: Value| {
            let set = [("repository", "acme/live"), ("repository_id", "76")];
            let jwt = Jwt::of(Kind::GithubActions, "push-main", &set);
            jwt.claim("environment", environment).sign()
        };
        for value in [json!(null), json!(["prod"]), json!("dev")] {
            let outcome = stage
                .about(format!("denied: {value}"))
                .ask(&live_jwt(value), live)
                .await;
            outcome.is_refused("denied", "76");
        }
        stage.about("not denied");
        stage
            .ask(&live_jwt(json!("prod")), live)
            .await
            .is_granted(live);
    })
    .await;
}
