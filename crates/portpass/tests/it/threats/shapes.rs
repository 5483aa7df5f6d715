//! HTTP that two servers might read as two different requests.

use http_body_util::{BodyExt as _, Empty};
use hyper::body::Bytes;
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::net::TcpStream;

use super::{
    forge::Jwt,
    stage::{Stage, WEB, play},
    wire::Request,
};
use crate::app::{SERVICE, basic};

const FORM: &str = "content-type: application/x-www-form-urlencoded\r\n";

/// What would be read as a request of its own where it is taken for one.
const SMUGGLED: &str = "GET /healthz HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n";

/// Sends a text as it stands.
async fn raw(stage: &Stage, text: &str) -> super::outcome::Outcome {
    let request = Request::get("/");
    stage.exchange(&request, text.as_bytes()).await
}

#[tokio::test]
async fn case_51_a_request_of_two_lengths_is_no_request() {
    play(async |stage| {
        let form = "service=registry.example.com";
        let length = form.len();
        let long = length + SMUGGLED.len();
        let post = |lines: &str, body: &str| {
            format!("POST /token HTTP/1.1\r\nhost: a\r\n{FORM}{lines}\r\n{body}")
        };
        let chunked = format!("{length:x}\r\n{form}\r\n0\r\n\r\n");
        let short = "0\r\n\r\n";
        for (variant, text) in [
            ("two lengths", post(
                &format!("content-length: {length}\r\ncontent-length: {long}\r\n"),
                &format!("{form}{SMUGGLED}"),
            )),
            ("two lengths in one line", post(
                &format!("content-length: {length}, {long}\r\n"),
                &format!("{form}{SMUGGLED}"),
            )),
            ("a length with a sign", post(&format!("content-length: +{length}\r\n"), form)),
            ("a length below zero", post("content-length: -1\r\n", form)),
            ("a length in letters", post("content-length: 0x1c\r\n", form)),
            ("a length beyond numbers", post("content-length: 99999999999999999999\r\n", form)),
            ("chunked and a length", post(
                &format!("transfer-encoding: chunked\r\ncontent-length: {}\r\n", chunked.len() + SMUGGLED.len()),
                &format!("{chunked}{SMUGGLED}"),
            )),
            ("a length and chunked", post(
                &format!("content-length: {}\r\ntransfer-encoding: chunked\r\n", short.len()),
                &format!("{short}{SMUGGLED}"),
            )),
            ("an encoding that is not the last", post(
                "transfer-encoding: chunked, identity\r\n",
                &format!("{chunked}{SMUGGLED}"),
            )),
            ("an encoding like it", post("transfer-encoding: xchunked\r\n", &format!("{chunked}{SMUGGLED}"))),
            ("a space before the colon", post(
                &format!("transfer-encoding : chunked\r\ncontent-length: {length}\r\n"),
                form,
            )),
            ("a folded line", post(&format!("x: y\r\n transfer-encoding: chunked\r\ncontent-length: {length}\r\n"), form)),
            ("a chunk's size beyond numbers", post("transfer-encoding: chunked\r\n", "ffffffffffffffffff\r\nx")),
            ("a NUL in a header", post(&format!("x: a\0b\r\ncontent-length: {length}\r\n"), form)),
            ("HTTP/1.0 in chunks", format!(
                "POST /token HTTP/1.0\r\n{FORM}transfer-encoding: chunked\r\n\r\n{chunked}{SMUGGLED}"
            )),
        ] {
            let outcome = raw(stage.about(variant), &text).await;
            let healthy = outcome.replies.iter().filter(|reply| reply.body == "ok");
            assert_eq!(healthy.count(), 0, "a second request was read: {outcome:#?}");
            assert!(outcome.replies.len() <= 1, "{outcome:#?}");
            // Chunks win over a length, and the connection ends (RFC 9112 §6.3).
            for reply in &outcome.replies {
                assert!([400, 401].contains(&reply.status), "{outcome:#?}");
            }
        }
        // The control: one length, one form, one answer; and two requests are two.
        let one = post(&format!("content-length: {length}\r\nconnection: close\r\n"), form);
        let outcome = raw(stage.about("one length"), &one).await;
        outcome.is_stranger("login_required");
        let two = post(&format!("content-length: {length}\r\n"), form) + SMUGGLED;
        let outcome = raw(stage.about("pipelined"), &two).await;
        assert_eq!(outcome.replies.len(), 2, "{outcome:#?}");
        assert_eq!(outcome.replies[1].body, "ok");
        let in_chunks = post("transfer-encoding: chunked\r\nconnection: close\r\n", &chunked);
        raw(stage.about("chunked"), &in_chunks).await.is_stranger("login_required");
    })
    .await;
}

