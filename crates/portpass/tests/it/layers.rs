//! What keeps the layers apart: which folders may name which library.

use std::{fs, path::Path};

/// A library's path, and the places that may name it.
const ALLOWED: [(&str, &[&str]); 8] = [
    ("axum::", &["http/", "admin/"]),
    ("rusqlite::", &["store/"]),
    ("sqlx::", &["store/"]),
    (
        "reqwest::",
        &[
            "admin/client.rs",
            "config/public_url.rs",
            "config/endpoint.rs",
            "doctor/wire/",
            "identity/",
            "outbound/",
            "relay/provider/",
        ],
    ),
    (
        "StatusCode",
        &[
            "http/answer.rs",
            "http/health.rs",
            "admin/",
            "identity/keys/fetch.rs",
            "relay/provider/",
        ],
    ),
    ("std::env", &["config/", "main.rs"]),
    ("Timestamp::now", &["clock.rs"]),
    ("SystemTime::now", &[]),
];

#[test]
fn each_library_stays_in_its_folders() {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut strays = Vec::new();
    walk(&source, &mut |path, text| {
        let place = path.strip_prefix(&source).unwrap().to_str().unwrap();
        for (library, folders) in ALLOWED {
            if text.contains(library) && !folders.iter().any(|folder| place.starts_with(folder)) {
                strays.push(format!("{place} names {library}"));
            }
        }
    });
    assert_eq!(strays, [""; 0]);
}

#[test]
fn nothing_that_decides_reaches_outside() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/decision");
    walk(&folder, &mut |path, text| {
        for word in [
            "std::fs",
            "std::net",
            "tokio::",
            "crate::store",
            "crate::http",
            "Clock",
        ] {
            assert!(!text.contains(word), "{} names {word}", path.display());
        }
    });
}

fn walk(folder: &Path, look: &mut impl FnMut(&Path, &str)) {
    let mut entries: Vec<_> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    entries.sort();
    for path in entries {
        if path.is_dir() {
            walk(&path, look);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            look(&path, &fs::read_to_string(&path).unwrap());
        }
    }
}
