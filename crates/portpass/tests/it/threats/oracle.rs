//! What a refusal tells whoever goes on asking.

use super::{
    forge::{Jwt, keys},
    stage::play,
};
use crate::app::{SERVICE, basic};

#[tokio::test]
async fn case_42_refusals_tell_nobody_what_there_is() {
    play(async |stage| {
        let names = [
            "apps/github/acme/web",
            "apps/github/acme/nothing",
            "apps/github/acme/secret",
            "gold/web",
            "base/alpine",
            "nowhere/at/all",
        ];
        let ask = async |authorization: Option<&str>, name: &str| {
            let target = format!("/token?service={SERVICE}&scope=repository:{name}:pull,push");
            let request = super::wire::Request::get(&target);
            let request = match authorization {
                Some(value) => request.authorization(value),
                None => request,
            };
            stage.send(request).await
        };
        // Whoever proves nothing reads the same of every name.
        let forged = basic("JWT", &Jwt::github().by(&keys().attacker).sign());
        let wrong = [
            basic("octavia", "correct horse battery"),
            basic("nobody", "another wrong password"),
        ];
        let mut told = Vec::new();
        for name in names {
            let outcome = ask(Some(&wrong[0]), name).await;
            told.push(outcome.is_stranger("password").reply().body.clone());
            let outcome = ask(Some(&wrong[1]), name).await;
            told.push(outcome.is_stranger("password").reply().body.clone());
        }
        assert!(told.windows(2).all(|two| two[0] == two[1]), "{told:?}");
        let without_decision = |message: String| {
            let (told, _) = message.split_once("; decision").unwrap();
            told.to_owned()
        };
        let mut told = Vec::new();
        for name in names {
            let outcome = ask(Some(&forged), name).await;
            told.push(without_decision(
                outcome.is_stranger("bad_signature").message(),
            ));
        }
        assert!(told.windows(2).all(|two| two[0] == two[1]), "{told:?}");
        // Which owner, key or claim was guessed is told no more than the category.
        let mut told = Vec::new();
        for owner in ["1", "64", "66", "999"] {
            let jwt = Jwt::github().claim("repository_owner_id", owner).sign();
            let outcome = stage.about(owner).push(&jwt).await;
            told.push(without_decision(
                outcome.is_stranger("not_pinned").message(),
            ));
        }
        assert!(told.windows(2).all(|two| two[0] == two[1]), "{told:?}");
        // Of names that no rule of theirs gives, the proven read the same, whatever is there.
        let proven = basic("JWT", &Jwt::github().sign());
        let mut told = Vec::new();
        for name in ["apps/gitlab/acme/web", "base/alpine", "nowhere/at/all"] {
            stage.about(name);
            let outcome = ask(Some(&proven), name).await;
            outcome.is_refused("no_rule", "74");
            told.push(without_decision(outcome.message()).replace(name, "NAME"));
        }
        assert!(told.windows(2).all(|two| two[0] == two[1]), "{told:?}");
        // A value that a rule wants is never told, however near the caller comes.
        for environment in ["sanctu", "vault", ""] {
            let jwt = Jwt::github().claim("environment", environment).sign();
            let outcome = stage
                .about(environment)
                .ask(&jwt, "repository:apps/github/acme/web:delete")
                .await;
            outcome.is_refused("unmet_fact", "74");
        }
        let right = Jwt::github().claim("environment", "sanctum").sign();
        let scope = "repository:apps/github/acme/web:delete";
        stage
            .about("the right one")
            .ask(&right, scope)
            .await
            .is_granted(scope);
    })
    .await;
}
