//! nginx, as it stands before registries: one host for the token endpoint and the registry.

use std::{fs, process::Command};

use anyhow::{Context as _, Result, ensure};
use tempfile::TempDir;

use crate::{
    http::{self, Credential},
    process::Server,
    tool::Tool,
};

/// A running nginx on loopback; its files go away with it.
#[derive(Debug)]
pub struct Nginx {
    /// Where it listens.
    pub port: u16,
    server: Option<Server>,
    text: String,
    folder: TempDir,
}

impl Nginx {
    /// Starts it on `port`, before a token endpoint and a registry; `lines` stand beside the
    /// `proxy_pass` of the registry.
    pub fn start(port: u16, token: u16, registry: u16, lines: &str) -> Result<Self> {
        let folder = tempfile::tempdir()?;
        let temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
            .map(|name| format!("    {name}_temp_path {}/{name};\n", folder.path().display()));
        // One process, so that ending it ends all of it.
        let text = format!(
            "daemon off;\nmaster_process off;\npid {folder}/pid;\nerror_log stderr;\nevents {{}}\n\
             http {{\n{temporary}    access_log off;\n    server {{\n\
             listen 127.0.0.1:{port};\nclient_max_body_size 0;\n\
             proxy_set_header Host $http_host;\n\
             location = /token {{\nproxy_pass http://127.0.0.1:{token};\n}}\n\
             location /v2/ {{\n{lines}\nproxy_set_header Host $http_host;\n\
             proxy_pass http://127.0.0.1:{registry};\n}}\n    }}\n}}\n",
            folder = folder.path().display(),
            temporary = temporary.concat(),
        );
        let mut nginx = Self {
            port,
            server: None,
            text,
            folder,
        };
        nginx.serve()?;
        Ok(nginx)
    }

    /// Puts one text in the place of another, and starts it again.
    pub fn replace(&mut self, old: &str, new: &str) -> Result<()> {
        ensure!(self.text.contains(old), "no {old:?} in {}", self.text);
        self.text = self.text.replacen(old, new, 1);
        self.serve()
    }

    /// Adds lines to the server block, and starts it again.
    pub fn add_to_server(&mut self, lines: &str) -> Result<()> {
        let old = "client_max_body_size 0;\n";
        self.replace(old, &format!("{old}{lines}"))
    }

    fn serve(&mut self) -> Result<()> {
        // The port is free once the one before has ended.
        drop(self.server.take());
        let config = self.folder.path().join("nginx.conf");
        fs::write(&config, &self.text)?;
        let mut command = Command::new(Tool::Nginx.path()?);
        command.args(["-e", "stderr", "-p"]).arg(self.folder.path());
        command.arg("-c").arg(&config);
        let mut server = Server::start("nginx", &mut command, self.folder.path())?;
        let port = self.port;
        server
            .wait_until(|| http::get(port, "/v2/", &Credential::None).is_ok())
            .context("nginx")?;
        self.server = Some(server);
        Ok(())
    }
}
