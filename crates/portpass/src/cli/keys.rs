//! `portpass keys`: arguments in, a command out; an answer in, its text out.

use std::process::ExitCode;

use clap::{Args, Subcommand};

use super::{
    block_on, offline,
    printer::{Printer, columns, minute},
    reach::Reach,
};
use crate::{
    clock::Clock,
    config::Config,
    token::{KeyAnswer, KeyCommand, ListedAuthority, ListedKey, Signer},
};

/// What stands after `portpass keys`.
#[derive(Args, Clone, Debug)]
pub(super) struct KeysArgs {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Clone, Debug, Subcommand)]
enum Verb {
    /// Sign with a registry's staged key from now on.
    Activate {
        /// The name of its table in the configuration.
        registry: String,
    },
    /// The CA that registries of profile x5c trust.
    #[command(subcommand)]
    Ca(CaVerb),
    /// Print what a registry must trust, to be kept in a file beside it.
    Export {
        /// The name of its table in the configuration.
        registry: String,
        /// The staged key alone, for zot, which holds but one.
        #[arg(long)]
        staged: bool,
    },
    /// Show every key, its state and its dates, and the CA.
    List,
    /// Sign with new leaves from now on; tokens of the old ones stay good.
    Rotate {
        /// Only the leaves of this registry's algorithm.
        registry: Option<String>,
    },
    /// Make a registry's next key; it signs nothing yet.
    Stage {
        /// The name of its table in the configuration.
        registry: String,
    },
}

#[derive(Clone, Copy, Debug, Subcommand)]
enum CaVerb {
    /// Sign leaves under the staged CA from now on.
    Activate,
    /// Print the CA's certificate, and the staged one's beside it.
    Export,
    /// Make the next CA; nothing is signed under it yet.
    Stage,
}

/// Has the running server carry the command out, or does it here while none runs.
pub(super) fn run(args: KeysArgs, reach: &Reach, printer: Printer) -> anyhow::Result<ExitCode> {
    let command = command(args);
    let answer = match block_on(reach.server())? {
        Ok(client) => block_on(async { Ok(client.ask(&command).await?) })?,
        Err(config) => offline(&config, command)?,
    };
    if printer.is_json() {
        Printer::json(&answer)?;
    } else {
        Printer::text(&text(answer))?;
    }
    Ok(ExitCode::SUCCESS)
}

/// Carries the command out on the files, and records it as the server would.
fn offline(config: &Config, command: KeyCommand) -> anyhow::Result<KeyAnswer> {
    let files = block_on(offline::open(config))?;
    let now = Clock::System.now();
    let signer = Signer::open(&config.keys, &config.registries, now)?;
    let recorded = command.changes_keys().then(|| serde_json::json!(command));
    let answer = signer.execute(command, now)?;
    block_on(async {
        match recorded {
            Some(detail) => offline::record(files, "keys", detail, now).await?,
            None => files.close().await,
        }
        Ok(answer)
    })
}

/// The command that the arguments ask for.
fn command(args: KeysArgs) -> KeyCommand {
    match args.verb {
        Verb::Activate { registry } => KeyCommand::Activate { registry },
        Verb::Ca(CaVerb::Activate) => KeyCommand::CaActivate,
        Verb::Ca(CaVerb::Export) => KeyCommand::CaExport,
        Verb::Ca(CaVerb::Stage) => KeyCommand::CaStage,
        Verb::Export { registry, staged } => KeyCommand::Export { registry, staged },
        Verb::List => KeyCommand::List,
        Verb::Rotate { registry } => KeyCommand::Rotate { registry },
        Verb::Stage { registry } => KeyCommand::Stage { registry },
    }
}

/// An answer for people. What is exported stands as it is.
fn text(answer: KeyAnswer) -> String {
    match answer {
        KeyAnswer::Done { message, next } => {
            let steps = next
                .iter()
                .zip(1..)
                .map(|(step, number)| format!("  {number}. {step}\n"));
            format!("{message}\n{}", steps.collect::<String>())
        }
        KeyAnswer::Exported { content } => content,
        KeyAnswer::Listed {
            authorities,
            keys,
            warning,
        } => {
            let header = ["KEY", "SIGNS", "STATE", "FROM", "UNTIL", "FOR"].map(str::to_owned);
            let authorities = authorities.iter().map(authority_row);
            let rows = authorities.chain(keys.into_iter().map(key_row));
            let warning = warning.map(|warning| format!("\nwarning: {warning}\n"));
            columns([header].into_iter().chain(rows)) + &warning.unwrap_or_default()
        }
    }
}

