//! A real JWT: whose it is by its claims, and the issuer that it needs.
//!
//! Nothing in it is believed. It says what the files are to be written for,
//! and whoever gave it to `init` reads them before they are served.

use anyhow::{Context as _, anyhow, bail};
use jiff::Timestamp;
use serde_json::{Map, Value};

use super::{
    config_file,
    job::Job,
    plain,
    plan::{Grant, Plan},
    platform::{Platform, Tenant},
    text::toml_quoted,
};
use crate::{
    config,
    credential::{UnverifiedJwt, object},
    identity::{Directory, Fact, IssuerKind, Supposed},
};

/// What stands for a pinned id until the JWT was read by its kind.
const ANY_ID: &str = "1";

/// Puts the issuer of the JWT, and the least rule for its job, into a plan that
/// has neither.
pub(super) fn plan_for(
    mut plan: Plan,
    jwt: &str,
    repository: Option<&str>,
    issuer: Option<&str>,
    now: Timestamp,
) -> anyhow::Result<Plan> {
    let text = jwt.trim();
    let jwt: UnverifiedJwt = text
        .parse()
        .map_err(|fault| anyhow!("what came on standard input is no JWT: {fault}"))?;
    let claims = object(jwt.payload()).context("the JWT's payload cannot be read")?;
    // It stands in remarks and comments, too, where nothing quotes it.
    plain("the JWT's iss", jwt.issuer(), "-._~/:%")?;
    let issuer = issuer.map(issuer_name).transpose()?;
    if let Some(kind) = IssuerKind::of_iss(jwt.issuer()) {
        bail!(
            "the JWT is of kind \"{}\", for which init writes no files: docs/how-to/other-platforms.md \
             says what its issuer and its rules need",
            kind.name()
        );
    }
    plan.platforms = vec![platform(jwt.issuer(), &claims, issuer)];
    let supposed = supposed(&plan, &jwt, now)?;
    let Some(platform) = plan.platforms.first_mut() else {
        bail!("there is no issuer");
    };
    platform.tenant = tenant(&supposed);
    let mut job = Job::of(&supposed, platform, repository)?;
    job.remarks = remarks(&plan.host, jwt.issuer(), &claims, now);
    plan.grant = Grant::Least(Box::new(job));
    Ok(plan)
}

/// Whom the kind reads out of the JWT, with the issuer as it will be configured.
fn supposed(plan: &Plan, jwt: &UnverifiedJwt, now: Timestamp) -> anyhow::Result<Supposed> {
    let draft = config_file::portpass(plan);
    let config = config::load_text(&plan.folder.join(config_file::NAME), draft)?;
    let directory = Directory::build(config.issuers.clone(), None, &config.data_dir, now)
        .map_err(|faults| config.error(faults))?;
    directory.suppose(jwt, now).map_err(|stranger| {
        let detail = stranger
            .detail
            .unwrap_or_else(|| stranger.reason.to_string());
        anyhow!("the JWT is not as {} signs them: {detail}", kind_of(plan))
    })
}

fn kind_of(plan: &Plan) -> &'static str {
    let first = plan.platforms.first();
    first.map_or("any kind", |platform| platform.kind.name())
}

/// The platform whose claims these are, under a name of its own or a given one.
fn platform(iss: &str, claims: &Map<String, Value>, name: Option<&str>) -> Platform {
    let owner = || Tenant::Owner {
        name: String::new(),
        id: Some(ANY_ID.to_owned()),
    };
    let host = |iss: &str| iss.split("://").nth(1).map(str::to_owned);
    let has = |claim: &str| claims.contains_key(claim);
    let code_host = |kind, usual, url| Platform::new(kind, name.unwrap_or(usual), url, owner());
    if iss == "https://token.actions.githubusercontent.com" {
        code_host(IssuerKind::GithubActions, "github", None)
    } else if let Some(url) = iss.strip_suffix("/_services/token") {
        code_host(IssuerKind::GithubActions, "github", Some(url.to_owned()))
    } else if let Some(host) = host(iss)
        .and_then(|host| Some(host.strip_prefix("token.actions.")?.to_owned()))
        .filter(|host| host.ends_with(".ghe.com"))
    {
        let url = format!("https://{host}");
        code_host(IssuerKind::GithubActions, "github", Some(url))
    } else if has("repository_owner_id")
        && iss.starts_with("https://token.actions.githubusercontent.com/")
    {
        // An enterprise may have its own name at the end.
        let mut platform = code_host(IssuerKind::GithubActions, "github", None);
        platform.iss = Some(iss.to_owned());
        platform
    } else if let Some(url) = iss.strip_suffix("/api/actions") {
        code_host(IssuerKind::Forgejo, "forgejo", Some(url.to_owned()))
    } else if has("project_path") && has("namespace_id") {
        code_host(IssuerKind::Gitlab, "gitlab", Some(iss.to_owned()))
    } else if has("kubernetes.io") {
        Platform::cluster(name.unwrap_or("cluster"), iss, Tenant::Everybody)
    } else {
        let url = Some(iss.to_owned());
        let name = name.unwrap_or("machines");
        Platform::new(IssuerKind::Oidc, name, url, Tenant::Everybody)
    }
}

/// The tenant that the issuer is pinned to: the one of this JWT.
fn tenant(supposed: &Supposed) -> Tenant {
    let facts = supposed.facts();
    let text = |fact| facts.text(fact).map(str::to_owned);
    if let Some(id) = text(Fact::OwnerId) {
        let name = text(Fact::Owner).unwrap_or_default();
        let id = Some(id);
        Tenant::Owner { name, id }
    } else if let Some((namespace, account)) = text(Fact::Namespace).zip(text(Fact::ServiceAccount))
    {
        Tenant::Account { namespace, account }
    } else {
        Tenant::Everybody
    }
}

/// What the reader should know of the JWT; none of it keeps the files from being right.
fn remarks(host: &str, iss: &str, claims: &Map<String, Value>, now: Timestamp) -> Vec<String> {
    let mut remarks = vec![format!(
        "The JWT's signature was not checked: that it is of {} is its own word. Compare the ids\n\
         in portpass.toml with what the platform shows.",
        toml_quoted(iss)
    )];
    let expires = claims.get("exp").and_then(Value::as_i64);
    let expires = expires.and_then(|seconds| Timestamp::from_second(seconds).ok());
    if let Some(expires) = expires.filter(|expires| *expires < now) {
        remarks.push(format!(
            "The JWT expired at {expires}; for these files that does not matter."
        ));
    }
    if !is_for(claims.get("aud"), host) {
        let audience = claims.get("aud").map(Value::to_string).unwrap_or_default();
        remarks.push(format!(
            "The JWT is for {}. One that is accepted is for \"{host}\":\nthe job asks for that, as in the file for it.",
            audience.escape_debug().to_string().replace("\\\"", "\"")
        ));
    }
    remarks
}

/// Whether an `aud` is this host and nothing else.
fn is_for(audience: Option<&Value>, host: &str) -> bool {
    match audience {
        Some(Value::String(audience)) => audience == host,
        Some(Value::Array(audiences)) => {
            matches!(audiences.as_slice(), [Value::String(only)] if only == host)
        }
        Some(Value::Bool(_) | Value::Null | Value::Number(_) | Value::Object(_)) | None => false,
    }
}

fn issuer_name(name: &str) -> anyhow::Result<&str> {
    if name.bytes().any(|byte| byte.is_ascii_uppercase()) {
        bail!(
            "--issuer `{}`: write it in small letters",
            name.escape_debug()
        );
    }
    plain("--issuer", name, "-_")
}
