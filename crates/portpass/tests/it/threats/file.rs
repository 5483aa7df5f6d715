//! Files that should not load, or not pass a review.

use std::fs;

use portpass::{clock::Clock, config, lint::lint, snapshot::Snapshot};

use crate::app::{START, jwks};

/// A registry, and GitHub under our tenant.
const BEGINNING: &str = "public_url = \"https://registry.example.com\"\n\
                         [registry.prod]\nservice = \"registry.example.com\"\nkind = \"distribution\"\n";

/// Why a file with these tables beside a registry does not load.
pub(super) fn fault(tables: &str) -> String {
    match read(tables) {
        Ok(_) => panic!("it loads:\n{tables}"),
        Err(fault) => fault,
    }
}

/// The codes of what a review finds in a file with these rules, beside GitHub,
/// GitLab, and a GitHub of one's own without a tenant.
pub(super) fn findings(rules: &str) -> Vec<String> {
    let issuers = format!(
        "[issuer.github]\nkind = \"github-actions\"\naudience = [\"a\"]\nowner_id = [\"65\"]\n\
         jwks = '{0}'\n[issuer.gitlab]\nkind = \"gitlab\"\nurl = \"https://gitlab.example.com\"\n\
         audience = [\"b\"]\njwks = '{0}'\n\
         [issuer.ghes]\nkind = \"github-actions\"\nurl = \"https://ghes.example.com\"\n\
         audience = [\"c\"]\njwks = '{0}'\n\
         [match.bergamot]\nevent = [\"push\", \"tag\"]\nref_protected = true\n",
        jwks()
    );
    let found = read(&format!("{issuers}{rules}"));
    found.unwrap_or_else(|fault| panic!("{fault}"))
}

fn read(tables: &str) -> Result<Vec<String>, String> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("portpass.toml");
    let store = format!(
        "[store]\ndata_dir = '{}'\n",
        folder.path().join("data").display()
    );
    fs::write(&path, format!("{BEGINNING}{store}{tables}")).unwrap();
    let config = config::load(&path).map_err(|error| error.to_string())?;
    let now = Clock::fixed(START.parse().unwrap()).now();
    let snapshot = Snapshot::of(&config, None, now).map_err(|error| error.to_string())?;
    let found = lint(&config, &snapshot.policy, &[]);
    Ok(found
        .iter()
        .map(|finding| finding.lint.code.to_owned())
        .collect())
}
