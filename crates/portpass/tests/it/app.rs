//! A whole server in memory, with a clock that stands still.

use std::{
    fs,
    net::IpAddr,
    path::Path,
    sync::{Arc, OnceLock},
    time::Duration,
};

use arc_swap::ArcSwap;
use aws_lc_rs::{
    rand::SystemRandom,
    rsa::KeySize,
    signature::{KeyPair as _, RSA_PKCS1_SHA256, RsaKeyPair},
};
use axum::{Router, body::Body, http::Request};
use base64::prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD, Engine as _};
use fixtures::Kind;
use jiff::Timestamp;
use portpass::{
    admin::{Admin, Client},
    audit::{Commits, Event, Journal, Keep},
    clock::Clock,
    config::{self, Config},
    http::{self, Edge, Late, Peer, Readiness},
    limits::{Limits, Rates},
    metrics::Metrics,
    portpass::Portpass,
    snapshot::Snapshot,
    standing::Standing,
    store::{DataDir, EventFilter, Store},
    token::Signer,
};
use serde_json::{Map, Value, json};
use tempfile::TempDir;
use tokio::sync::mpsc;
use tower::ServiceExt as _;

/// When every test begins.
pub(crate) const START: &str = "2026-01-01T00:00:00Z";

/// The service of the one registry.
pub(crate) const SERVICE: &str = "registry.example.com";

/// Issuers, rules and a registry, as a platform team would write them.
pub(crate) const RULES: &str = r#"
    [registry.prod]
    service = "registry.example.com"
    kind = "distribution"

    [match.release]
    event = ["push", "tag"]
    ref_protected = true

    [rule.own-namespace]
    from = ["github", "gitlab"]
    when = { match = "release" }
    push = ["apps/{issuer}/{repository}"]

    [rule.everyone-pulls]
    from = ["github", "gitlab"]
    pull = ["apps/**", "base/**"]

    [rule.public]
    anonymous = true
    pull = ["public/**"]

    [rule.cleaner]
    from = ["github"]
    when = { match = "release", environment = "cleaning" }
    delete = ["apps/{issuer}/{repository}"]

    [rule.catalog]
    from = ["github"]
    when = { environment = "inventory" }
    catalog = true

    [deny.secret]
    pull = ["apps/github/acme/secret"]
"#;

/// A key that all fixtures of the tests are signed with.
struct Key {
    pair: RsaKeyPair,
    jwks: String,
}

fn key() -> &'static Key {
    static KEY: OnceLock<Key> = OnceLock::new();
    KEY.get_or_init(|| {
        let pair = RsaKeyPair::generate(KeySize::Rsa2048).unwrap();
        let public = pair.public_key();
        let encode = |bytes: &[u8]| BASE64_URL_SAFE_NO_PAD.encode(bytes);
        let jwks = json!({ "keys": [{
            "kty": "RSA", "use": "sig", "alg": "RS256", "kid": "one",
            "n": encode(public.modulus().big_endian_without_leading_zero()),
            "e": encode(public.exponent().big_endian_without_leading_zero()),
        }] });
        Key {
            pair,
            jwks: jwks.to_string(),
        }
    })
}

/// The keys of every issuer of the tests, as it publishes them.
pub(crate) fn jwks() -> &'static str {
    &key().jwks
}

