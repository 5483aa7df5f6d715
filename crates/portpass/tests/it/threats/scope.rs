//! What is asked for, and where.

use super::{
    forge::Jwt,
    stage::{Stage, WEB, play},
    wire::Request,
};
use crate::app::SERVICE;

const BASE: &str = "repository:base/a:pull";

/// Asks with a query as it stands.
async fn query(stage: &Stage, query: &str) -> super::outcome::Outcome {
    let request = Request::get(&format!("/token?{query}"));
    stage
        .send(request.basic("JWT", &Jwt::github().sign()))
        .await
}

#[tokio::test]
async fn case_36_scopes_are_read_in_one_way_and_bounded() {
    play(async |stage| {
        let service = format!("service={SERVICE}");
        for (asked, granted) in [
            (
                "scope=repository:base/a:pull&scope=repository:base/b:pull",
                "repository:base/a:pull repository:base/b:pull",
            ),
            (
                "scope=repository:base/b:pull+repository:base/a:pull",
                "repository:base/a:pull repository:base/b:pull",
            ),
            (
                "scope=repository:base/a:pull%20repository:base/a:pull",
                BASE,
            ),
            ("scope=repository:base/a:pull,pull,pull", BASE),
            ("scope=repository%3Abase%2Fa%3Apull", BASE),
            ("scope=repository:base/a:pull,fly", BASE),
            ("scope=repository:base/a:*", BASE),
            (
                "scope=repository:base/a:pull&scope=artifact:base/a:pull",
                BASE,
            ),
            (
                "scope=repository(plugin):base/a:pull",
                "repository(plugin):base/a:pull",
            ),
            // Of what nobody knows nothing is asked, so nothing is given.
            ("scope=registry:other:*", ""),
            ("scope=artifact:base/a:pull", ""),
            ("scope=", ""),
            ("", ""),
        ] {
            let outcome = query(stage.about(asked), &format!("{service}&{asked}")).await;
            outcome.is_granted(granted);
        }
        for asked in [
            "scope=repository:localhost:5000/web:pull",
            "scope=registry:catalog:*",
            "scope=repository:base/**:pull",
            "scope=repository:*:pull",
            "scope=repository:BASE/a:pull",
            "scope=repository:base/../apps/x:pull",
            "scope=repository:/base/a:pull",
            "scope=repository:base/a/:pull",
            "scope=repository:base/a:push",
            "scope=repository:base/a:delete",
            "scope=repository:base/a:pull&scope=repository:base/a:push",
        ] {
            let outcome = query(stage.about(asked), &format!("{service}&{asked}")).await;
            outcome.gives_nothing();
            assert_eq!(outcome.event().identity.as_deref(), Some("74"));
        }
        let many = |count| "scope=repository:base/a:pull&".repeat(count);
        let long = format!("scope=repository:{}:pull", "a".repeat(10_000));
        for (variant, asked) in [
            ("65 scopes", many(65)),
            ("1000 scopes", many(1000)),
            (
                "65 in one",
                format!("scope={}", "repository:base/a:pull+".repeat(65)),
            ),
            ("10 KB", long),
            ("no action", "scope=repository:base/a".to_owned()),
            ("no name", "scope=repository::pull".to_owned()),
            ("an empty action", "scope=repository:base/a:".to_owned()),
            (
                "a control character",
                "scope=repository:base/a%00:pull".to_owned(),
            ),
            ("not ASCII", "scope=repository:base/%C3%A9:pull".to_owned()),
            ("not UTF-8", "scope=repository:base/%FF:pull".to_owned()),
            (
                "an open class",
                "scope=repository(plugin:base/a:pull".to_owned(),
            ),
        ] {
            let outcome = query(stage.about(variant), &format!("{service}&{asked}")).await;
            outcome.is_nonsense();
        }
        stage.about("64 scopes");
        query(stage, &format!("{service}&{}", many(64)))
            .await
            .is_granted(BASE);
        let catalog = "registry:catalog:*";
        let keeper = Jwt::github().claim("environment", "strongroom").sign();
        stage.about("the catalog, where a rule gives it");
        stage.ask(&keeper, catalog).await.is_granted(catalog);
        // Of a repository it is what the rules give, and never the word itself.
        stage.about("everything of a repository");
        stage
            .ask(&keeper, "repository:base/a:*")
            .await
            .is_granted(BASE);
    })
    .await;
}

#[tokio::test]
async fn case_37_a_service_that_is_not_ours_gets_no_token() {
    play(async |stage| {
        let upper = SERVICE.to_uppercase();
        for service in [
            "service=elsewhere".to_owned(),
            format!("service={upper}"),
            format!("service={SERVICE}."),
            format!("service={SERVICE}:443"),
            format!("service=https://{SERVICE}"),
            format!("service=%20{SERVICE}"),
            format!("service={SERVICE}%00"),
            format!("service={SERVICE}&service=elsewhere"),
            format!("service={SERVICE},{SERVICE}"),
            "service=prod".to_owned(),
        ] {
            let asked = format!("{service}&scope={WEB}");
            let outcome = query(stage.about(service), &asked).await;
            outcome.is_nonsense();
            assert!(!outcome.message().contains(SERVICE), "{outcome:#?}");
        }
        let outcome = query(
            stage.about("missing, and there is one"),
            &format!("scope={WEB}"),
        )
        .await;
        assert_eq!(outcome.is_granted(WEB).token()["aud"], SERVICE);
        // Without a value it is as good as left out (RFC 6749 §3.1).
        let outcome = query(stage.about("empty"), &format!("service=&scope={WEB}")).await;
        assert_eq!(outcome.is_granted(WEB).token()["aud"], SERVICE);
    })
    .await;
}
