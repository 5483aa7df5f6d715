//! No rules are served whose own tests fail: a process of its own, its files and its signals.

use std::{
    fs,
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::TcpStream,
    path::{Path, PathBuf},
    process::{Child, ChildStderr, Command, Output, Stdio},
};

use tempfile::TempDir;

/// The configuration, with a rule that its test wants.
fn configuration(folder: &Path, rule: &str) -> String {
    format!(
        r#"
public_url = "https://registry.example.com"

[listen]
http = "127.0.0.1:0"
ops = "127.0.0.1:0"

[store]
data_dir = "{}"

[registry.prod]
service = "registry.example.com"
kind = "distribution"

[rule.public]
anonymous = true
pull = ["{rule}"]

[test.everybody-pulls]
proof = "anonymous"
ask = ["repository:public/web:pull"]
expect = "granted"
because = "the handbook says so"
"#,
        folder.join("data").display()
    )
}

fn write(rule: &str) -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("portpass.toml");
    fs::write(&path, configuration(folder.path(), rule)).unwrap();
    (folder, path)
}

fn portpass(arguments: &[&str], config: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_portpass"));
    command.args(arguments).arg("-c").arg(config);
    command
}

fn output(arguments: &[&str], config: &Path) -> Output {
    portpass(arguments, config).output().unwrap()
}

/// A server that is ended when it is dropped.
struct Server {
    child: Child,
    log: BufReader<ChildStderr>,
    http: String,
    ops: String,
}

impl Server {
    fn start(config: &Path) -> Self {
        let mut child = portpass(&["serve"], config)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let log = BufReader::new(child.stderr.take().unwrap());
        let mut server = Self {
            child,
            log,
            http: String::new(),
            ops: String::new(),
        };
        let serving = server.line_with("Portpass is serving");
        let field = |name: &str| {
            let (_, rest) = serving.split_once(&format!("{name}=")).unwrap();
            rest.split_whitespace().next().unwrap().to_owned()
        };
        (server.http, server.ops) = (field("server.http"), field("server.ops"));
        server
    }

    /// The next line of the log that says this.
    fn line_with(&mut self, text: &str) -> String {
        let mut log = String::new();
        loop {
            let mut line = String::new();
            let read = self.log.read_line(&mut line).unwrap();
            assert!(read > 0, "the server has ended: {log}");
            if line.contains(text) {
                return line;
            }
            log += &line;
        }
    }

    fn hang_up(&self) {
        let pid = self.child.id().to_string();
        let sent = Command::new("kill").args(["-s", "HUP", &pid]).status();
        assert!(sent.unwrap().success());
    }

    /// The status that somebody without a credential is answered with.
    fn pull(&self, repository: &str) -> String {
        let path = format!("/token?scope=repository:{repository}:pull");
        let answer = get(&self.http, &path);
        answer.split(' ').nth(1).unwrap().to_owned()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

fn get(address: &str, path: &str) -> String {
    let mut stream = TcpStream::connect(address).unwrap();
    let request = format!("GET {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}

#[test]
fn a_reload_whose_tests_fail_leaves_the_old_rules_in_force() {
    let (folder, path) = write("public/**");
    let mut server = Server::start(&path);
    assert_eq!(server.pull("public/web"), "200");

    fs::write(&path, configuration(folder.path(), "elsewhere/**")).unwrap();
    server.hang_up();
    let refused = server.line_with("The configuration was not applied");
    for said in [
        "everybody-pulls",
        "expected granted",
        "refused at rules",
        "the handbook",
    ] {
        assert!(refused.contains(said), "{said}: {refused}");
    }
    assert_eq!(server.pull("public/web"), "200");
    assert_eq!(server.pull("elsewhere/web"), "401");
    let metrics = get(&server.ops, "/metrics");
    let counted = |outcome: &str| {
        let line = format!("config_reloads_total{{outcome=\"{outcome}\"}} ");
        metrics.lines().any(|shown| shown.contains(&line))
    };
    assert!(counted("refused") && !counted("applied"), "{metrics}");

    let both = configuration(folder.path(), "**");
    fs::write(&path, both).unwrap();
    server.hang_up();
    server.line_with("The configuration was read again");
    assert_eq!(server.pull("elsewhere/web"), "200");
}

#[test]
fn a_server_does_not_start_with_tests_that_fail() {
    let (_folder, path) = write("elsewhere/**");
    for command in ["serve", "check"] {
        let output = output(&[command], &path);
        assert_eq!(output.status.code(), Some(1), "{command}");
        let said = [output.stdout, output.stderr].concat();
        let said = String::from_utf8(said).unwrap();
        for part in [
            "error: test `everybody-pulls` fails: expected granted, got refused at rules",
            "portpass.toml:22:10",
            "22 | expect = \"granted\"",
        ] {
            assert!(said.contains(part), "{command}: {said}");
        }
    }
}

#[test]
fn tests_are_run_by_name_and_written_for_a_ci() {
    let (folder, path) = write("elsewhere/**");
    let junit = folder.path().join("tests.xml");
    let junit = junit.to_str().unwrap();
    let failed = output(&["test", "everybody-pulls", "--junit", junit], &path);
    assert_eq!(failed.status.code(), Some(1));
    let said = String::from_utf8(failed.stdout).unwrap();
    assert!(said.contains("FAILED everybody-pulls") && said.ends_with("0 passed, 1 failed\n"));
    let written = fs::read_to_string(junit).unwrap();
    assert!(
        written.contains("<failure message=\"test `everybody-pulls` fails"),
        "{written}"
    );

    let unknown = output(&["test", "everybody-pull"], &path);
    assert_eq!(unknown.status.code(), Some(1));
    let said = String::from_utf8(unknown.stderr).unwrap();
    assert!(said.contains("did you mean `everybody-pulls`?"), "{said}");

    let (_folder, path) = write("public/**");
    let passed = output(&["--json", "test"], &path);
    assert!(passed.status.success());
    let said: serde_json::Value = serde_json::from_slice(&passed.stdout).unwrap();
    assert_eq!((&said["passed"], &said["failed"]), (&1.into(), &0.into()));
}
