//! The workflows of GitHub and Forgejo, which differ in how a job gets its JWT.

use super::{
    choice::Builder,
    job::Run,
    plan::Plan,
    platform::Platform,
    text::{indented, json_quoted},
};

/// A workflow of GitHub that builds and pushes.
pub(super) fn github(plan: &Plan, platform: &Platform) -> String {
    let run = plan.job().and_then(|job| job.run.as_ref());
    let builder = plan.builder(platform);
    let host = &plan.host;
    let image = image(plan, "apps/github/${GITHUB_REPOSITORY,,}");
    format!(
        r#"# .github/workflows/image.yml
name: image

{on}
permissions:
  contents: read
  id-token: write   # lets the job ask GitHub for its JWT; nothing else is stored

jobs:
  push:
    runs-on: ubuntu-latest
{environment}    env:
      REGISTRY: "{host}"
    steps:
      - uses: actions/checkout@v4
      - name: Build
        run: |
          image="{image}"
          {builder} build --tag "$image" .
          echo "IMAGE=$image" >> "$GITHUB_ENV"
      - name: Log in and push
        # The JWT lives five minutes: log in when the image is built.
        run: |
{push}"#,
        on = on(run),
        environment = environment(run),
        push = indented(&log_in_and_push(builder, "$IMAGE"), 10),
    )
}

/// A workflow of Forgejo that builds and pushes.
pub(super) fn forgejo(plan: &Plan, platform: &Platform) -> String {
    let run = plan.job().and_then(|job| job.run.as_ref());
    let builder = plan.builder(platform);
    let host = &plan.host;
    let name = format!(
        "apps/{}/$(echo \"$GITHUB_REPOSITORY\" | tr '[:upper:]' '[:lower:]')",
        platform.name
    );
    let image = image(plan, &name);
    format!(
        r#"# .forgejo/workflows/image.yml, for Forgejo 15 and runner 12.5 or later
name: image

{on}
enable-openid-connect: true   # lets the job ask Forgejo for its JWT; nothing else is stored

jobs:
  push:
    runs-on: docker
{environment}    env:
      REGISTRY: "{host}"
    steps:
      - uses: actions/checkout@v4
      - name: Build
        run: |
          image="{image}"
          {builder} build --tag "$image" .
          echo "IMAGE=$image" >> "$GITHUB_ENV"
      - name: Log in and push
        run: |
{push}"#,
        on = on(run),
        environment = environment(run),
        push = indented(&log_in_and_push(builder, "$IMAGE"), 10),
    )
}

/// The image's name with its tag, in the shell of the job.
fn image(plan: &Plan, own_name: &str) -> String {
    let repository = plan.job().map_or(own_name, |job| &job.repository);
    let tag = if plan.job().is_none() && own_name.contains(",,") {
        "${GITHUB_REF_NAME//\\//-}"
    } else {
        "$(echo \"$GITHUB_REF_NAME\" | tr / -)"
    };
    format!("$REGISTRY/{repository}:{tag}")
}

/// Asks for the JWT at the address in the job's environment, logs in, pushes.
fn log_in_and_push(builder: Builder, image: &str) -> String {
    format!(
        r#"jwt=$(curl --fail --silent --show-error \
  --header "Authorization: bearer $ACTIONS_ID_TOKEN_REQUEST_TOKEN" \
  "$ACTIONS_ID_TOKEN_REQUEST_URL&audience=$REGISTRY" | jq --raw-output .value)
echo "::add-mask::$jwt"
printf '%s' "$jwt" | {builder} login --username jwt --password-stdin "$REGISTRY"
{builder} push "{image}"
"#
    )
}

/// What sets the workflow off: what the rules accept.
fn on(run: Option<&Run>) -> String {
    let Some(run) = run else {
        return "on:\n  push:\n    branches: [main]\n    tags: [\"**\"]\n".to_owned();
    };
    let list = |name: Option<&str>| name.map(json_quoted).unwrap_or_default();
    match run.event.as_str() {
        "push" => format!("on:\n  push:\n    branches: [{}]\n", list(run.branch())),
        "tag" => format!(
            "on:\n  push:\n    tags: [{}]   # the rule is for this one; widen both\n",
            list(run.tag())
        ),
        "schedule" => "on:\n  schedule:\n    - cron: \"30 3 * * *\"\n".to_owned(),
        _ => format!("on: [{}]\n", json_quoted(&run.raw)),
    }
}

/// The line of the job that names its environment, if the rule holds to one.
fn environment(run: Option<&Run>) -> String {
    let environment = run.and_then(|run| run.environment.as_deref());
    environment.map_or_else(String::new, |name| {
        format!("    environment: {}\n", json_quoted(name))
    })
}
