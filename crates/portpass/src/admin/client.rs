//! The command line's end of the admin API, whichever way it goes.

use std::{
    io::{self, Write},
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use axum::{Extension, Router, body::Body};
use http_body_util::BodyExt as _;
use hyper::{
    Method, Request, Response,
    header::{AUTHORIZATION, CONTENT_TYPE, HOST},
};
use hyper_util::rt::TokioIo;
use reqwest::{Url, redirect, retry};
use rustls::{ClientConfig, RootCertStore, crypto::aws_lc_rs};
use rustls_pki_types::{CertificateDer, pem::PemObject as _};
use serde::Deserialize;
use serde_json::{Map, Value};
use tokio::net::UnixStream;
use tower::ServiceExt as _;

use super::{
    Backup, Header, Question, Verb,
    actor::Actor,
    backup::{self, Whole},
    host::Admin,
    routes::router,
};
use crate::config::SecretText;

/// For connecting to a server, and between two pieces of its answer.
const TIMEOUT: Duration = Duration::from_mins(1);

/// Puts operators' questions: to a running server, or to our own handlers.
#[derive(Debug)]
pub struct Client {
    way: Way,
}

/// How a question gets to whoever answers it.
#[derive(Debug)]
enum Way {
    /// No server runs: our own handlers, over the files.
    Here(Router),
    /// A server, over TCP.
    Server {
        client: reqwest::Client,
        url: Url,
        token: SecretText,
    },
    /// A server on this machine, behind its socket.
    Socket(PathBuf),
}

impl Client {
    /// A client of the server behind a socket; `None` if none listens there.
    ///
    /// # Errors
    ///
    /// When there is a socket that we may not use.
    pub async fn connect(socket: &Path) -> Result<Option<Self>, ClientError> {
        match UnixStream::connect(socket).await {
            Ok(_) => Ok(Some(Self {
                way: Way::Socket(socket.to_owned()),
            })),
            Err(error) => match error.kind() {
                io::ErrorKind::NotFound | io::ErrorKind::ConnectionRefused => Ok(None),
                _ => Err(ClientError::Socket(error)),
            },
        }
    }

    /// A client of the server at an address (`https`, or `http` on loopback),
    /// with a token of its `[admin] tokens`; `ca` is a PEM bundle to trust
    /// instead of the system's.
    ///
    /// # Errors
    ///
    /// When the address or the bundle cannot be used.
    pub fn remote(url: &str, token: SecretText, ca: Option<&[u8]>) -> Result<Self, ClientError> {
        let wrong = || ClientError::Address(url.to_owned());
        let mut url: Url = url.parse().map_err(|_unparsed| wrong())?;
        let is_loopback = match url.host_str() {
            Some(host) => {
                let address = host.trim_matches(['[', ']']).parse::<std::net::IpAddr>();
                host == "localhost" || address.is_ok_and(|address| address.is_loopback())
            }
            None => false,
        };
        let is_safe = url.scheme() == "https" || url.scheme() == "http" && is_loopback;
        if !is_safe || url.query().is_some() || url.fragment().is_some() {
            return Err(wrong());
        }
        // Paths of questions are put behind it.
        let base = url.path().trim_end_matches('/').to_owned();
        url.set_path(&base);
        let client = reqwest::Client::builder()
            .tls_backend_preconfigured(tls(ca)?)
            .no_proxy()
            .redirect(redirect::Policy::none())
            .retry(retry::never())
            .connect_timeout(TIMEOUT)
            .read_timeout(TIMEOUT)
            .user_agent(concat!("portpass/", env!("CARGO_PKG_VERSION")))
            .build()?;
        Ok(Self {
            way: Way::Server { client, url, token },
        })
    }

    /// A client of our own handlers, for somebody with this uid.
    pub fn here(admin: Admin, uid: u32) -> Self {
        let router = router(admin).layer(Extension(Actor::uid(uid)));
        Self {
            way: Way::Here(router),
        }
    }

    /// Whether a server answers, and not our own handlers.
    pub fn is_of_server(&self) -> bool {
        match self.way {
            Way::Here(_) => false,
            Way::Server { .. } | Way::Socket(_) => true,
        }
    }

    /// Puts a question.
    ///
    /// # Errors
    ///
    /// When the server cannot be asked, or says why it cannot answer.
    pub async fn ask<Q: Question>(&self, question: &Q) -> Result<Q::Answer, ClientError> {
        let response = self.send(request(question)?).await?;
        let bytes = succeeded(response).await?.collect().await;
        let bytes = bytes.map_err(ClientError::Broken)?.to_bytes();
        Ok(serde_json::from_slice(&bytes)?)
    }

    /// Writes a copy of the store, as it comes; gives its header.
    ///
    /// # Errors
    ///
    /// As [`Client::ask`], and when the copy breaks off or cannot be written.
    pub async fn backup(
        &self,
        question: Backup,
        out: &mut impl Write,
    ) -> Result<Header, ClientError> {
        let path = format!("{}?keys={}", backup::PATH, question.keys);
        let request = Request::get(path).body(Body::empty())?;
        let mut body = succeeded(self.send(request).await?).await?;
        let mut whole = Whole::default();
        while let Some(frame) = body.frame().await {
            if let Ok(bytes) = frame.map_err(ClientError::Broken)?.into_data() {
                whole.see(&bytes);
                out.write_all(&bytes).map_err(ClientError::Write)?;
            }
        }
        out.flush().map_err(ClientError::Write)?;
        whole.header().ok_or(ClientError::Cut)
    }

    async fn send(&self, mut request: Request<Body>) -> Result<Response<Body>, ClientError> {
        let json = hyper::header::HeaderValue::from_static("application/json");
        request.headers_mut().insert(CONTENT_TYPE, json);
        match &self.way {
            Way::Here(router) => match router.clone().oneshot(request).await {
                Ok(response) => Ok(response),
                Err(never) => match never {},
            },
            Way::Server { client, url, token } => {
                let (parts, body) = request.into_parts();
                let base = url.as_str().trim_end_matches('/');
                let body = body
                    .collect()
                    .await
                    .map_err(ClientError::Broken)?
                    .to_bytes();
                let response = client
                    .request(parts.method, format!("{base}{}", parts.uri))
                    .headers(parts.headers)
                    .header(AUTHORIZATION, format!("Bearer {}", token.expose()))
                    .body(body)
                    .send()
                    .await?;
                Ok(Response::from(response).map(Body::new))
            }
            Way::Socket(socket) => {
                let stream = UnixStream::connect(socket)
                    .await
                    .map_err(ClientError::Socket)?;
                let (mut sender, connection) =
                    hyper::client::conn::http1::handshake(TokioIo::new(stream)).await?;
                tokio::spawn(connection);
                let host = hyper::header::HeaderValue::from_static("portpass");
                request.headers_mut().insert(HOST, host);
                Ok(sender.send_request(request).await?.map(Body::new))
            }
        }
    }
}

/// Trust in a bundle of CAs (PEM); without one, in the system's.
fn tls(ca: Option<&[u8]>) -> Result<ClientConfig, ClientError> {
    let mut roots = RootCertStore::empty();
    let found: Vec<CertificateDer<'_>> = match ca {
        Some(pem) => CertificateDer::pem_slice_iter(pem)
            .collect::<Result<_, _>>()
            .map_err(|_not_pem| ClientError::Ca)?,
        None => rustls_native_certs::load_native_certs().certs,
    };
    roots.add_parsable_certificates(found);
    if roots.is_empty() && ca.is_some() {
        return Err(ClientError::Ca);
    }
    if roots.is_empty() {
        // An image from scratch has none.
        roots.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned());
    }
    let config = ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(config)
}