/// Signs claims as an issuer of the tests would.
pub(crate) fn sign(claims: &Map<String, Value>) -> String {
    let header = BASE64_URL_SAFE_NO_PAD.encode(br#"{"alg":"RS256","kid":"one","typ":"JWT"}"#);
    let payload = BASE64_URL_SAFE_NO_PAD.encode(serde_json::to_vec(claims).unwrap());
    let input = format!("{header}.{payload}");
    let pair = &key().pair;
    let mut signature = vec![0; pair.public_modulus_len()];
    let random = SystemRandom::new();
    pair.sign(&RSA_PKCS1_SHA256, &random, input.as_bytes(), &mut signature)
        .unwrap();
    format!("{input}.{}", BASE64_URL_SAFE_NO_PAD.encode(signature))
}

/// The JWT of a fixture with some claims set, issued when the tests begin.
pub(crate) fn jwt(kind: Kind, fixture: &str, set: &[(&str, &str)]) -> String {
    jwt_of(kind, fixture, set, START.parse().unwrap())
}

/// The same, issued at another time.
pub(crate) fn jwt_of(kind: Kind, fixture: &str, set: &[(&str, &str)], at: Timestamp) -> String {
    let claims = fixtures::claims(kind, fixture).unwrap().with(set).unwrap();
    sign(&claims.at(at.as_second()))
}

/// The JWT of a push to `acme/web`'s protected main branch at GitHub.
pub(crate) fn push_main() -> String {
    jwt(Kind::GithubActions, "push-main", &[])
}

/// A Basic header (RFC 7617).
pub(crate) fn basic(user: &str, password: &str) -> String {
    format!(
        "Basic {}",
        BASE64_STANDARD.encode(format!("{user}:{password}"))
    )
}

/// The claims of a token of ours, unverified.
pub(crate) fn claims_of(token: &str) -> Value {
    let payload = token.split('.').nth(1).unwrap();
    serde_json::from_slice(&BASE64_URL_SAFE_NO_PAD.decode(payload).unwrap()).unwrap()
}

pub(crate) struct TestApp {
    pub(crate) portpass: Arc<Portpass>,
    pub(crate) readiness: Readiness,
    pub(crate) router: http::Public,
    pub(crate) ops: Router,
    pub(crate) store: Store,
    pub(crate) folder: TempDir,
    _data_dir: DataDir,
}

/// What a server is made of, where a test wants it otherwise.
pub(crate) struct Parts {
    pub(crate) rules: &'static str,
    pub(crate) top: &'static str,
    pub(crate) commits: Commits,
    pub(crate) rates: Rates,
    pub(crate) sessions_per_hour: Option<u32>,
    pub(crate) late: Duration,
    pub(crate) keep: Keep,
}

impl Default for Parts {
    fn default() -> Self {
        Self {
            rules: RULES,
            top: "",
            commits: Commits::Straight,
            rates: Rates {
                identity_per_minute: 10_000,
                unproven_per_minute: 10_000,
            },
            sessions_per_hour: None,
            late: Duration::ZERO,
            keep: Keep {
                strangers: 3,
                anonymous: 10,
            },
        }
    }
}

/// The text of a configuration file for a folder.
pub(crate) fn configuration(folder: &Path, top: &str, rules: &str) -> String {
    let data_dir = folder.join("data");
    let jwks = &key().jwks;
    format!(
        r#"
        public_url = "https://registry.example.com"
        {top}
        [store]
        data_dir = '{}'
        [issuer.github]
        kind = "github-actions"
        audience = ["registry.example.com"]
        owner_id = ["65"]
        jwks = '{jwks}'
        [issuer.gitlab]
        kind = "gitlab"
        url = "https://gitlab.example.com"
        audience = ["registry.example.com"]
        jwks = '{jwks}'
        {rules}
        "#,
        data_dir.display(),
    )
}

impl TestApp {
    pub(crate) async fn start() -> Self {
        Self::of(Parts::default()).await
    }

    pub(crate) async fn of(parts: Parts) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("portpass.toml");
        fs::write(&path, configuration(folder.path(), parts.top, parts.rules)).unwrap();
        let config = config::load(&path).unwrap_or_else(|error| panic!("{error}"));
        Self::serving(&config, folder, parts).await
    }

    /// A server with a configuration, wherever that comes from.
    pub(crate) async fn serving(config: &Config, folder: TempDir, parts: Parts) -> Self {
        let clock = Clock::fixed(START.parse().unwrap());
        let now = clock.now();
        let snapshot = Snapshot::of(config, None, now).unwrap_or_else(|error| panic!("{error}"));
        let data_dir = DataDir::claim(&config.data_dir).unwrap();
        snapshot.open_session_key(data_dir.path()).unwrap();
        let store = Store::open(&data_dir, None).await.unwrap();
        let (journal, _) = Journal::open(store.clone(), parts.keep, parts.commits);
        let mut limits = Limits::new(parts.rates);
        if let Some(sessions) = parts.sessions_per_hour {
            limits = limits.with_sessions_per_hour(sessions);
        }
        let portpass = Arc::new(Portpass {
            clock,
            journal,
            limits,
            signer: Signer::open(&config.keys, &config.registries, now).unwrap(),
            snapshot: ArcSwap::from_pointee(snapshot),
            standing: Standing::open(store.clone()).await.unwrap(),
        });
        let bindings = portpass.snapshot.load_full();
        let bindings = bindings.directory.bindings();
        portpass.standing.bind(bindings, now).await.unwrap();
        let readiness = Readiness::default();
        let edge = Arc::new(Edge {
            portpass: Arc::clone(&portpass),
            late: Late::by(parts.late),
            metrics: Arc::new(Metrics::new()),
            // Somebody of the network, and somebody of this machine.
            trusted_proxies: ["10.0.0.0/8", "127.0.9.0/24"]
                .map(|network| network.parse().unwrap())
                .to_vec(),
            max_body_bytes: 128 << 10,
            public_url: config.public_url.clone(),
            readiness: readiness.clone(),
        });
        Self {
            portpass,
            readiness,
            router: http::public(Arc::clone(&edge)),
            ops: http::ops(edge, true),
            store,
            folder,
            _data_dir: data_dir,
        }
    }

    /// Reads the configuration anew, with its text changed.
    pub(crate) async fn reload(&self, change: impl FnOnce(String) -> String) {
        let text = configuration(self.folder.path(), "", RULES);
        self.reload_as(&change(text)).await;
    }

    /// Reads another configuration.
    pub(crate) async fn reload_as(&self, text: &str) {
        let path = self.folder.path().join("portpass.toml");
        fs::write(&path, text).unwrap();
        let config = config::load(&path).unwrap_or_else(|error| panic!("{error}"));
        let (now, previous) = (
            self.portpass.clock.now(),
            self.portpass.snapshot.load_full(),
        );
        let snapshot = Snapshot::of(&config, Some(&previous), now);
        let snapshot = snapshot.unwrap_or_else(|error| panic!("{error}"));
        self.portpass
            .signer
            .prepare(&config.registries, now)
            .unwrap();
        let bindings = snapshot.directory.bindings();
        self.portpass.standing.bind(bindings, now).await.unwrap();
        self.portpass.snapshot.store(Arc::new(snapshot));
    }

    /// An operator of this server, with the user id 0.
    pub(crate) fn operator(&self) -> Client {
        let (reload, _) = mpsc::channel(1);
        let keys = self.folder.path().join("data/keys");
        let admin = Admin::of_server(Arc::clone(&self.portpass), self.store.clone(), reload, keys);
        Client::here(admin, 0)
    }

    /// `GET /token?{query}`, with a Basic header if a user is given.
    pub(crate) async fn get(&self, query: &str, user: Option<(&str, &str)>) -> Answer {
        let mut request = Request::get(format!("/token?{query}"));
        if let Some((user, password)) = user {
            request = request.header("authorization", basic(user, password));
        }
        self.send(request.body(Body::empty()).unwrap()).await
    }

    /// `POST /token` with a form.
    pub(crate) async fn post(&self, form: &[(&str, &str)]) -> Answer {
        let form = form_urlencoded::Serializer::new(String::new())
            .extend_pairs(form)
            .finish();
        let request =
            Request::post("/token").header("content-type", "application/x-www-form-urlencoded");
        self.send(request.body(Body::from(form)).unwrap()).await
    }

    /// Any request, from an address that is no proxy.
    pub(crate) async fn send(&self, request: Request<Body>) -> Answer {
        self.send_from("192.0.2.1", request).await
    }

    pub(crate) async fn send_from(&self, address: &str, mut request: Request<Body>) -> Answer {
        let address: IpAddr = address.parse().unwrap();
        request.extensions_mut().insert(Peer(address));
        let response = self.router.clone().oneshot(request).await.unwrap();
        Answer::read(response).await
    }

    /// Every event that is not of Portpass' own doing, oldest first.
    pub(crate) async fn events(&self) -> Vec<Event> {
        let rows = self
            .store
            .events(&EventFilter::default(), 10_000)
            .await
            .unwrap();
        let events = rows.into_iter().map(Event::from);
        events
            .filter(|event| event.body["actor"] != "portpass")
            .collect()
    }
}

#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: axum::http::HeaderMap,
    pub(crate) bytes: Vec<u8>,
    pub(crate) body: Value,
}

impl Answer {
    async fn read(response: axum::response::Response) -> Self {
        let (parts, body) = response.into_parts();
        let bytes = axum::body::to_bytes(body, 1 << 20).await.unwrap().to_vec();
        Self {
            status: parts.status.as_u16(),
            headers: parts.headers,
            body: serde_json::from_slice(&bytes).unwrap_or_default(),
            bytes,
        }
    }

    /// The scopes that were granted; stops the test at a refusal.
    pub(crate) fn granted(&self) -> &str {
        assert_eq!(self.status, 200, "{}", self.body);
        self.body["scope"].as_str().unwrap()
    }

    /// The token's claims; stops the test at a refusal.
    pub(crate) fn claims(&self) -> Value {
        assert_eq!(self.status, 200, "{}", self.body);
        claims_of(self.body["token"].as_str().unwrap())
    }

    /// The one message of a refusal; stops the test at a token.
    pub(crate) fn message(&self) -> &str {
        assert_ne!(self.status, 200, "{}", self.body);
        self.body["errors"][0]["message"].as_str().unwrap()
    }
}
