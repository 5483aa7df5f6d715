//! From the files to a [`Config`], or to every fault in them.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::{Path, PathBuf},
};

use toml::de::{DeTable, DeValue};

use super::{
    Config, ConfigError, Fault, Located, Place,
    admin::AdminSection,
    file, group, images, include, issuer, later,
    listen::ListenSection,
    names,
    oauth2::OAuth2Section,
    read::{Reading, folder_of},
    registry, relay,
    reload::Footprint,
    rule,
    sources::Sources,
    store::StoreSection,
    test,
    tls::TlsSection,
    tree,
};
use crate::decision::{PolicySource, When};

/// Reads a configuration file, what it includes, and what it refers to.
///
/// # Errors
///
/// Every fault that can be seen without asking another system.
pub fn load(path: &Path) -> Result<Config, ConfigError> {
    let mut sources = Sources::default();
    let (_, fault) = sources.read(path);
    let mut faults: Vec<Fault> = fault.into_iter().collect();
    let mut patterns = Vec::new();
    if faults.is_empty() {
        patterns = include_files(path, &mut sources, &mut faults);
    }
    let Some((root, partial)) = merged(&sources, &mut faults) else {
        return Err(ConfigError::new(sources, faults));
    };
    let mut reading = Reading::new(&sources, root, partial, faults);
    let config = assemble(&mut reading);
    reading.refuse_rest(&file::keys().iter().map(String::as_str));
    let Reading {
        faults,
        referenced,
        tables,
        ..
    } = reading;
    if !faults.is_empty() {
        return Err(ConfigError::new(sources, faults));
    }
    let footprint = Footprint::new(path, patterns, &referenced, &sources);
    Ok(Config {
        tables,
        ..config(footprint, sources)
    })
}

/// Reads the files that the main one includes; gives its patterns.
fn include_files(main: &Path, sources: &mut Sources, faults: &mut Vec<Fault>) -> Vec<String> {
    let patterns = sources
        .texts()
        .next()
        .and_then(|(file, _, text)| tree::parse(text, file).ok())
        .map(|root| patterns_of(root, faults))
        .unwrap_or_default();
    let mut seen: BTreeSet<PathBuf> = main.canonicalize().into_iter().collect();
    for pattern in &patterns {
        let found = include::expand(&pattern.value, folder_of(main));
        let paths = found.unwrap_or_else(|message| {
            faults.push(Fault::new(pattern.at, message));
            Vec::new()
        });
        for path in paths {
            match path.canonicalize() {
                Ok(real) if seen.contains(&real) => {}
                Ok(real) => {
                    seen.insert(real);
                    faults.extend(sources.read(&path).1);
                }
                Err(error) => {
                    let message = format!("{} cannot be read: {error}", path.display());
                    faults.push(Fault::new(pattern.at, message));
                }
            }
        }
    }
    patterns.into_iter().map(|pattern| pattern.value).collect()
}

/// The patterns of `include`.
fn patterns_of(mut root: DeTable<'_>, faults: &mut Vec<Fault>) -> Vec<Located<String>> {
    let Some(value) = root.remove("include") else {
        return Vec::new();
    };
    let place = |span| Place::of_span(&span);
    let at = place(value.span());
    let DeValue::Array(elements) = value.into_inner() else {
        faults.push(Fault::new(
            at,
            "expected a list, as in `[\"rules.d/*.toml\"]`",
        ));
        return Vec::new();
    };
    let mut patterns = Vec::new();
    for element in elements {
        let at = place(element.span());
        match element.into_inner() {
            DeValue::String(pattern) if !pattern.is_empty() => patterns.push(Located {
                value: pattern.into_owned(),
                at,
            }),
            _ => faults.push(Fault::new(
                at,
                "expected a pattern, as in \"rules.d/*.toml\"",
            )),
        }
    }
    patterns
}

