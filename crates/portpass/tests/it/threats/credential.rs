//! Where a credential stands, and what it is taken for.

use base64::prelude::{BASE64_STANDARD, BASE64_STANDARD_NO_PAD, Engine as _};

use super::{
    forge::{Jwt, encode},
    stage::{Stage, WEB, play},
    wire::Request,
};
use crate::app::{SERVICE, basic};

/// A push with any value of `Authorization`.
async fn with(stage: &Stage, authorization: &str) -> super::outcome::Outcome {
    let request = Request::get(&format!("/token?service={SERVICE}&scope={WEB}"));
    stage.send(request.authorization(authorization)).await
}

#[tokio::test]
async fn case_38_a_user_name_gives_nothing_and_a_jwt_is_tried_as_nothing_else() {
    play(async |stage| {
        let honest = Jwt::github().sign();
        for user in [
            "JWT",
            "",
            "admin",
            "robot$acme+web",
            "<token>",
            "00000000-0000-0000-0000-000000000000",
            "\u{e9}t\u{e9}",
            "portpass_at_0123456789",
        ] {
            let outcome = with(stage.about(user), &basic(user, &honest)).await;
            outcome.is_granted(WEB);
            assert_eq!(outcome.event().identity.as_deref(), Some("74"));
        }
        let forged = Jwt::github().with_signature(&[7; 256]);
        let garbage = format!(
            "{}.{}.{}",
            encode("{\"alg\":\"RS256\"}"),
            encode("nothing"),
            encode("x")
        );
        for user in ["JWT", "octavia", "robot", ""] {
            let outcome = with(stage.about(user), &basic(user, &forged)).await;
            outcome.is_stranger("bad_signature");
            let outcome = with(stage, &basic(user, &garbage)).await;
            outcome.is_stranger("unknown_issuer");
        }
        let long_user = "u".repeat(4000);
        for (variant, user, password, reason) in [
            ("dots alone", "JWT", "some.password.here", "password"),
            ("no dots", "me", "correct horse battery", "password"),
            (
                "four parts",
                "me",
                "eyJhbGciOiJub25lIn0.e30.e30.e30",
                "password",
            ),
            (
                "a long user",
                long_user.as_str(),
                "correct horse battery",
                "password",
            ),
            (
                "an API token, cut",
                "robot",
                "portpass_at_0123456789abcdef",
                "secret_damaged",
            ),
            (
                "a refresh token, cut",
                "",
                "portpass_rt_0123456789abcdef",
                "secret_damaged",
            ),
            ("nothing", "JWT", "", "malformed"),
        ] {
            let outcome = with(stage.about(variant), &basic(user, password)).await;
            outcome.is_stranger(reason);
        }
        let outcome = with(stage.about("a colon"), &basic("system:sa", &honest)).await;
        outcome.is_stranger("colon_in_user_name");
    })
    .await;
}

#[tokio::test]
async fn case_39_our_own_tokens_are_no_credentials() {
    play(async |stage| {
        let granted = stage.push(&Jwt::github().sign()).await;
        let token = granted.reply().json()["token"].as_str().unwrap().to_owned();
        let claims = granted.token();
        assert_eq!(claims["iss"], "https://registry.example.com");
        assert_eq!(claims["aud"], SERVICE, "for one registry, and no list");
        for user in ["JWT", "", "octavia"] {
            let outcome = with(stage.about(user), &basic(user, &token)).await;
            outcome.is_stranger("unknown_issuer");
        }
        let outcome = with(stage.about("bearer"), &format!("Bearer {token}")).await;
        outcome.is_stranger("unsupported_scheme");
        for grant in ["refresh_token", "password"] {
            let form = [
                ("grant_type", grant),
                (grant, &token),
                ("service", SERVICE),
                ("scope", WEB),
            ];
            let outcome = stage.about(grant).send(Request::form(&form)).await;
            outcome.is_stranger("unknown_issuer");
        }
        // Even where its claims say what a platform's would.
        let ours = Jwt::github().claim("iss", claims["iss"].clone()).sign();
        let outcome = stage.about("in our name").push(&ours).await;
        outcome.is_stranger("unknown_issuer");
    })
    .await;
}

