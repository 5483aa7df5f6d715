//! Registries that trust an identity provider keep what they have while Portpass takes its part.

use anyhow::{Context as _, Result, bail, ensure};
use e2e::{
    http::{self, Credential},
    issuer::Issuer,
    portpass::{Draft, Portpass, access_token, issuer_tables, jwt_part},
    provider_key::ProviderKey,
    registry::{Auth, Kind, Registry, Trust},
    world::OWN_NAMESPACE,
};
use libtest_mimic::Trial;
use serde_json::{Value, json};

use crate::profiles::push;

/// An id that no registry could compute: authentik's is the MD5 of the private key's PEM.
const KID: &str = "7c69e6a7bd0ebbf21b447d3b8b172214";

pub(crate) fn trials() -> Vec<Trial> {
    vec![
        trial!(
            a_registry_that_trusts_a_provider_need_not_change,
            Crane,
            Registry31
        ),
        trial!(
            a_registry_goes_over_from_the_provider_to_the_ca_while_it_trusts_both,
            Crane,
            Registry31
        ),
        trial!(
            a_given_key_is_exchanged_while_the_registry_knows_both,
            Crane,
            Registry31
        ),
        trial!(
            a_given_key_with_a_leading_zero_is_found_by_an_id_that_is_given,
            Crane,
            Registry31
        ),
    ]
}

/// What the registry expects as `iss` since it trusts the provider.
const PROVIDER: &str = "https://id.example.com/application/o/docker-registry/";

/// Portpass' tables for a registry that is to keep what it has from the provider.
fn beside_provider(issuer: &Issuer, lines: &str) -> Result<String> {
    let table =
        format!("\n[registry.main]\nservice = \"main.test\"\nkind = \"distribution\"\n{lines}\n");
    Ok(table + &issuer_tables(issuer, "portpass.test")? + OWN_NAMESPACE)
}

/// What a registry that trusts the provider is configured with.
fn provider_auth(portpass: &Portpass, trust: Trust) -> Auth {
    Auth {
        issuer: PROVIDER.to_owned(),
        ..portpass.auth("main.test", trust)
    }
}

/// Portpass with a provider's key, and what the registry has of it.
fn in_place_of(key: &ProviderKey, issuer: &Issuer) -> Result<(Portpass, Trust)> {
    let draft = Draft::new(&beside_provider(issuer, &key.lines(PROVIDER))?)?;
    key.give(draft.folder())?;
    let trust = ProviderKey::jwks(&[key], draft.folder())?;
    Ok((draft.serve()?, trust))
}

/// The header and the claims of a token that Portpass gives.
fn signed(portpass: &Portpass, issuer: &Issuer) -> Result<(Value, Value)> {
    let jwt = issuer.jwt("github", "portpass.test")?;
    let token = access_token(&portpass.token("main.test", &[], &jwt)?)?;
    Ok((jwt_part(&token, 0)?, jwt_part(&token, 1)?))
}

/// Whether the registry takes a token that the provider itself signed.
fn takes_the_providers(registry: &Registry, key: &ProviderKey) -> Result<bool> {
    let token = key.sign(&json!({
        "iss": PROVIDER, "sub": "akadmin", "aud": "main.test", "iat": 0, "exp": 4_000_000_000_u64,
        "access": [],
    }))?;
    let answer = http::get(registry.port, "/v2/", &Credential::Bearer(token))?;
    Ok(answer.status == 200)
}

fn a_registry_that_trusts_a_provider_need_not_change() -> Result<()> {
    let issuer = Issuer::start()?;
    let key = ProviderKey::rs256(KID)?;
    let (portpass, trust) = in_place_of(&key, &issuer)?;
    let registry = Registry::start(Kind::V31, &provider_auth(&portpass, trust))?;
    ensure!(takes_the_providers(&registry, &key)?);

    let (header, claims) = signed(&portpass, &issuer)?;
    ensure!(header == json!({"typ": "JWT", "alg": "RS256", "kid": KID}));
    ensure!(claims.get("iss").and_then(Value::as_str) == Some(PROVIDER));
    push(&registry, &issuer)
        .with_context(|| format!("the registry said: {}", registry.server.log()))?;
    // What Portpass would give such a registry is what it has.
    let exported = provider_auth(&portpass, portpass.trust("main")?);
    push(&Registry::start(Kind::V31, &exported)?, &issuer)
}

