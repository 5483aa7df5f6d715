//! `portpass reference`: the pages that are made from the code itself.

use std::process::ExitCode;

use super::printer::Printer;
use crate::{audit, config, decision, metrics};

/// Prints a reference page or the JSON Schema of the configuration.
#[derive(Debug, clap::Args)]
pub(super) struct Reference {
    /// What to print.
    page: Page,
}

/// A text that is made from the code itself.
#[derive(Clone, Copy, Debug, Eq, PartialEq, clap::ValueEnum)]
enum Page {
    /// Every key of the configuration, in Markdown.
    Configuration,
    /// What an event holds, in Markdown.
    Events,
    /// What is counted, in Markdown.
    Metrics,
    /// What rules can say: facts, templates, conditions; in Markdown.
    Rules,
    /// The JSON Schema of the configuration.
    Schema,
}

impl Page {
    /// Where its copy stands, from the root of the repository.
    fn path(self) -> &'static str {
        match self {
            Self::Configuration => "docs/reference/configuration.md",
            Self::Events => "docs/reference/events.md",
            Self::Metrics => "docs/reference/metrics.md",
            Self::Rules => "docs/reference/rules.md",
            Self::Schema => "docs/reference/portpass.schema.json",
        }
    }

    /// The text, with a newline at its end.
    fn text(self) -> String {
        match self {
            Self::Configuration => config::reference::page(),
            Self::Events => audit::reference(),
            Self::Metrics => metrics::reference(),
            Self::Rules => decision::reference(),
            Self::Schema => {
                let schema = serde_json::to_string_pretty(&config::schema());
                schema.expect("a schema is JSON already") + "\n"
            }
        }
    }
}

impl Reference {
    /// Prints the page.
    ///
    /// # Errors
    ///
    /// Nothing can be printed.
    pub(super) fn run(self, printer: &Printer) -> anyhow::Result<ExitCode> {
        printer.text(&self.page.text())?;
        Ok(ExitCode::SUCCESS)
    }
}

#[cfg(test)]
mod tests {
    use std::{fs, path::Path};

    use clap::ValueEnum as _;

    use super::*;

    #[test]
    fn the_committed_pages_are_current() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
        for page in Page::value_variants() {
            let path = root.join(page.path());
            let committed = fs::read_to_string(&path).unwrap_or_default();
            assert!(
                committed == page.text(),
                "{} is stale; run scripts/generate",
                page.path()
            );
        }
    }
}
