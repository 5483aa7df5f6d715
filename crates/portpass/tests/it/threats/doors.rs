//! Doors that strangers find, and what is behind them.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use axum::{body::Body, http};
use portpass::{
    admin::{Admin, protected},
    http::server::{self, Bounds},
    metrics::Metrics,
};
use tokio::{
    net::TcpListener,
    sync::{mpsc, watch},
};
use tower::ServiceExt as _;

use super::{
    forge::Jwt,
    stage::{WEB, play},
    wire::{Request, exchange, replies},
};
use crate::app::SERVICE;

const ADMIN_TOKEN: &str = "an-operators-own-token-of-32-bytes-or-more";

const BOUNDS: Bounds = Bounds {
    body: Duration::from_secs(5),
    body_bytes: 128 << 10,
    connections: 8,
    connections_per_address: 8,
    header_bytes: 64 << 10,
    header: Duration::from_secs(5),
    request: Duration::from_secs(10),
    drain: Duration::from_secs(1),
    trusted_proxies: Vec::new(),
    metrics: None,
};

#[tokio::test]
async fn case_58_the_admin_endpoint_opens_to_its_tokens_alone() {
    play(async |stage| {
        let (reload, _reloads) = mpsc::channel(1);
        let (portpass, store) = (Arc::clone(&stage.app.portpass), stage.app.store.clone());
        let keys = stage.app.folder.path().join("data/keys");
        let admin = Admin::of_server(portpass, store, reload, keys);
        let tokens = BTreeMap::from([("octavia".to_owned(), ADMIN_TOKEN.to_owned().into())]);
        let router = protected(admin, &tokens, Arc::new(Metrics::new()));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (_leave, leaving) = watch::channel(false);
        tokio::spawn(server::serve(listener, router, None, BOUNDS, leaving));
        let jwt = Jwt::github().sign();
        let ask = async |request: Request, from: &'static str| {
            let bytes = exchange(address, from, &request.bytes()).await;
            replies(&bytes)[0].clone()
        };
        let events = || Request::get("/events");
        for request in [
            events(),
            events().authorization("Bearer "),
            events().authorization("Bearer an-operators-own-token-of-32-bytes-or-mor"),
            events().authorization(&format!("Basic {ADMIN_TOKEN}")),
            events().authorization(&format!("Bearer {jwt}")),
            events().basic("octavia", ADMIN_TOKEN),
            Request::of("POST", "/sessions/revoke").body(b"{\"all\":true}"),
            Request::get("/nothing/at/all"),
            Request::get("/backup"),
        ] {
            let reply = ask(request.clone(), "127.0.0.1").await;
            assert_eq!(reply.status, 401, "{request:?}: {reply:?}");
            assert!(!reply.body.contains("74"), "{reply:?}");
        }
        // Whoever guesses too often has to wait; the holder elsewhere has not.
        for _ in 0..10 {
            ask(events(), "127.0.0.1").await;
        }
        assert_eq!(ask(events(), "127.0.0.1").await.status, 429);
        let holder = events().authorization(&format!("Bearer {ADMIN_TOKEN}"));
        let reply = ask(holder, "127.0.3.1").await;
        assert_eq!(reply.status, 200, "{reply:?}");
        assert!(reply.body.contains("\"74\""), "{reply:?}");
    })
    .await;
}

#[tokio::test]
async fn case_59_what_is_for_operators_is_nowhere_to_be_found_outside() {
    play(async |stage| {
        for path in [
            "/metrics",
            "/events",
            "/sessions",
            "/identities",
            "/groups",
            "/backup",
            "/keys",
            "/admin/",
            "/openapi.json",
            "/debug/pprof/",
            "/.env",
            "/v2/",
        ] {
            stage
                .about(path)
                .send(Request::get(path))
                .await
                .is_nowhere(404);
        }
        // The public readiness says whether, the operators' says what.
        let ready = stage.about("readiness").send(Request::get("/readyz")).await;
        assert!(!ready.reply().body.contains("github"), "{ready:#?}");
        let request = http::Request::get("/metrics").body(Body::empty()).unwrap();
        let inside = stage.app.ops.clone().oneshot(request).await.unwrap();
        assert_eq!(inside.status(), 200, "and inside it is there");
    })
    .await;
}

#[tokio::test]
async fn case_60_the_token_endpoint_has_two_methods() {
    play(async |stage| {
        let target = format!("/token?service={SERVICE}&scope={WEB}");
        let jwt = Jwt::github().sign();
        for method in [
            "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "PROPFIND", "get", "X",
        ] {
            let request = Request::of(method, &target).basic("JWT", &jwt);
            stage.about(method).send(request).await.is_nowhere(405);
        }
        for method in ["POST", "PUT"] {
            let path = "/.well-known/jwks.json";
            stage
                .about(path)
                .send(Request::of(method, path))
                .await
                .is_nowhere(405);
        }
        // HEAD is GET without a body (RFC 9110 §9.3.2).
        let request = Request::of("HEAD", &target).basic("JWT", &jwt);
        let outcome = stage.about("HEAD").send(request).await;
        assert_eq!((outcome.status(), &*outcome.reply().body), (200, ""));
        assert_eq!(outcome.event().kind, "token");
        let overridden = Request::get(&target).header("x-http-method-override", "DELETE");
        stage
            .about("overridden")
            .send(overridden.basic("JWT", &jwt))
            .await
            .is_granted(WEB);
    })
    .await;
}

#[tokio::test]
async fn case_61_a_path_is_what_it_says_to_the_byte() {
    play(async |stage| {
        let jwt = Jwt::github().sign();
        for path in [
            "//token",
            "/token/",
            "/token//",
            "/%74oken",
            "/tok%65n",
            "/Token",
            "/TOKEN",
            "/./token",
            "/x/../token",
            "/%2e%2e/token",
            "/token/..",
            "/token/.",
            "/token;x=1",
            "/token%00",
            "/token%20",
            "/token%2f",
            "/token%3fservice",
            "/auth//token",
            "/auth/token/",
            "/auth/./token",
            "/healthz/../token",
            "/token.json",
        ] {
            let target = format!("{path}?service={SERVICE}&scope={WEB}");
            let request = Request::get(&target).basic("JWT", &jwt);
            stage.about(path).send(request).await.is_nowhere(404);
        }
        for path in ["/token", "/auth/token"] {
            let target = format!("{path}?service={SERVICE}&scope={WEB}");
            let request = Request::get(&target).basic("JWT", &jwt);
            stage.about(path).send(request).await.is_granted(WEB);
        }
    })
    .await;
}
