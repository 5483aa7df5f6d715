//! A signing key is rotated while clients push, and nobody notices.

use std::{
    sync::atomic::{AtomicBool, Ordering},
    thread,
};

use anyhow::{Context as _, Result, ensure};
use e2e::{
    client::{Client, Program},
    http::{self, Credential},
    image::Image,
    portpass::{access_token, jwt_part},
    registry::Kind,
    tool::Tool,
    world::{OWN_NAMESPACE, SERVICE, World},
};
use libtest_mimic::Trial;

use crate::joined;

pub(crate) fn trials() -> Vec<Trial> {
    [Kind::V28, Kind::V31]
        .map(|kind| {
            let name = format!(
                "rotation::tokens_of_both_leaves_are_accepted_by_one_{}_process",
                kind.tool().name()
            );
            crate::needing(name, &[Tool::Crane, kind.tool()], move || {
                both_leaves_are_accepted(kind)
            })
        })
        .into()
}

fn both_leaves_are_accepted(kind: Kind) -> Result<()> {
    let world = World::start(kind, OWN_NAMESPACE)?;
    let pid = world.registry.server.id();
    let client = Client::new(Program::Crane)?;
    let host = world.registry.host();
    client
        .login(&host, &world.issuer.jwt("github", SERVICE)?)?
        .succeeded()?;
    let push = |round: usize| {
        // Another image each time, so that every layer is sent.
        let tag = format!("v{round}");
        let image = Image::write(&client.home().join(&tag), &tag, 8, 65_536)?;
        let name = world.registry.image("apps/github/acme/web", &tag);
        client.push(&image, &name)?.succeeded()
    };

    let rotated = AtomicBool::new(false);
    let tokens = thread::scope(|scope| -> Result<Vec<String>> {
        let pushing = scope.spawn(|| -> Result<usize> {
            let mut after = 0;
            for round in 0.. {
                if rotated.load(Ordering::Acquire) {
                    after += 1;
                }
                push(round)?;
                if after == 3 {
                    return Ok(round);
                }
            }
            Ok(0)
        });
        let tokens = (|| {
            let before = token(&world)?;
            world.portpass.command(&["keys", "rotate"])?.succeeded()?;
            Ok([before, token(&world)?])
        })();
        rotated.store(true, Ordering::Release);
        joined(pushing)?;
        tokens.map(Vec::from)
    })?;

    let leaves: Vec<_> = tokens
        .iter()
        .map(|token| {
            jwt_part(token, 0)?
                .pointer("/x5c/0")
                .cloned()
                .context("no x5c")
        })
        .collect::<Result<_>>()?;
    ensure!(leaves.first() != leaves.last(), "the leaf is the same");
    for token in tokens {
        let bearer = Credential::Bearer(token);
        let list = http::get(
            world.registry.port,
            "/v2/apps/github/acme/web/tags/list",
            &bearer,
        )?;
        ensure!(list.status == 200, "{} {}", list.status, list.text());
    }
    ensure!(world.registry.server.id() == pid);
    Ok(())
}

fn token(world: &World) -> Result<String> {
    let jwt = world.issuer.jwt("github", SERVICE)?;
    let scope = ["repository:apps/github/acme/web:pull"];
    access_token(&world.portpass.token(SERVICE, &scope, &jwt)?)
}
