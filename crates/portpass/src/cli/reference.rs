//! `portpass reference`: the pages that are made from the code itself.

use std::process::ExitCode;

use serde_json::Value;

use super::{commands, printer::Printer};
use crate::{admin, audit, config, decision, identity, lint, metrics};

/// Prints a reference page or the JSON Schema of the configuration.
#[derive(Debug, clap::Args)]
pub(super) struct Reference {
    /// What to print.
    page: Page,
}

/// A text that is made from the code itself.
#[derive(Clone, Copy, Debug, Eq, PartialEq, clap::ValueEnum)]
enum Page {
    /// Every command and its arguments, in Markdown.
    Commands,
    /// Every key of the configuration, in Markdown.
    Configuration,
    /// What an event holds, in Markdown.
    Events,
    /// What `portpass check` finds, in Markdown.
    Lints,
    /// What is counted, in Markdown.
    Metrics,
    /// The `OpenAPI` document of the admin API.
    Openapi,
    /// The platforms that are described by data, in Markdown.
    Platforms,
    /// What rules can say: facts, templates, conditions; in Markdown.
    Rules,
    /// The JSON Schema of the configuration.
    Schema,
}

impl Page {
    /// The text, with a newline at its end.
    fn text(self) -> String {
        match self {
            Self::Commands => commands::page(),
            Self::Configuration => config::reference::page(),
            Self::Events => audit::reference(),
            Self::Lints => lint::reference(),
            Self::Metrics => metrics::reference(),
            Self::Openapi => pretty(&admin::document()),
            Self::Platforms => identity::platforms_page(),
            Self::Rules => decision::reference(),
            Self::Schema => pretty(config::schema().as_value()),
        }
    }
}

fn pretty(document: &Value) -> String {
    format!("{document:#}\n")
}

impl Reference {
    /// Prints the page.
    ///
    /// # Errors
    ///
    /// Nothing can be printed.
    pub(super) fn run(self) -> anyhow::Result<ExitCode> {
        Printer::text(&self.page.text())?;
        Ok(ExitCode::SUCCESS)
    }
}

#[cfg(test)]
mod tests {
    use std::{fs, path::Path};

    use clap::ValueEnum as _;

    use super::*;

    /// Where the copy of a page stands, from the root of the repository.
    fn copy(page: Page) -> &'static str {
        match page {
            Page::Commands => "docs/reference/commands.md",
            Page::Configuration => "docs/reference/configuration.md",
            Page::Events => "docs/reference/events.md",
            Page::Lints => "docs/reference/lints.md",
            Page::Metrics => "docs/reference/metrics.md",
            Page::Openapi => "docs/reference/openapi.json",
            Page::Platforms => "docs/reference/platforms.md",
            Page::Rules => "docs/reference/rules.md",
            Page::Schema => "docs/reference/portpass.schema.json",
        }
    }

    #[test]
    fn the_committed_pages_are_current() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
        for page in Page::value_variants() {
            let path = copy(*page);
            let committed = fs::read_to_string(root.join(path)).unwrap_or_default();
            assert!(
                committed == page.text(),
                "{path} is stale; run scripts/generate"
            );
        }
    }
}
