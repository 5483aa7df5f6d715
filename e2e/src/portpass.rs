//! `portpass serve` as its operators start it, and its other commands beside it.

use std::{
    fmt::Write as _,
    fs,
    path::{Path, PathBuf},
    process::{Command, ExitStatus},
};

use anyhow::{Context as _, Result};
use data_encoding::BASE64URL_NOPAD;
use serde_json::Value;
use tempfile::TempDir;

use crate::{
    http::{self, Credential, Response},
    issuer::Issuer,
    ports,
    process::{Output, Server, run, run_with},
    registry::{Auth, Trust},
    tool,
};

/// A configuration and a data folder, not yet served.
#[derive(Debug)]
pub struct Draft {
    /// Where it will listen.
    pub port: u16,
    /// Where its metrics will be.
    pub ops: u16,
    /// What clients see, if not this server alone.
    public_port: u16,
    /// Lines of `[store]`, beside `data_dir`.
    store: String,
    folder: TempDir,
}

impl Draft {
    /// A folder with the tables every test needs; `tables` says the rest.
    pub fn new(tables: &str) -> Result<Self> {
        Self::with_store(tables, "")
    }

    /// As [`Draft::new`], with more lines in `[store]`.
    pub fn with_store(tables: &str, store: &str) -> Result<Self> {
        let (port, ops) = (ports::free()?, ports::free()?);
        let draft = Self {
            port,
            ops,
            public_port: port,
            store: store.to_owned(),
            folder: tempfile::tempdir()?,
        };
        draft.write(tables)?;
        Ok(draft)
    }

    /// As [`Draft::new`], behind a proxy at another port, which is what clients see.
    pub fn behind(public_port: u16, tables: &str) -> Result<Self> {
        let mut draft = Self::new(tables)?;
        draft.public_port = public_port;
        draft.write(tables)?;
        Ok(draft)
    }

    /// Another server of the same public address and store, with a folder of its own.
    pub fn replica(&self, tables: &str) -> Result<Self> {
        let mut draft = Self::with_store(tables, &self.store)?;
        draft.public_port = self.public_port;
        draft.write(tables)?;
        Ok(draft)
    }

    /// The folder of the configuration.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// The data folder.
    pub fn data(&self) -> PathBuf {
        self.folder().join("data")
    }

    /// Writes the configuration again, with other tables; put in place in one step.
    pub fn write(&self, tables: &str) -> Result<()> {
        let fixed = format!(
            "public_url = \"http://localhost:{public}\"\n\n[listen]\nhttp = \"127.0.0.1:{port}\"\nops = \"127.0.0.1:{ops}\"\n\n\
             [store]\ndata_dir = \"{data}\"\n{store}\n",
            public = self.public_port,
            port = self.port,
            ops = self.ops,
            data = self.data().display(),
            store = self.store,
        );
        let new = self.folder().join("portpass.toml.new");
        fs::write(&new, format!("{fixed}\n{tables}"))?;
        fs::rename(new, self.config())?;
        Ok(())
    }

    /// The configuration's path.
    pub fn config(&self) -> PathBuf {
        self.folder().join("portpass.toml")
    }

    /// Runs one of Portpass' commands on this configuration.
    pub fn command(&self, words: &[&str]) -> Result<Output> {
        let config = self.config();
        let config = config.to_string_lossy();
        let rest: [&str; 2] = ["-c", &config];
        run(
            &tool::ours("portpass")?,
            self.folder(),
            words.iter().chain(&rest),
        )
    }

    /// As [`Draft::command`], years ago.
    pub fn command_years_ago(&self, years: u32, words: &[&str]) -> Result<Output> {
        let mut command = Command::new(tool::ours("portpass")?);
        command.args(words).arg("-c").arg(self.config());
        command
            .env("LD_PRELOAD", tool::Tool::Faketime.path()?)
            .env("FAKETIME", format!("-{}d", years * 366));
        run_with(&mut command, self.folder(), None)
    }

    /// Starts the server and waits until it is ready.
    pub fn serve(self) -> Result<Portpass> {
        let server = self.start()?;
        Ok(Portpass {
            draft: self,
            server,
        })
    }

