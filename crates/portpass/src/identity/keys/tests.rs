//! Keys over real sockets, from issuers that are down, slow, huge or lying.

use std::path::PathBuf;

use serde_json::json;

use super::{
    super::{
        listening::{Answer, Server},
        signing::{SigningKey, jwks},
    },
    *,
};

const DISCOVERY: &str = "/.well-known/openid-configuration";

struct Bench {
    server: Server,
    dir: tempfile::TempDir,
}

impl Bench {
    async fn new() -> Self {
        Self {
            server: Server::start().await,
            dir: tempfile::tempdir().unwrap(),
        }
    }

    fn source(&self, location: Location) -> Source {
        Source {
            location,
            own: Some(self.server.url.parse().unwrap()),
            ca: None,
            bearer_file: None,
            allow_private_network: true,
        }
    }

    fn by_url(&self) -> Source {
        self.source(Location::Url(self.at("/jwks")))
    }

    fn by_discovery(&self) -> Source {
        self.source(Location::Discovery {
            base: self.server.url.parse().unwrap(),
            issuers: vec!["https://issuer".to_owned()],
        })
    }

    fn at(&self, path: &str) -> reqwest::Url {
        format!("{}{path}", self.server.url).parse().unwrap()
    }

    fn open(&self, source: Source) -> Arc<Keys> {
        Arc::new(Keys::open("issuer".into(), source, self.dir.path(), at(0)).unwrap())
    }

    fn publish(&self, kids: &[&str]) {
        let keys: Vec<_> = kids.iter().map(|kid| SigningKey::es256(kid)).collect();
        self.server.json("/jwks", &jwks(&keys));
    }

    fn asked(&self) -> usize {
        self.server.requests().len()
    }
}

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_second(1_700_000_000 + seconds).unwrap()
}

async fn find(keys: &Arc<Keys>, kid: &str, seconds: i64) -> Lookup {
    keys.find(Some(kid), JwtAlgorithm::Es256, at(seconds)).await
}

async fn found(keys: &Arc<Keys>, kid: &str, seconds: i64) -> bool {
    matches!(find(keys, kid, seconds).await, Lookup::Found(_))
}

/// What the operator reads after a first fetch of what the server says.
async fn error_of(bench: &Bench, source: Source) -> String {
    let keys = bench.open(source);
    keys.refresh_if_due(at(0)).await;
    let status = keys.status(at(0));
    assert_eq!((status.keys, status.usable, status.failures), (0, false, 1));
    status
        .last_error
        .unwrap()
        .replace(&bench.server.url, "http://issuer")
}

#[tokio::test]
async fn keys_are_fetched_ahead_of_need() {
    let bench = Bench::new().await;
    bench.publish(&["a"]);
    let keys = bench.open(bench.by_url());
    keys.refresh_if_due(at(0)).await;
    assert!(found(&keys, "a", 1).await);
    keys.refresh_if_due(at(500)).await;
    assert_eq!(bench.asked(), 1, "fresh for nine minutes at least");
    keys.refresh_if_due(at(661)).await;
    assert_eq!(bench.asked(), 2, "and for eleven at most");
}

#[tokio::test]
async fn a_request_fetches_only_if_nothing_usable_is_held() {
    let bench = Bench::new().await;
    bench.publish(&["a"]);
    let keys = bench.open(bench.by_url());
    assert!(found(&keys, "a", 0).await);
    assert!(found(&keys, "a", 5000).await, "overdue, and good enough");
    assert_eq!(bench.asked(), 1);
}

#[tokio::test]
async fn a_rotated_key_is_found_after_one_fetch_and_the_old_one_is_gone() {
    let bench = Bench::new().await;
    bench.publish(&["old"]);
    let keys = bench.open(bench.by_url());
    assert!(found(&keys, "old", 0).await);
    bench.publish(&["new"]);
    assert!(found(&keys, "new", 60).await);
    assert!(!found(&keys, "old", 61).await);
    assert_eq!(bench.asked(), 2);
}