#[tokio::test]
async fn case_48_only_basic_credentials_are_read_however_they_are_written() {
    play(async |stage| {
        let honest = Jwt::github().sign();
        let encoded = BASE64_STANDARD.encode(format!("JWT:{honest}"));
        for scheme in ["Basic ", "basic ", "BASIC ", "Basic   "] {
            with(stage.about(scheme), &format!("{scheme}{encoded}"))
                .await
                .is_granted(WEB);
        }
        let bare = BASE64_STANDARD_NO_PAD.encode(format!("JWT:{honest}"));
        with(stage.about("no padding"), &format!("Basic {bare}"))
            .await
            .is_granted(WEB);
        let no_colon = BASE64_STANDARD.encode(&honest);
        for (value, reason) in [
            (format!("Bearer {honest}"), "unsupported_scheme"),
            (format!("Digest {encoded}"), "unsupported_scheme"),
            (format!("Negotiate {encoded}"), "unsupported_scheme"),
            (format!("Basic\t{encoded}"), "unsupported_scheme"),
            (format!("Basic{encoded}"), "unsupported_scheme"),
            (honest.clone(), "unsupported_scheme"),
            (format!("Basic {honest}"), "malformed"),
            (format!("Basic {no_colon}"), "malformed"),
            (format!("Basic {encoded} {encoded}"), "malformed"),
            (format!("Basic {encoded}, Basic {encoded}"), "malformed"),
            (format!("Basic {encoded}!"), "malformed"),
            ("Basic".to_owned(), "malformed"),
            ("Basic ".to_owned(), "malformed"),
            ("Basic /////w==".to_owned(), "malformed"),
        ] {
            let outcome = with(stage.about(value.clone()), &value).await;
            outcome.is_stranger(reason);
        }
    })
    .await;
}

#[tokio::test]
async fn case_49_two_credentials_in_one_request_are_none() {
    let other = "another-jwt-or-whatever";
    play(async |stage| {
        let honest = Jwt::github().sign();
        let form = |name: &str, value: &str| {
            Request::form(&[("grant_type", name), (name, value), ("service", SERVICE)])
        };
        for (variant, request) in [
            (
                "form and header",
                form("password", &honest).basic("JWT", &honest),
            ),
            (
                "form and another header",
                form("password", other).basic("JWT", &honest),
            ),
            (
                "a refresh token and a header",
                form("refresh_token", other).basic("JWT", &honest),
            ),
        ] {
            stage
                .about(variant)
                .send(request)
                .await
                .is_stranger("malformed");
        }
        let target = format!("/token?service={SERVICE}&scope={WEB}");
        for second in [
            basic("JWT", &honest),
            basic("me", "correct horse"),
            String::new(),
        ] {
            for first in [true, false] {
                let request = Request::get(&target);
                let request = if first {
                    request.basic("JWT", &honest).authorization(&second)
                } else {
                    request.authorization(&second).basic("JWT", &honest)
                };
                let outcome = stage
                    .about(format!("two headers, {second}"))
                    .send(request)
                    .await;
                outcome.is_nonsense();
            }
        }
        for name in [
            "password",
            "refresh_token",
            "client_secret",
            "assertion",
            "client_assertion",
        ] {
            let request = Request::get(&format!("{target}&{name}={honest}")).secret(&honest);
            let outcome = stage
                .about(format!("{name} in a query"))
                .send(request)
                .await;
            outcome.is_nonsense();
        }
        for form in [
            vec![
                ("grant_type", "password"),
                ("password", &*honest),
                ("password", "x"),
            ],
            vec![
                ("grant_type", "password"),
                ("password", &*honest),
                ("refresh_token", other),
            ],
            vec![("grant_type", "refresh_token"), ("password", &*honest)],
            vec![("grant_type", "authorization_code"), ("password", &*honest)],
            vec![("refresh_token", &*honest)],
        ] {
            let outcome = stage
                .about(format!("{} fields", form.len()))
                .send(Request::form(&form))
                .await;
            outcome.is_nonsense();
        }
        let form = [
            ("grant_type", "password"),
            ("username", "JWT"),
            ("password", &*honest),
            ("service", SERVICE),
            ("scope", WEB),
        ];
        stage
            .about("one form")
            .send(Request::form(&form))
            .await
            .is_granted(WEB);
    })
    .await;
}
