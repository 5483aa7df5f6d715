//! The reference page of the platforms that are described.

use std::fmt::{self, Write as _};

use super::{
    Described,
    description::{Expected, Must},
    fact_source::FactSource,
};
use crate::identity::Fact;

/// How the text of the page begins.
const HEAD: &str = "\
<!-- Made by scripts/generate from crates/portpass/src/identity/platforms. -->

# Platforms

Kinds `forgejo`, `github-actions`, `gitlab`, `kubernetes` and `oidc` are described in the how-to guides of their own. This
page is about the others: for each, whose JWTs they are, what in them is which [fact](rules.md), and what to know
before a rule is written. [How to use them](../how-to/other-platforms.md) has a configuration to begin with.

A fact that is not listed is never there: a rule that asks for it gives nothing. Whatever else a JWT says can be
asked in `cel`. What was not read in the platform's own text stands under *not verified*: try it with your own JWTs
before you rely on it. A JWT that lacks a required claim, or has it in another form, proves nobody.
";

/// The page, in Markdown.
pub(crate) fn page() -> String {
    let mut page = HEAD.to_owned();
    for described in Described::all() {
        write_platform(&mut page, described).expect("a string takes every write");
    }
    page
}

fn write_platform(page: &mut String, described: Described) -> fmt::Result {
    let file = &described.0.file;
    writeln!(
        page,
        "\n## `{}`\n\n{}: {}",
        described.name(),
        file.title,
        lower(&file.about)
    )?;
    writeln!(page, "Its own words: <{}>.\n", file.documentation)?;
    writeln!(page, "| | |\n| --- | --- |")?;
    let mut row =
        |name: &str, text: String| writeln!(page, "| {name} | {} |", text.replace('|', "\\|"));
    row("`iss`", issuer(described))?;
    if let Some(jwks) = described.jwks() {
        let below = if jwks.starts_with('/') {
            " below the `iss`"
        } else {
            ""
        };
        row("keys", format!("`{jwks}`{below}"))?;
    }
    if !file.issuer.pins.is_empty() {
        let pins: Vec<_> = file
            .issuer
            .pins
            .iter()
            .map(|pin| format!("`{pin}`"))
            .collect();
        let hosts = &file.issuer.shared_hosts;
        let always = hosts.iter().any(|host| host == "*");
        let hosts = if always {
            "always".to_owned()
        } else {
            format!("on {}", list(hosts))
        };
        row(
            "pins",
            format!("one of {} is required {hosts}", pins.join(", ")),
        )?;
    }
    let names: Vec<_> = file.algorithms().cloned().collect();
    row("algorithms", list(&names))?;
    row("longest life", format!("{} minutes", file.max_jwt_minutes))?;
    let held = if file.code_host {
        "as of code hosts: `event` and one of `ref`, `environment`, `ref_protected`, or `any_run = true`"
    } else {
        "as their conditions say"
    };
    row("pushes are held to runs", held.to_owned())?;
    row("id", file.identity.words.clone())?;
    let required = file.required.iter();
    let required: Vec<_> = required
        .map(|one| format!("{} ({})", one.claim.shown(), one.form.words()))
        .collect();
    row("required", required.join("; "))?;
    for must in &file.must {
        row("refused", refusal(must))?;
    }
    writeln!(page, "\n| fact | from |\n| --- | --- |")?;
    for fact in described.facts() {
        let from = match fact {
            Fact::Issuer => "the name in the configuration".to_owned(),
            Fact::RefType => "`ref`".to_owned(),
            Fact::RunUrl => file
                .run_url
                .as_ref()
                .map_or_else(String::new, |url| format!("`{url}`")),
            fact => file
                .facts
                .get(&fact)
                .map_or_else(String::new, FactSource::shown),
        };
        writeln!(page, "| `{fact}` | {} |", from.replace('|', "\\|"))?;
    }
    write_list(page, "What to know", &file.traps)?;
    write_list(page, "Verified", &file.verified)?;
    write_list(page, "Not verified", &file.unverified)
}

fn write_list(page: &mut String, title: &str, texts: &[String]) -> fmt::Result {
    if texts.is_empty() {
        return Ok(());
    }
    writeln!(page, "\n{title}:\n")?;
    texts.iter().try_for_each(|text| writeln!(page, "- {text}"))
}

fn issuer(described: Described) -> String {
    match (described.iss(), described.url_form()) {
        (Some(iss), Some(form)) => format!("`{iss}`, or `url`: `{form}`"),
        (Some(iss), None) => format!("`{iss}`"),
        (None, form) => format!("`url`: `{}`", form.unwrap_or_default()),
    }
}

fn refusal(must: &Must) -> String {
    let claim = must.claim.shown();
    let expected = match &must.be {
        Expected::Absent => format!("{claim} is there"),
        Expected::EndingIn(end) => format!("{claim} does not end in `{end}`"),
        Expected::Flag(flag) => format!("{claim} is not `{flag}`"),
        Expected::Text(text) => format!("{claim} is not `{text}`"),
    };
    let with = must.with.as_ref().filter(|with| **with != must.claim);
    let with = with.map_or_else(String::new, |with| {
        format!(" where {} is there", with.shown())
    });
    format!("if {expected}{with}: {}", must.because)
}

fn list(words: &[String]) -> String {
    let words: Vec<_> = words.iter().map(|word| format!("`{word}`")).collect();
    words.join(", ")
}

/// The sentence, to go on after a colon.
fn lower(sentence: &str) -> String {
    let mut letters = sentence.chars();
    letters.next().map_or_else(String::new, |first| {
        first.to_lowercase().chain(letters).collect()
    })
}
