//! The server of every case, behind a socket, with all that may be asked of it.
//!
//! A case is a conversation with a [`Stage`]. Before and after it an honest JWT
//! is accepted, and at its end nothing secret may have been left anywhere.

use std::{cell::RefCell, collections::BTreeMap, fs, net::SocketAddr, sync::Arc, time::Duration};

use axum::{body::Body, http};
use jiff::SignedDuration;
use portpass::{
    audit::Event,
    config,
    http::server::{self, Bounds},
    snapshot::Snapshot,
};
use serde_json::{Value, json};
use tokio::{net::TcpListener, sync::watch};
use tower::ServiceExt as _;

use super::{
    forge::{Jwt, jwks, keys},
    log::Log,
    outcome::Outcome,
    platform::Platform,
    secrets::Secrets,
    setting::{RULES, Setting},
    wire::{self, Request},
};
use crate::app::{Parts, SERVICE, TestApp};

/// What the honest JWT may push.
pub(super) const WEB: &str = "repository:apps/github/acme/web:pull,push";

const BOUNDS: Bounds = Bounds {
    body: Duration::from_secs(5),
    body_bytes: 128 << 10,
    connections: 64,
    connections_per_address: 64,
    header_bytes: 64 << 10,
    header: Duration::from_secs(5),
    request: Duration::from_secs(10),
    drain: Duration::from_secs(1),
    trusted_proxies: Vec::new(),
    metrics: None,
};

/// The server, the platforms it asks, and what they have seen.
pub(super) struct Stage {
    pub(super) app: TestApp,
    pub(super) address: SocketAddr,
    pub(super) github: Platform,
    /// The issuers' other servers: GitLab's, and those of two clusters.
    pub(super) gitlab: Platform,
    clusters: [Platform; 2],
    /// Those of issuers that a case has brought along.
    more: RefCell<Vec<Platform>>,
    /// Nobody is ever to be sent here.
    pub(super) elsewhere: Platform,
    pub(super) log: Log,
    setting: Setting,
    secrets: RefCell<Secrets>,
    about: RefCell<String>,
    /// How often each event is known to have happened.
    seen: RefCell<BTreeMap<String, i64>>,
    _leave: watch::Sender<bool>,
}

/// Plays a case: an honest push, the case, an honest push, and then nothing
/// secret is anywhere.
pub(super) async fn play(case: impl AsyncFnOnce(&Stage)) {
    play_with(Setting::default(), case).await;
}

/// The same, with something otherwise.
pub(super) async fn play_with(setting: Setting, case: impl AsyncFnOnce(&Stage)) {
    let stage = Stage::set(setting).await;
    if setting.has_keys {
        stage.honest().await;
    }
    case(&stage).await;
    stage.close().await;
}

impl Stage {
    async fn set(setting: Setting) -> Self {
        let log = Log::listen();
        let keys = keys();
        let publishing = async |key| Platform::publishing(&jwks(&[key])).await;
        let github = publishing(&keys.github).await;
        let gitlab = publishing(&keys.gitlab).await;
        let clusters = [
            publishing(&keys.cluster_a).await,
            publishing(&keys.cluster_b).await,
        ];
        let elsewhere = publishing(&keys.attacker).await;
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("portpass.toml");
        let issuer = |name: &str, text: &str, platform: &Platform| {
            format!(
                "[issuer.{name}]\n{text}\naudience = [\"{SERVICE}\"]\nallow_private_network = true\n\
                 jwks_url = \"{}/jwks\"\n",
                platform.url
            )
        };
        let cluster = "kind = \"kubernetes\"\nnamespace = [\"ci\"]\n\
                       iss = [\"https://kubernetes.default.svc.cluster.local\"]";
        let (more, others) = (setting.github, setting.others);
        let text = [
            "public_url = \"https://registry.example.com\"\n".to_owned(),
            format!(
                "[store]\ndata_dir = '{}'\n",
                folder.path().join("data").display()
            ),
            format!("[registry.prod]\nservice = \"{SERVICE}\"\nkind = \"distribution\"\n"),
            issuer(
                "github",
                &format!("kind = \"github-actions\"\nowner_id = [\"65\"]\n{more}"),
                &github,
            ),
            issuer(
                "gitlab",
                &format!("kind = \"gitlab\"\nurl = \"https://gitlab.example.com\"\n{others}"),
                &gitlab,
            ),
            issuer("cluster-a", &format!("{cluster}\n{others}"), &clusters[0]),
            issuer("cluster-b", &format!("{cluster}\n{others}"), &clusters[1]),
            RULES.to_owned(),
            setting.rules.to_owned(),
        ]
        .concat();
        fs::write(&path, text).unwrap();
        let config = config::load(&path).unwrap_or_else(|error| panic!("{error}"));
        let parts = Parts {
            rates: setting.rates,
            keep: setting.keep,
            ..Parts::default()
        };
        let app = TestApp::serving(&config, folder, parts).await;
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (leave, leaving) = watch::channel(false);
        let router = app.router.clone();
        tokio::spawn(server::serve(listener, router, None, BOUNDS, leaving));
        let stage = Self {
            app,
            address,
            github,
            gitlab,
            clusters,
            more: RefCell::default(),
            elsewhere,
            log,
            setting,
            secrets: RefCell::default(),
            about: RefCell::default(),
            seen: RefCell::default(),
            _leave: leave,
        };
        if setting.has_keys {
            stage.refresh().await;
        }
        stage
    }

