//! Names of repositories that were made to become other names.

use fixtures::Kind;
use serde_json::json;

use super::{
    forge::Jwt,
    setting::Setting,
    stage::{play, play_with},
};

/// A push of a repository whose name is a trick.
fn called(name: &str) -> Jwt {
    let jwt = Jwt::of(
        Kind::GithubActions,
        "push-main",
        &[("repository_id", "4711")],
    );
    jwt.claim("repository", name)
}

#[tokio::test]
async fn case_34_a_name_that_cannot_stand_in_a_template_gives_nothing() {
    let long = format!("acme/{}", "x".repeat(300));
    let names = [
        "acme/../base",
        "../base/web",
        "acme/..",
        "acme/.",
        "acme//web",
        "acme/",
        "/web",
        "acme/web/",
        "acme/web:latest",
        "acme/web@sha256",
        "acme/we b",
        "acme/*",
        "acme/**",
        "acme/{repository}",
        "acme/web%2f..",
        "acme\\web",
        "acme/-web",
        "acme/web-",
        "acme/w__\u{e9}b",
        "acme/\u{212a}ube",
        "acme/\u{ff57}eb",
        "\u{430}cme/web",
        "acme/web\u{200b}",
        "acme/web\u{202e}",
        "library",
        "web",
        "",
        long.as_str(),
    ];
    play(async |stage| {
        for name in names {
            let jwt = called(name).sign();
            for target in ["base/web", "apps/github/acme/web"] {
                let scope = format!("repository:{target}:push");
                let outcome = stage
                    .about(format!("{name:?} {target}"))
                    .ask(&jwt, &scope)
                    .await;
                outcome.gives_nothing();
            }
        }
        for name in ["acme/web\n", "acme/web\u{0}", "acme/\u{1b}[31mweb"] {
            let outcome = stage
                .about(format!("{name:?}"))
                .push(&called(name).sign())
                .await;
            outcome.is_stranger("claims");
        }
        for name in [json!(null), json!(["acme/web"]), json!(74), json!({})] {
            let jwt = Jwt::github().claim("repository", name.clone()).sign();
            let outcome = stage.about(name.to_string()).push(&jwt).await;
            outcome.is_stranger("claims");
        }
        let scope = "repository:apps/github/org/repo:push";
        stage.about("capitals");
        stage
            .ask(&called("Org/Repo").sign(), scope)
            .await
            .is_granted(scope);
    })
    .await;
}

#[tokio::test]
async fn case_35_names_that_become_one_name_belong_to_the_first_id() {
    let setting = Setting {
        rules: "[rule.bilberry]\nfrom = [\"github\"]\nwhen = { match = \"bergamot\" }\n\
                push = [\"by-id/{issuer}/{repository_id}\"]\n",
        ..Setting::default()
    };
    play_with(setting, async |stage| {
        for name in ["Acme/Web", "ACME/WEB", "acme/WEB"] {
            let outcome = stage.about(name).push(&called(name).sign()).await;
            outcome.is_refused("owned", "4711");
            let by_id = "repository:by-id/github/4711:push";
            stage
                .ask(&called(name).sign(), by_id)
                .await
                .is_granted(by_id);
            let outcome = stage
                .ask(&called(name).sign(), "repository:by-id/github/74:push")
                .await;
            outcome.is_refused("no_rule", "4711");
        }
        // Groups within groups are names of their own.
        let set = [
            ("project_path", "acme/team/web"),
            ("namespace_path", "acme/team"),
        ];
        let nested = Jwt::of(Kind::Gitlab, "push-main", &set).sign();
        let scope = "repository:apps/gitlab/acme/team/web:push";
        stage
            .about("nested")
            .ask(&nested, scope)
            .await
            .is_granted(scope);
        let outcome = stage
            .ask(&nested, "repository:apps/gitlab/acme/team:push")
            .await;
        outcome.is_refused("no_rule", "74");
    })
    .await;
}
