//! `portpass dev` and `portpass dev jwt`: arguments in, settings or a JWT out.

use std::{net::SocketAddr, path::PathBuf, process::ExitCode};

use anyhow::Context as _;
use clap::{Args, Subcommand};
use fixtures::Kind;
use jiff::{SignedDuration, Timestamp};

use super::{offline, printer::Printer, serve};
use crate::{
    clock::Clock,
    config::{self, Whence},
    dev::{DevKey, DevSettings, JwtOrder, marker},
    token::{KeyAnswer, KeyCommand, Signer},
};

/// Serves everything on loopback, for trying it out.
#[derive(Args, Debug)]
pub(super) struct DevArgs {
    /// The folder of keys, events and the configuration that is written.
    #[arg(
        long,
        global = true,
        value_name = "FOLDER",
        default_value = ".portpass-dev"
    )]
    data_dir: PathBuf,
    /// Where to serve: an address of loopback.
    #[arg(long, value_name = "ADDRESS:PORT", default_value = "127.0.0.1:8080")]
    listen: SocketAddr,
    /// Host and port of the registry, also the `aud` of JWTs.
    #[arg(
        long,
        global = true,
        value_name = "HOST:PORT",
        default_value = "localhost:5000"
    )]
    registry: String,
    /// What to do instead of serving.
    #[command(subcommand)]
    command: Option<DevCommand>,
}

/// What `portpass dev` does besides serving.
#[derive(Debug, Subcommand)]
enum DevCommand {
    /// Prints the JWT of a CI job, a pod or a person.
    Jwt(JwtArgs),
}

/// Which JWT to print.
#[derive(Args, Debug)]
struct JwtArgs {
    /// The platform: forgejo, github-actions, gitlab, kubernetes or oidc.
    #[arg(long, default_value = "github-actions")]
    kind: Kind,
    /// The situation, such as push-main, tag or pull-request.
    #[arg(long, value_name = "NAME")]
    fixture: Option<String>,
    /// A claim; those that depend on it follow.
    #[arg(long, value_name = "CLAIM=VALUE", value_parser = claim)]
    set: Vec<(String, String)>,
    /// The `aud`, if not the registry.
    #[arg(long)]
    audience: Option<String>,
    /// How long it is valid, such as 5m; as the platform does it, if not given.
    #[arg(long, value_name = "DURATION")]
    lifetime: Option<SignedDuration>,
}

impl DevArgs {
    /// Serves, or prints the JWT that is asked for.
    pub(super) fn run(&self) -> anyhow::Result<ExitCode> {
        if let Some(DevCommand::Jwt(args)) = &self.command {
            let jwt = self.jwt(args, Clock::System.now())?;
            Printer::text(&format!("{jwt}\n"))?;
            return Ok(ExitCode::SUCCESS);
        }
        let settings = self.prepare()?;
        let path = settings.config();
        let config = config::load(&path)?;
        let data_dir = offline::claim(&config)?;
        let signer = Signer::open(&config.keys, &config.registries, Clock::System.now())?;
        let answer = signer.execute(KeyCommand::CaExport, Clock::System.now())?;
        if let KeyAnswer::Exported { content } = answer {
            std::fs::write(settings.registry_ca(), content).context("exporting the CA")?;
        }
        let next_steps = settings.next_steps();
        serve::serve(config, Whence::File(path), data_dir, Some(&next_steps))
    }

    /// Writes the files of `portpass dev`, for the server to load.
    ///
    /// # Errors
    ///
    /// If the address is not on loopback, or the folder belongs to something else.
    fn prepare(&self) -> anyhow::Result<DevSettings> {
        DevSettings::prepare(&self.data_dir, self.listen, &self.registry)
            .context("preparing `portpass dev`")
    }

    /// The JWT that `args` describe, at `now`. Works before the first start, too.
    ///
    /// # Errors
    ///
    /// If there is no such fixture, a claim cannot be what it is set to, or the
    /// folder belongs to something else.
    fn jwt(&self, args: &JwtArgs, now: Timestamp) -> anyhow::Result<String> {
        marker::claim(&self.data_dir)?;
        let key = DevKey::of(&self.data_dir)?;
        let order = JwtOrder {
            kind: args.kind,
            fixture: args.fixture.clone(),
            set: args.set.clone(),
            audience: args
                .audience
                .clone()
                .unwrap_or_else(|| self.registry.clone()),
            lifetime: args.lifetime,
        };
        order.sign(&key, now).context("signing the JWT")
    }
}

/// Splits `claim=value` at the first equals sign.
pub(super) fn claim(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((claim, value)) if !claim.is_empty() => Ok((claim.to_owned(), value.to_owned())),
        Some(_) | None => Err("write it as claim=value".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Debug, Parser)]
    struct Command {
        #[command(flatten)]
        dev: DevArgs,
    }

    fn jwt(arguments: &[&str]) -> Result<String, String> {
        let folder = tempfile::tempdir().unwrap();
        let folder = folder.path().join("dev").display().to_string();
        let first = ["dev", "--data-dir", &folder, "jwt"];
        let arguments = first.iter().chain(arguments);
        let command = Command::try_parse_from(arguments).map_err(|error| error.to_string())?;
        let Some(DevCommand::Jwt(args)) = &command.dev.command else {
            panic!("no subcommand")
        };
        let signed = command.dev.jwt(args, Timestamp::UNIX_EPOCH);
        signed.map_err(|error| format!("{error:#}"))
    }

    #[test]
    fn a_jwt_is_printed_with_the_claims_that_are_set() {
        let set = [
            "--set",
            "repository=acme/app",
            "--set",
            "run_id=5",
            "--lifetime",
            "5m",
        ];
        assert_eq!(jwt(&set).unwrap().split('.').count(), 3);
    }

    #[test]
    fn what_cannot_be_signed_is_said() {
        let unknown = jwt(&["--fixture", "release"]).unwrap_err();
        assert!(
            unknown.contains("has no fixture `release`, only branch"),
            "{unknown}"
        );
        assert!(
            jwt(&["--kind", "gitea"])
                .unwrap_err()
                .contains("no kind `gitea`")
        );
        assert!(
            jwt(&["--set", "repository"])
                .unwrap_err()
                .contains("claim=value")
        );
        assert!(jwt(&["--lifetime", "soon"]).is_err());
    }
}
