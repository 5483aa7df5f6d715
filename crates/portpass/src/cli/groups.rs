//! `portpass groups`: who is in the groups that operators keep.

use std::process::ExitCode;

use clap::{Args, Subcommand};

use super::{
    identity::Who,
    printer::{Printer, minute},
    reach::Reach,
};
use crate::admin::{AddMember, GroupShown, Groups, Member, Members, RemoveMember};

/// What stands after `portpass groups`.
#[derive(Args, Clone, Debug)]
pub(super) struct GroupsArgs {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Clone, Debug, Subcommand)]
enum Verb {
    /// Put an identity into a group, whether it was seen before or not.
    Add {
        /// The group, which the file declares with `operators = true`.
        group: String,
        /// The issuer's name and the immutable id, as in `github:74`.
        #[arg(value_name = "ISSUER:ID")]
        identity: Who,
    },
    /// Show the groups that operators keep.
    List {
        /// Only those that this identity is in.
        #[arg(long, value_name = "ISSUER:ID")]
        member: Option<Who>,
    },
    /// Take an identity out of a group.
    Remove {
        /// The group.
        group: String,
        /// The issuer's name and the immutable id, as in `github:74`.
        #[arg(value_name = "ISSUER:ID")]
        identity: Who,
    },
    /// Show who is in a group.
    Show {
        /// The group.
        group: String,
    },
}

impl GroupsArgs {
    pub(super) fn run(self, reach: &Reach, printer: Printer) -> anyhow::Result<ExitCode> {
        match self.verb {
            Verb::Add { group, identity } => {
                let done = format!("{identity} is in {group} now");
                let undone = format!("{identity} was in {group} already");
                let question = AddMember {
                    name: group,
                    issuer: identity.issuer,
                    id: identity.id,
                };
                printer.changed(reach.ask(&question)?, &done, &undone)?;
            }
            Verb::List { member } => {
                let member = member.map(|who| who.to_string());
                let groups = reach.ask(&Groups { member })?;
                let header = ["GROUP", "MEMBERS", "NOTE"];
                printer.list(&groups, header, group_row)?;
            }
            Verb::Remove { group, identity } => {
                let done = format!("{identity} is in {group} no more");
                let undone = format!("{identity} was not in {group}");
                let question = RemoveMember {
                    name: group,
                    issuer: identity.issuer,
                    id: identity.id,
                };
                printer.changed(reach.ask(&question)?, &done, &undone)?;
            }
            Verb::Show { group } => {
                let members = reach.ask(&Members { name: group })?;
                let header = ["IDENTITY", "NAME", "SINCE", "ADDED BY"];
                printer.list(&members, header, member_row)?;
            }
        }
        Ok(ExitCode::SUCCESS)
    }
}

fn group_row(group: &GroupShown) -> [String; 3] {
    let note = if group.declared {
        ""
    } else {
        "not in the file: it gives nothing"
    };
    [
        group.name.clone(),
        group.members.to_string(),
        note.to_owned(),
    ]
}

fn member_row(member: &Member) -> [String; 4] {
    [
        format!("{}:{}", member.issuer, member.id),
        member.name.clone().unwrap_or_else(|| "not seen yet".to_owned()),
        minute(member.added_at),
        member.actor.clone(),
    ]
}
