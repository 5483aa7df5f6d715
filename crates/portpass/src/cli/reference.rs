//! `portpass reference`: the pages that are made from the code itself.

use std::io::{self, Write};

use crate::config;

/// Prints a reference page or the JSON Schema of the configuration.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// What to print.
    pub page: Page,
}

/// A text that is made from the code itself.
#[derive(Clone, Copy, Debug, Eq, PartialEq, clap::ValueEnum)]
pub enum Page {
    /// Every key of the configuration, in Markdown.
    Configuration,
    /// The JSON Schema of the configuration.
    Schema,
}

impl Page {
    /// Where its copy stands, from the root of the repository.
    pub fn path(self) -> &'static str {
        match self {
            Self::Configuration => "docs/reference/configuration.md",
            Self::Schema => "docs/reference/portpass.schema.json",
        }
    }

    /// The text, with a newline at its end.
    pub fn text(self) -> String {
        match self {
            Self::Configuration => config::reference::page(),
            Self::Schema => {
                let schema = serde_json::to_string_pretty(&config::schema());
                schema.expect("a schema is JSON already") + "\n"
            }
        }
    }
}

/// Prints a page.
///
/// # Errors
///
/// Nothing can be printed.
pub fn run(arguments: &Arguments, out: &mut impl Write) -> io::Result<()> {
    out.write_all(arguments.page.text().as_bytes())
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
