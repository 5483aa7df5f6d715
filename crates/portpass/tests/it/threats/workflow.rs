//! Which workflow a run is of, and who calls it.

use fixtures::Kind;

use super::{
    file::findings,
    forge::Jwt,
    rules::{lacks, with},
    stage::play_with,
};

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
