//! `portpass test`: what the configuration's own tests say of its rules.

mod junit;
mod report;

use std::{fs, path::PathBuf, process::ExitCode};

use anyhow::{Context as _, bail};
use clap::Args;
use serde_json::{Value, json};

use super::{printer::Printer, reach::Reach};
use crate::{
    clock::Clock,
    config::instead,
    trial::{TestResult, TestSource, Trial},
};

/// Which tests to run, and where to write what came of them.
#[derive(Args, Debug)]
pub(super) struct TestArgs {
    /// The tests, by their names; all, if none is named.
    #[arg(value_name = "NAME")]
    names: Vec<String>,
    /// Also write what came of them as `JUnit`'s XML, for a CI to show.
    #[arg(long, value_name = "FILE")]
    junit: Option<PathBuf>,
}

impl TestArgs {
    /// Runs them. Exit code 1: one has failed, or the configuration does not load.
    ///
    /// # Errors
    ///
    /// The configuration does not load, or has no test of a name.
    pub(super) fn run(self, reach: &Reach, printer: Printer) -> anyhow::Result<ExitCode> {
        let config = reach.whence()?.load()?;
        let tests = chosen(&config.tests, &self.names)?;
        let begun = Clock::System.now();
        let trial = Trial::of(&config, begun)?;
        let results: Vec<TestResult> = tests.into_iter().map(|test| trial.run(test)).collect();
        let took = Clock::System.now().duration_since(begun);
        let places: Vec<String> = results
            .iter()
            .map(|result| config.sources.describe(result.at))
            .collect();
        if let Some(path) = &self.junit {
            let text = junit::text(&results, &places, took);
            fs::write(path, text).with_context(|| format!("writing {}", path.display()))?;
        }
        if printer.is_json() {
            Printer::json(&json_results(&results, &places))?;
        } else {
            Printer::text(&report::text(&results, &places))?;
        }
        Ok(if results.iter().all(|result| result.passed) {
            ExitCode::SUCCESS
        } else {
            ExitCode::FAILURE
        })
    }
}

/// The tests of these names, in the order of the configuration; all, without names.
fn chosen<'t>(tests: &'t [TestSource], names: &[String]) -> anyhow::Result<Vec<&'t TestSource>> {
    for name in names {
        if !tests.iter().any(|test| test.name == *name) {
            let known = tests.iter().map(|test| test.name.as_str());
            bail!("there is no test `{name}`{}", instead(name, known));
        }
    }
    let is_chosen = |test: &&TestSource| names.is_empty() || names.contains(&test.name);
    Ok(tests.iter().filter(is_chosen).collect())
}

fn json_results(results: &[TestResult], places: &[String]) -> Value {
    let passed = results.iter().filter(|result| result.passed).count();
    let tests = results.iter().zip(places).map(|(result, place)| {
        let mut test = json!(result);
        if let Some(members) = test.as_object_mut() {
            members.insert("at".to_owned(), json!(place));
        }
        test
    });
    json!({
        "passed": passed,
        "failed": results.len() - passed,
        "tests": tests.collect::<Vec<_>>(),
    })
}

/// What tests of this command and of what it prints run on.
#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{self, Config};

    const FILE: &str = r#"
public_url = "https://registry.example.com"

[registry.prod]
service = "registry.example.com"
kind = "distribution"

[issuer.github]
kind = "github-actions"
audience = ["registry.example.com"]
owner_id = ["65"]

[rule.own-namespace]
from = ["github"]
when = { event = "push", ref_protected = true }
push = ["apps/{issuer}/{repository}"]

[rule.people]
group = "people"
pull = ["**"]

[deny.base]
push = ["base/**"]

[group.people]
operators = true
"#;

    /// What comes of the file with some tests added, and where they stand.
    pub(super) fn results(tests: &str) -> (Vec<TestResult>, Vec<String>) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("portpass.toml");
        fs::write(&path, format!("{FILE}{tests}")).unwrap();
        let config = config::load(&path).unwrap_or_else(|error| panic!("{error}"));
        let now = "2026-01-01T00:00:00Z".parse().unwrap();
        let results = Trial::of(&config, now).unwrap().run_all(&config.tests);
        let places = results.iter().map(|result| place(&config, result));
        let places = places.map(|place| place.rsplit('/').next().unwrap().to_owned());
        (results.clone(), places.collect())
    }

    fn place(config: &Config, result: &TestResult) -> String {
        config.sources.describe(result.at)
    }

    /// One that passes, and one of each way to fail.
    pub(super) const TESTS: &str = r#"
[test.branch-pushes]
proof = { issuer = "github", fixture = "branch" }
ask = ["repository:apps/github/acme/web:pull,push"]
expect = "granted"
because = "reviewers <push> previews & more"

[test.main-pulls-only]
proof = { issuer = "github", fixture = "push-main" }
ask = ["repository:apps/github/acme/web:pull,push"]
expect = ["repository:apps/github/acme/web:pull"]

[test.own-name]
proof = { issuer = "github", fixture = "push-main" }
ask = ["repository:apps/github/acme/web:pull,push"]
expect = "granted"

[test.squatter]
proof = { issuer = "github", fixture = "push-main", set = { repository_owner_id = "999" } }
ask = ["repository:apps/github/acme/web:pull,push"]
expect = "refused at rules"
"#;

    #[test]
    fn tests_are_chosen_by_their_names() {
        let named = |name: &str| {
            let (results, _) = results(TESTS);
            let sources: Vec<TestSource> = results
                .iter()
                .map(|result| TestSource {
                    name: result.name.clone(),
                    at: result.at,
                    registry: result.registry.clone(),
                    proof: crate::trial::TestProof::Anonymous,
                    ask: result.asked.clone(),
                    expect: result.expected.clone(),
                    expect_at: result.at,
                    owners: crate::decision::Owners::new(),
                    because: None,
                })
                .collect();
            let names = [name.to_owned()];
            let chosen = chosen(&sources, &names).map(|tests| tests.len());
            chosen.map_err(|error| error.to_string())
        };
        assert_eq!(named("squatter"), Ok(1));
        assert_eq!(
            named("squater"),
            Err("there is no test `squater`; did you mean `squatter`?".to_owned())
        );
    }

    #[test]
    fn programs_read_what_came_of_each() {
        let (results, places) = results(TESTS);
        let read = json_results(&results, &places);
        assert_eq!((&read["passed"], &read["failed"]), (&json!(1), &json!(3)));
        let branch = &read["tests"][0];
        assert_eq!(branch["name"], "branch-pushes");
        assert_eq!(branch["at"], "portpass.toml:31:10");
        assert_eq!(branch["identity"], "github:74");
        assert_eq!(branch["facts"]["ref_protected"], false);
        assert_eq!(branch["expected"], "granted");
        assert_eq!(branch["got"]["refused"]["stage"], "rules");
        assert_eq!(branch["got"]["refused"]["unmet"], "ref_protected");
        assert_eq!(branch["rules"][0]["rule"], "deny.base");
        let main = &read["tests"][1]["got"]["granted"][0];
        assert_eq!(main["actions"], json!(["pull", "push"]));
        assert_eq!(read["tests"][2]["passed"], true);
        assert_eq!(read["tests"][3]["got"]["refused"]["stage"], "pin");
    }
}
