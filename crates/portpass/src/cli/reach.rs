//! How a command reaches whoever answers it: a server, or its files.

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context as _, bail};
use clap::Args;

use super::{
    block_on,
    offline::{self, Files},
};
use crate::{
    admin::{Client, ClientError, Question},
    config::{self, Config, NoConfiguration, SecretText, Whence},
};

/// Where the configuration is when nobody says: here, or where packages put it.
const CONFIGURATIONS: [&str; 2] = ["portpass.toml", "/etc/portpass/portpass.toml"];

/// The heading under which help has what every command takes.
pub(super) const EVERYWHERE: &str = "Everywhere";

/// Which configuration, and which server.
#[derive(Args, Clone, Debug, Default)]
pub(super) struct Reach {
    /// The configuration file; else `portpass.toml` here, else
    /// `/etc/portpass/portpass.toml`.
    #[arg(short, long, global = true, help_heading = EVERYWHERE, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Ask the server at this address instead of the one on this machine. The
    /// token is in `--token-file` or in `PORTPASS_ADMIN_TOKEN`.
    #[arg(long, global = true, help_heading = EVERYWHERE, value_name = "URL")]
    server: Option<String>,
    /// PEM file with the CA of that server, where it is not a public one.
    #[arg(long, global = true, help_heading = EVERYWHERE, value_name = "FILE")]
    server_ca: Option<PathBuf>,
    /// File with the token for that server.
    #[arg(long, global = true, help_heading = EVERYWHERE, value_name = "FILE")]
    token_file: Option<PathBuf>,
}

/// Whoever answers: a server, or our own handlers over the files.
#[derive(Debug)]
pub(super) struct Operator {
    client: Client,
    files: Option<Files>,
}

impl Reach {
    /// Where the configuration comes from: a file, or the environment.
    pub(super) fn whence(&self) -> anyhow::Result<Whence> {
        let mut places = CONFIGURATIONS.into_iter().map(PathBuf::from);
        let file = self.config.clone();
        match Whence::of(file.or_else(|| places.find(|path| path.exists()))) {
            Err(NoConfiguration::Neither) => {
                let [here, installed] = CONFIGURATIONS;
                bail!(
                    "there is neither ./{here} nor {installed}; name the configuration with -c FILE"
                )
            }
            whence => Ok(whence?),
        }
    }

    /// The same, by a configuration where no other is named.
    pub(super) fn beside(&self, whence: &Whence) -> Self {
        let mut reach = self.clone();
        if let Whence::File(path) = whence {
            reach.config.get_or_insert_with(|| path.clone());
        }
        reach
    }

    /// The configuration, if the operator named one.
    pub(super) fn named(&self) -> Option<&Path> {
        self.config.as_deref()
    }

    /// The configuration, for commands that only work beside the files.
    pub(super) fn local(&self) -> anyhow::Result<Config> {
        if self.server.is_some() {
            bail!("this works on the files of this machine; leave --server out");
        }
        Ok(self.whence()?.load()?)
    }

    /// The running server; else the configuration of the one that does not run.
    pub(super) async fn server(&self) -> anyhow::Result<Result<Client, Box<Config>>> {
        let Some(url) = &self.server else {
            let config = self.whence()?.load()?;
            return Ok(match Client::connect(&config.admin_socket).await? {
                Some(client) => Ok(client),
                None => Err(Box::new(config)),
            });
        };
        let ca = match &self.server_ca {
            Some(path) => {
                let pem = fs::read(path).with_context(|| format!("reading {}", path.display()))?;
                Some(pem)
            }
            None => None,
        };
        Ok(Ok(Client::remote(url, self.token()?, ca.as_deref())?))
    }

    fn token(&self) -> anyhow::Result<SecretText> {
        let Some(path) = &self.token_file else {
            return config::admin_token().context(
                "the server asks for a token: name its file with --token-file, or set \
                 PORTPASS_ADMIN_TOKEN",
            );
        };
        let text =
            fs::read_to_string(path).with_context(|| format!("reading {}", path.display()))?;
        Ok(text.trim_end_matches(['\r', '\n']).to_owned().into())
    }

    /// Whoever answers now. Without a server the files are ours until
    /// [`Operator::close`].
    pub(super) async fn operator(&self) -> anyhow::Result<Operator> {
        Ok(match self.server().await? {
            Ok(client) => Operator {
                client,
                files: None,
            },
            Err(config) => {
                let files = offline::open(&config).await?;
                Operator {
                    client: Client::here(files.admin(&config)?, offline::uid()?),
                    files: Some(files),
                }
            }
        })
    }

    /// Puts one question.
    pub(super) fn ask<Q: Question>(&self, question: &Q) -> anyhow::Result<Q::Answer> {
        block_on(async {
            let operator = self.operator().await?;
            let answer = operator.ask(question).await;
            operator.close().await;
            Ok(answer?)
        })
    }
}

impl Operator {
    /// Puts a question.
    pub(super) async fn ask<Q: Question>(&self, question: &Q) -> Result<Q::Answer, ClientError> {
        self.client.ask(question).await
    }

    /// The way to whoever answers.
    pub(super) fn client(&self) -> &Client {
        &self.client
    }

    /// Lets go of the files, if they are ours.
    pub(super) async fn close(self) {
        if let Some(files) = self.files {
            files.close().await;
        }
    }
}
