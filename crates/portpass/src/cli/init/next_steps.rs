//! What to do with the files.

use std::{fmt::Write as _, path::Path};

use super::{
    config_file,
    plan::Plan,
    platform::{Platform, Tenant},
};
use crate::{identity::IssuerKind, registry::RegistryKind};

/// What is to be said, and then the steps; `folder` as the caller named it.
pub(super) fn next_steps(plan: &Plan, folder: &Path) -> String {
    let file = |name: &str| folder.join(name).display().to_string();
    let config = file(config_file::NAME);
    let mut steps: Vec<String> = plan
        .platforms
        .iter()
        .filter_map(|platform| missing(platform, &config))
        .collect();
    steps.push(format!(
        "Check it, and run its tests:\n   portpass check -c {config}\n   portpass test -c {config}"
    ));
    steps.push(format!(
        "Give the registry what it is to trust:\n   portpass keys export main -c {config} > {}",
        file("portpass-trust.pem")
    ));
    steps.push(format!("Start Portpass:  portpass serve -c {config}"));
    steps.push(format!(
        "Start the registry:  {}",
        registry(plan.kind, &file)
    ));
    for platform in &plan.platforms {
        let written = plan.job_file(platform).map(|(name, _)| file(name));
        steps.push(job(platform, written, &plan.host));
    }
    steps.push(if plan.is_public() {
        format!(
            "Put TLS in front: /token and /.well-known/ of {} go to Portpass, /v2/ of {} to the\n   \
             registry. The block for nginx is in docs/how-to/run-it.md.",
            plan.public_url, plan.host
        )
    } else {
        format!(
            "Hosted runners cannot reach {}: for real use, run init again with\n   \
             --public-url https://… and put TLS in front of Portpass and the registry.",
            plan.public_url
        )
    });
    let mut text = String::new();
    let remarks = plan.job().map(|job| job.remarks.as_slice());
    for remark in remarks.unwrap_or_default() {
        writeln!(text, "{remark}\n").expect("a string takes every write");
    }
    text.push_str("Next:\n");
    for (index, step) in steps.iter().enumerate() {
        writeln!(text, "{}. {step}", index + 1).expect("a string takes every write");
    }
    text
}

/// What has to be put into the configuration by hand.
fn missing(platform: &Platform, config: &str) -> Option<String> {
    let Tenant::Owner { name, id: None } = &platform.tenant else {
        return None;
    };
    let why = "It stays when a name is given up and taken by somebody else.";
    Some(match (platform.kind, &platform.url) {
        (IssuerKind::GithubActions, _) => format!(
            "Put the numeric id of {name} into {config}: the `id` that\n   curl -s https://api.github.com/users/{name}\n   prints. {why}"
        ),
        (IssuerKind::Forgejo, Some(url)) => format!(
            "Put the numeric id of {name} into {config}: the `id` that\n   curl -s {url}/api/v1/users/{name}\n   prints. {why}"
        ),
        _ => format!(
            "Put the numeric id of your group into {config}; the group's page shows it.\n   A subgroup has an id of its own: list each that pushes."
        ),
    })
}

fn registry(kind: RegistryKind, file: &impl Fn(&str) -> String) -> String {
    match kind {
        RegistryKind::Distribution2 => format!(
            "registry serve {}\n   (Debian calls distribution `docker-registry`.)",
            file("registry.yml")
        ),
        RegistryKind::Distribution | RegistryKind::Distribution30 => format!(
            "OTEL_TRACES_EXPORTER=none registry serve {}",
            file("registry.yml")
        ),
        RegistryKind::Zot => format!("zot serve {}", file("zot.json")),
    }
}

/// What goes where the jobs are.
fn job(platform: &Platform, file: Option<String>, host: &str) -> String {
    let name = &platform.name;
    let Some(file) = file else {
        return format!(
            "Let the job of {name} ask for a JWT for \"{host}\", and log in with it as the password."
        );
    };
    match platform.kind {
        IssuerKind::GithubActions => {
            format!("Copy {file} to .github/workflows/image.yml in a repository and push.")
        }
        IssuerKind::Forgejo => {
            format!("Copy {file} to .forgejo/workflows/image.yml in a repository and push.")
        }
        IssuerKind::Gitlab => {
            format!("Add the job of {file} to .gitlab-ci.yml in a project and push.")
        }
        IssuerKind::Kubernetes if platform.iss.is_some() => format!(
            "Let Portpass read the cluster's keys, as {file}'s pods need it:\n   \
             docs/how-to/kubernetes.md has three ways. Then: kubectl apply -f {file}"
        ),
        IssuerKind::Described(_) | IssuerKind::Kubernetes | IssuerKind::Oidc => {
            format!("kubectl apply -f {file}")
        }
    }
}
