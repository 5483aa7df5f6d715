//! What a request may leave behind, and what it may not.

use std::fmt::Write as _;

use super::{
    forge::{Jwt, encode},
    stage::{WEB, play},
    wire::Request,
};
use crate::app::{SERVICE, basic};

/// Every way to present something that fails, with an honest JWT in the wrong
/// place or shape among others.
fn failing(honest: &str) -> Vec<(&'static str, Request)> {
    let (head, _) = honest.rsplit_once('.').unwrap();
    let target = format!("/token?service={SERVICE}&scope={WEB}");
    let get = || Request::get(&target);
    let form = |pairs: &[(&str, &str)]| Request::form(pairs);
    let header = basic("JWT", honest);
    let json = format!("{{\"password\":\"{honest}\"}}");
    vec![
        (
            "a person's password",
            get().basic("octavia", "hunter2-but-longer"),
        ),
        (
            "the password for a name",
            get().basic("hunter2-but-longer", ""),
        ),
        (
            "a forged JWT",
            get().basic("JWT", &format!("{head}.{}", encode([1; 256]))),
        ),
        (
            "a JWT cut short",
            get().basic("JWT", honest.split_at(honest.len() - 7).0),
        ),
        (
            "a JWT that is no JWT",
            get().basic("JWT", &honest.replace('.', ",")),
        ),
        (
            "a broken header",
            get().authorization(&format!("{header}*")),
        ),
        (
            "another scheme",
            get().authorization(&format!("Bearer {honest}")),
        ),
        ("no scheme", get().authorization(honest)),
        (
            "a JSON body",
            Request::of("POST", "/token")
                .body(json.as_bytes())
                .secret(honest),
        ),
        (
            "a form of another type",
            Request::of("POST", "/token")
                .header("content-type", "text/plain")
                .body(format!("password={honest}").as_bytes())
                .secret(honest),
        ),
        (
            "a form twice over",
            form(&[("password", honest), ("password", honest)]),
        ),
        (
            "a query",
            Request::get(&format!("{target}&password={honest}")).secret(honest),
        ),
        (
            "a path",
            Request::get(&format!("/token/{honest}")).secret(honest),
        ),
        (
            "another endpoint",
            Request::of("POST", "/oauth2/token").basic("JWT", honest),
        ),
        (
            "a user agent",
            get()
                .header("user-agent", honest.split_at(100).0)
                .basic("JWT", "x-wrong-x-wrong"),
        ),
        (
            "a refresh token that is none",
            form(&[
                ("grant_type", "refresh_token"),
                ("refresh_token", "portpass_rt_hunter2butlonger"),
                ("service", SERVICE),
            ]),
        ),
    ]
}

/// That nothing secret is left is looked at after each case; here of everything
/// that fails, and of connections that end early.
#[tokio::test]
async fn case_41_no_secret_is_left_anywhere_and_no_label_is_a_callers() {
    play(async |stage| {
        let honest = Jwt::github().sign();
        let target = format!("/token?service={SERVICE}&scope={WEB}");
        let get = || Request::get(&target);
        for (variant, request) in failing(&honest) {
            let outcome = stage.about(variant).send(request).await;
            assert!((400..500).contains(&outcome.status()), "{outcome:#?}");
        }
        let outcome = stage
            .about("a cookie")
            .send(get().header("cookie", &honest).secret(&honest))
            .await;
        outcome.is_stranger("login_required");
        for cut in [20, 200] {
            // A connection that ends in the middle of its credential.
            let bytes = get().basic("JWT", &honest).bytes();
            let cut = &bytes[..bytes.len() - cut];
            let request = get().basic("JWT", &honest);
            let outcome = stage.about("cut off").exchange(&request, cut).await;
            assert!(outcome.events.is_empty(), "{outcome:#?}");
        }
        let scope = "repository:apps/gitlab/acme/web:push";
        let outcome = stage
            .about("personal claims")
            .ask(&Jwt::gitlab().sign(), scope)
            .await;
        let event = serde_json::to_string(outcome.is_granted(scope).event()).unwrap();
        assert!(!event.contains("octavia@example.com"), "{event}");

        let mut chosen = String::new();
        for index in 0..30 {
            write!(chosen, "chosen{index} ").unwrap();
            let target = format!(
                "/token?service={SERVICE}&scope=repository:base/chosen{index}:pull&account=chosen"
            );
            let jwt = Jwt::of_run(&format!("{index}")).sign();
            stage
                .send(Request::get(&target).basic("chosen", &jwt))
                .await;
            stage.send(Request::get(&format!("/chosen{index}"))).await;
            let iss = format!("https://chosen{index}.example");
            stage.push(&Jwt::github().claim("iss", iss).sign()).await;
        }
        let metrics = stage.metrics().await;
        assert!(!metrics.contains("chosen"), "{chosen} in {metrics}");
        assert!(
            metrics.contains("portpass_token_requests_total"),
            "{metrics}"
        );
    })
    .await;
}
