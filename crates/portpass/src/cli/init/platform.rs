//! The platforms whose jobs push, and whom on them.

use anyhow::anyhow;

use super::{Init, plain};
use crate::{config::check_public_url, identity::IssuerKind};

/// What stands for the id of an owner that was not given; `check` points at it.
pub(super) const UNKNOWN_ID: &str = "PUT-THE-ID-HERE";

/// The `iss` of clusters that nobody gave another one: thousands have it.
pub(super) const CLUSTER_LOCAL: &str = "https://kubernetes.default.svc.cluster.local";

/// One issuer of the configuration.
#[derive(Debug)]
pub(super) struct Platform {
    pub(super) kind: IssuerKind,
    /// What the configuration calls it.
    pub(super) name: String,
    /// Its address, where there is more than one of the kind.
    pub(super) url: Option<String>,
    /// Its `iss`, where kind and address do not say it.
    pub(super) iss: Option<String>,
    pub(super) tenant: Tenant,
}

/// Who on the platform is believed.
#[derive(Debug)]
pub(super) enum Tenant {
    /// Whoever it signs for.
    Everybody,
    /// The pods of one namespace, by one service account.
    Account { namespace: String, account: String },
    /// An owner by the platform's immutable id, if that is known.
    Owner { name: String, id: Option<String> },
    /// An owner by path, on a platform of one's own.
    Path(String),
}

impl Platform {
    /// Those that the arguments name.
    pub(super) fn of_arguments(arguments: &Init) -> anyhow::Result<Vec<Self>> {
        let id = |what, id: &Option<String>| -> anyhow::Result<Option<String>> {
            let checked = id.as_deref().map(|id| number(what, id).map(str::to_owned));
            checked.transpose()
        };
        let mut platforms = Vec::new();
        if let Some(owner) = &arguments.github {
            let name = plain("--github", owner, "-_")?.to_owned();
            let tenant = Tenant::Owner {
                name,
                id: id("--owner-id", &arguments.owner_id)?,
            };
            platforms.push(Self::new(IssuerKind::GithubActions, "github", None, tenant));
        }
        if let Some(url) = &arguments.gitlab {
            address("--gitlab", url)?;
            let group = arguments.group.as_deref();
            let group = group.map(|group| plain("--group", group, "-_./").map(str::to_owned));
            let group_id = id("--group-id", &arguments.group_id)?;
            let tenant = tenant(group.transpose()?, group_id, url == "https://gitlab.com");
            let url = Some(url.clone());
            platforms.push(Self::new(IssuerKind::Gitlab, "gitlab", url, tenant));
        }
        if let Some(url) = &arguments.forgejo {
            address("--forgejo", url)?;
            let owner = arguments.forgejo_owner.as_deref();
            let owner = owner.map(|it| plain("--forgejo-owner", it, "-_.").map(str::to_owned));
            let owner_id = id("--forgejo-owner-id", &arguments.forgejo_owner_id)?;
            let tenant = tenant(owner.transpose()?, owner_id, url == "https://codeberg.org");
            let url = Some(url.clone());
            platforms.push(Self::new(IssuerKind::Forgejo, "forgejo", url, tenant));
        }
        if let Some(iss) = &arguments.kubernetes {
            cluster("--kubernetes", iss)?;
            let object = |what, given: &Option<String>, default: &str| {
                plain(what, given.as_deref().unwrap_or(default), "-.").map(str::to_owned)
            };
            let tenant = Tenant::Account {
                namespace: object("--namespace", &arguments.namespace, "ci")?,
                account: object("--service-account", &arguments.service_account, "builder")?,
            };
            platforms.push(Self::cluster("cluster", iss, tenant));
        }
        Ok(platforms)
    }

    pub(super) fn new(kind: IssuerKind, name: &str, url: Option<String>, tenant: Tenant) -> Self {
        Self {
            kind,
            name: name.to_owned(),
            url,
            iss: None,
            tenant,
        }
    }

    /// A cluster; one whose `iss` is no address outside of it is asked inside.
    pub(super) fn cluster(name: &str, iss: &str, tenant: Tenant) -> Self {
        let (url, iss) = if is_in_cluster(iss) {
            ("https://kubernetes.default.svc", Some(iss.to_owned()))
        } else {
            (iss, None)
        };
        Self {
            iss,
            ..Self::new(IssuerKind::Kubernetes, name, Some(url.to_owned()), tenant)
        }
    }

    /// The owner's name, or an example of one.
    pub(super) fn owner(&self) -> &str {
        match &self.tenant {
            Tenant::Owner { name, .. } | Tenant::Path(name) => name,
            Tenant::Everybody | Tenant::Account { .. } => "acme",
        }
    }
}

/// The owner by id where one is given or strangers share the platform, else by path.
fn tenant(owner: Option<String>, id: Option<String>, is_shared: bool) -> Tenant {
    match (owner, id) {
        (name, id) if id.is_some() || is_shared => Tenant::Owner {
            name: name.unwrap_or_else(|| "acme".to_owned()),
            id,
        },
        (Some(path), _) => Tenant::Path(path),
        (None, _) => Tenant::Everybody,
    }
}

/// Whether an `iss` names a host that only the cluster itself knows.
fn is_in_cluster(iss: &str) -> bool {
    let host = iss.split("://").nth(1).unwrap_or_default();
    let host = host.split(['/', ':']).next().unwrap_or_default();
    let ends = [".cluster.local", ".default.svc", ".svc"];
    host == "kubernetes.default" || ends.iter().any(|end| host.ends_with(end))
}

pub(super) fn number<'a>(what: &str, text: &'a str) -> anyhow::Result<&'a str> {
    if text.is_empty() || !text.bytes().all(|byte| byte.is_ascii_digit()) {
        anyhow::bail!("{what} is a number, not `{}`", text.escape_debug());
    }
    Ok(text)
}

/// Refuses what is not the plain address of a server.
pub(super) fn address(what: &str, url: &str) -> anyhow::Result<()> {
    check_public_url(url).map_err(|message| anyhow!("{what}: {message}"))
}

/// Refuses what cannot be a cluster's `iss`.
pub(super) fn cluster(what: &str, iss: &str) -> anyhow::Result<()> {
    let rest = iss.strip_prefix("https://").ok_or_else(|| {
        anyhow!(
            "{what}: `{}` does not begin with https://; \
             kubectl get --raw /.well-known/openid-configuration shows the issuer",
            iss.escape_debug()
        )
    })?;
    plain(what, rest, "-._~/:").map(drop)
}