/// The last step: first the registry trusts both, then Portpass goes over, then the provider's key goes.
fn a_registry_goes_over_from_the_provider_to_the_ca_while_it_trusts_both() -> Result<()> {
    let issuer = Issuer::start()?;
    let key = ProviderKey::rs256(KID)?;
    let (portpass, provider) = in_place_of(&key, &issuer)?;
    let (Trust::Certificates(certificates), Trust::Jwks(jwks)) = (portpass.ca()?, provider) else {
        bail!("the CA is a certificate, and the provider's key in a JWKS");
    };
    let authority = Trust::Certificates(certificates.clone());
    let both = Trust::Both { certificates, jwks };
    let registry = Registry::start(Kind::V31, &provider_auth(&portpass, both))?;
    push(&registry, &issuer)?;
    ensure!(takes_the_providers(&registry, &key)?);

    let by_authority = format!("issuer = {PROVIDER:?}\n");
    portpass
        .draft
        .write(&beside_provider(&issuer, &by_authority)?)?;
    portpass.server.signal("HUP")?;
    crate::until("tokens name the CA", || {
        Ok(signed(&portpass, &issuer)?.0.get("x5c").is_some())
    })?;
    push(&registry, &issuer)
        .with_context(|| format!("the registry said: {}", registry.server.log()))?;
    ensure!(takes_the_providers(&registry, &key)?);

    let after = Registry::start(Kind::V31, &provider_auth(&portpass, authority))?;
    push(&after, &issuer)?;
    ensure!(!takes_the_providers(&after, &key)?);
    Ok(())
}

fn a_given_key_is_exchanged_while_the_registry_knows_both() -> Result<()> {
    let issuer = Issuer::start()?;
    let (old, new) = (ProviderKey::rs256(KID)?, ProviderKey::rs256("next")?);
    let (portpass, _) = in_place_of(&old, &issuer)?;
    let both = ProviderKey::jwks(&[&old, &new], portpass.draft.folder())?;
    let registry = Registry::start(Kind::V31, &provider_auth(&portpass, both))?;
    push(&registry, &issuer)?;

    new.give(portpass.draft.folder())?;
    portpass
        .draft
        .write(&beside_provider(&issuer, &new.lines(PROVIDER))?)?;
    portpass.server.signal("HUP")?;
    crate::until("tokens name the new key", || {
        Ok(signed(&portpass, &issuer)?.0.get("kid") == Some(&json!("next")))
    })?;
    push(&registry, &issuer)
        .with_context(|| format!("the registry said: {}", registry.server.log()))?;
    ensure!(
        exported_ids(&portpass)? == [json!("next"), json!(KID)],
        "the old key is not given to registries any more"
    );
    Ok(())
}

/// The ids of the keys that the registry is to trust.
fn exported_ids(portpass: &Portpass) -> Result<Vec<Value>> {
    let exported = portpass.command(&["keys", "export", "main"])?.succeeded()?;
    let jwks: Value = serde_json::from_str(&exported.stdout)?;
    let keys = jwks.get("keys").and_then(Value::as_array);
    let ids = keys.context("not a JWKS")?.iter();
    Ok(ids.filter_map(|key| key.get("kid").cloned()).collect())
}

/// Distribution 3.1.1 computes the id of such a key wrongly, and so knows it only by a given one.
fn a_given_key_with_a_leading_zero_is_found_by_an_id_that_is_given() -> Result<()> {
    const ZERO_X: &str = "MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgttMoU9GOD1Gh4SlejyB7rLhQ5BJG1UQUbBfuBRrQrcShRANCAAQAJxKgYTQMTLt0sO+JTTeTBKidZODfYoEUR7ozYbuajbY3noTGPXz+811QO/fqR+CdsRMUmT4ztLUFg711XRqY";
    let issuer = Issuer::start()?;
    let key = ProviderKey::es256(KID, ZERO_X)?;
    let (portpass, trust) = in_place_of(&key, &issuer)?;
    let registry = Registry::start(Kind::V31, &provider_auth(&portpass, trust))?;
    push(&registry, &issuer)
        .with_context(|| format!("the registry said: {}", registry.server.log()))?;

    let lines = format!("issuer = {PROVIDER:?}\nkey = \"provider.pem\"\n");
    let named_by = |profile: &str| -> Result<_> {
        let lines = format!("{lines}profile = {profile:?}\n");
        let draft = Draft::new(&beside_provider(&issuer, &lines)?)?;
        key.give(draft.folder())?;
        Ok(draft)
    };
    let checked = named_by("rfc7638")?.command(&["check"])?;
    ensure!(
        !checked.success && checked.said().contains("provider.pem"),
        "{}",
        checked.said()
    );
    let portpass = named_by("libtrust")?.serve()?;
    let trust = portpass.trust("main")?;
    push(
        &Registry::start(Kind::V31, &provider_auth(&portpass, trust))?,
        &issuer,
    )
}
