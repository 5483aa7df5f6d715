//! What runs may do, and what only looks as if they might.

use fixtures::Kind;
use serde_json::{Value, json};

use super::{
    file::{fault, findings},
    forge::{Jwt, jwks, keys},
    stage::{Setting, Stage, WEB, play, play_with},
};

const GOLD: &str = "repository:gold/web:push";

/// Rules of one case beside those of every case.
fn with(rules: &'static str) -> Setting {
    Setting {
        rules,
        ..Setting::default()
    }
}

/// Refused for want of a fact, which the event names.
async fn lacks(stage: &Stage, jwt: &Jwt, scope: &str, fact: &str) {
    let outcome = stage.ask(&jwt.sign(), scope).await;
    outcome.is_refused("unmet_fact", "74");
    assert_eq!(outcome.event().body["unmet"], fact, "{outcome:#?}");
}

#[tokio::test]
async fn case_25_runs_that_strangers_can_set_off_push_nothing() {
    play(async |stage| {
        for event in [
            "pull_request_target",
            "workflow_run",
            "issue_comment",
            "issues",
            "pull_request",
            "pull_request_review",
            "discussion_comment",
            "fork",
            "watch",
            "PUSH",
            "push ",
            "",
        ] {
            stage.about(event);
            let jwt = Jwt::github().claim("event_name", event);
            lacks(stage, &jwt, WEB, "event").await;
        }
    })
    .await;
    let any_event = "[rule.web]\nfrom = [\"github\"]\nwhen = { ref_protected = true }\n\
                     push = [\"prod/web\"]\n";
    let github =
        "[issuer.github]\nkind = \"github-actions\"\naudience = [\"a\"]\nowner_id = [\"65\"]\n";
    assert!(fault(&format!("{github}{any_event}")).contains("event"));
}