#[tokio::test]
async fn a_flood_of_unknown_keys_asks_once_a_minute() {
    let bench = Bench::new().await;
    bench.publish(&["a"]);
    let keys = bench.open(bench.by_url());
    assert!(found(&keys, "a", 0).await);
    for second in 60..120 {
        for flood in 0..5 {
            let kid = format!("random-{second}-{flood}");
            assert!(matches!(find(&keys, &kid, second).await, Lookup::Unknown));
        }
    }
    assert_eq!(bench.asked(), 2);
    assert!(keys.state().unknown.len() <= MAX_UNKNOWN);
}

#[tokio::test]
async fn an_id_that_a_fresh_set_lacked_makes_nobody_ask_again() {
    let bench = Bench::new().await;
    bench.publish(&["a"]);
    let keys = bench.open(bench.by_url());
    assert!(matches!(find(&keys, "b", 0).await, Lookup::Unknown));
    assert!(matches!(find(&keys, "b", 70).await, Lookup::Unknown));
    assert_eq!(bench.asked(), 1);
    bench.publish(&["a", "b"]);
    assert!(found(&keys, "b", 121).await, "but not for ever");
}

#[tokio::test]
async fn many_at_once_wait_for_one_fetch() {
    let bench = Bench::new().await;
    bench.publish(&["a"]);
    let keys = bench.open(bench.by_url());
    let waiting = (0..50).map(|_| found(&keys, "a", 0));
    let found = futures_util::future::join_all(waiting).await;
    assert!(found.into_iter().all(|found| found));
    assert_eq!(bench.asked(), 1);
}

#[tokio::test]
async fn an_outage_is_bridged_for_a_day_and_not_longer() {
    const DAY: i64 = 24 * 3600;
    let bench = Bench::new().await;
    bench.publish(&["a"]);
    let keys = bench.open(bench.by_url());
    assert!(found(&keys, "a", 0).await);
    bench
        .server
        .json("/jwks", &"<html>down for maintenance</html>");
    keys.refresh_if_due(at(1000)).await;
    assert_eq!(keys.status(at(1000)).failures, 1);
    assert!(found(&keys, "a", DAY - 1).await);
    assert!(matches!(
        find(&keys, "a", DAY).await,
        Lookup::Unavailable(_)
    ));
    let unknown = find(&keys, "b", DAY - 100).await;
    assert!(matches!(unknown, Lookup::Unavailable(_)), "nobody can tell");
}

#[tokio::test]
async fn a_clock_that_was_ahead_does_not_lengthen_the_day_of_an_outage() {
    const YEAR: i64 = 365 * 24 * 3600;
    let bench = Bench::new().await;
    bench.publish(&["a"]);
    let keys = bench.open(bench.by_url());
    keys.refresh_if_due(at(YEAR)).await;
    assert!(found(&keys, "a", YEAR).await);
    bench.server.json("/jwks", &"down");
    keys.refresh_if_due(at(0)).await;
    assert!(
        found(&keys, "a", 24 * 3600 - 1).await,
        "what is held serves"
    );
    assert!(
        matches!(find(&keys, "a", 24 * 3600).await, Lookup::Unavailable(_)),
        "for a day by the clock as it is now"
    );
}

#[tokio::test]
async fn a_restart_during_an_outage_uses_the_keys_on_disk() {
    let bench = Bench::new().await;
    bench.publish(&["a"]);
    bench.open(bench.by_url()).refresh_if_due(at(-100)).await;
    bench
        .server
        .answer("/jwks", Answer::Raw("garbage".to_owned()));
    let restarted = bench.open(bench.by_url());
    assert!(found(&restarted, "a", 0).await);
    assert_eq!(bench.asked(), 1);
    let elsewhere = bench.open(bench.source(Location::Url(bench.at("/other"))));
    assert!(
        !found(&elsewhere, "a", 0).await,
        "another source, other keys"
    );
}

#[tokio::test]
async fn discovery_leads_to_the_keys() {
    let bench = Bench::new().await;
    bench.publish(&["a"]);
    let document = json!({"issuer": "https://issuer", "jwks_uri": bench.at("/jwks").as_str()});
    bench.server.json(DISCOVERY, &document);
    let keys = bench.open(bench.by_discovery());
    assert!(found(&keys, "a", 0).await);
}

