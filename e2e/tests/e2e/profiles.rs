//! Which registry verifies which tokens: profile × algorithm × registry, against the programs themselves.
//!
//! The table is measured. What stands in it is pushed with; what does not is refused when the
//! configuration loads, and so never reaches a registry that would refuse each token of it.

use std::fmt::Write as _;

use anyhow::{Context as _, Result, bail, ensure};
use e2e::{
    client::{Client, Program},
    http::{self, Credential},
    image::Image,
    issuer::Issuer,
    portpass::{Draft, Portpass, access_token, issuer_tables, jwt_part, registry_table},
    provider_key::ProviderKey,
    registry::{Auth, Kind, Registry, Trust},
    tool::Tool,
    world::OWN_NAMESPACE,
};
use libtest_mimic::Trial;
use serde_json::{Value, json};

const PROFILES: [&str; 4] = ["libtrust", "pinned", "rfc7638", "x5c"];
const ALGORITHMS: [&str; 3] = ["ES256", "EdDSA", "RS256"];

/// The algorithms that a registry verifies under a profile.
///
/// 2.8 knows no Ed25519. 3.0 computes a wrong key id for each EC key. zot holds one key and looks
/// at no header.
fn fitting(kind: Kind, profile: &str) -> &'static [&'static str] {
    match (kind, profile) {
        (Kind::V28, "libtrust" | "x5c") => &["ES256", "RS256"],
        (Kind::V30, "rfc7638") => &["RS256"],
        (Kind::V30, "libtrust" | "x5c")
        | (Kind::V31, "libtrust" | "rfc7638" | "x5c")
        | (Kind::Zot, "pinned") => &ALGORITHMS,
        _ => &[],
    }
}

pub(crate) fn trials() -> Vec<Trial> {
    let every = Kind::ALL.map(|kind| {
        let name = format!(
            "profiles::{}_takes_every_profile_that_fits_it",
            kind.config().replace(['-', '.'], "_")
        );
        crate::needing(name, &[Tool::Crane, kind.tool()], move || {
            takes_every_profile_that_fits_it(kind)
        })
    });
    every
        .into_iter()
        .chain([
            trial!(every_impossible_pair_is_refused_at_load),
            trial!(
                a_key_of_an_own_profile_is_staged_and_activated,
                Crane,
                Registry31
            ),
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
                a_given_key_with_a_leading_zero_is_found_by_an_id_that_is_given,
                Crane,
                Registry31
            ),
        ])
        .collect()
}

fn pairs(fits: bool, kind: Kind) -> impl Iterator<Item = (&'static str, &'static str)> {
    PROFILES
        .into_iter()
        .flat_map(|profile| ALGORITHMS.map(|algorithm| (profile, algorithm)))
        .filter(move |(profile, algorithm)| fitting(kind, profile).contains(algorithm) == fits)
}

/// One Portpass with a registry for each pair, and one registry process after another.
fn takes_every_profile_that_fits_it(kind: Kind) -> Result<()> {
    let issuer = Issuer::start()?;
    let service =
        |profile: &str, algorithm: &str| format!("{profile}.{algorithm}.test").to_lowercase();
    let mut tables = String::new();
    for (profile, algorithm) in pairs(true, kind) {
        let name = format!("{profile}-{algorithm}");
        tables += &registry_table(
            &name,
            &service(profile, algorithm),
            kind.config(),
            profile,
            algorithm,
        );
    }
    let names: Vec<_> = pairs(true, kind)
        .map(|(profile, algorithm)| format!("{profile}-{algorithm}"))
        .collect();
    // One JWT serves all: the issuer's audience is ours, whichever registry it is shown to.
    tables += &issuer_tables(&issuer, "portpass.test")?;
    writeln!(tables, "{OWN_NAMESPACE}registries = {names:?}")?;
    let portpass = Draft::new(&tables)?.serve()?;

    for (profile, algorithm) in pairs(true, kind) {
        let context = || format!("{profile} with {algorithm} on {}", kind.config());
        let trust = portpass
            .trust(&format!("{profile}-{algorithm}"))
            .with_context(context)?;
        let auth = portpass.auth(&service(profile, algorithm), trust);
        let registry = Registry::start(kind, &auth).with_context(context)?;
        push(&registry, &issuer)
            .with_context(|| format!("{}: {}", context(), registry.server.log()))?;
    }
    Ok(())
}

