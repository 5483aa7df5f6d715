//! Findings as SARIF 2.1.0, for code scanning.

use std::{collections::BTreeMap, fmt::Write as _, path::Path};

use serde_json::{Value, json};

use super::{Broken, Checked};
use crate::{
    config::{Diagnostic, Fault, Place, seen_from_here},
    lint::{self, Lint},
    short_id::ShortId,
};

/// What does not load, as a rule.
const FAULT: &str = "fault";
/// What the settings are warned about, as a rule.
const SETTING: &str = "setting";

/// The log of one run.
pub(super) fn log(checked: &Result<Checked, Broken>) -> Value {
    let mut results = Results::default();
    match checked {
        Ok(checked) => {
            let sources = &checked.config.sources;
            for finding in &checked.findings {
                let fault = Fault::new(finding.at, finding.message.clone());
                let table = finding.table.as_deref().unwrap_or_default();
                for place in sources.diagnostics(&[fault]) {
                    let lint = finding.lint;
                    results.add(lint.code, lint.level.name(), table, &place);
                }
            }
            for warning in checked.config.warnings() {
                let fault = Fault::new(Place::default(), warning);
                for place in sources.diagnostics(&[fault]) {
                    results.add(SETTING, "warning", "", &place);
                }
            }
        }
        Err(Broken::Config(error)) => {
            for place in error.diagnostics() {
                results.add(FAULT, "error", "", &place);
            }
        }
        Err(broken @ (Broken::Keys(_) | Broken::Tls(_))) => {
            results.add_message(FAULT, "error", &broken.to_string());
        }
    }
    json!({
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": {
                "driver": {
                    "name": "portpass",
                    "semanticVersion": env!("CARGO_PKG_VERSION"),
                    "rules": rules(),
                },
            },
            "columnKind": "unicodeCodePoints",
            "results": results.all,
        }],
    })
}

/// What can be found (SARIF 2.1.0 §3.49).
fn rules() -> Vec<Value> {
    let lints = lint::ALL.iter().map(|lint| rule(lint));
    let other = [
        (FAULT, "error", "The configuration does not load."),
        (
            SETTING,
            "warning",
            "A setting is probably not what is meant.",
        ),
    ];
    let other = other.into_iter().map(|(id, level, text)| {
        json!({
            "id": id,
            "name": id,
            "shortDescription": { "text": text },
            "defaultConfiguration": { "level": level },
        })
    });
    lints.chain(other).collect()
}

fn rule(lint: &Lint) -> Value {
    let help = format!("Why: {}\n\nMend: {}", lint.why, lint.mend);
    let markdown = format!(
        "**Why.** {}\n\n**Mend.** {}\n\nFound:\n\n```toml\n{}```\n\nNot found:\n\n```toml\n{}```\n",
        lint.why,
        lint.mend,
        lint.bad.trim_start(),
        lint.good.trim_start(),
    );
    json!({
        "id": lint.code,
        "name": lint.name,
        "shortDescription": { "text": lint.summary },
        "fullDescription": { "text": lint.why },
        "help": { "text": help, "markdown": markdown },
        "defaultConfiguration": { "level": lint.level },
        "properties": { "tags": ["security"] },
    })
}

/// The results so far.
#[derive(Default)]
struct Results {
    all: Vec<Value>,
    /// How often something was found that says the same of the same table.
    alike: BTreeMap<String, usize>,
}

impl Results {
    /// Something at a place.
    fn add(&mut self, rule: &str, level: &str, table: &str, place: &Diagnostic) {
        let location = json!({
            "physicalLocation": {
                "artifactLocation": { "uri": uri(&place.file), "uriBaseId": "%SRCROOT%" },
                "region": {
                    "startLine": place.line,
                    "startColumn": place.column,
                    "endColumn": place.column + place.length,
                },
            },
        });
        let fingerprint = self.fingerprint([rule, table, &place.message]);
        self.all.push(json!({
            "ruleId": rule,
            "level": level,
            "message": { "text": place.message },
            "locations": [location],
            "partialFingerprints": { "primaryLocationLineHash": fingerprint },
        }));
    }

    /// Something that stands nowhere.
    fn add_message(&mut self, rule: &str, level: &str, message: &str) {
        let message = json!({ "text": message });
        self.all
            .push(json!({ "ruleId": rule, "level": level, "message": message }));
    }

    /// What stays the same while lines come and go, under the name by which code
    /// scanning compares (SARIF 2.1.0 §3.27.17).
    fn fingerprint(&mut self, parts: [&str; 3]) -> String {
        let digest = ShortId::of_parts(parts.map(str::as_bytes)).to_string();
        let count = self.alike.entry(digest.clone()).or_default();
        *count += 1;
        format!("{digest}:{count}")
    }
}

/// A path as a reference (RFC 3986 §4.1): relative, where it lies below the
/// folder in which the command runs.
fn uri(path: &str) -> String {
    let seen = seen_from_here(Path::new(path));
    let mut uri = String::from(if seen.is_absolute() { "file://" } else { "" });
    for byte in seen.to_string_lossy().bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~/".contains(&byte) {
            uri.push(char::from(byte));
        } else {
            write!(uri, "%{byte:02X}").expect("a string takes every write");
        }
    }
    uri
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_references() {
        assert_eq!(uri("portpass.toml"), "portpass.toml");
        assert_eq!(uri("./a/b c.toml"), "a/b%20c.toml");
        assert_eq!(uri("/etc/x.toml"), "file:///etc/x.toml");
        let here = std::path::absolute("rules.d/a.toml").unwrap();
        assert_eq!(uri(here.to_str().unwrap()), "rules.d/a.toml");
    }

    #[test]
    fn fingerprints_tell_alike_results_apart_and_know_them_again() {
        let mut results = Results::default();
        let mut fingerprint = |table| results.fingerprint(["PP001", table, "text"]);
        let first = fingerprint("rule.a");
        let second = fingerprint("rule.a");
        assert_ne!(first, second);
        assert_ne!(first, fingerprint("rule.b"));
        let mut again = Results::default();
        assert_eq!(again.fingerprint(["PP001", "rule.a", "text"]), first);
    }
}
