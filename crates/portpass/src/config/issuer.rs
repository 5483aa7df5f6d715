//! `[issuer.*]`: the platforms whose JWTs are believed.

use std::num::NonZeroU32;

use schemars::JsonSchema;
use serde::Deserialize;

use super::{Located, names, number::Number, period::Period, read::Reading};
use crate::identity::{IssuerKind, IssuerSettings, KeySource, SessionLimits};

/// Names that the identities of callers have without an issuer.
const RESERVED: [&str; 3] = ["anonymous", "local", "token"];

/// A platform whose JWTs are believed. Its name is part of every identity it
/// proves: keep it.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a key of the file that somebody writes"
)]
pub(super) struct IssuerSection {
    /// Whether a JWT that has expired is accepted again until its session ends,
    /// for clients that keep the JWT itself: podman, crane, helm. Whoever finds
    /// the JWT can then use it for as long.
    #[serde(default)]
    accept_jwt_again: bool,
    /// The signature algorithms that are accepted. Default by kind: `forgejo`,
    /// `github-actions` and `gitlab` `["RS256"]`; `kubernetes`
    /// `["RS256", "ES256", "ES384"]`; `oidc` `["EdDSA", "ES256", "ES384",
    /// "PS256", "PS384", "PS512", "RS256", "RS384", "RS512"]`; the other
    /// [platforms](platforms.md) say theirs.
    algorithms: Option<Vec<Located<String>>>,
    /// Whether the JWT's `aud` may name others beside us. Each of those could
    /// then present it here.
    #[serde(default)]
    allow_extra_audiences: bool,
    /// Whether JWTs are accepted whose `aud` is the platform's choice, the same
    /// for everybody: kind `azure-devops`, with `id`. Whoever gets such a JWT can
    /// then use it here. Example: `true`.
    allow_foreign_audience: Option<Located<bool>>,
    /// The findings of `portpass check` that are known and meant, by their codes
    /// in `docs/reference/lints.md`. Example: `["PP010"]`.
    #[serde(default)]
    allow_lints: Vec<Located<String>>,
    /// Whether its keys may be fetched from a private address.
    #[serde(default)]
    allow_private_network: bool,
    /// What the JWT's `aud` must be, exactly; one of several.
    /// Example: `["registry.example.com"]`.
    audience: Vec<Located<String>>,
    /// File with a bearer token that is sent to the issuer's own host when its
    /// keys are fetched; read anew each time.
    /// Example: `"/var/run/secrets/kubernetes.io/serviceaccount/token"`.
    bearer_file: Option<Located<String>>,
    /// PEM file with the CA of the issuer's own server, where it is not a
    /// public one; read again when it changes.
    ca: Option<Located<String>>,
    /// Kind `oidc`: the claim with the list that the fact `idp_groups` is. A
    /// claim of just this name is taken, else dots lead into objects. Default:
    /// `"groups"`. Example: `"realm_access.roles"`.
    groups_claim: Option<Located<String>>,
    /// The identities that are accepted, by their ids; empty means all that the
    /// other pins let through. Example: `["74"]`.
    #[serde(default)]
    id: Vec<Located<String>>,
    /// Kind `oidc`: the claim that is the immutable id, if not `sub`.
    /// Example: `"project_id"`.
    id_claim: Option<Located<String>>,
    /// What the JWT's `iss` may be, byte for byte, where the kind and `url` do
    /// not say it. Example: `["https://kubernetes.default.svc.cluster.local"]`.
    #[serde(default)]
    iss: Vec<Located<String>>,
    /// The issuer's keys, as a JWKS in the file itself.
    jwks: Option<Located<String>>,
    /// The issuer's keys, as a JWKS file; read again when it changes.
    jwks_file: Option<Located<String>>,
    /// Where the issuer's keys are, if discovery does not say it.
    /// Example: `"https://ci.example.com/keys"`.
    jwks_url: Option<Located<String>>,
    /// Which platform it is; what the others sign is in [platforms](platforms.md).
    kind: Located<IssuerKind>,
    /// The longest life, from `iat` to `exp`, of a JWT that is accepted.
    /// Default: `"15m"` for `github-actions`; `"65m"` for `forgejo`, `gitlab`,
    /// `kubernetes` and `oidc`; the other [platforms](platforms.md) say theirs.
    max_jwt_lifetime: Option<Located<Period<60, 86_400>>>,
    /// Kind `kubernetes`: the namespaces that are accepted; empty means all.
    /// Example: `["ci"]`.
    #[serde(default)]
    namespace: Vec<Located<String>>,
    /// The owners that are accepted, by the platform's immutable id; required
    /// on platforms that are shared. On gitlab.com each subgroup counts as an
    /// owner. Example: `["65"]`.
    #[serde(default)]
    owner_id: Vec<Located<String>>,
    /// The owners that are accepted, by path, on a platform of your own.
    /// Example: `["acme", "acme/platform"]`.
    #[serde(default)]
    owner_path: Vec<Located<String>>,
    /// The repositories that are accepted, by the platform's immutable id.
    /// Example: `["74"]`.
    #[serde(default)]
    repository_id: Vec<Located<String>>,
    /// How long a login may last, from the JWT's `iat`; `"0s"`: as long as the
    /// JWT.
    #[serde(default = "an_hour")]
    session_max: Located<Period<0, 21_600>>,
    /// How many tokens a login may get in all, whichever way; unlimited without
    /// it. A push takes one for each `token_ttl`, and more where an image is
    /// mounted from another repository.
    session_max_uses: Option<Number<1, 1_000_000>>,
    /// Whether a login may be used from the network only where it began: the
    /// first 24 bits of an IPv4 address, 48 of IPv6. Not for runners whose
    /// address changes between two requests.
    #[serde(default)]
    session_same_network: bool,
    /// The platform's own address, where there is more than one of its kind.
    /// Example: `"https://gitlab.example.com"`.
    url: Option<Located<String>>,
}