#[tokio::test]
async fn case_52_http_2_is_refused_and_granted_alike() {
    play(async |stage| {
        let honest = Jwt::github().sign();
        let forged = Jwt::github().with_signature(&[3; 256]);
        let target = format!("http://registry.example.com/token?service={SERVICE}&scope={WEB}");
        let mut statuses = Vec::new();
        for authorization in [
            vec![basic("JWT", &honest)],
            vec![basic("JWT", &forged)],
            vec![format!("Bearer {honest}")],
            vec![basic("JWT", &honest), basic("JWT", &forged)],
        ] {
            let stream = TcpStream::connect(stage.address).await.unwrap();
            let io = TokioIo::new(stream);
            let executor = TokioExecutor::new();
            let (mut sender, connection) = hyper::client::conn::http2::handshake(executor, io)
                .await
                .unwrap();
            let driver = tokio::spawn(connection);
            let mut request = hyper::Request::get(&target);
            for value in authorization {
                request = request.header("authorization", value);
            }
            let request = request.body(Empty::<Bytes>::new()).unwrap();
            let response = sender.send_request(request).await.unwrap();
            statuses.push(response.status().as_u16());
            let body = response.into_body().collect().await.unwrap().to_bytes();
            let body = String::from_utf8_lossy(&body).into_owned();
            assert!(!body.contains(&honest) && !body.contains(&forged), "{body}");
            drop(sender);
            driver.abort();
        }
        assert_eq!(statuses, [200, 401, 401, 400]);
        // As over HTTP/1: to be compared with what is recorded for both.
        let events = stage.app.events().await;
        let reasons: Vec<_> = events
            .iter()
            .filter_map(|event| event.reason.as_deref())
            .collect();
        assert_eq!(reasons, ["bad_signature", "unsupported_scheme", "nonsense"]);
        stage.forget().await;
        stage
            .about("over HTTP/1")
            .push(&forged)
            .await
            .is_stranger("bad_signature");
    })
    .await;
}

#[tokio::test]
async fn case_53_where_a_request_says_to_go_changes_nothing() {
    play(async |stage| {
        let jwt = Jwt::github().sign();
        let query = format!("/token?service={SERVICE}&scope={WEB}");
        for authority in [
            "http://evil.example",
            "https://evil.example:1",
            "http://a@evil.example",
        ] {
            let request = Request::get(&format!("{authority}{query}")).basic("JWT", &jwt);
            let outcome = stage.about(authority).send(request).await;
            let token = outcome.is_granted(WEB).token();
            assert_eq!(token["iss"], "https://registry.example.com");
            assert_eq!(token["aud"], SERVICE);
        }
        for (variant, target) in [
            ("no path", "http://evil.example".to_owned()),
            ("an asterisk", "*".to_owned()),
            ("an authority", "registry.example.com:443".to_owned()),
            ("nothing", String::new()),
            ("a fragment", format!("/#{query}")),
        ] {
            let request = Request::get(&target).basic("JWT", &jwt);
            let outcome = stage.about(variant).send(request).await;
            assert!([400, 404].contains(&outcome.status()), "{outcome:#?}");
            assert!(outcome.events.is_empty(), "{outcome:#?}");
        }
        // What follows a body is not of it.
        let form = format!("service={SERVICE}&scope={WEB}");
        let more = "&grant_type=password&password=correct-horse-battery";
        let text = format!(
            "POST /token HTTP/1.1\r\nhost: a\r\nauthorization: {}\r\n{FORM}content-length: {}\r\n\
             connection: close\r\n\r\n{form}{more}",
            basic("JWT", &jwt),
            form.len()
        );
        raw(stage.about("more than its length"), &text)
            .await
            .is_granted(WEB);
        let pipelined = [jwt.as_str(), "no-jwt-at-all-of-anybody", &jwt].map(|password| {
            format!(
                "GET {query} HTTP/1.1\r\nhost: a\r\nauthorization: {}\r\n",
                basic("JWT", password)
            )
        });
        let [one, two, three] = pipelined;
        let text = format!("{one}\r\n{two}\r\n{three}connection: close\r\n\r\n");
        let outcome = raw(stage.about("three in a row"), &text).await;
        let statuses: Vec<_> = outcome.replies.iter().map(|reply| reply.status).collect();
        assert_eq!(statuses, [200, 401, 200], "{outcome:#?}");
        assert_eq!(outcome.logged, 3);
    })
    .await;
}
