//! The shell of a job's file, run where the platform would run it.

use std::{fs, os::unix::fs::PermissionsExt as _, path::Path, process::Command};

use anyhow::{Context as _, Result};
use e2e::{
    client::Client,
    image::Image,
    process::{Output, run_with},
    tool::{self, Tool},
};

use super::setup::SetUp;

/// Whose job it is.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Platform {
    Forgejo,
    Github,
    Gitlab,
    Kubernetes,
}

impl Platform {
    /// What the test issuer calls it.
    pub(crate) fn issuer(self) -> &'static str {
        match self {
            Self::Forgejo => "forgejo",
            Self::Github => "github",
            Self::Gitlab => "gitlab",
            Self::Kubernetes => "kubernetes",
        }
    }

    /// What `init` calls it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Forgejo | Self::Github | Self::Gitlab => self.issuer(),
            Self::Kubernetes => "cluster",
        }
    }

    /// Where its usual job pushes to.
    pub(crate) fn repository(self) -> &'static str {
        match self {
            Self::Forgejo => "apps/forgejo/acme/web",
            Self::Github => "apps/github/acme/web",
            Self::Gitlab => "apps/gitlab/acme/web",
            Self::Kubernetes => "pods/ci/builder",
        }
    }

    fn file(self) -> &'static str {
        match self {
            Self::Forgejo => "forgejo-workflow.yml",
            Self::Github => "github-workflow.yml",
            Self::Gitlab => "gitlab-ci.yml",
            Self::Kubernetes => "pod.yaml",
        }
    }
}

/// A job with a folder, a home and an environment.
pub(crate) struct Job {
    home: Client,
    steps: Vec<String>,
    variables: Vec<(&'static str, String)>,
}

impl Job {
    /// The platform's usual job, by the file that `init` wrote.
    pub(crate) fn of(setup: &SetUp, platform: Platform) -> Result<Self> {
        let text = setup.file(platform.file())?;
        let home = setup.home()?;
        prepare(&home)?;
        let folder = home.home().to_string_lossy().into_owned();
        let mut variables = vec![
            ("REGISTRY", setup.host.clone()),
            ("BUILDAH_ISOLATION", "chroot".to_owned()),
            ("STORAGE_DRIVER", "vfs".to_owned()),
            (
                "CONTAINERS_STORAGE_CONF",
                format!("{folder}/.config/containers/storage.conf"),
            ),
            (
                "CONTAINERS_REGISTRIES_CONF",
                format!("{folder}/.config/containers/registries.conf"),
            ),
            ("DOCKER_HOST", "unix:///nonexistent".to_owned()),
        ];
        let steps = match platform {
            Platform::Github | Platform::Forgejo => {
                let (url, token) = setup.issuer.runner(platform.issuer())?;
                variables.extend([
                    ("ACTIONS_ID_TOKEN_REQUEST_URL", url),
                    ("ACTIONS_ID_TOKEN_REQUEST_TOKEN", token),
                    ("GITHUB_ENV", format!("{folder}/variables")),
                    ("GITHUB_REF_NAME", "main".to_owned()),
                    ("GITHUB_REPOSITORY", "acme/web".to_owned()),
                ]);
                blocks(&text, "run: |")
            }
            Platform::Gitlab => {
                let jwt = setup.issuer.jwt("gitlab", &setup.host)?;
                variables.extend([
                    ("CI_COMMIT_REF_SLUG", "main".to_owned()),
                    ("CI_PROJECT_PATH", "acme/web".to_owned()),
                    ("PORTPASS_JWT", jwt),
                ]);
                vec![script(&text)?]
            }
            Platform::Kubernetes => {
                let jwt = setup.issuer.jwt("kubernetes", &setup.host)?;
                fs::write(home.home().join("token"), jwt)?;
                blocks(&text, "- |")
            }
        };
        let steps = steps.into_iter().map(|step| {
            step.replace("/kaniko", &format!("{folder}/kaniko"))
                .replace("/workspace", &folder)
                .replace("/var/run/portpass/token", &format!("{folder}/token"))
        });
        Ok(Self {
            steps: steps.collect(),
            home,
            variables,
        })
    }