/// All files as one tree, without what is not in this version, and the tables
/// that lost something by that. Nothing, if one of them is not even TOML.
fn merged<'s>(
    sources: &'s Sources,
    faults: &mut Vec<Fault>,
) -> Option<(DeTable<'s>, later::Partial)> {
    let mut root = DeTable::new();
    let mut partial = later::Partial::new();
    let unread: Vec<usize> = sources.unread().collect();
    let mut is_whole = unread.is_empty();
    for (file, _, text) in sources.texts() {
        if unread.contains(&file) {
            continue;
        }
        match tree::parse(text, file) {
            Ok(mut tree) => {
                partial.append(&mut later::refuse(&mut tree, faults));
                if let Some((key, _)) = tree.remove_entry("include")
                    && file != 0
                {
                    let message = "an included file includes nothing itself; name the files in \
                                   the main one";
                    faults.push(Fault::new(Place::of_span(&key.span()), message));
                }
                tree::merge(&mut root, tree, sources, faults);
            }
            Err(wrong) => {
                is_whole = false;
                faults.extend(wrong);
            }
        }
    }
    is_whole.then_some((root, partial))
}

/// Takes every section; gives what makes the rest of a [`Config`], if there
/// was no fault.
fn assemble(reading: &mut Reading<'_>) -> impl FnOnce(Footprint, Sources) -> Config + use<> {
    let public_url = super::public_url::settle(reading);
    let listen = reading.section::<ListenSection>("listen").settle(reading);
    let tls = reading
        .optional::<TlsSection>("tls")
        .map(|tls| tls.settle(reading));
    let limits = reading.section("limits");
    let events = reading.section("events");
    let metrics = reading.section("metrics");
    let log = reading.section("log");
    let store: StoreSection = reading.section("store");
    let data_dir = reading.path(&store.data_dir);
    let database_url = store.settle(reading);
    let admin: AdminSection = reading.section("admin");
    let admin_socket = admin.socket.as_ref().map_or_else(
        || super::admin::default_socket(&data_dir),
        |socket| reading.path(socket),
    );
    let admin_listen = admin.settle(&listen, tls.as_ref(), reading);
    let keys = reading
        .section::<super::keys::KeysSection>("keys")
        .settle(&data_dir, reading);
    let scope_words = reading.section::<OAuth2Section>("oauth2").settle(reading);
    let (registries, registry_names) = registry::settle(reading, &public_url);
    let (issuers, issuer_names) = issuer::settle(reading);
    let relay = relay::settle(reading, &issuers, &issuer_names);
    let (groups, group_names) = group::settle(reading, &issuers, &issuer_names);
    let images = images::settle(reading, &issuers, &issuer_names);
    let matches = reading.named::<Located<When>>("match");
    for named in &matches {
        names::check(reading, "match", &named.name, named.at);
    }
    let known = rule::Known {
        issuers: &issuer_names,
        groups: &group_names,
        registries: &registry_names,
    };
    let rules = rule::settle(reading, "rule", &known);
    let denies = rule::settle(reading, "deny", &known);
    let known = test::Known {
        issuers: &issuers,
        issuer_names: &issuer_names,
        groups: &groups,
        group_names: &group_names,
        registries: &registry_names,
    };
    let tests = test::settle(reading, &known);
    let policy = PolicySource {
        issuers: issuers
            .iter()
            .map(|issuer| (issuer.name.clone(), issuer.kind.value.is_code_host()))
            .collect(),
        registries: registry_names,
        matches: matches
            .into_iter()
            .filter_map(|named| Some((named.name, named.value?)))
            .collect(),
        rules: rules.into_iter().collect(),
        denies: denies.into_iter().collect(),
        groups,
        images,
    };
    move |footprint, sources| Config {
        public_url,
        listen,
        tls,
        limits,
        events,
        metrics,
        admin_listen,
        admin_socket,
        keys,
        scope_words,
        log,
        data_dir,
        database_url,
        registries,
        relay,
        issuers,
        policy,
        tests,
        remarks: Vec::new(),
        tables: BTreeMap::new(),
        footprint,
        sources,
    }
}
