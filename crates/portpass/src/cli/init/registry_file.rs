//! The registry's configuration.

use super::{plan::Plan, text::path_quoted};
use crate::registry::RegistryKind;

/// The file's name and text.
pub(super) fn file(plan: &Plan) -> (&'static str, String) {
    match plan.kind {
        RegistryKind::Distribution | RegistryKind::Distribution2 | RegistryKind::Distribution30 => {
            ("registry.yml", distribution(plan))
        }
        RegistryKind::Zot => ("zot.json", zot(plan)),
    }
}

/// The configuration of distribution, 2.8 and 3.
fn distribution(plan: &Plan) -> String {
    let Plan {
        public_url, host, ..
    } = plan;
    let trusted = path_quoted(&plan.trusted());
    let storage = path_quoted(&plan.folder.join("images"));
    // Behind a server that speaks TLS, uploads go on where clients see it.
    let seen_as = if plan.is_public() {
        format!("  host: https://{host}\n")
    } else {
        String::new()
    };
    // Version 3 takes algorithms with a shared secret, too, unless told otherwise.
    let algorithms = match plan.kind {
        RegistryKind::Distribution | RegistryKind::Distribution30 => {
            "    signingalgorithms: [ES256]\n"
        }
        RegistryKind::Distribution2 | RegistryKind::Zot => "",
    };
    format!(
        r#"version: 0.1
log:
  level: info
storage:
  filesystem:
    rootdirectory: {storage}
  delete:
    enabled: true
http:
  addr: 127.0.0.1:5000
{seen_as}auth:
  token:
    realm: {public_url}/token
    service: "{host}"
    issuer: {public_url}
    rootcertbundle: {trusted}
{algorithms}"#
    )
}

/// The configuration of zot.
fn zot(plan: &Plan) -> String {
    let config = serde_json::json!({
        "distSpecVersion": "1.1.1",
        "storage": { "rootDirectory": plan.folder.join("images") },
        "http": {
            "address": "127.0.0.1",
            "port": "5000",
            "auth": {
                "bearer": {
                    "realm": format!("{}/token", plan.public_url),
                    "service": plan.host,
                    "cert": plan.trusted(),
                },
            },
        },
        "log": { "level": "info" },
    });
    format!("{config:#}\n")
}
