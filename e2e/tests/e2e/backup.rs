//! A backup is taken while the server answers, and what is restored from it is what was there.

use std::{
    fs,
    path::{Path, PathBuf},
    sync::atomic::{AtomicBool, AtomicUsize, Ordering},
    thread,
};

use anyhow::{Context as _, Result, ensure};
use e2e::{
    http::{self, Credential, Response},
    issuer::Issuer,
    operator::ApiToken,
    portpass::{Draft, Portpass, token_path},
    postgres::Postgres,
    registry::Kind,
    world::{OWN_NAMESPACE, SERVICE, tables},
};
use libtest_mimic::Trial;
use serde_json::Value;

use crate::{joined, until};

const WEB: [&str; 1] = ["repository:apps/github/acme/web:pull,push"];
const TEAM: [&str; 1] = ["repository:team/app:pull"];

const CLIENTS: usize = 4;

const GROUPS: &str = r#"
[group.robots]
operators = true

[rule.robots]
group = "robots"
pull = ["team/**"]
"#;

pub(crate) fn trials() -> Vec<Trial> {
    vec![
        trial!(a_backup_under_load_restores_all_but_the_sessions),
        trial!(a_backup_of_sqlite_restores_into_postgresql, Postgres),
        trial!(a_restore_into_a_folder_that_is_not_empty_is_refused),
    ]
}

/// A server with something of each kind in its store.
struct Used {
    issuer: Issuer,
    portpass: Portpass,
    rules: String,
    token: ApiToken,
    refresh_token: String,
}

impl Used {
    fn start() -> Result<Self> {
        let issuer = Issuer::start()?;
        let rules = tables(&issuer, Kind::V28, &format!("{OWN_NAMESPACE}{GROUPS}"))?;
        let portpass = Draft::new(&rules)?.serve()?;
        portpass.operate(&["groups", "add", "robots", "github:74"])?;
        let words = ["--group", "robots", "--pull", "team/**"];
        let token = portpass.create_token("mirror", &words)?;
        let jwt = issuer.jwt("github", SERVICE)?;
        let path = token_path(SERVICE, &WEB) + "&offline_token=true";
        let given = http::get(portpass.draft.port, &path, &basic("JWT", &jwt))?;
        let refresh_token = given.json()?;
        let refresh_token = refresh_token.get("refresh_token").and_then(Value::as_str);
        let refresh_token = refresh_token.with_context(|| given.text())?.to_owned();
        Ok(Self {
            issuer,
            portpass,
            rules,
            token,
            refresh_token,
        })
    }

    /// Takes a backup of the running server.
    fn back_up(&self, folder: &Path) -> Result<PathBuf> {
        let file = folder.join("backup");
        let said = self
            .portpass
            .command(&["backup", "--output", &file.to_string_lossy()])?
            .succeeded()?
            .said();
        // Whoever keeps it must know what they keep.
        ensure!(
            said.contains("CA"),
            "not said whether the CA's key is in it: {said}"
        );
        Ok(file)
    }

    /// What was there is there in `restored`, and every login has to be made anew.
    fn is_in(&self, restored: &Portpass) -> Result<()> {
        let port = restored.draft.port;
        let refused = http::get(
            port,
            &token_path(SERVICE, &WEB),
            &basic("", &self.refresh_token),
        )?;
        ensure!(
            refused.status == 401,
            "a session went on: {}",
            refused.text()
        );
        let robot = http::get(
            port,
            &token_path(SERVICE, &TEAM),
            &basic("robot", &self.token.secret),
        )?;
        is_ok(&robot)?;

        is_ok(&restored.token(SERVICE, &TEAM, &self.later("74")?)?)?;
        let owned = restored.listed(&["namespaces", "list"])?;
        ensure!(
            owned.iter().any(|row| row["id"] == "74"),
            "no namespace: {owned:?}"
        );
        let other = restored.token(SERVICE, &WEB, &self.later("75")?)?;
        ensure!(other.status == 401, "another owner: {}", other.text());
        is_ok(&restored.token(SERVICE, &WEB, &self.later("74")?)?)
    }

    /// A JWT of after the restore, of whichever repository is called `acme/web`.
    fn later(&self, id: &str) -> Result<String> {
        let id = format!("repository_id={id}");
        // JWTs tell time in seconds; within the leeway, this one is not of the same second.
        self.issuer
            .signed("github", SERVICE, &[("set", &id), ("age", "-2")])
    }
}

fn basic(user: &str, password: &str) -> Credential {
    Credential::Basic(user.to_owned(), password.to_owned())
}

fn is_ok(answer: &Response) -> Result<()> {
    ensure!(answer.status == 200, "{} {}", answer.status, answer.text());
    Ok(())
}

/// A new server with this store, filled from a backup before it is served.
fn restored(rules: &str, store: &str, file: &Path) -> Result<Portpass> {
    let draft = Draft::with_store(rules, store)?;
    draft
        .command(&["restore", &file.to_string_lossy()])?
        .succeeded()?;
    draft.serve()
}

fn a_backup_under_load_restores_all_but_the_sessions() -> Result<()> {
    let used = Used::start()?;
    let folder = tempfile::tempdir()?;
    let stop = AtomicBool::new(false);
    let answered = AtomicUsize::new(0);
    let file = thread::scope(|scope| -> Result<PathBuf> {
        let clients: Vec<_> = (0..CLIENTS)
            .map(|_| {
                scope.spawn(|| -> Result<()> {
                    while !stop.load(Ordering::Acquire) {
                        let jwt = used.issuer.jwt("github", SERVICE)?;
                        is_ok(&used.portpass.token(SERVICE, &WEB, &jwt)?)?;
                        answered.fetch_add(1, Ordering::Relaxed);
                    }
                    Ok(())
                })
            })
            .collect();
        let file = until("clients are served", || {
            Ok(answered.load(Ordering::Relaxed) > 10 * CLIENTS)
        })
        .and_then(|()| used.back_up(folder.path()));
        stop.store(true, Ordering::Release);
        for client in clients {
            joined(client)?;
        }
        file
    })?;
    let restored = restored(&used.rules, "", &file)?;
    used.is_in(&restored)?;
    // Events up to the backup came along, each once.
    let events = restored.events()?;
    ensure!(events.len() > 10 * CLIENTS, "{} events", events.len());
    Ok(())
}

fn a_backup_of_sqlite_restores_into_postgresql() -> Result<()> {
    let used = Used::start()?;
    let folder = tempfile::tempdir()?;
    let file = used.back_up(folder.path())?;
    let postgres = Postgres::start()?;
    let store = format!("database_url = {:?}", postgres.url());
    used.is_in(&restored(&used.rules, &store, &file)?)?;
    let members = postgres.query("SELECT count(*) FROM group_members")?;
    ensure!(members == "1", "{members} members");
    Ok(())
}

fn a_restore_into_a_folder_that_is_not_empty_is_refused() -> Result<()> {
    let mut used = Used::start()?;
    let folder = tempfile::tempdir()?;
    let file = used.back_up(folder.path())?;
    let path = file.to_string_lossy();
    used.portpass.command(&["restore", &path])?.refused()?;
    ensure!(used.portpass.end("TERM")?.success());
    let database = used.portpass.draft.data().join("portpass.db");
    let before = fs::read(&database)?;
    let said = used
        .portpass
        .command(&["restore", &path])?
        .refused()?
        .said();
    ensure!(said.contains("empty"), "{said}");
    ensure!(fs::read(&database)? == before, "the database was changed");
    Ok(())
}
