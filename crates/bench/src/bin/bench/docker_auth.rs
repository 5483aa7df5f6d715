//! `docker_auth` beside it: anonymous, so that no password hash counts, with each kind of key.

use std::{fs, path::Path};

use anyhow::{Context as _, Result};
use bench::{
    figures::median,
    jobs::{SERVICE, namespace},
    server::{Server, free_ports},
};
use rcgen::{CertificateParams, KeyPair, PKCS_ECDSA_P256_SHA256, PKCS_RSA_SHA256, RsaKeySize};
use serde_json::json;

use crate::{
    Arguments,
    place::{Database, Place},
    run::Run,
};

/// Requests before anything is counted.
const WARM: usize = 500;

/// Its tokens for each second of its CPU.
#[derive(Clone, Copy, Debug)]
pub(crate) struct DockerAuth {
    /// With an RSA key of 2048 bits, as its documentation has it.
    pub(crate) rsa: f64,
    /// With a P-256 key.
    pub(crate) ec: f64,
}

/// Measures the `auth_server` at a path.
pub(crate) fn measure(place: &Place, arguments: &Arguments, program: &Path) -> Result<DockerAuth> {
    let rsa = KeyPair::generate_rsa_for(&PKCS_RSA_SHA256, RsaKeySize::_2048)?;
    let ec = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256)?;
    // An RSA signature is so slow in Go that fewer requests are as exact.
    let few = arguments.requests.div_ceil(4);
    Ok(DockerAuth {
        rsa: with_key(place, arguments, program, &rsa, few)?,
        ec: with_key(place, arguments, program, &ec, arguments.requests)?,
    })
}

fn with_key(
    place: &Place,
    arguments: &Arguments,
    program: &Path,
    key: &KeyPair,
    count: usize,
) -> Result<f64> {
    place.cores.gather()?;
    let (port, _) = free_ports()?;
    let config = place.folder().join("docker_auth.yml");
    fs::write(&config, configuration(place.folder(), port, key)?)?;
    let mut command = place.cores.on_server_core(program.as_os_str());
    command.arg("--log_dir").arg(place.folder()).arg(&config);
    let log = place.folder().join("docker_auth.log");
    let (server, _) = Server::run(command, port, &log, "/").context("starting docker_auth")?;
    let request = [request()];
    let run = |count| {
        let connections = arguments.connections;
        Run::of(&server, &Database::Sqlite, connections, &request, count)
    };
    run(WARM)?;
    let runs = (0..arguments.rounds).map(|_| Ok(run(count)?.per_cpu_second));
    let runs: Vec<f64> = runs.collect::<Result<_>>()?;
    Ok(median(runs))
}

/// Its configuration, of which JSON is a part: what is anonymous may pull and push.
fn configuration(folder: &Path, port: u16, key: &KeyPair) -> Result<String> {
    let (certificate, private) = (folder.join("peer.pem"), folder.join("peer.key"));
    let signed = CertificateParams::new(vec![SERVICE.to_owned()])?.self_signed(key)?;
    fs::write(&certificate, signed.pem())?;
    fs::write(&private, key.serialize_pem())?;
    let configuration = json!({
        "server": { "addr": format!("127.0.0.1:{port}") },
        "token": {
            "issuer": "bench", "expiration": 900, "certificate": certificate, "key": private,
        },
        "users": { "": {} },
        "acl": [{ "match": { "account": "" }, "actions": ["pull", "push"] }],
    });
    Ok(configuration.to_string())
}

/// As docker asks without a login.
fn request() -> Vec<u8> {
    format!(
        "GET /auth?service={SERVICE}&scope=repository:{}:pull,push HTTP/1.1\r\n\
         Host: localhost\r\nUser-Agent: docker/28.2.2\r\n\r\n",
        namespace(1),
    )
    .into_bytes()
}
