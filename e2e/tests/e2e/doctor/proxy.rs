//! A proxy in between that takes something away.

use anyhow::{Result, ensure};
use e2e::{
    doctor::{Report, block},
    issuer::Issuer,
    nginx::Nginx,
    portpass::{Draft, Portpass},
    ports,
    registry::{Kind, Registry},
    world::{self, OWN_NAMESPACE, SERVICE},
};
use libtest_mimic::Trial;

use super::{REPOSITORY, push};

pub(super) fn trials() -> Vec<Trial> {
    vec![
        trial!(
            a_proxy_that_strips_authorization_is_found,
            Crane,
            Nginx,
            DockerRegistry
        ),
        trial!(
            a_proxy_that_strips_the_login_is_found,
            Crane,
            Nginx,
            Registry31
        ),
        trial!(a_header_limit_of_8_kib_is_found, Crane, Nginx, Registry31),
        trial!(
            a_header_limit_that_does_no_harm_yet_is_noted,
            Nginx,
            Registry31
        ),
    ]
}

/// A set-up behind nginx.
struct Behind {
    issuer: Issuer,
    portpass: Portpass,
    nginx: Nginx,
    _registry: Registry,
}

impl Behind {
    fn start(kind: Kind, lines: &str) -> Result<Self> {
        let issuer = Issuer::start()?;
        let port = ports::free()?;
        let tables = world::tables(&issuer, kind, OWN_NAMESPACE)?;
        let portpass = Draft::behind(port, &tables)?.serve()?;
        let registry = Registry::start(kind, &portpass.auth(SERVICE, portpass.ca()?))?;
        let nginx = Nginx::start(port, portpass.draft.port, registry.port, lines)?;
        Ok(Self {
            issuer,
            portpass,
            nginx,
            _registry: registry,
        })
    }

    fn report(&self, jwt: &str, repository: &str) -> Result<Report> {
        let url = format!("http://localhost:{}", self.nginx.port);
        let config = self.portpass.draft.config().display().to_string();
        Report::of(&url, jwt, &["-c", &config, "--repository", repository])
    }
}

const STRIPS: &str = "proxy_set_header Authorization \"\";";

fn a_proxy_that_strips_authorization_is_found() -> Result<()> {
    let mut behind = Behind::start(Kind::V28, STRIPS)?;
    let jwt = behind.issuer.jwt("github", SERVICE)?;
    ensure!(push(behind.nginx.port, &jwt, REPOSITORY).is_err());
    let report = behind.report(&jwt, REPOSITORY)?;
    let finding = report.only("proxy_authorization")?;
    behind.nginx.replace(STRIPS, block(finding))?;
    push(behind.nginx.port, &jwt, REPOSITORY)?;
    behind.report(&jwt, REPOSITORY)?.healthy()
}

fn a_proxy_that_strips_the_login_is_found() -> Result<()> {
    let mut behind = Behind::start(Kind::V31, "")?;
    let location = "location = /token {\n";
    behind
        .nginx
        .replace(location, &format!("{location}{STRIPS}\n"))?;
    let jwt = behind.issuer.jwt("github", SERVICE)?;
    ensure!(push(behind.nginx.port, &jwt, REPOSITORY).is_err());
    let report = behind.report(&jwt, REPOSITORY)?;
    let finding = report.only("proxy_authorization")?;
    behind.nginx.replace(STRIPS, block(finding))?;
    push(behind.nginx.port, &jwt, REPOSITORY)?;
    behind.report(&jwt, REPOSITORY)?.healthy()
}

fn a_header_limit_of_8_kib_is_found() -> Result<()> {
    let mut behind = Behind::start(Kind::V31, "")?;
    let repository = "apps/gitlab/acme/web";
    // The JWT of somebody in very many groups.
    let groups: Vec<String> = (0..300)
        .map(|number| format!("acme/team-{number:03}-of-many"))
        .collect();
    let groups = format!("groups_direct={}", groups.join(","));
    let jwt = behind
        .issuer
        .signed("gitlab", SERVICE, &[("set", &groups)])?;
    ensure!(
        (6200..16 * 1024).contains(&jwt.len()),
        "{} bytes",
        jwt.len()
    );
    ensure!(push(behind.nginx.port, &jwt, repository).is_err());
    let report = behind.report(&jwt, repository)?;
    let finding = report.only("header_size")?;
    behind.nginx.add_to_server(block(finding))?;
    push(behind.nginx.port, &jwt, repository)?;
    behind.report(&jwt, repository)?.healthy()
}

fn a_header_limit_that_does_no_harm_yet_is_noted() -> Result<()> {
    let behind = Behind::start(Kind::V31, "")?;
    let report = behind.report(&behind.issuer.jwt("github", SERVICE)?, REPOSITORY)?;
    report.healthy()?;
    let seen = report.examination("header size");
    ensure!(seen.is_some_and(|(result, _)| result == "note"), "{seen:?}");
    Ok(())
}