fn an_hour() -> Located<Period<0, 21_600>> {
    Located {
        value: Period::seconds(3600),
        at: super::Place::default(),
    }
}

/// Takes all issuers; gives them with the names of the faulty ones too.
pub(super) fn settle(reading: &mut Reading<'_>) -> (Vec<IssuerSettings>, Vec<String>) {
    let mut known = Vec::new();
    let mut issuers = Vec::new();
    for table in reading.named::<IssuerSection>("issuer") {
        names::check(reading, "issuer", &table.name, table.at);
        let is_lower = !table.name.bytes().any(|byte| byte.is_ascii_uppercase());
        if !is_lower {
            let message =
                "the name of an issuer is part of repository names: write it in small letters";
            reading.fault(table.at, message);
        }
        if RESERVED.contains(&table.name.as_str()) {
            let message = format!(
                "`{}` is a reserved name; call the issuer otherwise",
                table.name
            );
            reading.fault(table.at, message);
        }
        known.push(table.name.clone());
        if let Some(section) = table.value {
            issuers.push(section.settle(table.name, table.at, reading));
        }
    }
    (issuers, known)
}

impl IssuerSection {
    fn settle(self, name: String, at: super::Place, reading: &mut Reading<'_>) -> IssuerSettings {
        self.check_ids(reading);
        if self.audience.is_empty() {
            reading.fault(at, "`audience` is empty; say what the JWT's `aud` must be");
        }
        let keys = key_source(self.jwks, self.jwks_file, self.jwks_url, reading);
        let duration = |period: Located<Period<60, 86_400>>| Located {
            value: period.value.duration(),
            at: period.at,
        };
        IssuerSettings {
            name,
            at,
            kind: self.kind,
            url: self.url,
            iss: self.iss,
            audience: self.audience,
            allow_extra_audiences: self.allow_extra_audiences,
            owner_id: self.owner_id,
            owner_path: self.owner_path,
            repository_id: self.repository_id,
            namespace: self.namespace,
            id: self.id,
            allow_foreign_audience: self.allow_foreign_audience,
            groups_claim: self.groups_claim,
            id_claim: self.id_claim,
            algorithms: self.algorithms,
            session_max: Located {
                value: self.session_max.value.duration(),
                at: self.session_max.at,
            },
            session_limits: SessionLimits {
                accept_jwt_again: self.accept_jwt_again,
                max_uses: self
                    .session_max_uses
                    .and_then(|uses| NonZeroU32::new(uses.number())),
                same_network: self.session_same_network,
            },
            max_jwt_lifetime: self.max_jwt_lifetime.map(duration),
            keys,
            ca: self.ca.map(|path| Located {
                value: reading.file(&path),
                at: path.at,
            }),
            bearer_file: self.bearer_file.map(|path| Located {
                value: reading.unwatched_file(&path),
                at: path.at,
            }),
            allow_private_network: self.allow_private_network,
            allow_lints: self.allow_lints,
        }
    }

    /// The ids of the code hosts are numbers. A name in their place would
    /// never match, and may later be somebody else's.
    fn check_ids(&self, reading: &mut Reading<'_>) {
        let way_out = match self.kind.value {
            IssuerKind::GithubActions => "find it as `id` in https://api.github.com/users/NAME",
            IssuerKind::Gitlab => "find it on the group's page",
            IssuerKind::Forgejo => "find it as `id` in /api/v1/users/NAME of your server",
            IssuerKind::Described(_) | IssuerKind::Kubernetes | IssuerKind::Oidc => return,
        };
        for id in self.owner_id.iter().chain(&self.repository_id) {
            if id.value.is_empty() || !id.value.bytes().all(|byte| byte.is_ascii_digit()) {
                let message = format!(
                    "`{}` is not an id: they are numbers here; {way_out}",
                    id.value
                );
                reading.fault(id.at, message);
            }
        }
    }
}

/// Where the keys are, said in one way at most.
fn key_source(
    inline: Option<Located<String>>,
    file: Option<Located<String>>,
    url: Option<Located<String>>,
    reading: &mut Reading<'_>,
) -> KeySource {
    let given = [&inline, &file, &url].into_iter().flatten();
    let mut places: Vec<_> = given.map(|value| value.at).collect();
    places.sort_unstable();
    for at in places.into_iter().skip(1) {
        reading.fault(
            at,
            "the keys are given twice; keep one of `jwks`, `jwks_file`, `jwks_url`",
        );
    }
    if let Some(text) = inline {
        KeySource::Inline(text)
    } else if let Some(path) = file {
        KeySource::File(Located {
            value: reading.file(&path),
            at: path.at,
        })
    } else if let Some(url) = url {
        KeySource::Url(url)
    } else {
        KeySource::Discovery
    }
}