    /// The same file in another repository of the same owner.
    pub(crate) fn of_another_repository(mut self) -> Self {
        for (name, value) in &mut self.variables {
            if *name == "ACTIONS_ID_TOKEN_REQUEST_URL" {
                value.push_str("&set=repository%3Dacme/other&set=repository_id%3D75");
            }
        }
        self
    }

    /// Runs the steps, each in a shell of its own, until one fails.
    pub(crate) fn run(&self) -> Result<Output> {
        let mut last = None;
        for step in &self.steps {
            let output = self.run_step(step)?;
            if !output.success {
                return Ok(output);
            }
            last = Some(output);
        }
        last.context("the file has no steps")
    }

    fn run_step(&self, step: &str) -> Result<Output> {
        let home = self.home.home();
        let mut folders = vec![home.join("bin")];
        folders.extend(std::env::split_paths(&tool::path()));
        let mut command = Command::new("bash");
        command
            .args(["-e", "-u", "-o", "pipefail", "-c", step])
            .current_dir(home)
            .env("PATH", std::env::join_paths(folders)?);
        for (name, value) in &self.variables {
            command.env(name, value);
        }
        // What an earlier step wrote there is in the environment of the later ones.
        let written = fs::read_to_string(home.join("variables")).unwrap_or_default();
        for (name, value) in written.lines().filter_map(|line| line.split_once('=')) {
            command.env(name, value);
        }
        run_with(&mut command, home, None)
    }
}

/// What is built, and what stands in for the programs that are not here.
fn prepare(home: &Client) -> Result<()> {
    let home = home.home();
    fs::write(home.join("hello"), "hello\n")?;
    fs::write(home.join("Containerfile"), "FROM scratch\nCOPY hello /\n")?;
    Image::tiny(&home.join("image"), "built by a stand-in")?;
    stand_ins(home)
}

/// Without a daemon `docker` builds and pushes nothing, and kaniko runs as an image only. Their
/// stand-ins push a ready image with the credential that the job's lines stored.
fn stand_ins(home: &Path) -> Result<()> {
    fs::create_dir_all(home.join("bin"))?;
    fs::create_dir_all(home.join("kaniko"))?;
    let image = home.join("image");
    let image = image.display();
    if let Some(docker) = Tool::Docker.find() {
        let script = format!(
            "#!/bin/sh\ncase $1 in\n  build) ;;\n  push) exec skopeo copy --dest-tls-verify=false \
             oci:{image}:latest docker://$2 ;;\n  *) exec {} \"$@\" ;;\nesac\n",
            docker.display()
        );
        executable(&home.join("bin/docker"), &script)?;
    }
    // Its last argument is the image's name.
    let script = format!(
        "#!/bin/sh\nfor name; do :; done\nDOCKER_CONFIG={}/kaniko/.docker exec crane push --insecure {image} \"$name\"\n",
        home.display()
    );
    executable(&home.join("kaniko/executor"), &script)
}

fn executable(path: &Path, script: &str) -> Result<()> {
    fs::write(path, script)?;
    Ok(fs::set_permissions(
        path,
        fs::Permissions::from_mode(0o755),
    )?)
}

/// The texts of the blocks that begin with such a line, without their margin.
fn blocks(text: &str, begin: &str) -> Vec<String> {
    let depth = |line: &str| line.len() - line.trim_start().len();
    let mut blocks = Vec::new();
    let mut lines = text.lines().peekable();
    while let Some(line) = lines.next() {
        if line.trim_start() != begin {
            continue;
        }
        let margin = depth(line);
        let mut block = String::new();
        while let Some(line) = lines.next_if(|line| line.is_empty() || depth(line) > margin) {
            block += line.get(margin + 2..).unwrap_or_default();
            block.push('\n');
        }
        blocks.push(block);
    }
    blocks
}

/// The lines of a GitLab job's script.
fn script(text: &str) -> Result<String> {
    let (_, rest) = text.split_once("  script:\n").context("no script")?;
    let lines = rest.lines().map_while(|line| line.strip_prefix("    - "));
    Ok(lines.flat_map(|line| [line, "\n"]).collect())
}
