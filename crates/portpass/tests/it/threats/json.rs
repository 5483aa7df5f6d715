//! JSON that parsers read differently, or not at all.

use serde_json::Value;

use super::{
    forge::{Jwt, keys, sign},
    stage::{Stage, WEB, play},
};

const HEADER: &str = r#"{"alg":"RS256","kid":"one","typ":"JWT"}"#;

/// The honest claims, as a text with something before the last brace.
fn claims_and(more: &str) -> String {
    let text = Value::Object(Jwt::github().claims).to_string();
    format!("{},{more}}}", text.strip_suffix('}').unwrap())
}

/// A JWT of any header and payload, rightly signed.
async fn push(stage: &Stage, header: &str, payload: &str) -> super::outcome::Outcome {
    stage
        .push(&sign(&keys().github, header, payload.as_bytes()))
        .await
}

#[tokio::test]
async fn case_43_what_is_said_twice_is_not_believed() {
    play(async |stage| {
        let claims = claims_and("\"x\":1");
        for (header, reason) in [
            (r#"{"alg":"RS256","alg":"none","kid":"one"}"#, "malformed"),
            (r#"{"alg":"RS256","alg":"RS256","kid":"one"}"#, "malformed"),
            (
                r#"{"alg":"RS256","kid":"one","\u0061lg":"none"}"#,
                "malformed",
            ),
            (r#"{"alg":"RS256","kid":"one","kid":"two"}"#, "malformed"),
            (
                r#"{"alg":"RS256","kid":"one","x":{"a":1,"a":2}}"#,
                "malformed",
            ),
            (r#"{"alg":"RS256","kid":"one"}{}"#, "password"),
            (r#"["RS256"]"#, "password"),
        ] {
            push(stage.about(header), header, &claims)
                .await
                .is_stranger(reason);
        }
        for (more, reason) in [
            (r#""repository_id":"75""#, "claims"),
            (r#""repository_id":"74""#, "claims"),
            (r#""repository_\u0069d":"75""#, "claims"),
            (r#""aud":"elsewhere""#, "claims"),
            (r#""exp":9999999999"#, "claims"),
            (r#""deep":{"a":[{"b":1,"b":2}]}"#, "claims"),
            (r#""iss":"https://gitlab.example.com""#, "unknown_issuer"),
            (
                r#""\u0069ss":"https://gitlab.example.com""#,
                "unknown_issuer",
            ),
        ] {
            push(stage.about(more), HEADER, &claims_and(more))
                .await
                .is_stranger(reason);
        }
        stage.about("said once");
        push(stage, HEADER, &claims).await.is_granted(WEB);
    })
    .await;
}

#[tokio::test]
async fn case_44_depth_numbers_and_characters_are_bounded() {
    play(async |stage| {
        let deep = |depth: usize| format!("\"x\":{}{}", "[".repeat(depth), "]".repeat(depth));
        let wide = format!("\"x\":[{}1]", "1,".repeat(3000));
        let long = format!("\"x\":\"{}\"", "y".repeat(1025));
        for (variant, more) in [
            ("5000 deep", deep(5000)),
            ("200 deep", deep(200)),
            ("too large a number", "\"x\":1e999".to_owned()),
            ("a long text", long),
            ("a NUL", r#""x":"a\u0000b""#.to_owned()),
            ("an escape", r#""x":"\u001b[2J""#.to_owned()),
            ("a control of C1", r#""x":"\u009b31m""#.to_owned()),
            ("a name with a newline", r#""x\n":1"#.to_owned()),
        ] {
            let outcome = push(stage.about(variant), HEADER, &claims_and(&more)).await;
            outcome.is_stranger("claims");
        }
        for (variant, more) in [
            ("half a surrogate", r#""x":"\ud800""#),
            ("the other half", r#""x":"\udc00\ud800""#),
            ("a raw control", "\"x\":\"\u{1}\""),
            ("a number that is none", "\"x\":01"),
            ("a comma too many", "\"x\":1,"),
            ("a comment", "\"x\":1/**/"),
        ] {
            let outcome = push(stage.about(variant), HEADER, &claims_and(more)).await;
            outcome.gives_nothing();
            assert_eq!(outcome.event().kind, "stranger");
        }
        let bytes = [
            claims_and("\"x\":\"").trim_end_matches('}').as_bytes(),
            b"\xff\"}",
        ]
        .concat();
        let outcome = stage
            .about("not UTF-8")
            .push(&sign(&keys().github, HEADER, &bytes))
            .await;
        assert_eq!(outcome.gives_nothing().event().kind, "stranger");
        let big = claims_and(&format!("\"x\":\"{}\"", "y".repeat(17 << 10)));
        push(stage.about("17 KiB"), HEADER, &big)
            .await
            .is_stranger("malformed");
        push(stage.about("wide"), HEADER, &claims_and(&wide))
            .await
            .is_granted(WEB);
        push(stage.about("100 deep"), HEADER, &claims_and(&deep(100)))
            .await
            .is_granted(WEB);
        let huge = claims_and("\"x\":123456789012345678901234567890");
        push(stage.about("a large number"), HEADER, &huge)
            .await
            .is_granted(WEB);
    })
    .await;
}

#[tokio::test]
async fn case_45_a_key_id_is_a_name_and_leads_nowhere() {
    play(async |stage| {
        let url = format!("{}/jwks", stage.elsewhere.url);
        for kid in [
            "../../../../etc/passwd",
            "/dev/null",
            "file:///etc/passwd",
            &url,
            "one' OR '1'='1",
            "one; DROP TABLE events",
            "${jndi:ldap://127.0.0.1/x}",
            "one\u{0}",
            "one ",
            "ONE",
            "\u{ff4f}ne",
            "one\r\nx: y",
            "",
            &"k".repeat(1024),
        ] {
            let jwt = Jwt::github().header("kid", kid).sign();
            let outcome = stage.about(format!("{kid:.40?}")).push(&jwt).await;
            outcome.is_stranger("unknown_key");
            let event = serde_json::to_string(outcome.event()).unwrap();
            assert!(
                !event.contains("passwd") && !event.contains("kkkk"),
                "{event}"
            );
        }
        for kid in [
            Value::Null,
            1.into(),
            true.into(),
            vec!["one"].into(),
            "k".repeat(10 << 10).into(),
        ] {
            let jwt = Jwt::github().header("kid", kid.clone()).sign();
            let outcome = stage
                .about(format!("{:.40}", kid.to_string()))
                .push(&jwt)
                .await;
            outcome.is_stranger("malformed");
        }
        // Of one key for the algorithm there is no doubt which it is.
        let jwt = Jwt::github().without_header("kid").sign();
        stage.about("none").push(&jwt).await.is_granted(WEB);
    })
    .await;
}
