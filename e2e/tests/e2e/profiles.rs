//! Which registry verifies which tokens: profile × algorithm × registry, against the programs themselves.
//!
//! The table is measured. What stands in it is pushed with; what does not is refused when the
//! configuration loads, and so never reaches a registry that would refuse each token of it.

use std::fmt::Write as _;

use anyhow::{Context as _, Result, ensure};
use e2e::{
    client::{Client, Program},
    image::Image,
    issuer::Issuer,
    portpass::{Draft, issuer_tables, registry_table},
    registry::{Kind, Registry},
    tool::Tool,
    world::OWN_NAMESPACE,
};
use libtest_mimic::Trial;

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

/// Logs in with a JWT, pushes an image and pulls it again.
pub(crate) fn push(registry: &Registry, issuer: &Issuer) -> Result<()> {
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
