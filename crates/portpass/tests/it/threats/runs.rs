//! Who sets a run off, whose code it runs, and where.

use fixtures::Kind;

use super::{
    file::{fault, findings},
    forge::{Jwt, jwks, keys},
    rules::{lacks, with},
    stage::{WEB, play, play_with},
};

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
