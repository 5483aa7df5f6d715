//! Questions, for whoever would rather not look up arguments.
//!
//! Each has a default, which an empty line takes. An answer is checked at once,
//! by what checks the argument, and asked for again a few times at most.

use std::io::{BufRead, Read, Write};

use anyhow::{Context as _, anyhow, bail, ensure};
use clap::ValueEnum;

use super::{
    Init,
    choice::{Builder, RegistryChoice},
    plain,
    platform::{CLUSTER_LOCAL, address, cluster, number},
};

/// How often one question is asked.
const TRIES: usize = 5;

/// The longest answer, in bytes.
const LONGEST_ANSWER: u64 = 1024;

/// Who asks, and who answers.
pub(super) struct Questions<R, W> {
    answers: R,
    questions: W,
}

impl<R: BufRead, W: Write> Questions<R, W> {
    pub(super) fn new(answers: R, questions: W) -> Self {
        Self { answers, questions }
    }

    /// Asks until the answer is good.
    ///
    /// # Errors
    ///
    /// When there are no more answers, and when none of a few was good.
    fn ask<T>(
        &mut self,
        question: &str,
        default: &str,
        check: impl Fn(&str) -> anyhow::Result<T>,
    ) -> anyhow::Result<T> {
        for _ in 0..TRIES {
            let shown = if default.is_empty() { "none" } else { default };
            write!(self.questions, "{question} [{shown}]: ")?;
            self.questions.flush()?;
            let answer = self.answer(question)?;
            let answer = match answer.trim() {
                "" => default,
                given => given,
            };
            match check(answer) {
                Ok(value) => return Ok(value),
                Err(error) => writeln!(self.questions, "  {error:#}")?,
            }
        }
        bail!("no answer to \"{question}\" could be used, in {TRIES} tries")
    }

    fn answer(&mut self, question: &str) -> anyhow::Result<String> {
        let mut line = Vec::new();
        let mut limited = Read::take(&mut self.answers, LONGEST_ANSWER + 1);
        let length = limited
            .read_until(b'\n', &mut line)
            .context("reading an answer")?;
        ensure!(length > 0, "the answers ended before \"{question}\"");
        ensure!(
            u64::try_from(length).unwrap_or(u64::MAX) <= LONGEST_ANSWER,
            "the answer to \"{question}\" is longer than {LONGEST_ANSWER} bytes"
        );
        String::from_utf8(line)
            .map_err(|_not_text| anyhow!("the answer to \"{question}\" is not UTF-8"))
    }

    /// Asks for one of the words of an argument.
    fn choose<T: ValueEnum>(&mut self, question: &str, default: &str) -> anyhow::Result<T> {
        let words = T::value_variants().iter().filter_map(T::to_possible_value);
        let words: Vec<_> = words.map(|word| word.get_name().to_owned()).collect();
        let words = words.join(", ");
        self.ask(&format!("{question} ({words})"), default, |answer| {
            T::from_str(answer, true)
                .map_err(|_word| anyhow!("`{}` is none of {words}", answer.escape_debug()))
        })
    }

    /// Asks for what need not be answered.
    fn maybe(
        &mut self,
        question: &str,
        check: impl Fn(&str) -> anyhow::Result<()>,
    ) -> anyhow::Result<Option<String>> {
        self.ask(question, "", |answer| {
            if answer.is_empty() {
                return Ok(None);
            }
            check(answer).map(|()| Some(answer.to_owned()))
        })
    }

    /// Asks for a text.
    fn text(
        &mut self,
        question: &str,
        default: &str,
        check: impl Fn(&str) -> anyhow::Result<()>,
    ) -> anyhow::Result<Option<String>> {
        self.ask(question, default, |answer| {
            check(answer).map(|()| Some(answer.to_owned()))
        })
    }
}

/// The platforms that are asked about.
#[derive(Clone, Copy, Debug, Eq, PartialEq, ValueEnum)]
enum PlatformChoice {
    Github,
    Gitlab,
    Forgejo,
    Kubernetes,
}

/// Asks for what the arguments do not say.
pub(super) fn fill(
    init: &mut Init,
    questions: &mut Questions<impl BufRead, impl Write>,
) -> anyhow::Result<()> {
    if init.registry.is_none() {
        init.registry =
            Some(questions.choose::<RegistryChoice>("The registry's software", "distribution")?);
    }
    if init.public_url.is_none() {
        init.public_url = questions.text(
            "The address of Portpass that clients see",
            "http://localhost:8080",
            |url| address("the address", url),
        )?;
    }
    if init.registry_host.is_none() {
        let host = init
            .public_url
            .as_deref()
            .and_then(|url| url.strip_prefix("https://"));
        let host = host.unwrap_or("localhost:5000").to_owned();
        init.registry_host = questions.text("The host that clients push to", &host, |host| {
            plain("the host", host, ".:-").map(drop)
        })?;
    }
    if init.says_who() {
        return Ok(());
    }
    let platform = questions.choose("Where the jobs run that push", "github")?;
    who(platform, init, questions)?;
    if init.builder.is_none() {
        let usual = match platform {
            PlatformChoice::Kubernetes => "buildah",
            PlatformChoice::Github | PlatformChoice::Gitlab | PlatformChoice::Forgejo => "docker",
        };
        init.builder = Some(questions.choose::<Builder>("What builds the image", usual)?);
    }
    Ok(())
}

/// Asks who on the platform pushes.
fn who(
    platform: PlatformChoice,
    init: &mut Init,
    questions: &mut Questions<impl BufRead, impl Write>,
) -> anyhow::Result<()> {
    let owner = |name: &str| plain("the name", name, "-_./").map(drop);
    let id = |id: &str| number("the id", id).map(drop);
    let object = |name: &str| plain("the name", name, "-.").map(drop);
    match platform {
        PlatformChoice::Github => {
            let name = |name: &str| plain("the name", name, "-_").map(drop);
            init.github = questions.text("The organisation or user on GitHub", "acme", name)?;
            init.owner_id = questions.maybe("Its numeric id, if you know it", id)?;
        }
        PlatformChoice::Gitlab => {
            let url = |url: &str| address("the address", url);
            init.gitlab = questions.text("The GitLab", "https://gitlab.com", url)?;
            init.group = questions.text("The group, by its path", "acme", owner)?;
            init.group_id = questions.maybe("Its numeric id, if you know it", id)?;
        }
        PlatformChoice::Forgejo => {
            let url = |url: &str| address("the address", url);
            init.forgejo = questions.text("The Forgejo", "https://codeberg.org", url)?;
            let name = |name: &str| plain("the name", name, "-_.").map(drop);
            init.forgejo_owner = questions.text("The organisation or user on it", "acme", name)?;
            init.forgejo_owner_id = questions.maybe("Its numeric id, if you know it", id)?;
        }
        PlatformChoice::Kubernetes => {
            let iss = |iss: &str| cluster("the issuer", iss);
            init.kubernetes = questions.text("The cluster's issuer", CLUSTER_LOCAL, iss)?;
            init.namespace = questions.text("The namespace of the pods", "ci", object)?;
            init.service_account = questions.text("Their service account", "builder", object)?;
        }
    }
    Ok(())
}
