//! Connections that end at the wrong moment, and more of them than a process may have.

use std::{
    io::{ErrorKind, Read as _, Write as _},
    net::{Shutdown, TcpStream},
    process::Command,
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context as _, Result, ensure};
use data_encoding::BASE64;
use e2e::{
    http,
    issuer::Issuer,
    portpass::{Draft, Portpass, token_path},
    registry::Kind,
    tool,
    world::{OWN_NAMESPACE, SERVICE, tables},
};
use libtest_mimic::Trial;

use super::{Held, SCOPE, is_given};
use crate::until;

/// Descriptors of a process that has too few.
const DESCRIPTORS: usize = 64;

pub(super) fn trials() -> Vec<Trial> {
    vec![
        trial!(a_connection_that_was_closed_while_idle_gives_no_answer_and_no_other_trouble),
        trial!(whoever_stops_sending_after_the_request_is_answered_or_hung_up_on),
        trial!(idle_and_unfinished_connections_keep_no_server_from_leaving),
        trial!(a_process_out_of_descriptors_serves_those_it_has_and_then_everybody),
    ]
}

/// A server that ends idle connections after a second.
fn served(issuer: &Issuer) -> Result<Portpass> {
    drafted(issuer)?.serve()
}

fn drafted(issuer: &Issuer) -> Result<Draft> {
    let tables = tables(issuer, Kind::V28, OWN_NAMESPACE)?;
    Draft::new(&tables.replace("[limits]", "[limits]\nheader_timeout = \"1s\""))
}

/// A request for a token on a connection that is to be kept.
fn request(issuer: &Issuer) -> Result<String> {
    let jwt = issuer.jwt("github", SERVICE)?;
    let pair = BASE64.encode(format!("JWT:{jwt}").as_bytes());
    Ok(format!(
        "GET {} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Basic {pair}\r\n\r\n",
        token_path(SERVICE, &SCOPE)
    ))
}

/// Reads one answer to its end, on a connection that stays; nothing if there is none.
fn answer(stream: &mut TcpStream) -> Result<Option<String>> {
    let mut text = Vec::new();
    let mut buffer = [0; 4096];
    loop {
        let read = match stream.read(&mut buffer) {
            Ok(read) => read,
            Err(error) if error.kind() == ErrorKind::ConnectionReset => 0,
            Err(error) => return Err(error.into()),
        };
        if read == 0 {
            ensure!(
                text.is_empty(),
                "cut off: {}",
                String::from_utf8_lossy(&text)
            );
            return Ok(None);
        }
        text.extend(buffer.get(..read).unwrap_or_default());
        let so_far = String::from_utf8_lossy(&text);
        let Some((head, body)) = so_far.split_once("\r\n\r\n") else {
            continue;
        };
        let length = head
            .lines()
            .find_map(|line| {
                line.to_lowercase()
                    .strip_prefix("content-length: ")?
                    .parse()
                    .ok()
            })
            .unwrap_or(0_usize);
        if body.len() >= length {
            return Ok(Some(so_far.into_owned()));
        }
    }
}

fn is_200(answer: Option<&String>) -> bool {
    answer.is_some_and(|answer| answer.starts_with("HTTP/1.1 200"))
}

fn a_connection_that_was_closed_while_idle_gives_no_answer_and_no_other_trouble() -> Result<()> {
    let issuer = Issuer::start()?;
    let portpass = served(&issuer)?;
    let mut stream = http::connect(portpass.draft.port)?;
    stream.write_all(request(&issuer)?.as_bytes())?;
    ensure!(is_200(answer(&mut stream)?.as_ref()));
    let events = portpass.events()?.len();
    // A client that keeps connections longer than we do, and sends just then.
    thread::sleep(Duration::from_millis(2500));
    // The first bytes may still be taken by the system.
    let _ = stream.write_all(request(&issuer)?.as_bytes());
    let second = answer(&mut stream)?;
    ensure!(
        second.is_none(),
        "an answer of a closed connection: {second:?}"
    );
    ensure!(
        portpass.events()?.len() == events,
        "recorded, and never answered"
    );
    let mut again = http::connect(portpass.draft.port)?;
    again.write_all(request(&issuer)?.as_bytes())?;
    ensure!(
        is_200(answer(&mut again)?.as_ref()),
        "what is tried again is served"
    );
    Ok(())
}

