//! Platforms to test against: issuers of every kind, over TLS on loopback, in one process.
//!
//! On start it prints one line of JSON with its addresses; README.md beside it says what they do.

use std::{
    fs,
    io::{self, Read as _, Write as _},
    net::Ipv4Addr,
    os::unix::fs::FileTypeExt as _,
    path::{Path, PathBuf},
    sync::Arc,
    thread,
};

use anyhow::Context as _;
use clap::Parser;
use fixtures::Kind;
use serde_json::{Map, Value, json};
use tokio::{
    net::TcpListener,
    signal::unix::{SignalKind, signal},
    sync::oneshot,
};

use crate::{site::Site, testbed::Testbed};

mod testbed;

mod control;
mod fault;
mod gzip;
mod issuer;
mod key;
mod platform;
mod refused;
mod routes;
mod runner;
mod sign;
mod site;
mod tls;

/// Stands in for GitHub, GitLab, Forgejo, Kubernetes and an OpenID provider, and others if asked.
#[derive(Debug, Parser)]
struct Args {
    /// Where the CA's certificate is written.
    #[arg(long)]
    dir: PathBuf,
    /// The control API's port; the issuers take the next ones. 0: any that are free.
    #[arg(long, default_value_t = 0)]
    first_port: u16,
    /// Another platform to stand in for, such as `buildkite`; may be repeated.
    #[arg(long, value_name = "KIND")]
    also: Vec<Kind>,
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let args = Args::parse();
    let (tls, ca) = tls::acceptor(&args.dir)?;

    let mut ports = Ports {
        next: args.first_port,
    };
    let (control, control_port) = ports.bind().await?;
    let mut kinds = Kind::USUAL.to_vec();
    kinds.extend(args.also.iter().filter(|kind| !Kind::USUAL.contains(kind)));
    let mut listeners = Vec::new();
    for &kind in &kinds {
        listeners.push((kind, ports.bind().await?));
    }
    let (elsewhere, elsewhere_port) = ports.bind().await?;

    let address = |kind| {
        let port = listeners
            .iter()
            .find(|(of, _)| *of == kind)
            .map_or(0, |(_, (_, port))| *port);
        format!("https://localhost:{port}")
    };
    // By address, not by name: another host to whoever compares hosts.
    let other_host = format!("https://127.0.0.1:{elsewhere_port}");
    let testbed = Arc::new(Testbed::new(&kinds, address, other_host)?);

    let control_address = format!("http://127.0.0.1:{control_port}");
    let ready = ready(&testbed, &kinds, &control_address, &ca, address)?;
    for (kind, (listener, _)) in listeners {
        let mut router = routes::issuer(Arc::clone(&testbed), kind);
        if matches!(kind, Kind::Forgejo | Kind::GithubActions) {
            router = router.merge(runner::router(Arc::clone(&testbed)));
        }
        let site = testbed
            .site(platform::name(kind))
            .context("every issuer has a site")?;
        tokio::spawn(Arc::clone(site).serve(listener, Some(tls.clone()), router));
    }
    let site = testbed
        .site(testbed::ELSEWHERE)
        .context("the other host has a site")?;
    let router = routes::elsewhere(Arc::clone(&testbed));
    tokio::spawn(Arc::clone(site).serve(elsewhere, Some(tls), router));
    let router = control::router(Arc::clone(&testbed)).merge(runner::router(testbed));
    tokio::spawn(Arc::<Site>::default().serve(control, None, router));

    writeln!(io::stdout(), "{ready}").context("saying that it is ready")?;
    stopped().await
}

/// Ports one after another, or any that are free.
struct Ports {
    next: u16,
}

impl Ports {
    async fn bind(&mut self) -> anyhow::Result<(TcpListener, u16)> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, self.next))
            .await
            .with_context(|| format!("listening on port {}", self.next))?;
        if self.next != 0 {
            self.next += 1;
        }
        let port = listener.local_addr()?.port();
        Ok((listener, port))
    }
}

/// What the first line says.
fn ready(
    testbed: &Testbed,
    kinds: &[Kind],
    control: &str,
    ca: &Path,
    address: impl Fn(Kind) -> String,
) -> anyhow::Result<Value> {
    let mut issuers = Map::new();
    for &kind in kinds {
        let name = platform::name(kind);
        let issuer = testbed.issuer(name)?;
        issuers.insert(
            name.to_owned(),
            json!({
                "kind": kind.name(),
                "url": address(kind),
                "iss": issuer.url,
                "jwks_uri": issuer.jwks_uri(),
            }),
        );
    }
    let github = runner::path(platform::name(Kind::GithubActions));
    Ok(json!({
        "ca": ca,
        "control": control,
        "elsewhere": testbed.elsewhere,
        "issuers": issuers,
        "request_url": format!("{control}{github}?api-version=2.0&fixture=push-main"),
        "request_token": testbed.request_token,
    }))
}

/// Waits for SIGTERM or SIGINT, or for the pipe on standard input to close.
async fn stopped() -> anyhow::Result<()> {
    let mut terminate = signal(SignalKind::terminate())?;
    let (closed, until_closed) = oneshot::channel();
    // Only a pipe can be held open by whoever started this: a background job has /dev/null.
    let is_pipe = fs::metadata("/dev/stdin").is_ok_and(|stdin| stdin.file_type().is_fifo());
    if is_pipe {
        thread::spawn(move || {
            let read = io::stdin().read_to_end(&mut Vec::new());
            closed.send(read)
        });
        tokio::select! {
            _ = terminate.recv() => {}
            _ = tokio::signal::ctrl_c() => {}
            _ = until_closed => {}
        }
    } else {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = tokio::signal::ctrl_c() => {}
        }
    }
    Ok(())
}
