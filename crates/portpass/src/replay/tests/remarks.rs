//! What differs and no event tells the effect of.

use super::*;

fn remarks(old: &str, new: &str) -> Vec<String> {
    Pair::of(side(old, false), side(new, false)).remarks()
}

#[test]
fn the_same_file_is_remarked_on_with_nothing() {
    let text = format!("{ISSUERS}{OWN}");
    assert_eq!(remarks(&text, &text), [""; 0]);
}

#[test]
fn what_lets_other_jwts_through_is_remarked_on() {
    let new = ISSUERS
        .replacen("[\"registry.example.com\"]", "[\"other.example.com\"]", 1)
        .replace("[\"65\"]", "[\"65\", \"66\"]\nsession_max = \"2h\"")
        .replace("https://id.example.com", "https://id2.example.com");
    insta::assert_snapshot!(remarks(ISSUERS, &new).join("\n"), @r"
    issuer.github: audience differs; no event tells which JWTs it lets through
    issuer.github: how long and how often a login may be used differs; each event is weighed as if its login held
    issuer.github: owner_id lets in 66 besides; what its callers asked was not recorded as theirs
    issuer.people: kind, iss or the source of its keys differs, so its memberships, sessions and names are suspended until `portpass issuers rebind people`
    ");
}

#[test]
fn what_comes_and_goes_is_remarked_on() {
    let people = ISSUERS.split("[issuer.people]").nth(1).unwrap();
    let people = format!("[issuer.people]{people}");
    let new =
        "[group.team]\noperators = true\n[registry.b]\nservice = \"b\"\nkind = \"distribution\"\n";
    insta::assert_snapshot!(remarks(ISSUERS, &format!("{people}{new}")).join("\n"), @r"
    issuer.github: the new file has it no more; its callers prove nothing
    registry.b: the new file alone has it
    group.team: operators keep it by the new file only; no event tells who will be in it
    ");
    let back = remarks(&people, ISSUERS);
    assert_eq!(
        back,
        ["issuer.github: the new file alone has it; no event tells of its callers"]
    );
}