/// A question as an HTTP request: each field where its route has it.
fn request<Q: Question>(question: &Q) -> Result<Request<Body>, ClientError> {
    let mut path = Q::PATH.to_owned();
    let mut fields = Map::new();
    if let Value::Object(all) = serde_json::to_value(question)? {
        for (name, value) in all {
            let place = format!("{{{name}}}");
            match &value {
                Value::Null => {}
                Value::String(text) if path.contains(&place) => {
                    path = path.replace(&place, &encoded(text));
                }
                _ => drop(fields.insert(name, value)),
            }
        }
    }
    let method = match Q::VERB {
        Verb::Delete => Method::DELETE,
        Verb::Get => Method::GET,
        Verb::Post => {
            let body = serde_json::to_vec(&fields)?;
            return Ok(Request::post(path).body(body.into())?);
        }
    };
    let mut query = form_urlencoded::Serializer::new(String::new());
    for (name, value) in &fields {
        match value {
            Value::String(text) => query.append_pair(name, text),
            other => query.append_pair(name, &other.to_string()),
        };
    }
    let uri = format!("{path}?{}", query.finish());
    Ok(Request::builder()
        .method(method)
        .uri(uri)
        .body(Body::empty())?)
}

/// A text as one segment of a path.
fn encoded(text: &str) -> String {
    form_urlencoded::byte_serialize(text.as_bytes())
        .collect::<String>()
        .replace('+', "%20")
}

