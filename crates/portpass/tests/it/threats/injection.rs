//! Texts that would be more than text to whoever reads them.

use std::sync::Arc;

use portpass::admin::{Admin, Socket};
use tokio::{process::Command, sync::mpsc};

use super::{
    forge::Jwt,
    stage::{Stage, WEB, play},
    wire::Request,
};
use crate::app::SERVICE;

/// What a terminal, a log or a CI runner might obey.
const TRICKS: [&str; 8] = [
    "\u{1b}[2J\u{1b}[1;31mowned",
    "x\nERROR forged line",
    "x\r\nforged: header",
    "::set-env name=X::y",
    "##vso[task.setvariable variable=x]y",
    "##teamcity[buildStatus text='x']",
    "x\u{9b}31m",
    // No control characters, and yet nobody sees what is written.
    "x\u{202e}gnp.exe\u{200b}\u{2066}",
];

/// What a command shows an operator who asks this server.
async fn shown(stage: &Stage, arguments: &[&str]) -> String {
    let mut command = Command::new(env!("CARGO_BIN_EXE_portpass"));
    command.env_clear().kill_on_drop(true).args(arguments);
    command
        .arg("-c")
        .arg(stage.app.folder.path().join("portpass.toml"));
    let output = command.output().await.unwrap();
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout).unwrap()
}

/// Opens the server's socket to the commands of this machine.
fn open_socket(stage: &Stage) {
    let data = stage.app.folder.path().join("data");
    let (reload, _) = mpsc::channel(1);
    let (portpass, store) = (Arc::clone(&stage.app.portpass), stage.app.store.clone());
    let admin = Admin::of_server(portpass, store, reload, data.join("keys"));
    let socket = Socket::bind(&data.join("admin/portpass.sock")).unwrap();
    tokio::spawn(socket.serve(admin));
}

#[tokio::test]
async fn case_62_nothing_that_a_stranger_writes_is_more_than_text() {
    play(async |stage| {
        let honest = Jwt::github().sign();
        let encode =
            |text: &str| form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>();
        let target = format!("/token?service={SERVICE}&scope={WEB}");
        for trick in TRICKS {
            stage.about(format!("{trick:?}"));
            let encoded = encode(trick);
            // A user name, an account, a service, a scope.
            let request = Request::get(&format!("{target}&account={encoded}&client_id={encoded}"));
            stage
                .send(request.basic(&trick.replace(':', "-"), &honest))
                .await
                .is_granted(WEB);
            let request = Request::get(&format!("/token?service={encoded}&scope={WEB}"));
            stage
                .send(request.basic("JWT", &honest))
                .await
                .is_nonsense();
            let scope = format!("/token?service={SERVICE}&scope=repository:{encoded}:pull");
            let outcome = stage.send(Request::get(&scope).basic("JWT", &honest)).await;
            assert!([400, 401].contains(&outcome.status()), "{outcome:#?}");
            // A user agent: a control character makes it no request at all.
            let request = Request::get(&target)
                .header("user-agent", trick)
                .basic("JWT", &honest);
            let outcome = stage.send(request).await;
            assert!([200, 400].contains(&outcome.status()), "{outcome:#?}");
            // Claims: with a control character they are nobody's.
            for claim in ["ref", "actor", "environment", "workflow_ref"] {
                let jwt = Jwt::github()
                    .claim(claim, trick)
                    .claim("ref_protected", "false");
                let outcome = stage.push(&jwt.sign()).await;
                outcome.gives_nothing();
            }
            // What is told of a fact is told as text.
            let jwt = Jwt::github()
                .claim("ref", format!("refs/heads/{trick}"))
                .sign();
            let outcome = stage.ask(&jwt, "repository:gold/web:push").await;
            outcome.gives_nothing();
            for told in ["::", "##", "\u{1b}", "\n", "\r"] {
                assert!(!outcome.message().contains(told), "{outcome:#?}");
            }
        }
        // Neither a line of the log nor a row of the record obeys, or is made up.
        let log = stage.log.here();
        for line in log.lines() {
            let begins = line.split(' ').next().unwrap_or_default();
            assert!(
                begins.parse::<jiff::Timestamp>().is_ok(),
                "a forged line: {line}"
            );
        }
        assert!(!log.contains(['\u{1b}', '\u{9b}', '\u{202e}']), "{log}");
        for event in stage.app.events().await {
            let values = serde_json::to_string(&event).unwrap();
            for control in ["\\u001b", "\\n", "\\r", "\u{9b}"] {
                assert!(!values.contains(control), "{values}");
            }
        }
        open_socket(stage);
        for command in [
            &["events", "-n", "1000"][..],
            &["events", "-n", "1000", "--json"],
            &["identities", "list"],
            &["sessions", "list"],
        ] {
            let text = shown(stage, command).await;
            assert!(text.contains("74"), "{command:?} shows nothing: {text}");
            let hidden = |char: char| {
                char.is_control() && char != '\n' || ('\u{200b}'..='\u{206f}').contains(&char)
            };
            assert!(!text.contains(hidden), "{command:?}: {text:?}");
        }
    })
    .await;
}