    /// What the server's own task does every few seconds.
    pub(super) async fn refresh(&self) {
        let (portpass, now) = (&self.app.portpass, self.app.portpass.clock.now());
        let snapshot = portpass.snapshot.load_full();
        snapshot.directory.refresh_due(now).await;
    }

    pub(super) fn advance(&self, seconds: i64) {
        let clock = &self.app.portpass.clock;
        clock.advance(SignedDuration::from_secs(seconds));
    }

    /// Names the variant that the next requests are of.
    pub(super) fn about(&self, variant: impl Into<String>) -> &Self {
        self.about.replace(variant.into());
        self
    }

    /// The file as it is, changed, and read again.
    pub(super) async fn reload(&self, change: impl FnOnce(String) -> String) {
        let path = self.app.folder.path().join("portpass.toml");
        let text = fs::read_to_string(path).unwrap();
        self.app.reload_as(&change(text)).await;
    }

    /// Everybody whom the server has asked for keys.
    pub(super) fn asked(&self) -> usize {
        let more = self.more.borrow();
        let own = [&self.github, &self.gitlab];
        let all = own.into_iter().chain(&self.clusters).chain(more.iter());
        all.map(|platform| platform.requests().len()).sum()
    }

    /// Another server that may be asked.
    pub(super) async fn another_platform(&self, document: &Value) -> Platform {
        let platform = Platform::publishing(document).await;
        self.more.borrow_mut().push(platform.clone());
        platform
    }

    /// As if the process had ended and begun anew, with what is on the disk.
    pub(super) fn restart(&self) {
        let path = self.app.folder.path().join("portpass.toml");
        let config = config::load(&path).unwrap_or_else(|error| panic!("{error}"));
        let now = self.app.portpass.clock.now();
        let snapshot = Snapshot::of(&config, None, now).unwrap_or_else(|error| panic!("{error}"));
        self.app.portpass.snapshot.store(Arc::new(snapshot));
    }

    /// Sends a request, and sees what comes of it.
    pub(super) async fn send(&self, request: Request) -> Outcome {
        let bytes = request.bytes();
        self.exchange(&request, &bytes).await
    }

    /// Sends any bytes, of which something is secret.
    pub(super) async fn exchange(&self, request: &Request, bytes: &[u8]) -> Outcome {
        self.secrets.borrow_mut().sent(&request.secrets);
        let (connected, logged) = (self.log.connections(), self.log.requests());
        let received = wire::exchange(self.address, request.from, bytes).await;
        let replies = wire::replies(&received);
        let events = self.new_events().await;
        let outcome = Outcome {
            about: self.about.borrow().clone(),
            replies,
            events,
            connections: self.log.connections() - connected,
            logged: self.log.requests() - logged,
        };
        self.secrets.borrow_mut().answered(&outcome);
        outcome
    }

    /// Presents a JWT, as `docker` does, for a scope.
    pub(super) async fn ask(&self, jwt: &str, scope: &str) -> Outcome {
        let target = format!("/token?service={SERVICE}&scope={scope}");
        self.send(Request::get(&target).basic("JWT", jwt)).await
    }

    /// Presents a JWT for a push to `acme/web`.
    pub(super) async fn push(&self, jwt: &str) -> Outcome {
        self.ask(jwt, WEB).await
    }

    /// The control: what is right is accepted, so that what was refused was
    /// refused for what is wrong with it.
    pub(super) async fn honest(&self) {
        let now = self.app.portpass.clock.now().as_second();
        let jwt = Jwt::github()
            .claim("iat", now)
            .claim("nbf", now)
            .claim("exp", now + 300);
        let about = self.about.replace("the honest JWT".to_owned());
        self.push(&jwt.sign()).await.is_granted(WEB);
        self.about.replace(about);
    }

    /// What has been recorded since the last request, counted from then; not
    /// what operators did in between.
    async fn new_events(&self) -> Vec<Event> {
        let recorded = self.app.events().await;
        let mut seen = self.seen.borrow_mut();
        let mut events = Vec::new();
        for event in recorded {
            let before = seen.insert(event.id.clone(), event.count).unwrap_or(0);
            if event.count > before && event.kind != "operator" {
                let count = event.count - before;
                events.push(Event { count, ..event });
            }
        }
        events
    }

    /// Takes what has been recorded so far for known.
    pub(super) async fn forget(&self) {
        self.new_events().await;
    }

    /// The metrics, as they are scraped.
    pub(super) async fn metrics(&self) -> String {
        let request = http::Request::get("/metrics").body(Body::empty()).unwrap();
        let response = self.app.ops.clone().oneshot(request).await.unwrap();
        let body = axum::body::to_bytes(response.into_body(), 1 << 20).await;
        String::from_utf8(body.unwrap().to_vec()).unwrap()
    }

    /// Nobody was asked for anything but keys, the honest JWT is still good, and
    /// no secret is anywhere.
    async fn close(&self) {
        self.about("the end");
        if self.setting.has_keys {
            self.honest().await;
        }
        assert_eq!(
            self.elsewhere.requests(),
            [""; 0],
            "somebody was asked who is nobody's issuer"
        );
        assert_eq!(
            self.log.connections(),
            self.asked(),
            "somebody was connected to who is nobody's issuer, or not as often as the log says"
        );
        let (events, metrics) = (self.app.events().await, self.metrics().await);
        self.secrets.borrow().are_nowhere(&[
            ("the log", &self.log.everywhere()),
            ("an event", &json!(events).to_string()),
            ("the metrics", &metrics),
        ]);
    }
}