fn push(registry: &Registry, issuer: &Issuer) -> Result<()> {
    let client = Client::new(Program::Crane)?;
    let image = Image::tiny(&client.home().join("image"), "profile")?;
    let jwt = issuer.jwt("github", "portpass.test")?;
    client.login(&registry.host(), &jwt)?.succeeded()?;
    let name = registry.image("apps/github/acme/web", "v1");
    client.push(&image, &name)?.succeeded()?;
    ensure!(client.pull(&name)? == image.id);
    Ok(())
}

fn every_impossible_pair_is_refused_at_load() -> Result<()> {
    let issuer = Issuer::start()?;
    let issuers = issuer_tables(&issuer, "portpass.test")? + OWN_NAMESPACE;
    for kind in Kind::ALL {
        for (fits, (profile, algorithm)) in [true, false]
            .into_iter()
            .flat_map(|fits| pairs(fits, kind).map(move |pair| (fits, pair)))
        {
            let table = registry_table("main", "main.test", kind.config(), profile, algorithm);
            let checked = Draft::new(&(table + &issuers))?.command(&["check"])?;
            ensure!(
                checked.success == fits,
                "{profile} with {algorithm} on {}: {}",
                kind.config(),
                checked.said()
            );
            ensure!(
                fits || checked.said().contains(profile) || checked.said().contains(algorithm),
                "a refusal that does not say what is wrong: {}",
                checked.said()
            );
        }
    }
    Ok(())
}

/// A key that cannot rotate by itself is exchanged in steps: stage, give it to the registry, activate.
fn a_key_of_an_own_profile_is_staged_and_activated() -> Result<()> {
    let issuer = Issuer::start()?;
    let tables = registry_table("main", "main.test", "distribution", "rfc7638", "ES256")
        + &issuer_tables(&issuer, "portpass.test")?
        + OWN_NAMESPACE;
    let portpass = Draft::new(&tables)?.serve()?;
    let before = portpass.auth("main.test", portpass.trust("main")?);
    let old = Registry::start(Kind::V31, &before)?;
    push(&old, &issuer)?;

    portpass.command(&["keys", "stage", "main"])?.succeeded()?;
    // Both keys are in the export now; the registry restarts with it, and nothing has changed yet.
    let both = portpass.auth("main.test", portpass.trust("main")?);
    let new = Registry::start(Kind::V31, &both)?;
    push(&new, &issuer)?;
    portpass
        .command(&["keys", "activate", "main"])?
        .succeeded()?;
    push(&new, &issuer)?;
    ensure!(
        push(&old, &issuer).is_err(),
        "the old registry knows the new key"
    );
    Ok(())
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
    let trust = key.jwks(draft.folder())?;
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
    let key = ProviderKey::rs256()?;
    let (portpass, trust) = in_place_of(&key, &issuer)?;
    let registry = Registry::start(Kind::V31, &provider_auth(&portpass, trust))?;
    ensure!(takes_the_providers(&registry, &key)?);

    let (header, claims) = signed(&portpass, &issuer)?;
    ensure!(header == json!({"typ": "JWT", "alg": "RS256", "kid": ProviderKey::KID}));
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
    let key = ProviderKey::rs256()?;
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

/// Distribution 3.1.1 computes the id of such a key wrongly, and so knows it only by a given one.
fn a_given_key_with_a_leading_zero_is_found_by_an_id_that_is_given() -> Result<()> {
    const ZERO_X: &str = "MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgttMoU9GOD1Gh4SlejyB7rLhQ5BJG1UQUbBfuBRrQrcShRANCAAQAJxKgYTQMTLt0sO+JTTeTBKidZODfYoEUR7ozYbuajbY3noTGPXz+811QO/fqR+CdsRMUmT4ztLUFg711XRqY";
    let issuer = Issuer::start()?;
    let key = ProviderKey::es256(ZERO_X)?;
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
