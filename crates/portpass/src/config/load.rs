//! From the files to a [`Config`], or to every fault in them.

use std::path::Path;

use toml::de::DeTable;

use super::{
    Config, ConfigError, Fault, Located, Place,
    admin::AdminSection,
    file, group, images,
    include::{self, Ceilings},
    issuer, later,
    listen::ListenSection,
    names,
    oauth2::OAuth2Section,
    read::Reading,
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
    let (mut patterns, mut ceilings) = Default::default();
    if faults.is_empty() {
        (patterns, ceilings) = include::read(path, &mut sources, &mut faults);
    }
    let Some((root, partial)) = merged(&sources, &mut ceilings, &mut faults) else {
        return Err(ConfigError::new(sources, faults));
    };
    let mut reading = Reading::new(&sources, root, partial, faults);
    let config = assemble(&mut reading, &ceilings);
    reading.refuse_rest(&file::keys().iter().map(String::as_str));
    let Reading {
        faults, referenced, ..
    } = reading;
    if !faults.is_empty() {
        return Err(ConfigError::new(sources, faults));
    }
    let footprint = Footprint::new(path, patterns, &referenced, &sources);
    Ok(config(footprint, sources))
}

/// All files as one tree, without what is not in this version, and the tables
/// that lost something by that. Nothing, if one of them is not even TOML.
fn merged<'s>(
    sources: &'s Sources,
    ceilings: &mut Ceilings,
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
                ceilings.bind(&mut tree, file, faults);
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
fn assemble(
    reading: &mut Reading<'_>,
    ceilings: &Ceilings,
) -> impl FnOnce(Footprint, Sources) -> Config + use<> {
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
    let images = images::settle(reading, ceilings, &issuers, &issuer_names);
    let matches = reading.named::<Located<When>>("match");
    for named in &matches {
        names::check(reading, "match", &named.name, named.at);
    }
    let known = rule::Known {
        issuers: &issuer_names,
        groups: &group_names,
        registries: &registry_names,
        ceilings,
    };
    let rules = rule::settle(reading, "rule", &known);
    let denies = rule::settle(reading, "deny", &known);
    let named = matches.iter().filter_map(|named| named.value.as_ref());
    let both = rules.iter().chain(&denies).map(|(_, rule)| rule);
    ceilings.check_names(reading, both, named);
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
        footprint,
        sources,
    }
}