/// The body of an answer, or why there is none.
async fn succeeded(response: Response<Body>) -> Result<Body, ClientError> {
    let status = response.status();
    let body = response.into_body();
    if status.is_success() {
        return Ok(body);
    }
    let bytes = body
        .collect()
        .await
        .map_err(ClientError::Broken)?
        .to_bytes();
    match serde_json::from_slice::<Refusal>(&bytes) {
        Ok(refusal) => Err(ClientError::Refused(refusal.error)),
        Err(_other) => Err(ClientError::Status(status.as_u16())),
    }
}

#[derive(Deserialize)]
struct Refusal {
    error: String,
}

/// The running server could not be asked, or refused.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    /// The address is none that a token may be sent to.
    #[error(
        "`{0}` is not the address of a server: it begins with https://, or http:// on loopback"
    )]
    Address(String),
    /// The answer is not what a server of this version answers.
    #[error("the running server's answer cannot be read; is it of another version? {0}")]
    Answer(#[from] serde_json::Error),
    /// The answer broke off.
    #[error("the answer broke off: {0}")]
    Broken(#[source] axum::Error),
    /// The bundle of CAs is none.
    #[error("the CA bundle of the server contains no certificate in PEM")]
    Ca,
    /// The copy has no end.
    #[error("the copy broke off before its end")]
    Cut,
    /// The conversation broke.
    #[error("the running server did not answer: {0}")]
    Http(#[from] hyper::Error),
    /// The server says why not.
    #[error("{0}")]
    Refused(String),
    /// The server could not be reached.
    #[error("the server did not answer: {}", causes(.0))]
    Remote(#[from] reqwest::Error),
    /// The question cannot be put.
    #[error("the running server cannot be asked this: {0}")]
    Request(#[from] hyper::http::Error),
    /// The socket is there and closed to us.
    #[error("the admin socket cannot be used: {0}")]
    Socket(#[source] io::Error),
    /// The system's cryptography cannot be used.
    #[error("TLS cannot be spoken: {0}")]
    Tls(#[from] rustls::Error),
    /// Something else answered.
    #[error("what answers there is no admin API of Portpass (status {0})")]
    Status(u16),
    /// The copy cannot be written.
    #[error("the copy cannot be written: {0}")]
    Write(#[source] io::Error),
}

/// An error with what caused it: reqwest's own words stop short of the reason.
fn causes(error: &reqwest::Error) -> String {
    let mut text = error.to_string();
    let mut next = std::error::Error::source(error);
    while let Some(cause) = next {
        text = format!("{text}: {cause}");
        next = cause.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::admin::{AddMember, Members, RemoveMember};

    #[tokio::test]
    async fn each_field_goes_where_its_route_has_it() {
        let name = "a b/c".to_owned();
        let listed = request(&Members { name: name.clone() }).unwrap();
        assert_eq!(listed.uri(), "/groups/a%20b%2Fc/members?");
        let (issuer, id) = ("cluster".to_owned(), "ci/builder".to_owned());
        let removed = request(&RemoveMember {
            name: name.clone(),
            issuer: issuer.clone(),
            id: id.clone(),
        });
        let removed = removed.unwrap();
        assert_eq!(removed.method(), Method::DELETE);
        assert_eq!(
            removed.uri(),
            "/groups/a%20b%2Fc/members?issuer=cluster&id=ci%2Fbuilder"
        );
        let added = request(&AddMember { name, issuer, id }).unwrap();
        assert_eq!(added.uri(), "/groups/a%20b%2Fc/members");
        let body = added.into_body().collect().await.unwrap().to_bytes();
        assert_eq!(&*body, br#"{"issuer":"cluster","id":"ci/builder"}"#);
    }

    #[test]
    fn a_token_is_sent_to_nobody_who_could_be_overheard() {
        let client = |url: &str| Client::remote(url, "secret".to_owned().into(), None);
        for wrong in [
            "http://portpass.example.com",
            "http://192.0.2.1:9091",
            "ftp://localhost",
            "localhost:9091",
            "https://portpass.example.com/?a=b",
            "",
        ] {
            assert!(
                matches!(client(wrong), Err(ClientError::Address(_))),
                "{wrong}"
            );
        }
    }
}