fn authority_row(authority: &ListedAuthority) -> [String; 6] {
    [
        "CA".to_owned(),
        "leaves".to_owned(),
        authority.state.to_string(),
        minute(authority.not_before),
        minute(authority.not_after),
        "every registry of profile x5c".to_owned(),
    ]
}

fn key_row(key: ListedKey) -> [String; 6] {
    let signs = format!("{} ({})", key.algorithm, found_by(&key));
    [
        key.kid,
        signs,
        key.state.to_string(),
        minute(key.not_before),
        minute(key.not_after),
        key.registries.join(", "),
    ]
}

/// How registries find the key: by its profile, or by the id that the operator gave with it.
fn found_by(key: &ListedKey) -> String {
    match (key.profile, key.given) {
        (Some(profile), false) => profile.to_string(),
        (Some(profile), true) => format!("{profile}, given"),
        (None, _) => "given".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser as _;
    use jiff::Timestamp;

    use super::*;
    use crate::{
        registry::{Algorithm, Profile},
        token::State,
    };

    #[derive(clap::Parser)]
    struct Line {
        #[command(flatten)]
        keys: KeysArgs,
    }

    fn read(line: &str) -> KeyCommand {
        command(Line::try_parse_from(line.split(' ')).unwrap().keys)
    }

    #[test]
    fn each_line_is_one_command() {
        let registry = "prod".to_owned();
        assert_eq!(read("keys list"), KeyCommand::List);
        assert_eq!(read("keys ca stage"), KeyCommand::CaStage);
        assert_eq!(read("keys ca activate"), KeyCommand::CaActivate);
        assert_eq!(read("keys ca export"), KeyCommand::CaExport);
        assert_eq!(read("keys rotate"), KeyCommand::Rotate { registry: None });
        assert_eq!(
            read("keys export prod --staged"),
            KeyCommand::Export {
                registry: registry.clone(),
                staged: true
            }
        );
        assert_eq!(
            read("keys stage prod"),
            KeyCommand::Stage {
                registry: registry.clone()
            }
        );
        assert_eq!(
            read("keys activate prod"),
            KeyCommand::Activate { registry }
        );
        assert!(Line::try_parse_from(["keys", "activate"]).is_err());
    }

    #[test]
    fn a_list_is_a_table() {
        let at = |text: &str| text.parse::<Timestamp>().unwrap();
        let answer = KeyAnswer::Listed {
            authorities: vec![ListedAuthority {
                state: State::Current,
                not_before: at("2026-01-01T00:00:00Z"),
                not_after: at("2035-12-30T00:00:00Z"),
            }],
            keys: vec![ListedKey {
                kid: "abc".to_owned(),
                algorithm: Algorithm::Es256,
                profile: Some(Profile::X5c),
                given: false,
                state: State::Coming,
                not_before: at("2026-01-02T00:00:00Z"),
                not_after: at("2026-01-04T00:00:00Z"),
                registries: vec!["prod".to_owned(), "stage".to_owned()],
            }],
            warning: Some("it ends".to_owned()),
        };
        insta::assert_snapshot!(text(answer.clone()), @r"
        KEY  SIGNS        STATE    FROM              UNTIL             FOR
        CA   leaves       current  2026-01-01 00:00  2035-12-30 00:00  every registry of profile x5c
        abc  ES256 (x5c)  coming   2026-01-02 00:00  2026-01-04 00:00  prod, stage

        warning: it ends
        ");
        let json = serde_json::to_string(&answer).unwrap();
        assert_eq!(serde_json::from_str::<KeyAnswer>(&json).unwrap(), answer);
    }

    #[test]
    fn an_export_is_printed_as_it_is_and_steps_are_numbered() {
        let content = "-----BEGIN CERTIFICATE-----\n".to_owned();
        let answer = KeyAnswer::Exported {
            content: content.clone(),
        };
        assert_eq!(text(answer.clone()), content);
        let answer = KeyAnswer::Done {
            message: "done".to_owned(),
            next: vec!["rest".to_owned()],
        };
        assert_eq!(text(answer.clone()), "done\n  1. rest\n");
    }
}
