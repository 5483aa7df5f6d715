//! Certificates, in each way in which they are wrong.

use std::{
    io::{Read as _, Write as _},
    net::TcpListener,
    sync::Arc,
    thread,
};

use rcgen::{CertificateParams, KeyPair, date_time_ymd};
use rustls::{ServerConfig, ServerConnection, StreamOwned, crypto::aws_lc_rs};
use rustls_pki_types::PrivateKeyDer;
use serde_json::{Value, json};

use super::{Patient, address, challenge, examine};

/// A registry behind TLS with a certificate of its own making, and the certificate in PEM.
fn start(name: &str, end_year: i32) -> (u16, Vec<u8>) {
    let key = KeyPair::generate().unwrap();
    let mut parameters = CertificateParams::new(vec![name.to_owned()]).unwrap();
    parameters.not_after = date_time_ymd(end_year, 1, 1);
    let certificate = parameters.self_signed(&key).unwrap();
    let pem = certificate.pem().into_bytes();
    let provider = Arc::new(aws_lc_rs::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(
            vec![certificate.der().clone()],
            PrivateKeyDer::try_from(key.serialize_der()).unwrap(),
        )
        .unwrap();
    let config = Arc::new(config);
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    thread::spawn(move || {
        for stream in listener.incoming() {
            let connection = ServerConnection::new(Arc::clone(&config)).unwrap();
            let mut stream = StreamOwned::new(connection, stream.unwrap());
            // Who does not trust it hangs up.
            if super::read(&mut stream).is_empty() {
                continue;
            }
            let text = challenge("").replace("PORT", &port.to_string());
            drop(stream.write_all(text.as_bytes()));
            stream.conn.send_close_notify();
            drop(stream.flush());
        }
    });
    (port, pem)
}

async fn report(port: u16, ca: Option<Vec<u8>>) -> Value {
    let patient = Patient {
        url: address(&format!("https://localhost:{port}")).unwrap(),
        ca,
        login: None,
        repository: None,
        settings: None,
        log: None,
        ours: None,
    };
    json!(examine(&patient).await.unwrap())
}

#[tokio::test]
async fn each_fault_of_a_certificate_has_a_name() {
    for (name, end_year, is_trusted, cause) in [
        ("localhost", 2100, false, "tls_chain"),
        ("elsewhere.example.com", 2100, true, "tls_name"),
        ("localhost", 2001, true, "tls_expired"),
    ] {
        let (port, pem) = start(name, end_year);
        let report = report(port, is_trusted.then_some(pem)).await;
        assert_eq!(report["findings"][0]["code"], cause, "{report:#}");
    }
}

#[tokio::test]
async fn a_good_certificate_is_well() {
    let (port, pem) = start("localhost", 2100);
    let report = report(port, Some(pem)).await;
    assert_eq!(super::result(&report, "TLS"), "well", "{report:#}");
    // The fake's realm is in the clear.
    assert_eq!(report["findings"][0]["code"], "realm_scheme");
}

#[tokio::test]
async fn http_where_tls_should_be_is_told() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut hello = [0; 512];
        assert!(stream.read(&mut hello).unwrap() > 0);
        drop(stream.write_all(super::reply("400 Bad Request", "", "").as_bytes()));
    });
    let report = report(port, None).await;
    assert_eq!(report["findings"][0]["code"], "tls_plain", "{report:#}");
}
