//! The reference page of the commands, from their own help.

use std::fmt::Write as _;

use clap::{Arg, Command};

/// How the text of the page begins.
const HEAD: &str = "\
<!-- Made by scripts/generate from the comments in crates/portpass/src/cli. -->

# Commands

Commands speak to the server that runs on this machine, through the Unix socket of `[admin] socket`; with `--server` to
another one; and where none runs, to its files. With `--json` they print for programs. Times are in UTC.
";

const TAKES: &str = "a string takes every write";

/// Every command with its arguments, in Markdown.
pub(super) fn page() -> String {
    let mut line = super::described();
    line.build();
    let mut page = String::from(HEAD);
    page.push_str("\nEverywhere:\n\n");
    let everywhere: Vec<&Arg> = line.get_arguments().filter(|arg| is_shown(arg)).collect();
    push_arguments(&mut page, &everywhere);
    for command in line.get_subcommands() {
        push_command(&mut page, command, "portpass");
    }
    page
}

fn push_command(page: &mut String, command: &Command, parent: &str) {
    if command.is_hide_set() || command.get_name() == "help" {
        return;
    }
    let name = format!("{parent} {}", command.get_name());
    let arguments: Vec<&Arg> = command
        .get_arguments()
        .filter(|arg| is_shown(arg) && !arg.is_global_set())
        .collect();
    let level = name.split(' ').count();
    let about = command.get_about().map(ToString::to_string);
    let about = about.unwrap_or_default().replace('\n', " ");
    let placed = arguments.iter().filter(|arg| arg.is_positional());
    let placed = placed.fold(String::new(), |placed, arg| placed + " " + &arg.to_string());
    let (marks, about) = ("#".repeat(level), about.trim_end_matches('.'));
    writeln!(page, "\n{marks} `{name}{placed}`\n\n{about}.").expect(TAKES);
    if !arguments.is_empty() {
        page.push('\n');
        push_arguments(page, &arguments);
    }
    for inner in command.get_subcommands() {
        push_command(page, inner, &name);
    }
}

fn push_arguments(page: &mut String, arguments: &[&Arg]) {
    page.push_str("| argument | meaning |\n| --- | --- |\n");
    for argument in arguments {
        let help = argument.get_help().map(ToString::to_string);
        let help = help
            .unwrap_or_default()
            .replace('\n', " ")
            .replace('|', "\\|");
        let short = argument.get_short().map(|short| format!("`-{short}`, "));
        let default: Vec<String> = argument
            .get_default_values()
            .iter()
            .map(|value| format!(" Default: `{}`.", value.to_string_lossy()))
            .collect();
        let (short, default) = (short.unwrap_or_default(), default.concat());
        let help = help.trim_end_matches('.');
        writeln!(page, "| {short}`{argument}` | {help}.{default} |").expect(TAKES);
    }
}

/// Help and versions are what every program has.
fn is_shown(argument: &Arg) -> bool {
    !argument.is_hide_set() && !["help", "version"].contains(&argument.get_id().as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_command_is_on_the_page() {
        let page = page();
        for command in super::super::described().get_subcommands() {
            let heading = format!("\n## `portpass {}", command.get_name());
            assert_eq!(page.contains(&heading), !command.is_hide_set(), "{heading}");
        }
        assert!(page.contains("### `portpass groups add <GROUP> <ISSUER:ID>`"));
    }
}
