//! A disk that is full, a folder that is taken, a database that is not ours: refused, and nothing lost.

use std::{
    collections::HashSet,
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context as _, Result, ensure};
use e2e::{
    issuer::Issuer,
    portpass::{Draft, Portpass, access_token, jwt_part},
    process::run,
    registry::Kind,
    tool,
    world::{OWN_NAMESPACE, SERVICE, tables},
};
use libtest_mimic::Trial;
use serde_json::Value;

use crate::until;

const SCOPE: [&str; 1] = ["repository:apps/github/acme/web:pull,push"];

/// A disk with room for a database and little more.
const DISK_BYTES: usize = 6 << 20;

pub(crate) fn trials() -> Vec<Trial> {
    vec![
        trial!(
            a_full_disk_is_a_503_and_service_returns_with_the_space,
            Unshare
        ),
        trial!(a_second_process_on_a_data_folder_is_refused),
        trial!(a_damaged_database_is_refused_and_left_as_it_was),
        trial!(a_newer_database_is_refused_and_left_as_it_was),
    ]
}

/// A server whose data folder is a small disk of its own, and the folder as the rest of us see it.
fn on_a_small_disk(issuer: &Issuer) -> Result<(Portpass, PathBuf)> {
    let draft = Draft::new(&tables(issuer, Kind::V28, OWN_NAMESPACE)?)?;
    let data = draft.data();
    fs::create_dir(&data)?;
    let mut command = Command::new("unshare");
    // Root in a user namespace of its own may mount, whoever we are.
    command
        .args(["--user", "--map-root-user", "--mount", "sh", "-ec"])
        .arg("mount -t tmpfs -o mode=700,size=\"$1\" tmpfs \"$2\"; shift 2; exec \"$@\"")
        .args(["sh", &DISK_BYTES.to_string()])
        .arg(&data)
        .arg(tool::ours("portpass")?)
        .args(["serve", "-c"])
        .arg(draft.config());
    let portpass = draft.serve_by(&mut command)?;
    let seen = format!("/proc/{}/root{}", portpass.server.id(), data.display());
    Ok((portpass, seen.into()))
}

fn a_full_disk_is_a_503_and_service_returns_with_the_space() -> Result<()> {
    let issuer = Issuer::start()?;
    let (portpass, data) = on_a_small_disk(&issuer)?;
    let mut held = HashSet::new();
    ensure!(ask(&portpass, &issuer, &mut held)? == 200);

    let ballast = data.join("ballast");
    // The last bytes are refused: that is what makes it full.
    let filled = fs::write(&ballast, vec![1; DISK_BYTES]);
    ensure!(filled.is_err(), "the disk took all of it");
    // What the database already has of the disk serves for a while.
    let refused = (0..20_000)
        .map(|_| ask(&portpass, &issuer, &mut held))
        .find(|status| !matches!(status, Ok(200)))
        .context("a full disk that nothing needs")??;
    ensure!(refused == 503, "a full disk is a {refused}");
    let log = portpass.server.log();
    ensure!(log.contains("full"), "no cause in the log: {log}");
    ensure!(ask(&portpass, &issuer, &mut held)? == 503);

    fs::remove_file(&ballast)?;
    until("service returns with the space", || {
        let status = ask(&portpass, &issuer, &mut held)?;
        ensure!(
            matches!(status, 200 | 503),
            "a disk with space is a {status}"
        );
        Ok(status == 200)
    })?;

    let recorded = recorded(&portpass, &data)?;
    let lost: Vec<_> = held.difference(&recorded).collect();
    ensure!(
        lost.is_empty(),
        "{} of {}: {lost:?}",
        lost.len(),
        held.len()
    );
    Ok(())
}

/// One build's first request; keeps the id of a token that was given.
fn ask(portpass: &Portpass, issuer: &Issuer, held: &mut HashSet<String>) -> Result<u16> {
    let jwt = issuer.jwt("github", SERVICE)?;
    let answer = portpass.token(SERVICE, &SCOPE, &jwt)?;
    if answer.status == 200 {
        let claims = jwt_part(&access_token(&answer)?, 1)?;
        let id = claims.get("jti").and_then(|id| id.as_str());
        held.insert(id.context("no jti")?.to_owned());
    }
    Ok(answer.status)
}

