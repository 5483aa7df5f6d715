//! What can be chosen: the registry's software, and what builds in the job.

use std::fmt;

use crate::registry::RegistryKind;

/// The registries that a first configuration is written for.
#[derive(Clone, Copy, Debug, Eq, PartialEq, clap::ValueEnum)]
pub(super) enum RegistryChoice {
    /// CNCF Distribution 3.1 and later.
    Distribution,
    /// CNCF Distribution 3.0.
    #[value(name = "distribution-3.0")]
    Distribution30,
    /// Docker Distribution 2.x, as Debian's `docker-registry`.
    #[value(name = "distribution-2")]
    Distribution2,
    /// zot.
    Zot,
}

impl RegistryChoice {
    pub(super) fn kind(self) -> RegistryKind {
        match self {
            Self::Distribution => RegistryKind::Distribution,
            Self::Distribution30 => RegistryKind::Distribution30,
            Self::Distribution2 => RegistryKind::Distribution2,
            Self::Zot => RegistryKind::Zot,
        }
    }
}

/// What builds an image in a job, and pushes it.
#[derive(Clone, Copy, Debug, Eq, PartialEq, clap::ValueEnum)]
pub(super) enum Builder {
    /// buildah, which needs no daemon.
    Buildah,
    /// Docker's command line, with a daemon.
    Docker,
    /// kaniko, which runs in a container of its own: on GitLab and in pods.
    Kaniko,
}

/// The name of the command, too.
impl fmt::Display for Builder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Buildah => "buildah",
            Self::Docker => "docker",
            Self::Kaniko => "kaniko",
        })
    }
}
