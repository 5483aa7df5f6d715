//! What `deploy/` hands to an operator is right as far as this machine can tell.

use std::{fs, os::unix::fs::PermissionsExt as _, path::PathBuf, process::Command};

use anyhow::{Context as _, Result, ensure};
use e2e::{
    http::{self, Credential},
    issuer::Issuer,
    portpass::Draft,
    process::{Server, run_with},
    registry::Kind,
    tool::{self, Tool},
    world::{OWN_NAMESPACE, SERVICE, tables},
};
use libtest_mimic::Trial;

pub(crate) fn trials() -> Vec<Trial> {
    vec![
        trial!(the_systemd_unit_is_valid, SystemdAnalyze),
        trial!(the_configurations_of_kubernetes_and_compose_load),
        trial!(the_image_serves_and_resolves_names, Buildah, Image),
    ]
}

fn deploy() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../deploy")
}

/// systemd looks whether the program exists, so it is shown ours.
fn the_systemd_unit_is_valid() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let unit = fs::read_to_string(deploy().join("systemd/portpass.service"))?;
    let program = tool::ours("portpass")?;
    let path = folder.path().join("portpass.service");
    fs::write(
        &path,
        unit.replace("/usr/local/bin/portpass", &program.to_string_lossy()),
    )?;
    let mut verify = Command::new(Tool::SystemdAnalyze.path()?);
    verify.arg("verify").arg("--man=no").arg(&path);
    let verified = run_with(&mut verify, folder.path(), None)?.succeeded()?;
    ensure!(verified.said().is_empty(), "{}", verified.said());
    Ok(())
}

fn the_configurations_of_kubernetes_and_compose_load() -> Result<()> {
    let map = fs::read_to_string(deploy().join("kubernetes/config.yaml"))?;
    let (_, block) = map
        .split_once("portpass.toml: |\n")
        .context("no portpass.toml")?;
    let kubernetes: Vec<_> = block
        .lines()
        .map(|line| line.strip_prefix("    ").unwrap_or(line))
        .collect();
    let compose = fs::read_to_string(deploy().join("compose/portpass.toml"))?;
    for text in [kubernetes.join("\n"), compose] {
        let draft = Draft::new("")?;
        fs::write(draft.config(), text)?;
        draft.command(&["check"])?.succeeded()?;
    }
    Ok(())
}

/// The keys of the issuers are fetched by name, so a token says that names resolve inside the image.
fn the_image_serves_and_resolves_names() -> Result<()> {
    let image = Tool::Image.path()?;
    let issuer = Issuer::start()?;
    let draft = Draft::new("")?;
    let inside = PathBuf::from("/etc/portpass");
    let folder = draft.folder().to_owned();
    // The image's user is nobody on this machine.
    fs::set_permissions(&folder, fs::Permissions::from_mode(0o777))?;
    let ca = fs::read(issuer.ca()?)?;
    fs::write(folder.join("issuer-ca.pem"), ca)?;
    let text = tables(&issuer, Kind::V28, OWN_NAMESPACE)?.replace(
        &*issuer.ca()?.to_string_lossy(),
        "/etc/portpass/issuer-ca.pem",
    );
    draft.write(&text)?;
    let config = fs::read_to_string(draft.config())?;
    let data = folder.join("data");
    fs::write(
        draft.config(),
        config.replace(&*data.to_string_lossy(), "/etc/portpass/data"),
    )?;

    let buildah = Tool::Buildah.path()?;
    let home = tempfile::tempdir()?;
    let command = |words: &[&str]| {
        let mut command = Command::new(&buildah);
        command.args(words);
        tool::keep_container_storage(&mut command);
        command
    };
    let from = run_with(
        &mut command(&["from", "--pull-never", &image.to_string_lossy()]),
        home.path(),
        None,
    )?
    .succeeded()?;
    let container = from.stdout.trim().to_owned();
    let volume = format!("{}:{}", folder.display(), inside.display());
    let mut serve = command(&[
        "run",
        "--isolation",
        "chroot",
        "--volume",
        &volume,
        &container,
        "--",
        "/usr/local/bin/portpass",
        "serve",
        "-c",
        "/etc/portpass/portpass.toml",
    ]);
    let served = (|| -> Result<()> {
        let mut server = Server::start("image", &mut serve, home.path())?;
        server.wait_until(|| {
            http::get(draft.port, "/readyz", &Credential::None)
                .is_ok_and(|ready| ready.status == 200)
        })?;
        let jwt = Credential::Basic("JWT".to_owned(), issuer.jwt("github", SERVICE)?);
        let path =
            e2e::portpass::token_path(SERVICE, &["repository:apps/github/acme/web:pull,push"]);
        let answer = http::get(draft.port, &path, &jwt)?;
        ensure!(
            answer.status == 200,
            "{} {}: {}",
            answer.status,
            answer.text(),
            server.log()
        );
        let owner = std::os::unix::fs::MetadataExt::uid(&fs::metadata(&data)?);
        ensure!(owner == 65532, "runs as {owner}");
        // buildah passes it on to the program inside.
        server.signal("TERM")?;
        server.wait()?;
        Ok(())
    })();
    run_with(&mut command(&["rm", &container]), home.path(), None)?;
    served
}
