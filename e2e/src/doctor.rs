//! `portpass doctor` as its users run it, and its cures, applied as they are printed.

use std::{fs, path::Path, process::Command};

use anyhow::{Context as _, Result, ensure};
use serde_json::Value;

use crate::{
    portpass::Portpass,
    process::{run, run_with},
    registry::Registry,
    tool,
};

/// What the doctor found.
#[derive(Debug)]
pub struct Report(Value);

impl Report {
    /// Has the doctor examine `url`, with a JWT to log in with.
    ///
    /// A report that shows the JWT, or a text with what a terminal obeys, is an error.
    pub fn of(url: &str, jwt: &str, words: &[&str]) -> Result<Self> {
        let folder = tempfile::tempdir()?;
        let visit = |form: &[&str]| {
            let mut command = Command::new(tool::ours("portpass")?);
            command
                .args(["doctor", url, "--jwt-stdin"])
                .args(words)
                .args(form);
            run_with(&mut command, folder.path(), Some(jwt))
        };
        let (json, text) = (visit(&["--json"])?, visit(&[])?);
        let report: Value = serde_json::from_str(&json.stdout).with_context(|| json.said())?;
        let healthy = report.get("healthy").and_then(Value::as_bool);
        ensure!(healthy == Some(json.success), "{}", json.said());
        for output in [json, text] {
            let said = output.said();
            let (_, signature) = jwt.rsplit_once('.').context("not a JWT")?;
            ensure!(!said.contains(signature), "the JWT is shown");
            let obeyed = |character: char| character.is_control() && character != '\n';
            ensure!(!said.contains(obeyed), "{said:?}");
        }
        Ok(Self(report))
    }

    /// The names of what is wrong, in the order of the report.
    pub fn causes(&self) -> Vec<&str> {
        let troubles = self
            .findings()
            .filter(|finding| text(finding, "/level") == "trouble");
        troubles.map(|finding| text(finding, "/code")).collect()
    }

    /// Fails unless this and nothing else is wrong; gives its finding.
    pub fn only(&self, cause: &str) -> Result<&Value> {
        ensure!(self.causes() == [cause], "not {cause} alone: {:#}", self.0);
        let finding = self
            .findings()
            .find(|finding| text(finding, "/code") == cause);
        let finding = finding.context("no finding")?;
        let is_certain = finding.get("certain").and_then(Value::as_bool) == Some(true);
        ensure!(is_certain, "not certain: {finding:#}");
        Ok(finding)
    }

    /// Fails unless nothing is wrong.
    pub fn healthy(&self) -> Result<()> {
        let healthy = self.0.get("healthy").and_then(Value::as_bool);
        ensure!(healthy == Some(true), "not healthy: {:#}", self.0);
        Ok(())
    }

    /// What is said of one examination.
    pub fn examination(&self, name: &str) -> Option<(&str, &str)> {
        let all = self.0.get("examinations")?.as_array()?;
        let one = all.iter().find(|one| text(one, "/name") == name)?;
        Some((text(one, "/result"), text(one, "/seen")))
    }

    fn findings(&self) -> impl Iterator<Item = &Value> {
        let findings = self.0.get("findings").and_then(Value::as_array);
        findings.into_iter().flatten()
    }
}

/// The text of a finding's block of configuration.
pub fn block(finding: &Value) -> &str {
    text(finding, "/cure/block/text")
}

/// Does what a cure says: writes its block, runs its commands, starts anew what it names.
pub fn apply(finding: &Value, registry: &mut Registry, portpass: &mut Portpass) -> Result<()> {
    let file = Path::new(text(finding, "/cure/block/file"));
    let ours = portpass.draft.config();
    if file == registry.config() && text(finding, "/cure/block/language") == "json" {
        let mut whole: Value = serde_json::from_slice(&fs::read(file)?)?;
        overlay(&mut whole, serde_json::from_str(block(finding))?);
        fs::write(file, whole.to_string())?;
    } else if file == registry.config() {
        // The table of the registry's authentication is the last of its file.
        let before = fs::read_to_string(file)?;
        let (kept, _) = before.split_once("auth:\n").context("no auth")?;
        fs::write(file, format!("{kept}{}", block(finding)))?;
    } else if file == ours {
        fs::write(file, merged(&fs::read_to_string(file)?, block(finding))?)?;
        portpass.end("TERM")?;
        portpass.restart()?;
    }
    let program = tool::ours("portpass")?;
    let folder = program.parent().context("no folder")?.display().to_string();
    let commands = finding.pointer("/cure/run").and_then(Value::as_array);
    for line in commands.into_iter().flatten().filter_map(Value::as_str) {
        let script = format!("PATH={folder}:$PATH; set -e; {line}");
        run(
            Path::new("/bin/sh"),
            portpass.draft.folder(),
            ["-c", &script],
        )?
        .succeeded()?;
    }
    if text(finding, "/cure/restart") == "the registry" {
        registry.restart()?;
    }
    Ok(())
}

/// A file of tables with the lines of one table in it: each replaces the line of its key, or is added.
fn merged(file: &str, block: &str) -> Result<String> {
    let (header, lines) = block.split_once('\n').context("no table")?;
    let (before, table) = file
        .split_once(&format!("{header}\n"))
        .context("no such table")?;
    let (table, after) = table.split_once("\n[").unwrap_or((table, ""));
    let key_of = |line: &str| line.split('=').next().unwrap_or_default().trim().to_owned();
    let new: Vec<String> = lines.lines().map(key_of).collect();
    let kept = table.lines().filter(|line| !new.contains(&key_of(line)));
    let kept: String = kept.flat_map(|line| [line, "\n"]).collect();
    let after = if after.is_empty() {
        String::new()
    } else {
        format!("\n[{after}")
    };
    Ok(format!("{before}{header}\n{lines}{kept}{after}"))
}

/// A JSON document with the values of another in it.
fn overlay(whole: &mut Value, part: Value) {
    match (whole, part) {
        (Value::Object(whole), Value::Object(part)) => {
            for (key, value) in part {
                overlay(whole.entry(key).or_insert(Value::Null), value);
            }
        }
        (whole, part) => *whole = part,
    }
}

fn text<'a>(value: &'a Value, pointer: &str) -> &'a str {
    value
        .pointer(pointer)
        .and_then(Value::as_str)
        .unwrap_or_default()
}
