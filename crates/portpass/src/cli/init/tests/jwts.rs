//! From the JWT of a job: the least rule, by ids, for what it says it is.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use fixtures::Kind;
use serde_json::{Map, Value};

use super::*;

/// A JWT with these claims, whose signature is none.
fn unsigned(claims: &Map<String, Value>) -> String {
    let part = |text: &str| URL_SAFE_NO_PAD.encode(text);
    let header = part(r#"{"alg":"RS256","kid":"1","typ":"JWT"}"#);
    let claims = part(&serde_json::to_string(claims).unwrap());
    format!("{header}.{claims}.{}", part("no signature"))
}

/// The JWT of a fixture, signed so many seconds ago.
fn jwt(kind: Kind, fixture: &str, set: &[(&str, &str)], age: i64) -> String {
    let claims = fixtures::claims(kind, fixture).unwrap();
    unsigned(&claims.with(set).unwrap().at(NOW - age))
}

/// What `init` writes for a JWT, and what it says; the file holds.
fn written(jwt: &str, line: &[&str]) -> (String, String) {
    let folder = tempfile::tempdir().unwrap();
    let line: Vec<&str> = ["--jwt-stdin"].iter().chain(line).copied().collect();
    let said = init_of(folder.path(), &line, Some(jwt)).unwrap();
    holds(folder.path());
    (read(folder.path(), "portpass.toml"), said)
}

fn refused(jwt: &str, line: &[&str]) -> String {
    let folder = tempfile::tempdir().unwrap();
    let line: Vec<&str> = ["--jwt-stdin"].iter().chain(line).copied().collect();
    let error = init_of(folder.path(), &line, Some(jwt)).unwrap_err();
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
    format!("{error:#}")
}

#[test]
fn github_gets_the_least_rule_its_tenant_and_tests() {
    let jwt = jwt(Kind::GithubActions, "push-main", &[], 0);
    let (file, _) = written(&jwt, &["--registry-host", "registry.example.com"]);
    let (_, issuer_and_more) = file.split_once("[issuer.github]").unwrap();
    insta::assert_snapshot!(issuer_and_more, @r#"
    kind     = "github-actions"
    audience = ["registry.example.com"]
    owner_id = ["65"]   # of acme: `id` in https://api.github.com/users/acme

    # The least rule for one job: by ids, which nobody else ever has, and for runs like the one
    # whose JWT this was written from. Nothing else is given to anybody.
    [rule.github-74-b4tr5n]
    from = ["github"]
    when = { repository_id = "74", owner_id = "65", event = "push", ref = "refs/heads/main" }
    push = ["apps/github/acme/web"]

    # What must stay true: `portpass test` runs these, and so does every start and reload.
    [test.the-job-pushes]
    proof   = { issuer = "github", fixture = "push-main", set = { repository = "acme/web", repository_id = "74", owner_id = "65", ref = "refs/heads/main" } }
    ask     = ["repository:apps/github/acme/web:pull,push"]
    expect  = "granted"
    because = "it is the job that the rule was written for"

    [test.squatter]
    proof   = { issuer = "github", fixture = "push-main", set = { repository = "acme/web", repository_id = "74", owner_id = "999999999", ref = "refs/heads/main" } }
    ask     = ["repository:apps/github/acme/web:pull,push"]
    expect  = "refused at pin"
    because = "a name that was given up can be taken by somebody else; an id cannot"

    [test.another-repository-of-that-name]
    proof   = { issuer = "github", fixture = "push-main", set = { repository = "acme/web", repository_id = "999999999", owner_id = "65", ref = "refs/heads/main" } }
    ask     = ["repository:apps/github/acme/web:pull,push"]
    expect  = "refused at rules"
    because = "a repository that is made again under the name has another id"

    [test.pull-request]
    proof   = { issuer = "github", fixture = "pull-request", set = { repository = "acme/web", repository_id = "74", owner_id = "65" } }
    ask     = ["repository:apps/github/acme/web:pull,push"]
    expect  = "refused at rules"
    because = "anybody may open a pull request"
    "#);
}

#[test]
fn what_is_to_be_known_of_the_jwt_is_said_and_no_part_of_it_shown() {
    let expired = jwt(Kind::GithubActions, "push-main", &[], 3600);
    let signature = expired.rsplit_once('.').unwrap().1.to_owned();
    let (file, said) = written(&expired, &[]);
    for part in [
        "signature was not checked",
        "expired at 2023-11-14T21:18:20Z",
        "The JWT is for \"registry.example.com\". One that is accepted is for \"localhost:5000\"",
    ] {
        assert!(said.contains(part), "{part}: {said}");
    }
    for secret in [expired.as_str(), signature.as_str()] {
        assert!(!said.contains(secret) && !file.contains(secret));
    }
    let (_, said) = written(
        &jwt(Kind::GithubActions, "push-main", &[], 0),
        &["--registry-host", "registry.example.com"],
    );
    assert!(
        !said.contains("expired") && !said.contains("One that is accepted"),
        "{said}"
    );
}

#[test]
fn each_platform_is_known_by_its_claims() {
    let ghes = [("iss", "https://github.corp.example.com/_services/token")];
    let resident = [("iss", "https://token.actions.corp.ghe.com")];
    let enterprise = [(
        "iss",
        "https://token.actions.githubusercontent.com/acme-corp",
    )];
    let eks = [("iss", "https://oidc.eks.eu-central-1.amazonaws.com/id/ABC")];
    for (kind, fixture, set, lines) in [
        (
            Kind::Forgejo,
            "push-main",
            &[][..],
            &[
                "[issuer.forgejo]",
                "url      = \"https://forgejo.example.com\"",
            ][..],
        ),
        (
            Kind::Gitlab,
            "push-main",
            &[],
            &[
                "[issuer.gitlab]",
                "url      = \"https://gitlab.example.com\"",
                "owner_id = [\"65\"]",
            ],
        ),
        (
            Kind::GithubActions,
            "push-main",
            &ghes,
            &[
                "url      = \"https://github.corp.example.com\"",
                "owner_id = [\"65\"]",
            ],
        ),
        (
            Kind::GithubActions,
            "push-main",
            &resident,
            &["url      = \"https://corp.ghe.com\""],
        ),
        (
            Kind::GithubActions,
            "push-main",
            &enterprise,
            &["iss      = [\"https://token.actions.githubusercontent.com/acme-corp\"]"],
        ),
        (
            Kind::Kubernetes,
            "pod",
            &[],
            &[
                "[issuer.cluster]",
                "iss      = [\"https://kubernetes.default.svc.cluster.local\"]",
                "namespace = [\"ci\"]",
                "push = [\"pods/ci/builder\"]",
            ],
        ),
        (
            Kind::Kubernetes,
            "pod",
            &eks,
            &["url      = \"https://oidc.eks.eu-central-1.amazonaws.com/id/ABC\""],
        ),
        (
            Kind::Oidc,
            "machine",
            &[],
            &[
                "[issuer.machines]",
                "kind     = \"oidc\"",
                "url      = \"https://id.example.com\"",
                "id = \"service-nightly\"",
            ],
        ),
    ] {
        let (file, _) = written(&jwt(kind, fixture, set, 0), &[]);
        for line in lines {
            assert!(file.contains(line), "{kind}: {line} is not in\n{file}");
        }
    }
}

#[test]
fn every_run_that_pushes_gets_a_rule_for_runs_like_it() {
    for (kind, fixture, line) in [
        (
            Kind::GithubActions,
            "tag",
            "event = \"tag\", ref = \"refs/tags/",
        ),
        (Kind::GithubActions, "environment", "environment = \""),
        (Kind::GithubActions, "schedule", "event = \"schedule\""),
        (
            Kind::GithubActions,
            "reusable-workflow",
            "repository_id = \"74\"",
        ),
        (Kind::Gitlab, "tag", "event = \"tag\", ref = \"refs/tags/"),
        (Kind::Gitlab, "environment", "environment = \""),
        (Kind::Gitlab, "schedule", "event = \"schedule\""),
        (Kind::Forgejo, "tag", "event = \"tag\", ref = \"refs/tags/"),
    ] {
        let (file, _) = written(&jwt(kind, fixture, &[], 0), &[]);
        assert!(
            file.contains(line),
            "{kind} {fixture}: {line} is not in\n{file}"
        );
    }
    let manual = [("event", "workflow_dispatch")];
    let (file, _) = written(&jwt(Kind::GithubActions, "push-main", &manual, 0), &[]);
    assert!(file.contains("event = \"manual\""), "{file}");
}

#[test]
fn names_that_look_like_code_stay_texts() {
    let hostile = [
        (
            "environment",
            "prod\" }\n[rule.evil]\nany_run = true #".replace('\n', " "),
        ),
        ("ref", "refs/heads/$(id)'\"".to_owned()),
    ];
    for (claim, value) in hostile {
        let jwt = jwt(Kind::GithubActions, "push-main", &[(claim, &value)], 0);
        let (file, _) = written(&jwt, &[]);
        let file: toml::Table = file.parse().unwrap();
        let rules: Vec<_> = file["rule"].as_table().unwrap().keys().collect();
        assert_eq!(rules.len(), 1, "{rules:?}");
    }
}

#[test]
fn no_rule_is_written_for_runs_that_strangers_set_off() {
    for fixture in ["pull-request", "fork"] {
        let error = refused(&jwt(Kind::GithubActions, fixture, &[], 0), &[]);
        assert!(error.contains("was set off by `pull_request"), "{error}");
    }
    let target = [("event", "pull_request_target")];
    let error = refused(&jwt(Kind::GithubActions, "push-main", &target, 0), &[]);
    assert!(error.contains("people who may not push code"), "{error}");
}

#[test]
fn a_platform_whose_sub_is_the_callers_choice_is_not_taken_for_any_provider() {
    for iss in [
        "https://agent.buildkite.com",
        "https://oidc.circleci.com/org/3d2a0d8f-7a5e-4c1b-9a9e-0c6a4a0f5a11",
    ] {
        let error = refused(&jwt(Kind::Oidc, "machine", &[("iss", iss)], 0), &[]);
        assert!(error.contains("other-platforms.md"), "{error}");
    }
}

#[test]
fn what_is_no_jwt_is_refused_with_the_reason_and_without_its_text() {
    for (text, part) in [
        ("hunter2", "no JWT: it is not three parts"),
        ("a.b.c", "no JWT"),
        ("eyJhbGciOiJIUzI1NiJ9.eyJpc3MiOiJ4In0.AAAA", "algorithm"),
    ] {
        let error = refused(text, &[]);
        assert!(error.contains(part), "{error}");
        assert!(!error.contains(text), "{error}");
    }
    let without = [("repository_id", "web")];
    let error = refused(&jwt(Kind::GithubActions, "push-main", &without, 0), &[]);
    assert!(
        error.contains("not as github-actions signs them"),
        "{error}"
    );
    let long = input(io::repeat(b'x').take(LONGEST_INPUT + 1)).unwrap_err();
    assert!(long.to_string().contains("longer than 64 KiB"), "{long}");
    assert!(input(&b" \n"[..]).is_err());
    assert_eq!(input(&b"abc\n"[..]).unwrap(), "abc\n");
}

#[test]
fn the_name_that_is_pushed_to_can_be_said() {
    let main = || jwt(Kind::GithubActions, "push-main", &[], 0);
    let line = ["--repository", "shop/web", "--issuer", "gh"];
    let (file, said) = written(&main(), &line);
    assert!(file.contains("push = [\"shop/web\"]"), "{file}");
    assert!(file.contains("[issuer.gh]"), "{file}");
    assert!(said.contains("github-workflow.yml"), "{said}");
    for (line, part) in [
        (["--repository", "Shop/Web"], "--repository"),
        (["--repository", "a b"], "--repository"),
        (["--issuer", "GH"], "small letters"),
        (["--issuer", "a b"], "--issuer"),
        (["--issuer", "token"], "reserved"),
    ] {
        let error = refused(&main(), &line);
        assert!(error.contains(part), "{line:?}: {error}");
    }
}

#[test]
fn what_acts_in_the_file_of_a_job_is_refused() {
    for (kind, claim, value) in [
        (Kind::GithubActions, "environment", "${{ secrets.X }}"),
        (Kind::GithubActions, "ref", "refs/heads/${{github.actor}}"),
        (Kind::Gitlab, "environment", "$SECRET"),
        (Kind::Gitlab, "ref", r#"refs/heads/x"||"1"=="1"#),
        (Kind::Gitlab, "environment", "production\u{202e}"),
    ] {
        let hostile = jwt(kind, "push-main", &[(claim, value)], 0);
        let said = refused(&hostile, &[]);
        assert!(said.contains("means something else"), "{value}: {said}");
        assert!(!said.contains('\u{202e}'), "{said}");
    }
}

#[test]
fn an_iss_and_an_owner_cannot_write_lines_or_hide_any() {
    for iss in [
        "https://git.example\n.com/api/actions",
        "https://git.example.com/\"\nx = 1/api/actions",
        "https://git.example.com/`id`/api/actions",
        "https://git.example.com/\u{202e}/api/actions",
        "https://gitlab.example.com/'",
    ] {
        let hostile = jwt(Kind::Forgejo, "push-main", &[("iss", iss)], 0);
        let said = refused(&hostile, &[]);
        assert!(said.starts_with("the JWT's iss "), "{said}");
        assert!(!said.contains(['\n', '\u{202e}']), "{said}");
    }
    let owner = [("owner", "acme\u{202e}")];
    let hidden = jwt(Kind::GithubActions, "push-main", &owner, 0);
    let (file, _) = written(&hidden, &["--repository", "apps/web"]);
    assert!(file.contains("# of acme?: "), "{file}");
}
