//! Who says to have signed, and who did.

use fixtures::Kind;
use serde_json::json;

use super::{
    forge::{Jwt, jwks, keys},
    platform::Reply,
    stage::{WEB, play},
};

#[tokio::test]
async fn case_07_an_unknown_or_look_alike_issuer_makes_no_request() {
    let real = "https://token.actions.githubusercontent.com";
    play(async |stage| {
        let before = stage.asked();
        let mut variants = vec![
            format!("{real}/"),
            format!("{real}.evil"),
            format!("{real}/acme"),
            format!("{real}#"),
            format!("{real}?"),
            format!(" {real}"),
            real.replace("https://", "https://evil@"),
            real.replace(
                "https://",
                "https://token.actions.githubusercontent.com@evil/",
            ),
            real.replace("https", "http"),
            real.replace("https", "HTTPS"),
            real.replace("token", "Token"),
            real.replace(".com", ".com:443"),
            real.replace('i', "\u{456}"),
            real.replace("github", "git\u{200b}hub"),
            real.replace("githubusercontent", "xn--githubusercontent-0"),
            "https://accounts.google.com".to_owned(),
            "http://169.254.169.254/latest/meta-data".to_owned(),
            "file:///etc/passwd".to_owned(),
            "github".to_owned(),
            String::new(),
            stage.elsewhere.url.clone(),
            // Where GitHub's keys are is not who GitHub is.
            stage.github.url.clone(),
        ];
        variants.push("x".repeat(8000));
        for iss in variants {
            let jwt = Jwt::github().claim("iss", iss.clone()).sign();
            let outcome = stage
                .about(iss.chars().take(80).collect::<String>())
                .push(&jwt)
                .await;
            outcome.is_stranger("unknown_issuer");
            assert_eq!(outcome.event().issuer, None);
        }
        for iss in [json!(null), json!(5), json!([real]), json!({ "url": real })] {
            let jwt = Jwt::github().claim("iss", iss.clone()).sign();
            let outcome = stage.about(iss.to_string()).push(&jwt).await;
            outcome.is_stranger("unknown_issuer");
        }
        let jwt = Jwt::github().without("iss").sign();
        let outcome = stage.about("no iss").push(&jwt).await;
        outcome.is_stranger("unknown_issuer");
        assert_eq!(stage.asked(), before, "somebody was asked");
    })
    .await;
}

#[tokio::test]
async fn case_08_a_key_is_good_for_its_own_issuer_alone() {
    play(async |stage| {
        // GitLab publishes another key under the id of GitHub's.
        let keys = keys();
        let both = jwks(&[&keys.gitlab, &keys.attacker]);
        stage.gitlab.answers(Reply::json(&both));
        stage.advance(700);
        stage.refresh().await;
        let now = stage.app.portpass.clock.now().as_second();
        let fresh = |jwt: Jwt| jwt.claim("iat", now).claim("exp", now + 60);
        let as_github = fresh(Jwt::github()).by(&keys.attacker).sign();
        let outcome = stage.about("GitHub by GitLab's key").push(&as_github).await;
        outcome.is_stranger("bad_signature");
        assert_eq!(outcome.event().issuer.as_deref(), Some("github"));
        let as_gitlab = fresh(Jwt::gitlab()).by(&keys.github).sign();
        let outcome = stage.about("GitLab by GitHub's key").push(&as_gitlab).await;
        outcome.is_stranger("bad_signature");
        // The control: it is a key of GitLab's indeed.
        let scope = "repository:apps/gitlab/acme/web:push";
        let of_gitlab = fresh(Jwt::gitlab()).by(&keys.attacker).sign();
        stage.about("GitLab by its own");
        stage.ask(&of_gitlab, scope).await.is_granted(scope);
    })
    .await;
}

#[tokio::test]
async fn case_09_an_issuers_administrator_is_nobody_at_another() {
    play(async |stage| {
        // Ids, names and everything else as GitHub has them: the signer is what counts.
        let honest = Jwt::github();
        let mut forged = Jwt::gitlab();
        for (name, value) in &honest.claims {
            if name != "iss" {
                forged.claims.insert(name.clone(), value.clone());
            }
        }
        let outcome = stage.about("GitHub's names").push(&forged.sign()).await;
        outcome.is_refused("no_rule", "74");
        assert_eq!(outcome.event().issuer.as_deref(), Some("gitlab"));
        let claims_to_be = forged.clone().claim("issuer", "github").sign();
        let outcome = stage.about("claims to be").push(&claims_to_be).await;
        outcome.is_refused("no_rule", "74");
        let as_github = forged.claim("iss", honest.claims["iss"].clone()).sign();
        let outcome = stage.about("GitHub's iss").ask(&as_github, WEB).await;
        outcome.is_stranger("unknown_key");
    })
    .await;
}

#[tokio::test]
async fn case_10_two_clusters_of_one_iss_are_told_apart_by_their_keys() {
    let (a, b) = (
        "repository:pods/cluster-a/ci/builder:push",
        "repository:pods/cluster-b/ci/builder:push",
    );
    play(async |stage| {
        let of_a = Jwt::pod().by(&keys().cluster_a).sign();
        let of_b = Jwt::pod().by(&keys().cluster_b).sign();
        let outcome = stage.ask(&of_a, a).await;
        assert_eq!(
            outcome.is_granted(a).event().issuer.as_deref(),
            Some("cluster-a")
        );
        let outcome = stage.ask(&of_b, b).await;
        assert_eq!(
            outcome.is_granted(b).event().issuer.as_deref(),
            Some("cluster-b")
        );
        for (jwt, scope) in [(&of_a, b), (&of_b, a)] {
            let outcome = stage.about(scope).ask(jwt, scope).await;
            outcome.is_refused("no_rule", "ci/builder");
        }
        let other = Jwt::of(Kind::Kubernetes, "pod", &[("namespace", "prod")]).sign();
        let outcome = stage
            .about("a namespace that is not pinned")
            .ask(&other, a)
            .await;
        outcome.is_stranger("not_pinned");
        let foreign = Jwt::pod().by(&keys().github).header("alg", "RS256").sign();
        let outcome = stage.about("neither's key").ask(&foreign, a).await;
        outcome.is_stranger("unknown_key");
    })
    .await;
}
