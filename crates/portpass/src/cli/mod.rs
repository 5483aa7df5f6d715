//! The command line: one file for each command.

mod check;
mod dev;
mod events;
mod init;
mod keys;
mod offline;
mod printer;
mod reference;
mod serve;

use std::{ffi::OsString, path::PathBuf, process::ExitCode};

use anyhow::Context as _;
use clap::{Args, Parser, Subcommand};

use self::printer::Printer;

/// Where the configuration is when nobody says: here, or where packages put it.
const CONFIGURATIONS: [&str; 2] = ["portpass.toml", "/etc/portpass/portpass.toml"];

/// Passwordless access to container registries.
#[derive(Debug, Parser)]
#[command(name = "portpass", version, arg_required_else_help = true)]
struct CommandLine {
    /// The configuration file; else `portpass.toml` here, else
    /// `/etc/portpass/portpass.toml`.
    #[arg(short, long, global = true, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Print JSON, for programs.
    #[arg(long, global = true)]
    json: bool,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Load everything the server would, and say what is wrong with it.
    Check(check::Check),
    /// Run everything on loopback, for trying it out.
    Dev(dev::DevArgs),
    /// List or follow what happened.
    Events(events::Events),
    /// Write the files that a newcomer needs.
    Init(init::Init),
    /// List, export and change signing keys.
    Keys(keys::KeysArgs),
    /// Print the reference, made from the code.
    Reference(reference::Reference),
    /// Serve tokens.
    Serve(serve::Serve),

    #[command(hide = true)]
    Backup(Later),
    #[command(hide = true)]
    Diff(Later),
    #[command(hide = true)]
    Doctor(Later),
    #[command(hide = true)]
    Explain(Later),
    #[command(hide = true)]
    Groups(Later),
    #[command(hide = true)]
    Identities(Later),
    #[command(hide = true)]
    Issuers(Later),
    #[command(hide = true)]
    Namespaces(Later),
    #[command(hide = true)]
    Sessions(Later),
    #[command(hide = true)]
    Test(Later),
    #[command(hide = true)]
    Tokens(Later),
}

/// A command that later versions have: whatever follows it is taken and refused.
#[derive(Args, Debug)]
struct Later {
    #[arg(allow_hyphen_values = true, trailing_var_arg = true)]
    rest: Vec<OsString>,
}

/// Runs the command that the arguments name, and prints its error, if it has one.
pub fn run(arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    let line = match CommandLine::try_parse_from(arguments) {
        Ok(line) => line,
        Err(error) => {
            // Help and versions come this way too, and are no failures.
            drop(error.print());
            return ExitCode::from(u8::try_from(error.exit_code()).unwrap_or(2));
        }
    };
    let printer = Printer::new(line.json);
    match execute(line.command, line.config, printer) {
        Ok(code) => code,
        Err(error) => {
            Printer::error(&error);
            ExitCode::FAILURE
        }
    }
}

fn execute(
    command: Command,
    config: Option<PathBuf>,
    printer: Printer,
) -> anyhow::Result<ExitCode> {
    let file = || config.map_or_else(found_configuration, Ok);
    match command {
        Command::Check(check::Check) => check::Check::run(&file()?, printer),
        Command::Dev(dev) => dev.run(),
        Command::Events(events) => events.run(&file()?, printer),
        Command::Init(init) => init.run(),
        Command::Keys(args) => keys::run(args, &file()?, printer),
        Command::Reference(reference) => reference.run(),
        Command::Serve(serve::Serve) => serve::Serve::run(&file()?),
        Command::Backup(_) => Err(not_in_this_version("backup")),
        Command::Diff(_) => Err(not_in_this_version("diff")),
        Command::Doctor(_) => Err(not_in_this_version("doctor")),
        Command::Explain(_) => Err(not_in_this_version("explain")),
        Command::Groups(_) => Err(not_in_this_version("groups")),
        Command::Identities(_) => Err(not_in_this_version("identities")),
        Command::Issuers(_) => Err(not_in_this_version("issuers")),
        Command::Namespaces(_) => Err(not_in_this_version("namespaces")),
        Command::Sessions(_) => Err(not_in_this_version("sessions")),
        Command::Test(_) => Err(not_in_this_version("test")),
        Command::Tokens(_) => Err(not_in_this_version("tokens")),
    }
}

fn not_in_this_version(command: &str) -> anyhow::Error {
    anyhow::anyhow!("`portpass {command}` is not in this version")
}

fn found_configuration() -> anyhow::Result<PathBuf> {
    let found = CONFIGURATIONS
        .into_iter()
        .map(PathBuf::from)
        .find(|path| path.exists());
    found.with_context(|| {
        let [here, installed] = CONFIGURATIONS;
        format!("there is neither ./{here} nor {installed}; name the configuration with -c FILE")
    })
}

/// Runs a future on a runtime of its own, for commands that need one.
fn block_on<T>(future: impl Future<Output = anyhow::Result<T>>) -> anyhow::Result<T> {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?
        .block_on(future)
}
