//! Portpass' own configuration.

use std::{fmt::Write as _, net::Ipv4Addr};

use super::{
    plan::Plan,
    platform::{Platform, Tenant, UNKNOWN_ID},
    rules, test_tables,
    text::toml_quoted,
};
use crate::{cli::is_hidden, identity::IssuerKind, registry::RegistryKind};

/// What the file is called.
pub(super) const NAME: &str = "portpass.toml";

/// The whole file.
pub(super) fn portpass(plan: &Plan) -> String {
    let Plan {
        public_url, host, ..
    } = plan;
    let kind = match plan.kind {
        RegistryKind::Distribution => "distribution",
        RegistryKind::Distribution2 => "distribution-2",
        RegistryKind::Distribution30 => "distribution-3.0",
        RegistryKind::Zot => "zot",
    };
    let proxies = if plan.is_public() {
        "trusted_proxies = [\"127.0.0.1/32\"]   # what speaks TLS in front, here on the same machine\n"
    } else {
        ""
    };
    let mut text = format!(
        r#"# Portpass: who may push to {host}. Every key: docs/reference/configuration.md

public_url = "{public_url}"   # what clients see

[listen]
http = "127.0.0.1:8080"   # for clients
ops  = "127.0.0.1:9090"   # metrics
{proxies}
[store]
data_dir = "data"   # events, CA and keys

[registry.main]
service = "{host}"
kind    = "{kind}"
"#
    );
    for platform in &plan.platforms {
        text.push_str(&issuer(platform, host));
    }
    text + &rules::rules(plan) + &test_tables::tests(plan)
}

/// The issuer's table, with its tenants.
fn issuer(platform: &Platform, host: &str) -> String {
    let mut lines = vec![("kind", toml_quoted(platform.kind.name()), "")];
    let mut more = "";
    if let Some(url) = &platform.url {
        lines.push(("url", toml_quoted(url), ""));
    }
    if let Some(iss) = &platform.iss {
        lines.push(("iss", format!("[{}]", toml_quoted(iss)), ""));
    }
    if platform.kind == IssuerKind::Kubernetes && platform.iss.is_some() {
        lines.push((
            "jwks_url",
            "\"https://kubernetes.default.svc/openid/v1/jwks\"".to_owned(),
            "",
        ));
        lines.push(("allow_private_network", "true".to_owned(), ""));
        more = "# In the cluster, mount these: docs/how-to/kubernetes.md. Elsewhere take `jwks_file` in the place of `jwks_url`.\n\
                # ca          = \"/var/run/portpass/cluster/ca.crt\"\n\
                # bearer_file = \"/var/run/portpass/cluster/token\"\n";
    }
    if platform.url.as_deref().is_some_and(is_private) {
        lines.push(("allow_private_network", "true".to_owned(), ""));
    }
    lines.push(("audience", format!("[\"{host}\"]"), ""));
    let note;
    match &platform.tenant {
        Tenant::Everybody => {}
        Tenant::Account { namespace, .. } => {
            lines.push(("namespace", format!("[{}]", toml_quoted(namespace)), ""));
        }
        Tenant::Owner { name, id } => {
            note = owner_note(platform, &shown(name));
            let id = id.as_deref().unwrap_or(UNKNOWN_ID);
            lines.push(("owner_id", format!("[{}]", toml_quoted(id)), &note));
        }
        Tenant::Path(path) => lines.push(("owner_path", format!("[{}]", toml_quoted(path)), "")),
    }
    let mut text = format!("\n[issuer.{}]\n", platform.name);
    for (key, value, note) in lines {
        let line = format!("{key:8} = {value}   {note}");
        writeln!(text, "{}", line.trim_end()).expect("a string takes every write");
    }
    text + more
}

/// A name as a comment may have it, which no quotes end.
fn shown(name: &str) -> String {
    let visible = |character| if is_hidden(character) { '?' } else { character };
    name.chars().map(visible).collect()
}

/// Whose id it is, and where it stands.
fn owner_note(platform: &Platform, owner: &str) -> String {
    match (platform.kind, &platform.url) {
        (IssuerKind::GithubActions, None) => {
            format!("# of {owner}: `id` in https://api.github.com/users/{owner}")
        }
        (IssuerKind::Forgejo, Some(url)) => {
            format!("# of {owner}: `id` in {url}/api/v1/users/{owner}")
        }
        (IssuerKind::Gitlab, _) => {
            format!("# of {owner}: the group's page shows it; each subgroup has its own")
        }
        _ => format!("# of {owner}"),
    }
}

/// Whether an address can only be one of this machine or of a private network.
fn is_private(url: &str) -> bool {
    let host = url.split("://").nth(1).unwrap_or_default();
    let host = host.split(['/', ':']).next().unwrap_or_default();
    let is_private = |address: Ipv4Addr| {
        address.is_loopback() || address.is_private() || address.is_link_local()
    };
    host == "localhost" || host.ends_with(".localhost") || host.parse().is_ok_and(is_private)
}
