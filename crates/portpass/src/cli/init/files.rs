//! The texts of the files.
//!
//! What is put into them was checked to need no quoting, but for paths, which
//! stand in JSON's quotes: YAML and TOML read those alike.

use std::{fmt::Write as _, path::Path};

use super::plan::{Github, Gitlab, Plan, UNKNOWN_ID};
use crate::registry::RegistryKind;

/// Portpass' own configuration.
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
    let mut text = format!(
        r#"# Portpass: who may push to {host}. Every key: docs/reference/configuration.md

public_url = "{public_url}"   # what clients see

[listen]
http = "127.0.0.1:8080"   # for clients
ops  = "127.0.0.1:9090"   # metrics

[store]
data_dir = "data"   # events, CA and keys

[registry.main]
service = "{host}"
kind    = "{kind}"
"#
    );
    let mut issuers = Vec::new();
    if let Some(github) = &plan.github {
        issuers.push("\"github\"");
        text.push_str(&github_issuer(github, host));
    }
    if let Some(gitlab) = &plan.gitlab {
        issuers.push("\"gitlab\"");
        text.push_str(&gitlab_issuer(gitlab, host));
    }
    let issuers = issuers.join(", ");
    let rules = format!(
        r#"
# What is pushed from the main branch or a tag goes to a name of its own.
[rule.own-name]
from = [{issuers}]
when = {{ event = ["push", "tag", "manual"], ref = ["refs/heads/main", "refs/heads/master", "refs/tags/**"] }}
push = ["apps/{{issuer}}/{{repository}}"]

# Whoever proves who they are may pull.
[rule.everyone-pulls]
from = [{issuers}]
pull = ["**"]
"#
    );
    text + &rules
}

fn github_issuer(github: &Github, host: &str) -> String {
    let id = github.id.as_deref().unwrap_or(UNKNOWN_ID);
    let owner = &github.owner;
    format!(
        r#"
[issuer.github]
kind     = "github-actions"
audience = ["{host}"]
owner_id = ["{id}"]   # of {owner}: `id` in https://api.github.com/users/{owner}
"#
    )
}

fn gitlab_issuer(gitlab: &Gitlab, host: &str) -> String {
    let url = &gitlab.url;
    let mut text = format!(
        r#"
[issuer.gitlab]
kind     = "gitlab"
url      = "{url}"
audience = ["{host}"]
"#
    );
    let group = gitlab.group.as_deref();
    let written = if let Some(id) = gitlab.group_id.as_deref() {
        writeln!(
            text,
            "owner_id = [\"{id}\"]   # the group, and each subgroup that pushes"
        )
    } else if gitlab.is_shared {
        let of = group.unwrap_or("your group");
        writeln!(
            text,
            "owner_id = [\"{UNKNOWN_ID}\"]   # of {of}: the group's page shows it"
        )
    } else if let Some(group) = group {
        writeln!(text, "owner_path = [\"{group}\"]")
    } else {
        Ok(())
    };
    written.expect("a string takes every write");
    text
}

/// The configuration of distribution, 2.8 and 3 alike.
pub(super) fn distribution(plan: &Plan) -> String {
    let Plan {
        public_url, host, ..
    } = plan;
    let trusted = quoted(&plan.trusted());
    let storage = quoted(&plan.folder.join("images"));
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
auth:
  token:
    realm: {public_url}/token
    service: "{host}"
    issuer: {public_url}
    rootcertbundle: {trusted}
"#
    )
}

/// The configuration of zot.
pub(super) fn zot(plan: &Plan) -> String {
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

/// A workflow that builds and pushes.
pub(super) fn github_workflow(plan: &Plan) -> String {
    let host = &plan.host;
    format!(
        r#"# .github/workflows/image.yml
name: image

on:
  push:
    branches: [main]
    tags: ["**"]

permissions:
  contents: read
  id-token: write   # lets the job ask GitHub for its JWT; nothing else is stored

jobs:
  push:
    runs-on: ubuntu-latest
    env:
      REGISTRY: "{host}"
    steps:
      - uses: actions/checkout@v4
      - name: Build
        run: |
          image="$REGISTRY/apps/github/${{GITHUB_REPOSITORY,,}}:${{GITHUB_REF_NAME//\//-}}"
          docker build --tag "$image" .
          echo "IMAGE=$image" >> "$GITHUB_ENV"
      - name: Log in and push
        # The JWT lives five minutes: log in when the image is built.
        run: |
          jwt=$(curl --fail --silent --show-error \
            --header "Authorization: bearer $ACTIONS_ID_TOKEN_REQUEST_TOKEN" \
            "$ACTIONS_ID_TOKEN_REQUEST_URL&audience=$REGISTRY" | jq --raw-output .value)
          echo "::add-mask::$jwt"
          printf '%s' "$jwt" | docker login "$REGISTRY" --username jwt --password-stdin
          docker push "$IMAGE"
"#
    )
}

/// A job that builds and pushes.
pub(super) fn gitlab_ci(plan: &Plan) -> String {
    let host = &plan.host;
    format!(
        r#"# A job for .gitlab-ci.yml
image:
  image: docker:28
  services: [docker:28-dind]
  id_tokens:
    PORTPASS_JWT:
      aud: "{host}"
  variables:
    REGISTRY: "{host}"
  script:
    - image="$REGISTRY/apps/gitlab/$(echo "$CI_PROJECT_PATH" | tr '[:upper:]' '[:lower:]'):$CI_COMMIT_REF_SLUG"
    - docker build --tag "$image" .
    - printf '%s' "$PORTPASS_JWT" | docker login "$REGISTRY" --username jwt --password-stdin
    - docker push "$image"
  rules:
    - if: $CI_COMMIT_BRANCH == $CI_DEFAULT_BRANCH
    - if: $CI_COMMIT_TAG
"#
    )
}

/// A path in JSON's quotes.
fn quoted(path: &Path) -> String {
    serde_json::Value::from(path.to_string_lossy()).to_string()
}
