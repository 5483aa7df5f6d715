//! The job of GitLab, with docker, with buildah, with kaniko.

use super::{
    choice::Builder,
    job::Run,
    plan::Plan,
    platform::Platform,
    text::{indented, json_quoted},
};

/// A job for `.gitlab-ci.yml` that builds and pushes.
pub(super) fn job(plan: &Plan, platform: &Platform) -> String {
    let run = plan.job().and_then(|job| job.run.as_ref());
    let builder = plan.builder(platform);
    let host = &plan.host;
    format!(
        r#"# A job for .gitlab-ci.yml
image:
{runs_in}{environment}  id_tokens:
    PORTPASS_JWT:
      aud: "{host}"
  variables:
    REGISTRY: "{host}"
{variables}  script:
{script}  rules:
{rules}"#,
        runs_in = runs_in(builder),
        environment = environment(run),
        variables = variables(builder),
        script = indented(&script(builder, &image(plan, platform)), 4),
        rules = rules(run),
    )
}

fn runs_in(builder: Builder) -> &'static str {
    match builder {
        Builder::Buildah => "  image: quay.io/buildah/stable\n",
        Builder::Docker => "  image: docker:28\n  services: [docker:28-dind]\n",
        Builder::Kaniko => {
            "  image:\n    name: gcr.io/kaniko-project/executor:debug\n    entrypoint: [\"\"]\n"
        }
    }
}

fn variables(builder: Builder) -> &'static str {
    match builder {
        Builder::Buildah => "    STORAGE_DRIVER: vfs\n    BUILDAH_ISOLATION: chroot\n",
        Builder::Docker | Builder::Kaniko => "",
    }
}

/// The image's name with its tag, in the shell of the job.
fn image(plan: &Plan, platform: &Platform) -> String {
    let repository = match plan.job() {
        Some(job) => job.repository.clone(),
        None => format!(
            "apps/{}/$(echo \"$CI_PROJECT_PATH\" | tr '[:upper:]' '[:lower:]')",
            platform.name
        ),
    };
    format!("$REGISTRY/{repository}:$CI_COMMIT_REF_SLUG")
}

/// The lines of the script. kaniko finds its credential in a file, and pushes
/// when it has built: until then the JWT lives, as long as the job may run.
fn script(builder: Builder, image: &str) -> String {
    let kaniko = r#"- mkdir -p /kaniko/.docker
- auth=$(printf 'jwt:%s' "$PORTPASS_JWT" | base64 | tr -d '\n')
- printf '{"auths":{"%s":{"auth":"%s"}}}' "$REGISTRY" "$auth" > /kaniko/.docker/config.json
- /kaniko/executor --context . --destination "$image"
"#;
    let named = format!("- image=\"{image}\"\n");
    match builder {
        Builder::Kaniko => named + kaniko,
        Builder::Buildah | Builder::Docker => format!(
            r#"{named}- {builder} build --tag "$image" .
- printf '%s' "$PORTPASS_JWT" | {builder} login --username jwt --password-stdin "$REGISTRY"
- {builder} push "$image"
"#
        ),
    }
}

/// When the job runs: where the rules accept it.
fn rules(run: Option<&Run>) -> String {
    let Some(run) = run else {
        return "    - if: $CI_COMMIT_BRANCH == $CI_DEFAULT_BRANCH\n    - if: $CI_COMMIT_TAG\n"
            .to_owned();
    };
    let mut conditions = vec![format!("$CI_PIPELINE_SOURCE == {}", json_quoted(&run.raw))];
    let named = [
        ("CI_COMMIT_BRANCH", run.branch()),
        ("CI_COMMIT_TAG", run.tag()),
    ];
    for (variable, value) in named {
        conditions.extend(value.map(|value| format!("${variable} == {}", json_quoted(value))));
    }
    format!("    - if: {}\n", yaml_quoted(&conditions.join(" && ")))
}

/// A text in YAML's single quotes.
fn yaml_quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

fn environment(run: Option<&Run>) -> String {
    let environment = run.and_then(|run| run.environment.as_deref());
    environment.map_or_else(String::new, |name| {
        format!("  environment: {}\n", json_quoted(name))
    })
}
