//! The process as tests use it: started, asked, told to fail, stopped.
#![expect(
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "a test stops at what it did not expect"
)]

use std::{
    io::{BufRead as _, BufReader, Read, Write},
    net::TcpStream,
    process::{Child, ChildStdin, Command, Stdio},
    sync::Arc,
};

use aws_lc_rs::{rsa::PublicKeyComponents, signature::RSA_PKCS1_2048_8192_SHA256};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD as BASE64URL};
use rustls::pki_types::{CertificateDer, pem::PemObject as _};
use rustls::{
    ClientConfig, ClientConnection, RootCertStore, StreamOwned, crypto::aws_lc_rs as provider,
};
use serde_json::{Value, json};

struct TestIssuer {
    process: Child,
    stdin: Option<ChildStdin>,
    ready: Value,
}

impl TestIssuer {
    fn start(folder: &str) -> Self {
        let folder = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join(folder);
        let mut process = Command::new(env!("CARGO_BIN_EXE_test-issuer"))
            .arg("--dir")
            .arg(folder)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(process.stdout.take().unwrap())
            .read_line(&mut line)
            .unwrap();
        let stdin = process.stdin.take();
        Self {
            process,
            stdin,
            ready: serde_json::from_str(&line).unwrap(),
        }
    }

    fn control(&self, method: &str, path: &str, body: &str) -> (u16, String) {
        let host = self.ready["control"]
            .as_str()
            .unwrap()
            .strip_prefix("http://")
            .unwrap();
        exchange(
            TcpStream::connect(host).unwrap(),
            &request(method, path, body),
        )
        .unwrap()
    }

    fn sign(&self, order: &Value) -> String {
        let (status, jwt) = self.control("POST", "/control/sign", &order.to_string());
        assert_eq!(status, 200, "{jwt}");
        jwt
    }

