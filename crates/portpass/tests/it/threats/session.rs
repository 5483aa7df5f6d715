//! Secrets of ours in other hands, at other registries, and after their time.

use portpass::admin::{CreateApiToken, RevokeApiToken};

use super::{
    forge::Jwt,
    setting::Setting,
    stage::{Stage, WEB, play, play_with},
    wire::Request,
};
use crate::app::SERVICE;

/// A refresh token for the session of a JWT.
async fn docker_login(stage: &Stage, jwt: &str) -> String {
    let target = format!("/token?offline_token=true&service={SERVICE}");
    let outcome = stage.send(Request::get(&target).basic("JWT", jwt)).await;
    outcome.is_granted("").refresh_token()
}

/// A push by a refresh token, at some registry.
fn refresh_at(service: &str, token: &str) -> Request {
    Request::form(&[
        ("grant_type", "refresh_token"),
        ("refresh_token", token),
        ("service", service),
        ("scope", WEB),
    ])
}

#[tokio::test]
async fn case_54_a_refresh_token_is_worth_nothing_at_another_registry() {
    play(async |stage| {
        let staging =
            "[registry.staging]\nservice = \"staging.example.com\"\nkind = \"distribution\"\n";
        stage
            .reload(|file| {
                let both = "registries = [\"prod\", \"staging\"]\n    ";
                let file = file.replace("from = ", &format!("{both}from = "));
                let file = file.replace("anonymous = ", &format!("{both}anonymous = "));
                file.replace("[deny.citron]", &format!("[deny.citron]\n{both}")) + staging
            })
            .await;
        let token = docker_login(stage, &Jwt::github().sign()).await;
        let outcome = stage
            .about("another")
            .send(refresh_at("staging.example.com", &token))
            .await;
        outcome.is_refused("other_registry", "74");
        let outcome = stage
            .about("none")
            .send(refresh_at("elsewhere", &token))
            .await;
        outcome.is_nonsense();
        stage
            .about("its own")
            .send(refresh_at(SERVICE, &token))
            .await
            .is_granted(WEB);
    })
    .await;
}

#[tokio::test]
async fn case_55_an_api_token_ends_when_it_is_revoked_and_gives_no_more_than_it_was_made_for() {
    let robots = Setting {
        rules: "[group.robots]\noperators = true\n\
                [rule.bilberry]\ngroup = \"robots\"\npull = [\"base/**\", \"apps/**\"]\n",
        ..Setting::default()
    };
    let base = "repository:base/a:pull";
    play_with(robots, async |stage| {
        let question = CreateApiToken {
            name: "mirror".to_owned(),
            group: "robots".to_owned(),
            pull: vec!["base/**".to_owned()],
            ..CreateApiToken::default()
        };
        let made = stage.app.operator().ask(&question).await.unwrap();
        let ask = |secret: &str, scope: &str| {
            let target = format!("/token?service={SERVICE}&scope={scope}");
            Request::get(&target).basic("robot", secret)
        };
        stage.send(ask(&made.secret, base)).await.is_granted(base);
        let outcome = stage.about("beyond its ceiling");
        let outcome = outcome
            .send(ask(&made.secret, "repository:apps/x:pull"))
            .await;
        outcome.is_refused("ceiling", &made.id);
        let (begun, last) = made.secret.split_at(made.secret.len() - 1);
        let damaged = format!("{begun}{}", if last == "x" { "y" } else { "x" });
        stage
            .about("damaged")
            .send(ask(&damaged, base))
            .await
            .is_stranger("secret_damaged");
        let target = format!("/token?offline_token=true&service={SERVICE}");
        let request = Request::get(&target).basic("robot", &made.secret);
        let outcome = stage.about("no session").send(request).await;
        assert_eq!(
            outcome.is_granted("").reply().json()["refresh_token"],
            serde_json::Value::Null
        );
        let revoke = RevokeApiToken {
            id: made.id.clone(),
        };
        stage.app.operator().ask(&revoke).await.unwrap();
        let outcome = stage.about("revoked").send(ask(&made.secret, base)).await;
        outcome.is_refused("token_revoked", &made.id);
    })
    .await;
}

#[tokio::test]
async fn case_56_a_login_of_an_issuer_that_was_repointed_is_suspended() {
    play(async |stage| {
        let token = docker_login(stage, &Jwt::github().sign()).await;
        let mut before = String::new();
        stage
            .reload(|file| {
                before.clone_from(&file);
                let url = "kind = \"github-actions\"\nurl = \"https://ghes.example.com\"";
                file.replace("kind = \"github-actions\"", url)
            })
            .await;
        let outcome = stage
            .about("repointed")
            .send(refresh_at(SERVICE, &token))
            .await;
        outcome.is_refused("suspended", "74");
        let outcome = stage.about("its JWT").push(&Jwt::github().sign()).await;
        outcome.is_stranger("unknown_issuer");
        stage.reload(|_| before).await;
        stage.refresh().await;
        stage
            .about("as it was")
            .send(refresh_at(SERVICE, &token))
            .await
            .is_granted(WEB);
    })
    .await;
}

#[tokio::test]
async fn case_57_nothing_of_a_login_outlives_its_cap() {
    play(async |stage| {
        let jwt = Jwt::github().sign();
        let token = docker_login(stage, &jwt).await;
        stage.advance(330);
        stage
            .about("the JWT, expired")
            .push(&jwt)
            .await
            .is_refused("expired", "74");
        let outcome = stage
            .about("within the hour")
            .send(refresh_at(SERVICE, &token))
            .await;
        let claims = outcome.is_granted(WEB).token();
        let now = stage.app.portpass.clock.now().as_second();
        assert!(claims["exp"].as_i64().unwrap() <= now + 900);
        stage.advance(3600 - 330 - 10);
        let outcome = stage
            .about("at its end")
            .send(refresh_at(SERVICE, &token))
            .await;
        assert_eq!(outcome.is_granted(WEB).reply().json()["expires_in"], 60);
        stage.advance(10);
        let outcome = stage
            .about("after it")
            .send(refresh_at(SERVICE, &token))
            .await;
        outcome.is_refused("session_ended", "74");
        let outcome = stage.about("the JWT, after it").push(&jwt).await;
        outcome.is_refused("expired", "74");
        stage.advance(3600 * 20);
        let outcome = stage
            .about("long after it")
            .send(refresh_at(SERVICE, &token))
            .await;
        outcome.gives_nothing();
        stage.refresh().await;
    })
    .await;
}