#[tokio::test]
async fn case_26_a_forks_merge_request_pushes_nothing() {
    let rules = "[rule.bilberry]\nfrom = [\"gitlab\"]\n\
                 when = { match = \"bergamot\", fork = false }\npush = [\"strict/web\"]\n";
    let own = "repository:apps/gitlab/acme/web:push";
    let strict = "repository:strict/web:push";
    play_with(with(rules), async |stage| {
        let fork = Jwt::of(Kind::Gitlab, "fork", &[]);
        let id = fork.claims["project_id"].as_str().unwrap().to_owned();
        let outcome = stage.about("the fixture").ask(&fork.sign(), own).await;
        outcome.is_refused("no_rule", &id);
        let its_own = format!(
            "repository:apps/gitlab/{}:push",
            fork.claims["project_path"].as_str().unwrap()
        );
        let outcome = stage
            .about("under its own name")
            .ask(&fork.sign(), &its_own)
            .await;
        outcome.is_refused("unmet_fact", &id);
        stage.about("a push that runs elsewhere");
        let elsewhere = Jwt::gitlab().claim("job_project_id", "9999");
        lacks(stage, &elsewhere, strict, "fork").await;
        stage.about("a GitLab that does not say where it runs");
        lacks(
            stage,
            &Jwt::gitlab().without("job_project_id"),
            strict,
            "fork",
        )
        .await;
        stage.about("a merge request");
        let request = Jwt::gitlab().claim("pipeline_source", "merge_request_event");
        lacks(stage, &request, own, "event").await;
        stage.about("a branch that nobody protects");
        let open = Jwt::gitlab().claim("ref_protected", "false");
        lacks(stage, &open, own, "ref_protected").await;
        stage.about("the project's own push");
        let jwt = Jwt::gitlab().sign();
        stage.ask(&jwt, own).await.is_granted(own);
        stage.ask(&jwt, strict).await.is_granted(strict);
    })
    .await;
    let careless = "[rule.web]\nfrom = [\"gitlab\"]\nwhen = { event = \"pull_request\", \
                    ref = \"**\" }\npush = [\"prod/web\"]\n";
    let found = findings(careless);
    assert!(
        found.iter().any(|code| code == "PP016" || code == "PP005"),
        "{found:?}"
    );
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
async fn case_28_a_workflow_is_a_file_of_its_own_repository_and_no_trick() {
    let rules = "[rule.bilberry]\nfrom = [\"github\"]\n\
                 when = { match = \"bergamot\", workflow = \".github/workflows/release.yml\" }\n\
                 push = [\"built/web\"]\n";
    let built = "repository:built/web:push";
    play_with(with(rules), async |stage| {
        let by = |file: &str| Jwt::github().claim("workflow_ref", file);
        for file in [
            "acme/web/.github/workflows/evil@release.yml@refs/heads/main",
            "acme/web/.github/workflows/release.yml@refs/heads/a@refs/heads/b",
            "acme/web/.github/workflows/release.yml@main",
            "acme/web/.github/workflows/release.yml",
            "acme/web/.github/workflows/sub/release.yml@refs/heads/main",
            "acme/web/x/.github/workflows/release.yml@refs/heads/main",
            "acme/web/.github/workflows/xrelease.yml@refs/heads/main",
            "acme/web/.github/workflows/release.yml.evil@refs/heads/main",
            "acme/web/.github/workflows/../workflows/release.yml@refs/heads/main",
            "acme/web/.GITHUB/workflows/release.yml@refs/heads/main",
            "acme/web2/.github/workflows/release.yml@refs/heads/main",
            "evil/web/.github/workflows/release.yml@refs/heads/main",
            ".github/workflows/release.yml@refs/heads/main",
            "",
        ] {
            stage.about(file);
            lacks(stage, &by(file), built, "workflow").await;
        }
        stage.about("the file itself");
        let honest = by("acme/web/.github/workflows/release.yml@refs/heads/main");
        stage.ask(&honest.sign(), built).await.is_granted(built);
    })
    .await;
}

/// A workflow that many may call, and what it pushes.
const CALLED: &str = "[rule.bilberry]\nfrom = [\"github\"]\nwhen = { match = \"bergamot\", \
                      repository_id = \"74\", reusable_workflow = \"acme/ci/*\" }\n\
                      push = [\"called/web\"]\n";

#[tokio::test]
async fn case_29_whoever_calls_a_trusted_workflow_is_not_trusted_for_it() {
    let called = "repository:called/web:push";
    let rules = "[rule.bilberry]\nfrom = [\"github\"]\nwhen = { match = \"bergamot\", \
                 repository_id = \"74\", reusable_workflow = \
                 \"acme/ci/.github/workflows/build.yml@refs/tags/v1\" }\npush = [\"called/web\"]\n";
    let trusted = "acme/ci/.github/workflows/build.yml@refs/tags/v1";
    play_with(with(rules), async |stage| {
        let set = [("repository", "acme/api"), ("repository_id", "75")];
        let other = Jwt::of(Kind::GithubActions, "push-main", &set);
        let other = other.claim("job_workflow_ref", trusted).sign();
        let outcome = stage
            .about("another repository calls")
            .ask(&other, called)
            .await;
        outcome.is_refused("unmet_fact", "75");
        assert_eq!(outcome.event().body["unmet"], "repository_id");
        for wrong in [
            "evil/ci/.github/workflows/build.yml@refs/tags/v1",
            "acme/ci/.github/workflows/build.yml@refs/tags/v10",
            "acme/ci/.github/workflows/build.yml@refs/heads/v1",
        ] {
            stage.about(wrong);
            let jwt = Jwt::github().claim("job_workflow_ref", wrong);
            lacks(stage, &jwt, called, "reusable_workflow").await;
        }
        let own = Jwt::github().claim("job_workflow_ref", trusted).sign();
        stage.about("our repository calls");
        stage.ask(&own, called).await.is_granted(called);
    })
    .await;
    // Where no tenant is pinned either, that is all of a server's repositories.
    let alone = CALLED.replace("repository_id = \"74\", ", "");
    let alone = alone.replace("\"github\"", "\"ghes\"");
    assert!(findings(&alone).contains(&"PP006".to_owned()));
}

#[tokio::test]
async fn case_30_a_workflow_that_can_move_is_found_and_refused_where_it_moved() {
    let pinned = "acme/ci/.github/workflows/build.yml@refs/heads/main";
    let rule = CALLED.replace("acme/ci/*", pinned);
    let found = findings(&rule);
    assert!(
        found.iter().any(|code| code == "PP015" || code == "PP014"),
        "{found:?}"
    );
    let rules = "[rule.bilberry]\nfrom = [\"github\"]\nwhen = { match = \"bergamot\", \
                 repository_id = \"74\" }\n\
                 cel = 'claims.job_workflow_sha == \"3b1f0c7d9e8a46525f4e3d2c1b0a99887766554f\"'\n\
                 push = [\"called/web\"]\n";
    let called = "repository:called/web:push";
    play_with(with(rules), async |stage| {
        let moved = Jwt::github()
            .claim("job_workflow_sha", "0".repeat(40))
            .sign();
        let outcome = stage.about("another commit").ask(&moved, called).await;
        outcome.is_refused("unmet_cel", "74");
        let unsaid = Jwt::github().without("job_workflow_sha").sign();
        let outcome = stage.about("no commit").ask(&unsaid, called).await;
        outcome.is_refused("unmet_cel", "74");
        stage.about("the commit");
        stage
            .ask(&Jwt::github().sign(), called)
            .await
            .is_granted(called);
    })
    .await;
}

#[tokio::test]
async fn case_31_a_runner_of_ones_own_pushes_only_where_a_rule_lets_it() {
    let rules = "[rule.bilberry]\nfrom = [\"github\"]\n\
                 when = { match = \"bergamot\", runner = \"hosted\" }\npush = [\"hosted/web\"]\n";
    let hosted = "repository:hosted/web:push";
    play_with(with(rules), async |stage| {
        for runner in ["self-hosted", "hosted", "GitHub-hosted", ""] {
            stage.about(runner);
            let jwt = Jwt::github().claim("runner_environment", runner);
            lacks(stage, &jwt, hosted, "runner").await;
        }
        stage.about("unsaid");
        lacks(
            stage,
            &Jwt::github().without("runner_environment"),
            hosted,
            "runner",
        )
        .await;
        stage.about("GitHub's own");
        stage
            .ask(&Jwt::github().sign(), hosted)
            .await
            .is_granted(hosted);

        // CircleCI: a job that somebody has a shell in proves nobody.
        let platform = stage.another_platform(&jwks(&[&keys().github])).await;
        let circle = Jwt::of(Kind::Circleci, "push-main", &[]);
        let iss = circle.claims["iss"].as_str().unwrap();
        let table = format!(
            "[issuer.circle]\nkind = \"circleci\"\nurl = \"{iss}\"\nallow_private_network = true\n\
             audience = [\"registry.example.com\"]\njwks_url = \"{}/jwks\"\n\
             [rule.tansy]\nfrom = [\"circle\"]\nany_run = true\npush = [\"circle/web\"]\n",
            platform.url
        );
        stage.reload(|file| file + &table).await;
        stage.refresh().await;
        let scope = "repository:circle/web:push";
        let rerun = Jwt::of(Kind::Circleci, "ssh-rerun", &[]).sign();
        let outcome = stage.about("run again with SSH").ask(&rerun, scope).await;
        outcome.is_stranger("claims");
        let unsaid = circle.clone().without("oidc.circleci.com/ssh-rerun").sign();
        let outcome = stage.about("not said whether").ask(&unsaid, scope).await;
        outcome.is_stranger("claims");
        stage.about("an honest job");
        stage.ask(&circle.sign(), scope).await.is_granted(scope);
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