    /// Gets an `https` URL with the CA that the process wrote.
    fn fetch(&self, url: &str) -> std::io::Result<(u16, String)> {
        let pem = std::fs::read(self.ready["ca"].as_str().unwrap())?;
        let mut roots = RootCertStore::empty();
        roots
            .add(CertificateDer::from_pem_slice(&pem).unwrap())
            .unwrap();
        let config = ClientConfig::builder_with_provider(Arc::new(provider::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(roots)
            .with_no_client_auth();
        let (host, path) = url
            .strip_prefix("https://")
            .unwrap()
            .split_once('/')
            .unwrap();
        let name = host
            .split_once(':')
            .unwrap()
            .0
            .to_owned()
            .try_into()
            .unwrap();
        let tls = ClientConnection::new(Arc::new(config), name).unwrap();
        let stream = StreamOwned::new(tls, TcpStream::connect(host)?);
        exchange(stream, &request("GET", &format!("/{path}"), ""))
    }

    fn keys(&self) -> Vec<Value> {
        let (status, keys) = self.fetch(self.issuer("github", "jwks_uri")).unwrap();
        assert_eq!(status, 200);
        serde_json::from_str::<Value>(&keys).unwrap()["keys"]
            .as_array()
            .unwrap()
            .clone()
    }

    fn issuer(&self, name: &str, member: &str) -> &str {
        self.ready["issuers"][name][member].as_str().unwrap()
    }
}

impl Drop for TestIssuer {
    fn drop(&mut self) {
        self.stdin = None;
        self.process.wait().unwrap();
    }
}

fn request(method: &str, path: &str, body: &str) -> String {
    format!(
        "{method} {path} HTTP/1.0\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
        body.len(),
    )
}

fn exchange(mut stream: impl Read + Write, request: &str) -> std::io::Result<(u16, String)> {
    stream.write_all(request.as_bytes())?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    let (head, body) = answer
        .split_once("\r\n\r\n")
        .ok_or(std::io::ErrorKind::UnexpectedEof)?;
    Ok((
        head.split(' ').nth(1).unwrap().parse().unwrap(),
        body.to_owned(),
    ))
}

fn part(jwt: &str, index: usize) -> Value {
    serde_json::from_slice(
        &BASE64URL
            .decode(jwt.split('.').nth(index).unwrap())
            .unwrap(),
    )
    .unwrap()
}

/// Whether one of the keys with the JWT's `kid` made its signature.
fn verifies(jwt: &str, keys: &[Value]) -> bool {
    let (input, signature) = jwt.rsplit_once('.').unwrap();
    let kid = &part(jwt, 0)["kid"];
    keys.iter().filter(|key| key["kid"] == *kid).any(|key| {
        let bytes = |member: &str| BASE64URL.decode(key[member].as_str().unwrap()).unwrap();
        PublicKeyComponents {
            n: bytes("n"),
            e: bytes("e"),
        }
        .verify(
            &RSA_PKCS1_2048_8192_SHA256,
            input.as_bytes(),
            &BASE64URL.decode(signature).unwrap(),
        )
        .is_ok()
    })
}

#[test]
fn a_signed_fixture_verifies_with_the_published_keys_until_they_are_withdrawn() {
    let issuer = TestIssuer::start("signs");
    let discovery = format!(
        "{}/.well-known/openid-configuration",
        issuer.issuer("github", "iss")
    );
    let (_, discovery) = issuer.fetch(&discovery).unwrap();
    let discovery: Value = serde_json::from_str(&discovery).unwrap();
    assert_eq!(discovery["issuer"], issuer.issuer("github", "iss"));
    assert_eq!(discovery["jwks_uri"], issuer.issuer("github", "jwks_uri"));

    let query =
        "/control/sign?issuer=github&set=repository=acme/app&audience=a.example&lifetime=60";
    let (status, jwt) = issuer.control("GET", query, "");
    assert_eq!(status, 200, "{jwt}");
    assert!(verifies(&jwt, &issuer.keys()));
    let claims = part(&jwt, 1);
    assert_eq!(claims["iss"], issuer.issuer("github", "iss"));
    assert_eq!(claims["repository"], "acme/app");
    assert_eq!(claims["aud"], "a.example");
    assert_eq!(
        claims["exp"].as_i64().unwrap() - claims["iat"].as_i64().unwrap(),
        60
    );

    issuer.control("POST", "/control/rotate?issuer=github", "");
    assert_eq!(issuer.keys().len(), 2);
    assert!(verifies(&jwt, &issuer.keys()));
    let newer = issuer.sign(&json!({"issuer": "github"}));
    assert_eq!(part(&newer, 0)["kid"], "github-2");
    assert!(verifies(&newer, &issuer.keys()));

    let (status, _) = issuer.control("DELETE", "/control/keys?issuer=github&kid=github-1", "");
    assert_eq!(status, 204);
    assert!(!verifies(&jwt, &issuer.keys()));
    let withdrawn = issuer.sign(&json!({"issuer": "github", "kid": "github-1"}));
    assert!(!verifies(&withdrawn, &issuer.keys()));
}

#[test]
fn what_is_ordered_spoilt_is_spoilt() {
    let issuer = TestIssuer::start("spoils");
    let sign = |spoil: &str| issuer.sign(&json!({"issuer": "github", "spoil": spoil}));
    let keys = issuer.keys();
    assert!(verifies(&sign("none"), &keys));
    for spoil in ["wrong-key", "other-payload"] {
        let jwt = sign(spoil);
        assert_eq!(part(&jwt, 0)["alg"], "RS256");
        assert!(!verifies(&jwt, &keys), "{spoil}");
    }
    assert_eq!(part(&sign("hs256-public-key"), 0)["alg"], "HS256");
    assert!(sign("alg-none").ends_with('.'));

    let jwt = issuer.sign(&json!({
        "issuer": "gitlab",
        "claims": {"exp": "9999999999", "own": [1]},
        "unset": ["aud"],
        "header": {"jku": "https://evil.example"},
        "header_unset": ["kid"],
    }));
    let (header, claims) = (part(&jwt, 0), part(&jwt, 1));
    assert_eq!(claims["exp"], "9999999999");
    assert_eq!(claims["own"], json!([1]));
    assert_eq!(claims.get("aud"), None);
    assert_eq!(header["jku"], "https://evil.example");
    assert_eq!(header.get("kid"), None);

    let (status, reason) = issuer.control("GET", "/control/sign?issuer=gitea", "");
    assert_eq!(status, 400);
    assert!(reason.starts_with("no issuer `gitea`"), "{reason}");
}

#[test]
fn faults_last_until_they_are_taken_away() {
    let issuer = TestIssuer::start("fails");
    let url = issuer.issuer("gitlab", "jwks_uri").to_owned();
    let fail = |mode: &str| {
        let path = format!("/control/fault?issuer=gitlab&mode={mode}");
        assert_eq!(issuer.control("POST", &path, "").0, 204, "{mode}");
    };
    fail("down");
    assert!(issuer.fetch(&url).is_err());
    fail("error");
    assert_eq!(issuer.fetch(&url).unwrap().0, 500);
    fail("redirect");
    assert_eq!(issuer.fetch(&url).unwrap().0, 302);
    fail("many-keys&count=150");
    assert_eq!(
        issuer.fetch(&url).unwrap().1.matches("\"kid\"").count(),
        151
    );
    fail("empty-set");
    assert_eq!(issuer.fetch(&url).unwrap().1, "{\"keys\":[]}");
    fail("empty-set&document=discovery");
    assert!(issuer.fetch(&url).unwrap().1.contains("gitlab-1"));
    assert_eq!(issuer.keys().len(), 1, "the others are as they were");

    let counts = issuer.control("GET", "/control/requests", "").1;
    let counts: Value = serde_json::from_str(&counts).unwrap();
    assert_eq!(counts["gitlab"]["connections"], 6);
    assert_eq!(counts["gitlab"]["paths"]["/oauth/discovery/keys"], 5);
    assert_eq!(counts["elsewhere"]["connections"], 0);
    issuer.control("DELETE", "/control/requests", "");
    let counts = issuer.control("GET", "/control/requests", "").1;
    let counts: Value = serde_json::from_str(&counts).unwrap();
    assert_eq!(counts["gitlab"]["connections"], 0);
}

#[test]
fn a_job_gets_its_jwt_from_the_runner_with_the_runners_token_only() {
    let issuer = TestIssuer::start("runs");
    let url = issuer.ready["request_url"].as_str().unwrap();
    let (host, path) = url
        .strip_prefix("http://")
        .unwrap()
        .split_once('/')
        .unwrap();
    let ask = |token: &str| {
        let request = format!(
            "GET /{path}&audience=a.example HTTP/1.0\r\nHost: {host}\r\nAuthorization: bearer {token}\r\n\r\n"
        );
        exchange(TcpStream::connect(host).unwrap(), &request).unwrap()
    };
    assert_eq!(ask("guess").0, 401);
    let (status, answer) = ask(issuer.ready["request_token"].as_str().unwrap());
    assert_eq!(status, 200, "{answer}");
    let answer: Value = serde_json::from_str(&answer).unwrap();
    let jwt = answer["value"].as_str().unwrap();
    assert_eq!(answer["count"], jwt.len());
    assert_eq!(part(jwt, 1)["aud"], "a.example");
    assert!(verifies(jwt, &issuer.keys()));
}
