//! Portpass beside an identity provider: before it, or in its place behind the shim that was before it.

mod faults;
mod passthrough;
mod people;
mod resign;
mod shim;

use anyhow::{Result, ensure};
use e2e::{
    client::{Client, Program},
    http::Response,
    image::Image,
    issuer::Issuer,
    portpass::{Draft, Portpass, access_token, issuer_tables, jwt_part, registry_table},
    provider::Provider,
    registry::{Auth, Kind, Registry},
    world::SERVICE,
};
use libtest_mimic::Trial;
use serde_json::{Value, json};

pub(crate) fn trials() -> Vec<Trial> {
    [
        passthrough::trials(),
        resign::trials(),
        faults::trials(),
        people::trials(),
        shim::trials(),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// Where images go whose name no rule renders.
const REPOSITORY: &str = "team/web";

/// A platform, a provider that trusts it, and Portpass before that.
struct Beside {
    issuer: Issuer,
    provider: Provider,
    portpass: Portpass,
}

impl Beside {
    /// Starts them with these lines in `[relay]`, and these tables after all others.
    fn start(relay: &str, tables: &str) -> Result<Self> {
        Self::start_with(&json!({}), Kind::V31, relay, tables)
    }

    /// As [`Beside::start`], with settings of the provider's, for another kind of registry.
    fn start_with(settings: &Value, kind: Kind, relay: &str, tables: &str) -> Result<Self> {
        let issuer = Issuer::start()?;
        let provider = Provider::start_with(&issuer, settings)?;
        let all = registry_table("main", SERVICE, kind.config(), "x5c", "ES256")
            + &issuer_tables(&issuer, SERVICE)?
            + &provider_tables(&provider, relay)
            + tables;
        let portpass = Draft::new(&all)?.serve()?;
        Ok(Self {
            issuer,
            provider,
            portpass,
        })
    }

    /// A registry that trusts the provider's keys, and is sent to Portpass for tokens.
    fn trusting_provider(&self, kind: Kind) -> Result<Registry> {
        let auth = Auth {
            issuer: self.provider.issuer_url.clone(),
            ..self.portpass.auth(SERVICE, self.provider.trust()?)
        };
        Registry::start(kind, &auth)
    }

    /// A registry that trusts our keys alone.
    fn trusting_us(&self, kind: Kind) -> Result<Registry> {
        Registry::start(kind, &self.portpass.auth(SERVICE, self.portpass.ca()?))
    }

    /// The usual job's JWT.
    fn jwt(&self) -> Result<String> {
        self.issuer.jwt("github", SERVICE)
    }

    /// JWTs that the platform signed for somebody else, and that the provider takes as any other.
    fn strangers(&self) -> Result<Vec<String>> {
        let owner = [("set", "repository_owner_id=999")];
        Ok(vec![
            self.issuer.signed("github", SERVICE, &owner)?,
            self.issuer
                .signed("github", "https://github.com/mallory", &owner)?,
            self.issuer.jwt("github", "https://github.com/acme")?,
        ])
    }
}

/// `[relay]` before the provider, and the issuer that its tokens are of.
fn provider_tables(provider: &Provider, relay: &str) -> String {
    format!(
        "\n[relay]\ntoken_url = {token_url:?}\nclient_id = {SERVICE:?}\nscope = \"docker-registry\"\n\
         provider = \"authentik\"\nallow_private_network = true\n{relay}\n\n\
         [issuer.authentik]\nkind = \"oidc\"\nurl = {issuer_url:?}\naudience = [{SERVICE:?}]\n\
         allow_private_network = true\n",
        token_url = provider.token_url,
        issuer_url = provider.issuer_url,
    )
}

/// Pushes and pulls with what `client` is logged in with.
fn pushes_and_pulls(client: &Client, registry: &Registry, repository: &str) -> Result<()> {
    let image = Image::tiny(&client.home().join("image"), repository)?;
    let name = registry.image(repository, "v1");
    client.push(&image, &name)?.succeeded()?;
    ensure!(client.pull(&name)? == image.id, "another image came back");
    Ok(())
}

/// The claims of the token in an answer; nothing is verified.
fn claims(answer: &Response) -> Result<Value> {
    jwt_part(&access_token(answer)?, 1)
}

/// A member of a JSON document that is text, by its pointer (RFC 6901); empty if there is none.
fn text<'a>(document: &'a Value, pointer: &str) -> &'a str {
    let value = document.pointer(pointer).and_then(Value::as_str);
    value.unwrap_or_default()
}

/// Logs in with a job's JWT, then pushes and pulls.
fn job_pushes_and_pulls(
    program: Program,
    jwt: &str,
    registry: &Registry,
    repository: &str,
) -> Result<()> {
    let client = Client::new(program)?;
    client.login(&registry.host(), jwt)?.succeeded()?;
    pushes_and_pulls(&client, registry, repository)
}

/// What a client says whose push is refused.
fn refused_push(client: &Client, registry: &Registry, repository: &str) -> Result<String> {
    let image = Image::tiny(&client.home().join("refused"), "refused")?;
    let name = registry.image(repository, "refused");
    Ok(client.push(&image, &name)?.refused()?.said())
}
