//! The files load, say what was asked for, and take nobody's place.

use clap::Parser as _;

use super::*;
use crate::{config, snapshot::Snapshot, trial::Trial};

mod answers;
mod jobs;
mod jwts;

/// The command line around the arguments.
#[derive(Debug, clap::Parser)]
struct Line {
    #[command(flatten)]
    arguments: Init,
}

/// When all of it happens.
const NOW: i64 = 1_700_000_000;

fn now() -> Timestamp {
    Timestamp::from_second(NOW).unwrap()
}

/// The arguments of a command line.
fn arguments(folder: &Path, line: &[&str]) -> anyhow::Result<Init> {
    let words = ["init", "--dir", folder.to_str().unwrap()];
    let words = words.into_iter().chain(line.iter().copied());
    Ok(Line::try_parse_from(words)?.arguments)
}

/// Runs `init` in a folder; gives what it prints.
fn init(folder: &Path, line: &[&str]) -> anyhow::Result<String> {
    init_of(folder, line, None)
}

/// The same, with a JWT on standard input.
fn init_of(folder: &Path, line: &[&str], jwt: Option<&str>) -> anyhow::Result<String> {
    let Written { files, next } = write(&arguments(folder, line)?, jwt, now())?;
    Ok(said(&files, &next).replace(folder.to_str().unwrap(), "DIR"))
}

/// Loads what was written as the server would, and runs its tests.
fn holds(folder: &Path) {
    let config = config::load(&folder.join("portpass.toml")).unwrap();
    Snapshot::of(&config, None, now()).unwrap();
    assert!(!config.tests.is_empty());
    let trial = Trial::of(&config, now()).unwrap();
    for result in trial.run_all(&config.tests) {
        assert!(result.passed, "{result:#?}");
    }
}

fn read(folder: &Path, name: &str) -> String {
    let text = fs::read_to_string(folder.join(name)).unwrap();
    text.replace(folder.canonicalize().unwrap().to_str().unwrap(), "DIR")
}

#[test]
fn with_an_owners_id_the_files_load_for_every_registry() {
    for (registry, file) in [
        ("distribution", "registry.yml"),
        ("distribution-3.0", "registry.yml"),
        ("distribution-2", "registry.yml"),
        ("zot", "zot.json"),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let line = [
            "--registry",
            registry,
            "--github",
            "acme",
            "--owner-id",
            "65",
        ];
        init(folder.path(), &line).unwrap();
        let config = config::load(&folder.path().join("portpass.toml")).unwrap();
        assert_eq!(config.issuers[0].owner_id[0].value, "65");
        assert!(read(folder.path(), file).contains("http://localhost:8080/token"));
        assert!(folder.path().join("github-workflow.yml").exists());
        assert!(!folder.path().join("gitlab-ci.yml").exists());
        holds(folder.path());
    }
}

#[test]
fn without_an_owners_id_check_points_at_the_gap() {
    let folder = tempfile::tempdir().unwrap();
    let out = init(folder.path(), &["--github", "acme"]).unwrap();
    assert!(out.contains("https://api.github.com/users/acme"), "{out}");
    let error = config::load(&folder.path().join("portpass.toml")).unwrap_err();
    assert_eq!(error.faults().len(), 1);
    let shown = error.render();
    assert!(shown.contains("^^^^^^^^^^^^^^^^^"), "{shown}");
    assert!(shown.contains("https://api.github.com/users/"), "{shown}");
}

#[test]
fn a_gitlab_of_ones_own_is_narrowed_by_path_and_the_shared_one_by_id() {
    let folder = tempfile::tempdir().unwrap();
    let own = [
        "--gitlab",
        "https://gitlab.example.com",
        "--group",
        "acme/platform",
    ];
    init(folder.path(), &own).unwrap();
    let config = config::load(&folder.path().join("portpass.toml")).unwrap();
    assert_eq!(config.issuers[0].owner_path[0].value, "acme/platform");
    holds(folder.path());

    let folder = tempfile::tempdir().unwrap();
    let out = init(
        folder.path(),
        &["--gitlab", "https://gitlab.com", "--group", "acme"],
    )
    .unwrap();
    assert!(out.contains("numeric id of your group"), "{out}");
    assert!(config::load(&folder.path().join("portpass.toml")).is_err());

    let folder = tempfile::tempdir().unwrap();
    init(
        folder.path(),
        &["--gitlab", "https://gitlab.com", "--group-id", "9970"],
    )
    .unwrap();
    holds(folder.path());
}

