//! The ways in which a key server fails, and what it then answers.

use std::{convert::Infallible, iter, time::Duration};

use axum::{
    body::{Body, Bytes},
    http::{Response, StatusCode, header},
    response::{Html, IntoResponse as _},
};
use futures_util::stream;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::gzip;

/// One way to fail.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Mode {
    /// The key set has an unusable key before the good ones.
    BadKey,
    /// Connections are reset as soon as they come, those that stand too.
    Down,
    /// The key set has no keys.
    EmptySet,
    /// 500 with a body of words.
    Error,
    /// The start of a JSON object, and no end.
    Garbage,
    /// A small body that says it is gzip, and is 32 MiB of spaces.
    GzipBomb,
    /// 200 with a page for people.
    Html,
    /// A body of 10 GiB, as fast as it is read.
    HugeBody,
    /// The key set has `count` keys before the good ones (10 000).
    ManyKeys,
    /// No fault.
    #[default]
    None,
    /// Discovery names a key set on another host, where it is to be had.
    OffHostKeys,
    /// 302 to `to`, or to the same path on another host.
    Redirect,
    /// One byte each second, for ever.
    SlowBody,
    /// Headers come after `seconds` (60).
    SlowHeaders,
    /// Discovery names another issuer.
    WrongIssuer,
}

/// Which of the two documents a fault concerns.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Document {
    Discovery,
    Keys,
}

/// A fault as the control API sets it.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Fault {
    /// The name of the issuer that fails.
    pub(crate) issuer: String,
    /// The way to fail.
    pub(crate) mode: Mode,
    /// The only document it concerns, if not both.
    pub(crate) document: Option<Document>,
    count: Option<usize>,
    seconds: Option<u64>,
    to: Option<String>,
}

impl Fault {
    /// Whether this document is to fail in this way.
    pub(crate) fn concerns(&self, document: Document) -> bool {
        self.document.is_none_or(|only| only == document)
    }

    /// The keys to put before the good ones, and whether those are left.
    pub(crate) fn keys(&self) -> (Vec<Value>, bool) {
        let bad =
            |n: usize| json!({"kty": "RSA", "kid": format!("bad-{n}"), "n": "!", "e": "AQAB"});
        match self.mode {
            Mode::BadKey => (vec![bad(0)], true),
            Mode::EmptySet => (Vec::new(), false),
            Mode::ManyKeys => ((0..self.count.unwrap_or(10_000)).map(bad).collect(), true),
            Mode::Down
            | Mode::Error
            | Mode::Garbage
            | Mode::GzipBomb
            | Mode::Html
            | Mode::HugeBody
            | Mode::None
            | Mode::OffHostKeys
            | Mode::Redirect
            | Mode::SlowBody
            | Mode::SlowHeaders
            | Mode::WrongIssuer => (Vec::new(), true),
        }
    }

    /// What is answered in place of the document, if anything; `elsewhere` is its address on the other host.
    pub(crate) async fn answer(&self, elsewhere: &str) -> Option<Response<Body>> {
        Some(match self.mode {
            Mode::BadKey
            | Mode::Down
            | Mode::EmptySet
            | Mode::ManyKeys
            | Mode::None
            | Mode::OffHostKeys
            | Mode::WrongIssuer => return None,
            Mode::Error => (StatusCode::INTERNAL_SERVER_ERROR, "out of order").into_response(),
            Mode::Garbage => json_body("{\"keys\":[{\"kty\":\"RSA\",".into()),
            Mode::GzipBomb => {
                let mut response = json_body(gzip::of_spaces(32 << 20).into());
                let gzip = header::HeaderValue::from_static("gzip");
                response
                    .headers_mut()
                    .insert(header::CONTENT_ENCODING, gzip);
                response
            }
            Mode::Html => Html("<!doctype html><title>Sign in</title>").into_response(),
            Mode::HugeBody => {
                let chunk = Bytes::from(vec![b' '; 1 << 16]);
                let chunks = iter::repeat_n(chunk, (10 << 30) >> 16).map(Ok::<_, Infallible>);
                json_body(Body::from_stream(stream::iter(chunks)))
            }
            Mode::Redirect => {
                let to = self.to.as_deref().unwrap_or(elsewhere);
                (StatusCode::FOUND, [(header::LOCATION, to)]).into_response()
            }
            Mode::SlowBody => json_body(Body::from_stream(stream::unfold((), |()| async {
                tokio::time::sleep(Duration::from_secs(1)).await;
                Some((Ok::<_, Infallible>(Bytes::from_static(b" ")), ()))
            }))),
            Mode::SlowHeaders => {
                tokio::time::sleep(Duration::from_secs(self.seconds.unwrap_or(60))).await;
                return None;
            }
        })
    }
}

fn json_body(body: Body) -> Response<Body> {
    ([(header::CONTENT_TYPE, "application/json")], body).into_response()
}
