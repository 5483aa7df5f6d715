//! A log that nobody takes: its reader is gone, or its disk is full.

use std::{
    fs::OpenOptions,
    process::{Command, Stdio},
    thread,
    time::Duration,
};

use anyhow::{Result, ensure};
use e2e::{
    http::{self, Credential},
    issuer::Issuer,
    portpass::Draft,
    process::Server,
    tool,
    world::SERVICE,
};
use libtest_mimic::Trial;

use super::{Held, SCOPE, draft, is_given};

pub(super) fn trials() -> Vec<Trial> {
    vec![
        trial!(a_server_whose_log_has_no_reader_any_more_serves_on),
        trial!(a_server_whose_log_is_on_a_full_disk_serves_on),
    ]
}

fn a_server_whose_log_has_no_reader_any_more_serves_on() -> Result<()> {
    // A pipe whose other end is closed: each write to it is a broken pipe.
    let mut reader = Command::new("true").stdin(Stdio::piped()).spawn()?;
    let pipe = reader.stdin.take();
    reader.wait()?;
    let pipe = std::os::fd::OwnedFd::from(pipe.expect("it was asked for"));
    serves_on(pipe.try_clone()?.into(), pipe.into())
}

fn a_server_whose_log_is_on_a_full_disk_serves_on() -> Result<()> {
    let full = OpenOptions::new().write(true).open("/dev/full")?;
    serves_on(full.try_clone()?.into(), full.into())
}

/// Serves, logs a good deal, reloads and leaves, while each line of the log is an error.
fn serves_on(output: Stdio, errors: Stdio) -> Result<()> {
    let issuer = Issuer::start()?;
    let draft = draft(&issuer)?;
    let mut server = start(&draft, output, errors)?;
    for round in 0..20 {
        let jwt = issuer.jwt("github", SERVICE)?;
        let credential = Credential::Basic("JWT".to_owned(), jwt);
        let path = e2e::portpass::token_path(SERVICE, &SCOPE);
        is_given(&http::get(draft.port, &path, &credential)?)?;
        let nobody = Credential::Basic("JWT".to_owned(), "wrong".to_owned());
        ensure!(http::get(draft.port, &path, &nobody)?.status == 401);
        if round % 5 == 0 {
            server.signal("HUP")?;
        }
    }
    // Whatever is done in the background logs as well.
    issuer.fault("github", "mode=down")?;
    thread::sleep(Duration::from_millis(300));
    let portpass = e2e::portpass::Portpass { draft, server };
    let mut held = Held::default();
    is_given(&held.ask(&portpass, &issuer)?)?;
    held.is_recorded(&portpass)?;
    server = portpass.server;
    server.signal("TERM")?;
    let ended = server.wait()?;
    ensure!(ended.success(), "ended with {ended}");
    Ok(())
}

fn start(draft: &Draft, output: Stdio, errors: Stdio) -> Result<Server> {
    let mut command = Command::new(tool::ours("portpass")?);
    command.args(["serve", "-c"]).arg(draft.config());
    let mut server = Server::start_with_output("portpass", &mut command, output, errors)?;
    server.wait_until(|| {
        http::get(draft.port, "/readyz", &Credential::None).is_ok_and(|ready| ready.status == 200)
    })?;
    Ok(server)
}
