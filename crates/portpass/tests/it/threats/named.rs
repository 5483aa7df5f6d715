//! The table of SECURITY.md and the suite name the same cases.

use std::{collections::BTreeSet, fs, path::Path};

/// `audience::case_02_…` for each test of the folder.
fn tests() -> BTreeSet<String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/threats");
    let mut tests = BTreeSet::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let noun = path.file_stem().unwrap().to_str().unwrap().to_owned();
        let text = fs::read_to_string(&path).unwrap();
        let names = text.lines().filter_map(|line| {
            let name = line.strip_prefix("async fn ")?.split('(').next()?;
            name.starts_with("case_").then(|| format!("{noun}::{name}"))
        });
        tests.extend(names);
    }
    tests
}

/// The second column of the table, with the number of the first.
fn table() -> Vec<(usize, String)> {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../SECURITY.md");
    let page = fs::read_to_string(page).unwrap();
    let rows = page.lines().filter_map(|line| {
        let mut cells = line.strip_prefix("| ")?.split(" | ");
        let (number, _threat, test) = (cells.next()?, cells.next()?, cells.next()?);
        let test = test.trim_end_matches(" |").trim_matches('`').to_owned();
        Some((number.parse().ok()?, test))
    });
    rows.collect()
}

#[test]
fn every_case_is_in_the_table_and_every_row_is_a_case() {
    let rows = table();
    let numbers: Vec<_> = rows.iter().map(|(number, _)| *number).collect();
    assert_eq!(numbers, (1..=rows.len()).collect::<Vec<_>>());
    assert!(rows.len() >= 42, "{}", rows.len());
    for (number, test) in &rows {
        let numbered = format!("::case_{number:02}_");
        assert!(test.contains(&numbered), "{test} is not number {number}");
    }
    let named: BTreeSet<_> = rows.into_iter().map(|(_, test)| test).collect();
    assert_eq!(named, tests());
}