#[test]
fn all_platforms_share_the_rules() {
    let folder = tempfile::tempdir().unwrap();
    let line = [
        "--github",
        "acme",
        "--owner-id",
        "65",
        "--gitlab",
        "https://gitlab.example.com",
        "--forgejo",
        "https://codeberg.org",
        "--forgejo-owner-id",
        "66",
        "--kubernetes",
        "https://cluster.example.com",
        "--public-url",
        "https://registry.example.com",
    ];
    init(folder.path(), &line).unwrap();
    let config = config::load(&folder.path().join("portpass.toml")).unwrap();
    assert_eq!(config.registries[0].service, "registry.example.com");
    assert_eq!(config.policy.rules["own-name"].from.len(), 3);
    assert_eq!(config.policy.rules["everyone-pulls"].from.len(), 4);
    assert!(read(folder.path(), "registry.yml").contains("host: https://registry.example.com\n"));
    holds(folder.path());
    assert!(read(folder.path(), "gitlab-ci.yml").contains("aud: \"registry.example.com\""));
}

#[test]
fn the_registrys_own_file_trusts_what_is_exported() {
    let folder = tempfile::tempdir().unwrap();
    let out = init(folder.path(), &["--github", "acme", "--owner-id", "65"]).unwrap();
    insta::assert_snapshot!(read(folder.path(), "registry.yml"), @r#"
    version: 0.1
    log:
      level: info
    storage:
      filesystem:
        rootdirectory: "DIR/images"
      delete:
        enabled: true
    http:
      addr: 127.0.0.1:5000
    auth:
      token:
        realm: http://localhost:8080/token
        service: "localhost:5000"
        issuer: http://localhost:8080
        rootcertbundle: "DIR/portpass-trust.pem"
        signingalgorithms: [ES256]
    "#);
    insta::assert_snapshot!(out, @r"
    wrote DIR/portpass.toml
    wrote DIR/registry.yml
    wrote DIR/github-workflow.yml

    Next:
    1. Check it, and run its tests:
       portpass check -c DIR/portpass.toml
       portpass test -c DIR/portpass.toml
    2. Give the registry what it is to trust:
       portpass keys export main -c DIR/portpass.toml > DIR/portpass-trust.pem
    3. Start Portpass:  portpass serve -c DIR/portpass.toml
    4. Start the registry:  OTEL_TRACES_EXPORTER=none registry serve DIR/registry.yml
    5. Copy DIR/github-workflow.yml to .github/workflows/image.yml in a repository and push.
    6. Hosted runners cannot reach http://localhost:8080: for real use, run init again with
       --public-url https://… and put TLS in front of Portpass and the registry.
    ");
}

#[test]
fn a_registry_is_called_by_its_own_name_only() {
    let folder = tempfile::tempdir().unwrap();
    let line = ["--github", "acme", "--owner-id", "65", "--registry", "zot"];
    let out = init(folder.path(), &line).unwrap();
    assert!(
        out.contains("Start the registry:  zot serve DIR/zot.json\n5. "),
        "{out}"
    );
}

#[test]
fn nothing_is_overwritten_and_nothing_half_written() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("registry.yml"), "mine").unwrap();
    let error = init(folder.path(), &["--github", "acme"]).unwrap_err();
    assert!(
        error.to_string().contains("registry.yml is there already"),
        "{error}"
    );
    assert_eq!(read(folder.path(), "registry.yml"), "mine");
    assert!(!folder.path().join("portpass.toml").exists());
}

#[test]
fn arguments_that_make_no_sense_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    for (line, part) in [
        (&[][..], "say who pushes"),
        (&["--github", "ac\"me"], "--github"),
        (&["--github", ""], "--github"),
        (&["--github", "acme", "--owner-id", "acme"], "is a number"),
        (&["--gitlab", "gitlab.com"], "--gitlab"),
        (
            &["--gitlab", "https://gitlab.com", "--group", "a b"],
            "--group",
        ),
        (
            &[
                "--github",
                "acme",
                "--public-url",
                "http://registry.example.com",
            ],
            "loopback",
        ),
        (
            &["--github", "acme", "--registry-host", "a/b"],
            "--registry-host",
        ),
        (&["--owner-id", "65"], "--github"),
        (&["--forgejo", "codeberg.org"], "--forgejo"),
        (&["--kubernetes", "cluster.local"], "--kubernetes"),
        (&["--kubernetes", "https://a\"b"], "--kubernetes"),
        (&["--github", "acme", "--builder", "kaniko"], "--builder"),
        (
            &[
                "--kubernetes",
                "https://a.example.com",
                "--builder",
                "docker",
            ],
            "--builder",
        ),
        (&["--github", "acme", "--jwt-stdin"], "--jwt-stdin"),
        (&["--repository", "a/b", "--github", "acme"], "--jwt-stdin"),
    ] {
        let error = init(folder.path(), line).unwrap_err().to_string();
        assert!(error.contains(part), "{line:?}: {error}");
    }
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
}
