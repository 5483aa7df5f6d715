//! What the files will say, once the arguments make sense.

use std::{
    fmt::Write as _,
    path::{Path, PathBuf},
};

use anyhow::{anyhow, bail};

use super::{Init, files, plain};
use crate::{config::check_public_url, registry::RegistryKind};

/// What stands for the id of an owner that was not given; `check` points at it.
pub(super) const UNKNOWN_ID: &str = "PUT-THE-ID-HERE";

/// Everything that the files are written from.
pub(super) struct Plan {
    /// The folder of the files, as an absolute path.
    pub(super) folder: PathBuf,
    pub(super) kind: RegistryKind,
    pub(super) public_url: String,
    /// What clients push to: the registry's service, and the JWT's audience.
    pub(super) host: String,
    pub(super) github: Option<Github>,
    pub(super) gitlab: Option<Gitlab>,
}

/// An owner on github.com.
pub(super) struct Github {
    pub(super) owner: String,
    pub(super) id: Option<String>,
}

/// A GitLab, and who is welcome on it.
pub(super) struct Gitlab {
    pub(super) url: String,
    pub(super) group: Option<String>,
    pub(super) group_id: Option<String>,
    /// Whether strangers have projects there.
    pub(super) is_shared: bool,
}

impl Plan {
    pub(super) fn new(arguments: &Init, folder: PathBuf) -> anyhow::Result<Self> {
        check_public_url(&arguments.public_url)
            .map_err(|message| anyhow!("--public-url: {message}"))?;
        let github = arguments
            .github
            .as_deref()
            .map(|owner| github(owner, arguments.owner_id.as_deref()))
            .transpose()?;
        let gitlab = arguments
            .gitlab
            .as_deref()
            .map(|url| gitlab(url, arguments))
            .transpose()?;
        if github.is_none() && gitlab.is_none() {
            bail!("say who pushes: --github OWNER, --gitlab URL, or both");
        }
        let host = match &arguments.registry_host {
            Some(host) => plain("--registry-host", host, ".:-")?.to_owned(),
            None => host_of(&arguments.public_url),
        };
        Ok(Self {
            folder,
            kind: arguments.registry.kind(),
            public_url: arguments.public_url.clone(),
            host,
            github,
            gitlab,
        })
    }

    /// The names and texts of the files.
    pub(super) fn files(&self) -> Vec<(&'static str, String)> {
        let mut files = vec![("portpass.toml", files::portpass(self))];
        files.push(match self.kind {
            RegistryKind::Distribution
            | RegistryKind::Distribution2
            | RegistryKind::Distribution30 => ("registry.yml", files::distribution(self)),
            RegistryKind::Zot => ("zot.json", files::zot(self)),
        });
        if self.github.is_some() {
            files.push(("github-workflow.yml", files::github_workflow(self)));
        }
        if self.gitlab.is_some() {
            files.push(("gitlab-ci.yml", files::gitlab_ci(self)));
        }
        files
    }

    /// The certificate or key that the registry trusts, which Portpass exports.
    pub(super) fn trusted(&self) -> PathBuf {
        self.folder.join("portpass-trust.pem")
    }

    /// What to do with the files; `folder` as the caller named it.
    pub(super) fn next_steps(&self, folder: &Path) -> String {
        let mut steps = Vec::new();
        let file = |name: &str| folder.join(name).display().to_string();
        let config = file("portpass.toml");
        if let Some(Github { owner, id: None }) = &self.github {
            steps.push(format!(
                "Put the numeric id of {owner} into {config}: the `id` that\n   curl -s https://api.github.com/users/{owner}\n   prints. It stays when a name is given up and taken by somebody else."
            ));
        }
        if let Some(gitlab) = &self.gitlab
            && gitlab.lacks_id()
        {
            steps.push(format!(
                "Put the numeric id of your group into {config}; the group's page shows it.\n   A subgroup has an id of its own: list each that pushes."
            ));
        }
        steps.push(format!("Check it:  portpass check -c {config}"));
        steps.push(format!(
            "Give the registry what it is to trust:\n   portpass keys export main -c {config} > {}",
            file("portpass-trust.pem")
        ));
        steps.push(format!("Start Portpass:  portpass serve -c {config}"));
        let start = match self.kind {
            RegistryKind::Distribution
            | RegistryKind::Distribution2
            | RegistryKind::Distribution30 => format!(
                "registry serve {}\n   (Debian calls distribution `docker-registry`.)",
                file("registry.yml")
            ),
            RegistryKind::Zot => format!("zot serve {}", file("zot.json")),
        };
        steps.push(format!("Start the registry:  {start}"));
        if self.github.is_some() {
            let workflow = file("github-workflow.yml");
            steps.push(format!(
                "Copy {workflow} to .github/workflows/image.yml in a repository and push."
            ));
        }
        if self.gitlab.is_some() {
            let pipeline = file("gitlab-ci.yml");
            steps.push(format!(
                "Add the job of {pipeline} to .gitlab-ci.yml in a project and push."
            ));
        }
        if self.public_url.starts_with("http:") {
            steps.push(format!(
                "Hosted runners cannot reach {}: for real use, run init again with\n   --public-url https://… and put TLS in front of Portpass and the registry.",
                self.public_url
            ));
        }
        let mut text = "Next:\n".to_owned();
        for (index, step) in steps.iter().enumerate() {
            writeln!(text, "{}. {step}", index + 1).expect("a string takes every write");
        }
        text
    }
}

impl Gitlab {
    /// Whether the file needs an id that was not given.
    pub(super) fn lacks_id(&self) -> bool {
        self.is_shared && self.group_id.is_none()
    }
}

fn github(owner: &str, id: Option<&str>) -> anyhow::Result<Github> {
    Ok(Github {
        owner: plain("--github", owner, "-_")?.to_owned(),
        id: id
            .map(|id| number("--owner-id", id).map(str::to_owned))
            .transpose()?,
    })
}

fn gitlab(url: &str, arguments: &Init) -> anyhow::Result<Gitlab> {
    check_public_url(url).map_err(|message| anyhow!("--gitlab: {message}"))?;
    let group = arguments.group.as_deref();
    let group_id = arguments.group_id.as_deref();
    Ok(Gitlab {
        url: url.to_owned(),
        group: group
            .map(|group| plain("--group", group, "-_./").map(str::to_owned))
            .transpose()?,
        group_id: group_id
            .map(|id| number("--group-id", id).map(str::to_owned))
            .transpose()?,
        is_shared: url == "https://gitlab.com",
    })
}

fn number<'a>(what: &str, text: &'a str) -> anyhow::Result<&'a str> {
    if text.is_empty() || !text.bytes().all(|byte| byte.is_ascii_digit()) {
        bail!("{what} is a number, not `{}`", text.escape_debug());
    }
    Ok(text)
}

/// Where clients push to, if the registry stands behind the same host.
fn host_of(public_url: &str) -> String {
    match public_url.strip_prefix("https://") {
        Some(host) => host.to_owned(),
        None => "localhost:5000".to_owned(),
    }
}
