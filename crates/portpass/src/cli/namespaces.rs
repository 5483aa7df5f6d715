//! `portpass namespaces`: names that templates rendered, and who owns them.

use std::process::ExitCode;

use clap::{Args, Subcommand};

use super::{
    identity::Who,
    printer::{Printer, minute},
    reach::Reach,
};
use crate::admin::{NamespaceShown, Namespaces, Transfer};

/// What stands after `portpass namespaces`.
#[derive(Args, Clone, Debug)]
pub(super) struct NamespacesArgs {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Clone, Debug, Subcommand)]
enum Verb {
    /// Show namespaces and their owners.
    List {
        /// Only of this registry.
        #[arg(long)]
        registry: Option<String>,
        /// Only those that identities of this issuer own.
        #[arg(long)]
        issuer: Option<String>,
        /// At most so many.
        #[arg(short = 'n', long, default_value_t = 100)]
        limit: u32,
    },
    /// Give a namespace to another owner, seen before or not.
    Transfer {
        /// The namespace, as it is listed.
        namespace: String,
        /// The new owner: the issuer's name and the immutable id.
        #[arg(value_name = "ISSUER:ID")]
        identity: Who,
        /// The registry; needed where there are several.
        #[arg(long)]
        registry: Option<String>,
    },
}

impl NamespacesArgs {
    pub(super) fn run(self, reach: &Reach, printer: Printer) -> anyhow::Result<ExitCode> {
        match self.verb {
            Verb::List {
                registry,
                issuer,
                limit,
            } => {
                let namespaces = reach.ask(&Namespaces {
                    registry,
                    issuer,
                    id: None,
                    limit: Some(limit),
                })?;
                let header = ["REGISTRY", "NAMESPACE", "OWNER", "NAME", "SINCE"];
                printer.list(&namespaces, header, row)?;
            }
            Verb::Transfer {
                namespace,
                identity,
                registry,
            } => {
                let done = format!("{namespace} is {identity}'s now");
                let undone = format!("{namespace} was {identity}'s already");
                let question = Transfer {
                    registry,
                    namespace,
                    issuer: identity.issuer,
                    id: identity.id,
                };
                printer.changed(reach.ask(&question)?, &done, &undone)?;
            }
        }
        Ok(ExitCode::SUCCESS)
    }
}

fn row(namespace: &NamespaceShown) -> [String; 5] {
    [
        namespace.registry.clone(),
        namespace.namespace.clone(),
        format!("{}:{}", namespace.issuer, namespace.id),
        namespace.name.clone(),
        minute(namespace.since),
    ]
}