    /// Starts the server with its clock so many seconds ahead of everybody else's.
    pub fn serve_ahead(self, seconds: i64) -> Result<Portpass> {
        let mut command = Command::new(tool::ours("portpass")?);
        command.args(["serve", "-c"]).arg(self.config());
        command
            .env("LD_PRELOAD", tool::Tool::Faketime.path()?)
            .env("FAKETIME", format!("{seconds:+}s"))
            // Waiting takes as long as ever.
            .env("FAKETIME_DONT_FAKE_MONOTONIC", "1");
        self.serve_by(&mut command)
    }

    /// Starts the server with a clock that is as far ahead as a file says (`+90s`, `-400d`), which
    /// a test may write again while it runs.
    pub fn serve_by_clock(self, file: &Path) -> Result<Portpass> {
        let mut command = self.by_clock(file)?;
        self.serve_by(&mut command)
    }

    /// The command that serves by such a clock.
    pub fn by_clock(&self, file: &Path) -> Result<Command> {
        let mut command = Command::new(tool::ours("portpass")?);
        command.args(["serve", "-c"]).arg(self.config());
        command
            .env("LD_PRELOAD", tool::Tool::Faketime.path()?)
            .env("FAKETIME_TIMESTAMP_FILE", file)
            .env("FAKETIME_NO_CACHE", "1")
            // Waiting takes as long as ever.
            .env("FAKETIME_DONT_FAKE_MONOTONIC", "1");
        Ok(command)
    }

    /// Starts the server by another program, which becomes it: `unshare`, for a disk of its own.
    pub fn serve_by(self, command: &mut Command) -> Result<Portpass> {
        let server = self.started(command)?;
        Ok(Portpass {
            draft: self,
            server,
        })
    }

    fn start(&self) -> Result<Server> {
        let mut command = Command::new(tool::ours("portpass")?);
        command.args(["serve", "-c"]).arg(self.config());
        self.started(&mut command)
    }

    fn started(&self, command: &mut Command) -> Result<Server> {
        let mut server = Server::start("portpass", command, self.folder())?;
        let port = self.port;
        server.wait_until(|| {
            http::get(port, "/readyz", &Credential::None).is_ok_and(|ready| ready.status == 200)
        })?;
        Ok(server)
    }
}

/// A running server.
#[derive(Debug)]
pub struct Portpass {
    /// Its configuration.
    pub draft: Draft,
    /// Its process.
    pub server: Server,
}

impl Portpass {
    /// The public address: the `iss` of its tokens.
    pub fn url(&self) -> String {
        format!("http://localhost:{}", self.draft.public_port)
    }

    /// Runs one of Portpass' commands against this server.
    pub fn command(&self, words: &[&str]) -> Result<Output> {
        self.draft.command(words)
    }

    /// What a registry needs to trust the tokens for `service`.
    pub fn auth(&self, service: &str, trust: Trust) -> Auth {
        Auth {
            realm: format!("{}/token", self.url()),
            service: service.to_owned(),
            issuer: self.url(),
            trust,
        }
    }

    /// The CA's certificate, in a file: what a registry trusts once and for years.
    pub fn ca(&self) -> Result<Trust> {
        let pem = self.command(&["keys", "ca", "export"])?.succeeded()?;
        let path = self.draft.folder().join("ca.pem");
        fs::write(&path, pem.stdout)?;
        Ok(Trust::Certificates(path))
    }

    /// What one registry must trust, in a file: certificates or a JWK set, as fits it.
    pub fn trust(&self, registry: &str) -> Result<Trust> {
        let exported = self.command(&["keys", "export", registry])?.succeeded()?;
        let path = self.draft.folder().join(format!("{registry}.trust"));
        fs::write(&path, &exported.stdout)?;
        Ok(if exported.stdout.starts_with('{') {
            Trust::Jwks(path)
        } else {
            Trust::Certificates(path)
        })
    }

    /// Asks for a token as clients do, with a JWT as the password.
    pub fn token(&self, service: &str, scopes: &[&str], jwt: &str) -> Result<Response> {
        let credential = Credential::Basic("JWT".to_owned(), jwt.to_owned());
        http::get(self.draft.port, &token_path(service, scopes), &credential)
    }

    /// All events so far, oldest first.
    pub fn events(&self) -> Result<Vec<Value>> {
        let listed = self
            .command(&["events", "--json", "--limit", "10000"])?
            .succeeded()?;
        listed
            .stdout
            .lines()
            .map(|line| serde_json::from_str(line).with_context(|| format!("not an event: {line}")))
            .collect()
    }

    /// Waits for the server to end by itself after a signal.
    pub fn end(&mut self, signal: &str) -> Result<ExitStatus> {
        self.server.signal(signal)?;
        self.server.wait()
    }

