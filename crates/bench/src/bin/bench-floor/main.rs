//! The least that a token can cost with the libraries that Portpass uses: its cryptography, and a
//! bare answer of the same size.
//!
//! Nothing is checked but the signature, nothing is decided, and nothing is recorded.

mod sample;
mod work;

use std::{
    fs,
    net::{Ipv4Addr, SocketAddr},
    path::PathBuf,
    sync::Arc,
};

use anyhow::{Context as _, Result};
use axum::{
    Router,
    extract::State,
    http::{HeaderMap, StatusCode},
    response::{IntoResponse as _, Response},
    routing::get,
};
use clap::Parser;
use hyper_util::{
    rt::{TokioExecutor, TokioIo},
    server::conn::auto,
    service::TowerToHyperService,
};
use tokio::net::TcpListener;

use self::{sample::Sample, work::Work};

/// Answers as Portpass does, with the least work.
#[derive(Debug, Parser)]
#[command(name = "bench-floor")]
struct Arguments {
    /// The platform's key set, if each request's JWT is to be verified (RS256).
    #[arg(long, value_name = "FILE")]
    keys: Option<PathBuf>,
    /// Where it listens on loopback.
    #[arg(long)]
    port: u16,
    /// An answer of Portpass, header and body, that this one's are to be like.
    #[arg(long, value_name = "FILE")]
    sample: PathBuf,
}

fn main() -> Result<()> {
    let arguments = Arguments::parse();
    let sample = Sample::of(&fs::read(&arguments.sample)?)?;
    let keys = arguments.keys.map(fs::read).transpose()?;
    let work = Arc::new(Work::new(sample, keys.as_deref())?);
    let router = Router::new()
        .route("/token", get(token))
        .route("/readyz", get(StatusCode::OK))
        .with_state(work);
    // The same runtime that the server has.
    tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?
        .block_on(serve(arguments.port, router))
}

async fn serve(port: u16, router: Router) -> Result<()> {
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    let listener = TcpListener::bind(address)
        .await
        .with_context(|| format!("listening on {address}"))?;
    loop {
        let (stream, _) = listener.accept().await?;
        stream.set_nodelay(true)?;
        let service = TowerToHyperService::new(router.clone());
        tokio::spawn(async move {
            let builder = auto::Builder::new(TokioExecutor::new());
            // A client that leaves is no fault.
            let _ = builder
                .serve_connection(TokioIo::new(stream), service)
                .await;
        });
    }
}

async fn token(State(work): State<Arc<Work>>, headers: HeaderMap) -> Response {
    match work.answer(&headers) {
        Some((headers, body)) => (headers, body).into_response(),
        None => StatusCode::UNAUTHORIZED.into_response(),
    }
}
