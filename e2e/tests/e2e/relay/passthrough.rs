//! The provider's own token, for a registry that trusts the provider's keys.

use anyhow::{Result, ensure};
use e2e::{
    client::{Client, Program},
    http::{self, Credential},
    issuer::Issuer,
    portpass::{access_token, token_path},
    provider::{JO, Provider, SAM},
    registry::{Auth, Kind, Registry},
    shim::{self, Shim},
    world::SERVICE,
};
use libtest_mimic::Trial;
use serde_json::Value;

use super::{
    Beside, REPOSITORY, claims, job_pushes_and_pulls, pushes_and_pulls, refused_push, text,
};

const PASSTHROUGH: &str = "answer = \"passthrough\"";

pub(crate) fn trials() -> Vec<Trial> {
    vec![
        trial!(a_job_pushes_and_pulls, Crane, Skopeo, Registry31, Node),
        trial!(
            a_person_pushes_if_the_provider_says_so,
            Docker,
            Crane,
            Registry31,
            Node
        ),
        trial!(all_scopes_reach_the_provider, Node),
        trial!(a_stranger_gets_nothing_and_the_provider_hears_nothing, Node),
        trial!(a_stranger_is_the_providers_matter_where_it_is_trusted, Node),
        trial!(
            the_variables_of_the_shim_are_enough,
            Docker,
            Crane,
            Skopeo,
            Registry31,
            Node
        ),
    ]
}

fn a_job_pushes_and_pulls() -> Result<()> {
    let beside = Beside::start(PASSTHROUGH, "")?;
    let registry = beside.trusting_provider(Kind::V31)?;
    for program in [Program::Skopeo, Program::Crane] {
        job_pushes_and_pulls(program, &beside.jwt()?, &registry, REPOSITORY)?;
    }
    for request in beside.provider.requests()? {
        ensure!(request.parameter("grant_type") == Some("client_credentials"));
        ensure!(request.parameter("client_assertion").is_some());
        ensure!(request.parameter("password").is_none(), "{request:?}");
    }
    Ok(())
}

fn a_person_pushes_if_the_provider_says_so() -> Result<()> {
    let beside = Beside::start(PASSTHROUGH, "")?;
    let registry = beside.trusting_provider(Kind::V31)?;
    for (user, password) in [JO, SAM] {
        // docker stores the name and the password: there is nothing of the provider's to store.
        let docker = Client::new(Program::Docker)?;
        docker
            .login_as(user, &registry.host(), password)?
            .succeeded()?;
        let crane = Client::with_login_of(Program::Crane, &docker)?;
        if (user, password) == JO {
            pushes_and_pulls(&crane, &registry, REPOSITORY)?;
        } else {
            refused_push(&crane, &registry, REPOSITORY)?;
        }
    }
    let docker = Client::new(Program::Docker)?;
    let said = docker
        .login_as(JO.0, &registry.host(), "wrong")?
        .refused()?;
    ensure!(
        said.said()
            .contains("the identity provider refused the credential"),
        "{}",
        said.said()
    );
    Ok(())
}

fn all_scopes_reach_the_provider() -> Result<()> {
    let beside = Beside::start(PASSTHROUGH, "")?;
    let scopes = [
        "repository:team/web:pull,push",
        "repository:base/alpine:pull",
    ];
    let answer = beside.portpass.token(SERVICE, &scopes, &beside.jwt()?)?;
    let claims = claims(&answer)?;
    ensure!(text(&claims, "/iss") == beside.provider.issuer_url);
    ensure!(
        claims.pointer("/access/1").is_some() && claims.pointer("/access/2").is_none(),
        "{claims}"
    );
    let requests = beside.provider.requests()?;
    let scope = requests.first().and_then(|first| first.parameter("scope"));
    let scope = scope.unwrap_or_default();
    for part in scopes.into_iter().chain(["docker-registry"]) {
        ensure!(scope.split(' ').any(|word| word == part), "{scope}");
    }
    let body = answer.json()?;
    ensure!(
        body.get("expires_in")
            .and_then(Value::as_u64)
            .is_some_and(|left| left > 60),
        "{body}"
    );
    Ok(())
}

fn a_stranger_gets_nothing_and_the_provider_hears_nothing() -> Result<()> {
    let beside = Beside::start(PASSTHROUGH, "")?;
    for stranger in beside.strangers()? {
        for scopes in [&["repository:team/web:pull"][..], &[]] {
            let answer = beside.portpass.token(SERVICE, scopes, &stranger)?;
            ensure!(answer.status == 401, "{} {}", answer.status, answer.text());
            ensure!(access_token(&answer).is_err());
        }
    }
    ensure!(beside.provider.requests()?.is_empty());
    // A password that looks like a JWT is one, whatever name stands beside it.
    let credential = Credential::Basic(JO.0.to_owned(), beside.strangers()?.swap_remove(0));
    let path = token_path(SERVICE, &["repository:team/web:pull"]);
    ensure!(http::get(beside.portpass.draft.port, &path, &credential)?.status == 401);
    ensure!(beside.provider.requests()?.is_empty());
    Ok(())
}

fn a_stranger_is_the_providers_matter_where_it_is_trusted() -> Result<()> {
    let beside = Beside::start(&format!("{PASSTHROUGH}\ntrust_provider = true"), "")?;
    let warned = beside.portpass.server.log();
    ensure!(warned.contains("trust_provider"), "no warning: {warned}");
    for stranger in beside.strangers()? {
        let answer = beside
            .portpass
            .token(SERVICE, &["repository:team/web:pull"], &stranger)?;
        let claims = claims(&answer)?;
        ensure!(text(&claims, "/access/0/actions/0") == "pull", "{claims}");
    }
    Ok(())
}

/// No file, and all that a deployment of the shim sets.
fn the_variables_of_the_shim_are_enough() -> Result<()> {
    let issuer = Issuer::start()?;
    let provider = Provider::start(&issuer)?;
    let mut variables = shim::USUAL.to_vec();
    variables.extend([("TOKEN_URL", &*provider.token_url), ("CLIENT_ID", SERVICE)]);
    let shim = Shim::ours(&variables)?;
    let registry = Registry::start(
        Kind::V31,
        &Auth {
            realm: shim::REALM.to_owned(),
            service: SERVICE.to_owned(),
            issuer: provider.issuer_url.clone(),
            trust: provider.trust()?,
        },
    )?;
    let jwt = issuer.jwt("github", SERVICE)?;
    for program in [Program::Skopeo, Program::Crane] {
        job_pushes_and_pulls(program, &jwt, &registry, REPOSITORY)?;
    }
    let docker = Client::new(Program::Docker)?;
    docker.login(&registry.host(), &jwt)?.succeeded()?;
    let crane = Client::with_login_of(Program::Crane, &docker)?;
    pushes_and_pulls(&crane, &registry, REPOSITORY)?;

    let log = shim.server.log();
    ensure!(log.contains("trust_provider"), "no warning: {log}");
    ensure!(!log.contains(&jwt), "a JWT in the log");
    // Its data folder, which the variable names, is where it records.
    ensure!(shim.folder.path().join("data").is_dir());
    Ok(())
}