fn whoever_stops_sending_after_the_request_is_answered_or_hung_up_on() -> Result<()> {
    let issuer = Issuer::start()?;
    let portpass = served(&issuer)?;
    let mut answered = 0;
    for _ in 0..20 {
        let mut stream = http::connect(portpass.draft.port)?;
        stream.write_all(request(&issuer)?.as_bytes())?;
        stream.shutdown(Shutdown::Write)?;
        // Whole, or not at all.
        if let Some(text) = answer(&mut stream)? {
            ensure!(text.starts_with("HTTP/1.1 200"), "{text}");
            answered += 1;
        }
    }
    let tokens = portpass
        .events()?
        .iter()
        .filter(|event| event["kind"] == "token")
        .count();
    ensure!(tokens >= answered, "{answered} answers and {tokens} events");
    Ok(())
}

fn idle_and_unfinished_connections_keep_no_server_from_leaving() -> Result<()> {
    let issuer = Issuer::start()?;
    let mut portpass = served(&issuer)?;
    let port = portpass.draft.port;
    let mut open = Vec::new();
    for turn in 0..60 {
        let mut stream = http::connect(port)?;
        match turn % 3 {
            // Never says anything.
            0 => {}
            // Says half of it.
            1 => stream.write_all(b"GET /token HTTP/1.1\r\nHost: localho")?,
            // Was answered, and waits.
            _ => {
                stream.write_all(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")?;
                ensure!(is_200(answer(&mut stream)?.as_ref()));
            }
        }
        open.push(stream);
    }
    let start = Instant::now();
    ensure!(portpass.end("TERM")?.success());
    let took = start.elapsed();
    ensure!(took < Duration::from_secs(5), "left after {took:?}");
    for stream in &mut open {
        // Closed, or told that nothing came in time; but never left alone.
        if let Some(text) = answer(stream)? {
            ensure!(text.starts_with("HTTP/1.1 408"), "{text}");
        }
    }
    Ok(())
}

fn a_process_out_of_descriptors_serves_those_it_has_and_then_everybody() -> Result<()> {
    let issuer = Issuer::start()?;
    let draft = Draft::new(&tables(&issuer, Kind::V28, OWN_NAMESPACE)?)?;
    let mut command = Command::new("sh");
    command
        .args(["-c", "ulimit -n \"$1\"; shift; exec \"$@\"", "sh"])
        .arg(DESCRIPTORS.to_string())
        .arg(tool::ours("portpass")?)
        .args(["serve", "-c"])
        .arg(draft.config());
    let portpass = draft.serve_by(&mut command)?;
    let mut held = Held::default();
    is_given(&held.ask(&portpass, &issuer)?)?;
    let port = portpass.draft.port;

    let mut kept = http::connect(port)?;
    kept.write_all(request(&issuer)?.as_bytes())?;
    ensure!(is_200(answer(&mut kept)?.as_ref()));
    let crowd: Vec<_> = (0..DESCRIPTORS + 40)
        .map(|_| http::connect(port))
        .collect::<Result<_>>()?;
    let refused = |portpass: &Portpass| {
        portpass
            .server
            .log()
            .contains("A connection was not accepted")
    };
    until("it has no descriptor left", || Ok(refused(&portpass)))?;
    // Whoever is in is served: the journal needs no descriptor that it does not have.
    let ticks = portpass.processor_ticks()?;
    let began = Instant::now();
    for _ in 0..20 {
        kept.write_all(request(&issuer)?.as_bytes())?;
        let text = answer(&mut kept)?;
        ensure!(is_200(text.as_ref()), "{text:?}: {}", portpass.server.log());
        thread::sleep(Duration::from_millis(50));
    }
    let (spent, took) = (portpass.processor_ticks()? - ticks, began.elapsed());
    ensure!(
        Duration::from_millis(spent * 10) < took / 2,
        "{spent} hundredths of a second in {took:?}"
    );
    // A line or two, and not one for each turn.
    let log = portpass.server.log();
    let lines = log.matches("A connection was not accepted").count();
    ensure!(lines <= 3, "{lines} lines of log in {took:?}");

    drop(crowd);
    until("it serves everybody again", || {
        Ok(held.ask(&portpass, &issuer)?.status == 200)
    })
    .context("after the crowd left")?;
    held.is_recorded(&portpass)
}
