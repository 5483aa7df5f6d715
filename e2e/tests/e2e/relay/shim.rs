//! The original shim before us, in the provider's place.

use anyhow::{Result, ensure};
use e2e::{
    client::{Client, Program},
    http,
    issuer::Issuer,
    portpass::{Draft, access_token},
    registry::{Auth, Kind, Registry},
    shim::{self, Shim},
    world::{OWN_NAMESPACE, SERVICE, tables},
};
use libtest_mimic::Trial;

use super::{job_pushes_and_pulls, pushes_and_pulls, refused_push};

const OWN: &str = "apps/github/acme/web";

pub(crate) fn trials() -> Vec<Trial> {
    vec![
        trial!(
            the_original_shim_asks_us_for_tokens,
            Docker,
            Crane,
            Skopeo,
            DockerRegistry,
            DistributionOauth
        ),
        trial!(a_stranger_gets_nothing_in_the_providers_place),
    ]
}

fn the_original_shim_asks_us_for_tokens() -> Result<()> {
    let issuer = Issuer::start()?;
    let portpass = Draft::new(&tables(&issuer, Kind::V28, OWN_NAMESPACE)?)?.serve()?;
    let token_url = format!("{}/application/o/token/", portpass.url());
    let mut variables = shim::USUAL.to_vec();
    variables.extend([("TOKEN_URL", &*token_url), ("CLIENT_ID", SERVICE)]);
    let _shim = Shim::original(&variables)?;
    let auth = Auth {
        realm: shim::REALM.to_owned(),
        ..portpass.auth(SERVICE, portpass.ca()?)
    };
    let registry = Registry::start(Kind::V28, &auth)?;

    let jwt = issuer.jwt("github", SERVICE)?;
    for program in [Program::Skopeo, Program::Crane] {
        job_pushes_and_pulls(program, &jwt, &registry, OWN)?;
    }
    let docker = Client::new(Program::Docker)?;
    docker.login(&registry.host(), &jwt)?.succeeded()?;
    let crane = Client::with_login_of(Program::Crane, &docker)?;
    pushes_and_pulls(&crane, &registry, OWN)?;
    // The shim copies our answer: its reason reaches the client's output.
    let said = refused_push(&crane, &registry, "apps/github/acme/other")?;
    ensure!(
        said.contains("push to apps/github/acme/other refused"),
        "{said}"
    );

    let wrong = Client::new(Program::Docker)?;
    wrong.login_as("jo", &registry.host(), "wrong")?.refused()?;
    Ok(())
}

fn a_stranger_gets_nothing_in_the_providers_place() -> Result<()> {
    const ASSERTION: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
    let issuer = Issuer::start()?;
    let portpass = Draft::new(&tables(&issuer, Kind::V28, OWN_NAMESPACE)?)?.serve()?;
    let owner = [("set", "repository_owner_id=999")];
    for jwt in [
        issuer.signed("github", SERVICE, &owner)?,
        issuer.signed("github", "https://github.com/mallory", &owner)?,
        issuer.jwt("github", "https://github.com/acme")?,
    ] {
        let (scope, client) = (
            ("scope", "repository:apps/github/acme/web:pull"),
            ("client_id", SERVICE),
        );
        for form in [
            vec![
                ("grant_type", "client_credentials"),
                ("client_assertion_type", ASSERTION),
                ("client_assertion", &*jwt),
            ],
            vec![
                ("grant_type", "urn:ietf:params:oauth:grant-type:jwt-bearer"),
                ("assertion", &*jwt),
            ],
            vec![
                (
                    "grant_type",
                    "urn:ietf:params:oauth:grant-type:token-exchange",
                ),
                ("subject_token", &*jwt),
                ("subject_token_type", "urn:ietf:params:oauth:token-type:jwt"),
            ],
        ] {
            for path in ["/oauth2/token", "/application/o/token/"] {
                let form = [&form[..], &[client, scope]].concat();
                let answer = http::post_form(portpass.draft.port, path, &form)?;
                ensure!(answer.status == 401, "{} {}", answer.status, answer.text());
                ensure!(access_token(&answer).is_err());
            }
        }
    }
    Ok(())
}
