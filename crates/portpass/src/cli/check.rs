//! `portpass check`: loads everything the server would, and exits.

use std::{
    io::{self, Write},
    path::PathBuf,
    process::ExitCode,
};

use serde_json::json;

use crate::config::{self, Config, ConfigError, Fault};

/// Says whether a configuration loads, and what is wrong with it.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// The configuration file.
    #[arg(short, long, value_name = "FILE", default_value = "portpass.toml")]
    pub config: PathBuf,
    /// Print for programs.
    #[arg(long)]
    pub json: bool,
}

/// Loads the file, lets `compile` make of it what the server would, and prints
/// what came of it. Exit code 1: it does not load.
///
/// # Errors
///
/// Nothing can be printed.
pub fn run(
    arguments: &Arguments,
    compile: impl FnOnce(&Config) -> Result<(), Vec<Fault>>,
    out: &mut impl Write,
) -> io::Result<ExitCode> {
    let checked = config::load(&arguments.config).and_then(|config| match compile(&config) {
        Ok(()) => Ok(config),
        Err(faults) => Err(config.error(faults)),
    });
    match (&checked, arguments.json) {
        (Ok(config), false) => writeln!(out, "{}", summary(config))?,
        (Ok(config), true) => writeln!(out, "{}", json_summary(config))?,
        (Err(error), false) => writeln!(out, "{error}")?,
        (Err(error), true) => writeln!(out, "{}", json_faults(error))?,
    }
    Ok(match checked {
        Ok(_) => ExitCode::SUCCESS,
        Err(_) => ExitCode::FAILURE,
    })
}

fn summary(config: &Config) -> String {
    let registries: Vec<&str> = config
        .registries
        .iter()
        .map(|registry| &*registry.name)
        .collect();
    let issuers: Vec<&str> = config
        .issuers
        .iter()
        .map(|issuer| issuer.name.as_str())
        .collect();
    let list = |names: Vec<&str>| {
        if names.is_empty() {
            "none".to_owned()
        } else {
            names.join(", ")
        }
    };
    format!(
        "ok\nregistries: {}\nissuers: {}\nrules: {}, denies: {}, groups: {}",
        list(registries),
        list(issuers),
        config.policy.rules.len(),
        config.policy.denies.len(),
        config.policy.groups.len(),
    )
}

fn json_summary(config: &Config) -> serde_json::Value {
    json!({
        "ok": true,
        "registries": config.registries.iter().map(|registry| &*registry.name).collect::<Vec<_>>(),
        "issuers": config.issuers.iter().map(|issuer| &issuer.name).collect::<Vec<_>>(),
        "rules": config.policy.rules.keys().collect::<Vec<_>>(),
        "denies": config.policy.denies.keys().collect::<Vec<_>>(),
        "groups": config.policy.groups.keys().collect::<Vec<_>>(),
    })
}

fn json_faults(error: &ConfigError) -> serde_json::Value {
    json!({ "ok": false, "faults": error.diagnostics() })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Place;

    const FILE: &str = "public_url = \"https://registry.example.com\"\n\
        [registry.main]\nservice = \"registry.example.com\"\nkind = \"distribution\"\n";

    /// Exit code and output for a file of this text.
    fn checked(text: &str, json: bool, compiled: Result<(), Vec<Fault>>) -> (ExitCode, String) {
        let folder = tempfile::tempdir().unwrap();
        let config = folder.path().join("portpass.toml");
        std::fs::write(&config, text).unwrap();
        let mut out = Vec::new();
        let code = run(&Arguments { config, json }, |_| compiled, &mut out).unwrap();
        let text = String::from_utf8(out).unwrap();
        (
            code,
            text.replace(&format!("{}/", folder.path().display()), ""),
        )
    }

    #[test]
    fn what_loads_is_summed_up() {
        let (code, out) = checked(FILE, false, Ok(()));
        assert_eq!(code, ExitCode::SUCCESS);
        insta::assert_snapshot!(out, @r"
        ok
        registries: main
        issuers: none
        rules: 0, denies: 0, groups: 0
        ");
        let (_, out) = checked(FILE, true, Ok(()));
        insta::assert_snapshot!(out, @r#"{"ok":true,"registries":["main"],"issuers":[],"rules":[],"denies":[],"groups":[]}"#);
    }

    #[test]
    fn what_does_not_load_is_pointed_at() {
        let text = FILE.replace("kind", "knd");
        let (code, out) = checked(&text, false, Ok(()));
        assert_eq!(code, ExitCode::FAILURE);
        insta::assert_snapshot!(out, @r#"
        error: unknown key `knd`; did you mean `kind`?
         --> portpass.toml:4:1
          |
        4 | knd = "distribution"
          | ^^^
        "#);
        let (code, out) = checked(&text, true, Ok(()));
        assert_eq!(code, ExitCode::FAILURE);
        insta::assert_snapshot!(out, @r#"{"ok":false,"faults":[{"message":"unknown key `knd`; did you mean `kind`?","file":"portpass.toml","line":4,"column":1,"length":3}]}"#);
    }

    #[test]
    fn what_does_not_compile_is_pointed_at_too() {
        let start = FILE.find("main").unwrap();
        let at = Place {
            file: 0,
            start,
            end: start + 4,
        };
        let (code, out) = checked(FILE, false, Err(vec![Fault::new(at, "impossible")]));
        assert_eq!(code, ExitCode::FAILURE);
        insta::assert_snapshot!(out, @r"
        error: impossible
         --> portpass.toml:2:11
          |
        2 | [registry.main]
          |           ^^^^
        ");
    }
}
