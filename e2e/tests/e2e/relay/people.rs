//! People of a Keycloak: its groups decide who pushes, and its refresh token how long a login lasts.

use std::{thread, time::Duration};

use anyhow::{Result, ensure};
use e2e::{
    client::{Client, Program},
    keycloak::{CLIENT, JO, Keycloak, SAM},
    portpass::{Draft, Portpass, registry_table},
    registry::{Kind, Registry},
    world::SERVICE,
};
use libtest_mimic::Trial;

use super::{REPOSITORY, pushes_and_pulls, refused_push};

/// How many seconds the realm's access tokens live, and one more: times are whole seconds.
const LIFETIME: Duration = Duration::from_secs(5 + 1);

const RULES: &str = r#"
[rule.people-pull]
from = ["keycloak"]
pull = ["**"]

[rule.people-push]
from = ["keycloak"]
when = { idp_groups = ["acl_docker_push"] }
push = ["team/**"]
"#;

pub(crate) fn trials() -> Vec<Trial> {
    // One Keycloak for all of it: starting takes it longest.
    vec![trial!(
        a_group_decides_who_pushes_and_a_login_outlives_its_token,
        Docker,
        Crane,
        Skopeo,
        DockerRegistry,
        Keycloak
    )]
}

fn served(keycloak: &Keycloak) -> Result<Portpass> {
    let (client, secret) = CLIENT;
    let tables = registry_table("main", SERVICE, Kind::V28.config(), "x5c", "ES256")
        + &format!(
            "\n[relay]\ntoken_url = {token_url:?}\nclient_id = {client:?}\n\
             client_secret = {secret:?}\nprovider = \"keycloak\"\nanswer = \"resign\"\n\
             jwt_grant = \"none\"\npassword_grant = \"password\"\nallow_private_network = true\n\n\
             [issuer.keycloak]\nkind = \"oidc\"\nurl = {issuer_url:?}\naudience = [{SERVICE:?}]\n\
             allow_private_network = true\n{RULES}",
            token_url = keycloak.token_url(),
            issuer_url = keycloak.issuer_url(),
        );
    Draft::new(&tables)?.serve()
}

fn a_group_decides_who_pushes_and_a_login_outlives_its_token() -> Result<()> {
    let mut keycloak = Keycloak::start()?;
    let portpass = served(&keycloak)?;
    let registry = Registry::start(Kind::V28, &portpass.auth(SERVICE, portpass.ca()?))?;

    let docker = Client::new(Program::Docker)?;
    docker.login_as(JO.0, &registry.host(), JO.1)?.succeeded()?;
    let stored = std::fs::read_to_string(docker.login_file())?;
    ensure!(
        stored.contains("identitytoken"),
        "docker stored the password"
    );
    let jo = Client::with_login_of(Program::Crane, &docker)?;
    pushes_and_pulls(&jo, &registry, REPOSITORY)?;

    let sam = Client::new(Program::Skopeo)?;
    sam.login_as(SAM.0, &registry.host(), SAM.1)?.succeeded()?;
    ensure!(
        sam.pull(&registry.image(REPOSITORY, "v1"))?
            .starts_with("sha256:")
    );
    let said = refused_push(&sam, &registry, REPOSITORY)?;
    ensure!(said.contains("idp_groups"), "not what was unmet: {said}");

    let wrong = Client::new(Program::Docker)?;
    let said = wrong
        .login_as(JO.0, &registry.host(), "wrong")?
        .refused()?
        .said();
    ensure!(
        said.contains("the identity provider refused the credential"),
        "{said}"
    );

    // What Keycloak gave at the login is over; its refresh token is not.
    thread::sleep(LIFETIME);
    pushes_and_pulls(&jo, &registry, REPOSITORY)?;

    keycloak.server.signal("TERM")?;
    keycloak.server.wait()?;
    let said = refused_push(&jo, &registry, REPOSITORY)?;
    ensure!(
        said.contains("the identity provider cannot be asked right now"),
        "{said}"
    );
    Ok(())
}
