//! The command line: one file for each command.

mod backup;
mod check;
mod commands;
mod dev;
mod diff;
mod doctor;
mod events;
mod explain;
mod fixtures;
mod groups;
mod identities;
mod identity;
mod init;
mod issuers;
mod keys;
mod namespaces;
mod offline;
mod printer;
mod reach;
mod reference;
mod serve;
mod sessions;
mod test;
mod tokens;

use std::{ffi::OsString, process::ExitCode};

use clap::{Parser, Subcommand};

pub(crate) use self::printer::is_hidden;
use self::{printer::Printer, reach::Reach};

/// Passwordless access to container registries.
#[derive(Debug, Parser)]
#[command(name = "portpass", version, arg_required_else_help = true)]
struct CommandLine {
    #[command(flatten)]
    reach: Reach,
    /// Print JSON, for programs.
    #[arg(long, global = true, help_heading = reach::EVERYWHERE)]
    json: bool,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Write a consistent copy of everything that is stored, while serving.
    Backup(backup::BackupArgs),
    /// Load everything the server would, and say what is wrong with it or not safe.
    Check(check::Check),
    /// Run everything on loopback, for trying it out.
    Dev(dev::DevArgs),
    /// Say what a change of the rules would change, and for whom.
    Diff(diff::Diff),
    /// Examine a registry as its clients see it: what is wrong, and what mends it.
    Doctor(doctor::Doctor),
    /// List or follow what happened.
    Events(events::Events),
    /// Show what the rules say of somebody, rule by rule.
    Explain(explain::ExplainArgs),
    /// List what tests can be run on: what each platform signs, by situation.
    Fixtures(fixtures::FixturesArgs),
    /// List and change who is in the groups that operators keep.
    Groups(groups::GroupsArgs),
    /// List who was proven, and approve who waits.
    Identities(identities::IdentitiesArgs),
    /// Write the files that a newcomer needs.
    Init(init::Init),
    /// List issuers, rebind their names, revoke their keys.
    Issuers(issuers::IssuersArgs),
    /// List, export and change signing keys.
    Keys(keys::KeysArgs),
    /// List and transfer the names that templates rendered.
    Namespaces(namespaces::NamespacesArgs),
    /// Print the reference, made from the code.
    Reference(reference::Reference),
    /// Fill an empty store with a backup, and end every login in it.
    Restore(backup::RestoreArgs),
    /// Serve tokens.
    Serve(serve::Serve),
    /// List and end logins that outlive their JWT.
    Sessions(sessions::SessionsArgs),
    /// Run the tests that the configuration states of its rules.
    Test(test::TestArgs),
    /// Make, list and revoke API tokens.
    Tokens(tokens::TokensArgs),
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
    match execute(line.command, &line.reach, printer) {
        Ok(code) => code,
        Err(error) => {
            Printer::error(&error);
            ExitCode::FAILURE
        }
    }
}

fn execute(command: Command, reach: &Reach, printer: Printer) -> anyhow::Result<ExitCode> {
    match command {
        Command::Backup(args) => args.run(reach, printer),
        Command::Check(check) => check.run(&reach.whence()?, printer),
        Command::Dev(dev) => dev.run(),
        Command::Diff(diff) => diff.run(reach, printer),
        Command::Doctor(doctor) => doctor.run(reach, printer),
        Command::Events(events) => events.run(reach, printer),
        Command::Explain(args) => args.run(reach, printer),
        Command::Fixtures(args) => args.run(printer),
        Command::Groups(args) => args.run(reach, printer),
        Command::Identities(args) => args.run(reach, printer),
        Command::Init(init) => init.run(printer),
        Command::Issuers(args) => args.run(reach, printer),
        Command::Keys(args) => keys::run(args, reach, printer),
        Command::Namespaces(args) => args.run(reach, printer),
        Command::Reference(reference) => reference.run(),
        Command::Restore(args) => args.run(reach, printer),
        Command::Serve(serve::Serve) => serve::Serve::run(reach.whence()?),
        Command::Sessions(args) => args.run(reach, printer),
        Command::Test(args) => args.run(reach, printer),
        Command::Tokens(args) => args.run(reach, printer),
    }
}

/// The whole command line, for its reference.
fn described() -> clap::Command {
    <CommandLine as clap::CommandFactory>::command()
}

/// Runs a future on a runtime of its own, for commands that need one.
fn block_on<T>(future: impl Future<Output = anyhow::Result<T>>) -> anyhow::Result<T> {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?
        .block_on(future)
}