#[tokio::test]
async fn a_discovery_document_that_lies_is_refused() {
    let bench = Bench::new().await;
    bench.publish(&["a"]);
    let jwks = bench.at("/jwks").to_string();
    let mut errors = Vec::new();
    for (issuer, jwks_uri) in [
        ("https://issuer/", jwks.as_str()),
        ("https://issuer", "http://169.254.169.254/jwks"),
        ("https://issuer", "http://localhost:1/jwks"),
        ("https://issuer", "/jwks"),
    ] {
        let document = json!({"issuer": issuer, "jwks_uri": jwks_uri});
        bench.server.json(DISCOVERY, &document);
        errors.push(error_of(&bench, bench.by_discovery()).await);
    }
    assert!(
        bench
            .server
            .requests()
            .iter()
            .all(|head| head.contains(DISCOVERY))
    );
    insta::assert_snapshot!(errors.join("\n"), @r#"
    http://issuer/.well-known/openid-configuration names the issuer "https://issuer/", which is not this one
    http://issuer/.well-known/openid-configuration names the key set http://169.254.169.254/jwks, which is not on its own host: set jwks_url
    http://issuer/.well-known/openid-configuration names the key set http://localhost:1/jwks, which is not on its own host: set jwks_url
    http://issuer/.well-known/openid-configuration is not an OpenID discovery document with an issuer and a jwks_uri
    "#);
}

#[tokio::test]
async fn answers_that_are_no_key_set_are_refused_and_the_old_set_stays() {
    let bench = Bench::new().await;
    bench.publish(&["a"]);
    let keys = bench.open(bench.by_url());
    assert!(found(&keys, "a", 0).await);
    let raw = |head: &str, body: &str| Answer::Raw(format!("HTTP/1.1 {head}\r\n\r\n{body}"));
    let key = SigningKey::es256("k").jwk();
    let mut errors = Vec::new();
    for (attempt, answer) in (1..).zip([
        raw("302 Found\r\nlocation: http://169.254.169.254/", ""),
        raw("200 OK\r\ncontent-length: 10000000000", "{"),
        Answer::Endless,
        raw("503 Service Unavailable\r\ncontent-length: 0", ""),
        Answer::Json("<html></html>".to_owned()),
        Answer::Json(json!({"keys": []}).to_string()),
        Answer::Json(json!({"keys": vec![key; 1000]}).to_string()),
        Answer::Json(json!({"keys": [{"kty": "RSA"}]}).to_string()),
        raw(
            "200 OK\r\ncontent-encoding: gzip\r\ncontent-length: 4",
            "\u{1f}xyz",
        ),
    ]) {
        bench.server.answer("/jwks", answer);
        keys.refresh_if_due(at(attempt * 1000)).await;
        errors.extend(keys.status(at(attempt * 1000)).last_error);
        assert!(found(&keys, "a", attempt * 1000).await);
    }
    let errors = errors
        .join("\n")
        .replace(&bench.server.url, "http://issuer");
    insta::assert_snapshot!(errors, @r"
    http://issuer/jwks redirects, which is not followed: set the address it leads to
    http://issuer/jwks sent more than 256 KiB
    http://issuer/jwks sent more than 256 KiB
    http://issuer/jwks answered 503 Service Unavailable
    url http://issuer/jwks: it is not a JSON object with a list of keys
    url http://issuer/jwks: it contains no key that can be used
    url http://issuer/jwks: it contains more than 100 keys
    url http://issuer/jwks: it contains no key that can be used
    url http://issuer/jwks: it is not a JSON object with a list of keys
    ");
}

#[tokio::test]
async fn one_bad_key_does_not_cost_the_others() {
    let bench = Bench::new().await;
    let good = SigningKey::es256("good").jwk();
    let set = json!({"keys": [{"kty": "RSA", "n": "AQAB", "e": "AQAB"}, good]});
    bench.server.json("/jwks", &set);
    let keys = bench.open(bench.by_url());
    assert!(found(&keys, "good", 0).await);
}

#[tokio::test]
async fn an_issuer_that_says_nothing_is_given_up_in_time() {
    let bench = Bench::new().await;
    bench.server.answer("/jwks", Answer::Silence);
    let keys = bench.open(bench.by_url());
    let limit = std::time::Duration::from_secs(14);
    let lookup = tokio::time::timeout(limit, find(&keys, "a", 0)).await;
    assert!(matches!(lookup, Ok(Lookup::Unavailable(_))));
    assert!(matches!(find(&keys, "b", 1).await, Lookup::Unavailable(_)));
    assert_eq!(bench.asked(), 1, "and not asked again at once");
}

#[tokio::test]
async fn private_addresses_need_leave() {
    let bench = Bench::new().await;
    bench.publish(&["a"]);
    let by_name = bench.server.url.replace("127.0.0.1", "localhost");
    let source = Source {
        allow_private_network: false,
        ..bench.source(Location::Url(format!("{by_name}/jwks").parse().unwrap()))
    };
    let error = error_of(&bench, source).await;
    assert!(
        error.contains(
            "localhost resolves to a private address: \
             set allow_private_network = true for it"
        ),
        "{error}"
    );
    assert_eq!(bench.asked(), 0);
}

#[tokio::test]
async fn the_bearer_token_is_read_anew_and_goes_to_its_own_origin_only() {
    let bench = Bench::new().await;
    bench.publish(&["a"]);
    let file: PathBuf = bench.dir.path().join("token");
    let with_bearer = |own: &str| Source {
        own: Some(own.parse().unwrap()),
        bearer_file: Some(file.clone()),
        ..bench.by_url()
    };
    std::fs::write(&file, "first\n").unwrap();
    let keys = bench.open(with_bearer(&bench.server.url));
    keys.refresh_if_due(at(0)).await;
    std::fs::write(&file, "second").unwrap();
    keys.refresh_if_due(at(1000)).await;
    let elsewhere = bench.open(with_bearer("http://127.0.0.1:1"));
    elsewhere.refresh_if_due(at(2000)).await;
    let sent: Vec<_> = bench
        .server
        .requests()
        .iter()
        .map(|head| {
            let line = head.lines().find(|line| line.starts_with("authorization"));
            line.unwrap_or("none").to_owned()
        })
        .collect();
    assert_eq!(
        sent,
        [
            "authorization: Bearer first",
            "authorization: Bearer second",
            "none"
        ]
    );
}

#[tokio::test]
async fn a_file_is_read_again_when_it_changes() {
    let bench = Bench::new().await;
    let path = bench.dir.path().join("jwks.json");
    let write = |kid: &str| {
        let set = jwks(&[SigningKey::es256(kid)]).to_string();
        std::fs::write(&path, set).unwrap();
    };
    write("a");
    let keys = bench.open(bench.source(Location::File(path.clone())));
    assert!(found(&keys, "a", 0).await);
    write("b");
    keys.refresh_if_due(at(10)).await;
    assert!(found(&keys, "b", 10).await);
    assert!(!found(&keys, "a", 11).await);
    std::fs::remove_file(&path).unwrap();
    keys.refresh_if_due(at(30)).await;
    assert!(found(&keys, "b", 31).await, "a lost file is an outage");
}

#[test]
fn keys_in_the_configuration_must_be_usable() {
    let dir = tempfile::tempdir().unwrap();
    let open = |text: &str| {
        let source = Source {
            location: Location::Inline(text.to_owned()),
            own: None,
            ca: None,
            bearer_file: None,
            allow_private_network: false,
        };
        Keys::open("issuer".into(), source, dir.path(), at(0))
    };
    assert!(open(&jwks(&[SigningKey::es256("a")]).to_string()).is_ok());
    assert_eq!(
        open("{}").unwrap_err().to_string(),
        "the key set cannot be used: inline: it is not a JSON object with a list of keys"
    );
}