    /// Starts the server again, on the same folder.
    pub fn restart(&mut self) -> Result<()> {
        self.server = self.draft.start()?;
        Ok(())
    }

    /// As [`Portpass::restart`], by a command that becomes the server.
    pub fn restart_by(&mut self, command: &mut Command) -> Result<()> {
        self.server = self.draft.started(command)?;
        Ok(())
    }

    /// What `/readyz` of the `ops` listener says, and its status.
    pub fn readiness(&self) -> Result<(u16, Value)> {
        let answer = http::get(self.draft.ops, "/readyz", &Credential::None)?;
        Ok((answer.status, answer.json()?))
    }

    /// The sum of a metric over its labels that begin with this text; 0 if there is none.
    pub fn metric(&self, name: &str) -> Result<f64> {
        let answer = http::get(self.draft.ops, "/metrics", &Credential::None)?;
        let text = answer.text();
        let values = text.lines().filter_map(|line| {
            let (key, value) = line.rsplit_once(' ')?;
            key.starts_with(name).then(|| value.parse::<f64>().ok())?
        });
        Ok(values.sum())
    }

    /// How much memory the server holds, in KiB.
    pub fn resident_kib(&self) -> Result<u64> {
        let status = fs::read_to_string(format!("/proc/{}/status", self.server.id()))?;
        let line = status.lines().find(|line| line.starts_with("VmRSS:"));
        let number = line.and_then(|line| line.split_whitespace().nth(1));
        Ok(number.context("no VmRSS")?.parse()?)
    }

    /// How much processor time the server has taken so far, in hundredths of a second.
    pub fn processor_ticks(&self) -> Result<u64> {
        let stat = fs::read_to_string(format!("/proc/{}/stat", self.server.id()))?;
        // What comes after the name, which may have spaces: the state, and 10 more before `utime`.
        let (_, rest) = stat.rsplit_once(") ").context("no state")?;
        let times = rest.split(' ').skip(11).take(2);
        Ok(times.map(str::parse::<u64>).sum::<Result<u64, _>>()?)
    }
}

/// The token endpoint's path and query for these scopes.
pub fn token_path(service: &str, scopes: &[&str]) -> String {
    let mut path = format!("/token?service={service}");
    for scope in scopes {
        // Infallible: a String grows.
        let _ = write!(path, "&scope={scope}");
    }
    path
}

/// The `access_token` of an answer, or why there is none.
pub fn access_token(answer: &Response) -> Result<String> {
    let body = answer.json()?;
    let token = body.get("access_token").and_then(Value::as_str);
    Ok(token
        .with_context(|| format!("status {}: {}", answer.status, answer.text()))?
        .to_owned())
}

/// A part of a JWT: 0 the header, 1 the claims. Nothing is verified.
pub fn jwt_part(jwt: &str, part: usize) -> Result<Value> {
    let text = jwt.split('.').nth(part).context("not a JWT")?;
    Ok(serde_json::from_slice(
        &BASE64URL_NOPAD.decode(text.as_bytes())?,
    )?)
}

/// A `[registry.NAME]` table.
pub fn registry_table(
    name: &str,
    service: &str,
    kind: &str,
    profile: &str,
    algorithm: &str,
) -> String {
    format!(
        "\n[registry.{name}]\nservice = {service:?}\nkind = {kind:?}\nprofile = {profile:?}\nalgorithm = {algorithm:?}\n"
    )
}

/// `[issuer.github]` and `[issuer.gitlab]` for the test issuer, with `service` as the audience.
pub fn issuer_tables(issuer: &Issuer, service: &str) -> Result<String> {
    issuer_tables_with(issuer, service, "")
}

/// As [`issuer_tables`], with more lines in both tables.
pub fn issuer_tables_with(issuer: &Issuer, service: &str, more: &str) -> Result<String> {
    let table = |name: &str, kind: &str, rest: &str| -> Result<String> {
        let url = issuer.url(name)?;
        Ok(format!(
            "\n[issuer.{name}]\nkind = {kind:?}\nurl = {url:?}\naudience = [{service:?}]\n\
             ca = \"{ca}\"\nallow_private_network = true\n{rest}\n{more}\n",
            ca = issuer.ca()?.display(),
        ))
    };
    Ok(table("github", "github-actions", "owner_id = [\"65\"]")? + &table("gitlab", "gitlab", "")?)
}