/// The ids of all events, asked for through the socket on the server's own disk.
fn recorded(portpass: &Portpass, data: &Path) -> Result<HashSet<String>> {
    let draft = &portpass.draft;
    let config = fs::read_to_string(draft.config())?;
    let (here, there) = (draft.data(), data.display().to_string());
    let beside = draft.folder().join("seen-from-outside.toml");
    fs::write(&beside, config.replace(&*here.to_string_lossy(), &there))?;
    let beside = beside.to_string_lossy();
    let words = ["events", "--json", "--limit", "10000", "-c", &beside];
    let listed = run(&tool::ours("portpass")?, draft.folder(), words)?.succeeded()?;
    let events = listed.stdout.lines().map(serde_json::from_str::<Value>);
    events
        .map(|event| {
            let event = event?;
            let id = event.get("id").and_then(Value::as_str);
            Ok(id.context("an event without an id")?.to_owned())
        })
        .collect()
}

fn a_second_process_on_a_data_folder_is_refused() -> Result<()> {
    let issuer = Issuer::start()?;
    let portpass = Draft::new(&tables(&issuer, Kind::V28, OWN_NAMESPACE)?)?.serve()?;
    let said = portpass.command(&["serve"])?.refused()?.said();
    ensure!(said.contains("another Portpass"), "{said}");
    let jwt = issuer.jwt("github", SERVICE)?;
    ensure!(portpass.token(SERVICE, &SCOPE, &jwt)?.status == 200);
    Ok(())
}

/// A data folder that was served once, and its database.
fn served_once() -> Result<(Issuer, Portpass, PathBuf)> {
    let issuer = Issuer::start()?;
    let mut portpass = Draft::new(&tables(&issuer, Kind::V28, OWN_NAMESPACE)?)?.serve()?;
    let jwt = issuer.jwt("github", SERVICE)?;
    ensure!(portpass.token(SERVICE, &SCOPE, &jwt)?.status == 200);
    ensure!(portpass.end("TERM")?.success());
    let database = portpass.draft.data().join("portpass.db");
    Ok((issuer, portpass, database))
}

/// A server does not start on this database, and changes not a byte of it.
fn is_refused(portpass: &Portpass, database: &Path, bytes: &[u8], word: &str) -> Result<()> {
    fs::write(database, bytes)?;
    let said = portpass.command(&["serve"])?.refused()?.said();
    ensure!(said.contains(word), "no {word:?} in: {said}");
    ensure!(fs::read(database)? == bytes, "the database was changed");
    Ok(())
}

fn a_damaged_database_is_refused_and_left_as_it_was() -> Result<()> {
    let (issuer, mut portpass, database) = served_once()?;
    let whole = fs::read(&database)?;
    let overwritten = [
        b"Not a database.\0".as_slice(),
        whole.get(16..).unwrap_or(&[]),
    ]
    .concat();
    is_refused(&portpass, &database, &overwritten, "damaged")?;
    let half = whole.get(..whole.len() / 2).unwrap_or_default();
    is_refused(&portpass, &database, half, "damaged")?;

    fs::write(&database, whole)?;
    portpass.restart()?;
    let jwt = issuer.jwt("github", SERVICE)?;
    ensure!(portpass.token(SERVICE, &SCOPE, &jwt)?.status == 200);
    Ok(())
}

fn a_newer_database_is_refused_and_left_as_it_was() -> Result<()> {
    let (_issuer, portpass, database) = served_once()?;
    newer(&database)?;
    let bytes = fs::read(&database)?;
    is_refused(&portpass, &database, &bytes, "newer")
}

/// Makes a database one that a later version has migrated, in a way that ours cannot work with.
fn newer(database: &Path) -> Result<()> {
    use sqlx::{ConnectOptions as _, Connection as _, sqlite::SqliteConnectOptions};
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?
        .block_on(async {
            let options = SqliteConnectOptions::new().filename(database);
            let mut connection = options.connect().await?;
            for statement in [
                "UPDATE compatibility SET needs_at_least = 9999",
                "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time) \
                 VALUES (9999, 'from the future', TRUE, x'00', 0)",
            ] {
                sqlx::query(statement).execute(&mut connection).await?;
            }
            Ok(connection.close().await?)
        })
}
