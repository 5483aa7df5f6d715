//! What is passed on, and what is not.

use serde_json::json;

use super::*;

fn access(entries: Value) -> Vec<Access> {
    let claims = Map::from_iter([("access".to_owned(), entries)]);
    access_of(&claims).unwrap()
}

fn one(name: &str, actions: &[&str]) -> Vec<Access> {
    access(json!([{ "type": "repository", "name": name, "actions": actions }]))
}

fn asked(text: &str) -> Scopes {
    Scopes::parse([text]).unwrap()
}

fn fits(given: &[Access], text: &str) -> bool {
    given.iter().all(|one| is_within(one, &asked(text)))
}

#[test]
fn no_more_is_passed_on_than_was_asked() {
    let push = one("a", &["pull", "push"]);
    assert!(fits(&push, "repository:a:pull,push"));
    assert!(fits(&push, "repository:a:* repository:b:pull"));
    for less in ["", "repository:a:pull", "repository:b:*", "registry:a:*"] {
        assert!(!fits(&push, less), "{less}");
    }
    let all = one("a", &["*"]);
    assert!(fits(&all, "repository:a:*"));
    assert!(!fits(&all, "repository:a:pull,push,delete"));
}

#[test]
fn a_class_is_the_one_that_was_asked_or_none() {
    let plugin =
        json!([{ "type": "repository", "class": "plugin", "name": "a", "actions": ["pull"] }]);
    assert!(fits(&access(plugin.clone()), "repository(plugin):a:pull"));
    assert!(!fits(&access(plugin), "repository:a:pull"));
    assert!(fits(&one("a", &["pull"]), "repository(plugin):a:pull"));
}

#[test]
fn a_push_that_got_neither_push_nor_delete_is_withheld() {
    let withheld =
        |given: &[Access], text: &str| withheld(given, &asked(text)).map(ToString::to_string);
    let pull = one("a", &["pull"]);
    let push = one("a", &["pull", "push"]);
    let scope = "repository:a:pull,push";
    assert_eq!(withheld(&pull, scope).as_deref(), Some(scope));
    assert_eq!(withheld(&push, scope), None);
    assert_eq!(withheld(&push, "repository:a:delete,pull,push"), None);
    // The source of a mount may be missing.
    assert_eq!(
        withheld(&push, "repository:a:pull,push repository:b:pull"),
        None
    );
    assert_eq!(withheld(&pull, "repository:a:*"), None);
    // Nothing at all; a login asks for nothing.
    assert_eq!(
        withheld(&[], "repository:b:pull").as_deref(),
        Some("repository:b:pull")
    );
    assert_eq!(
        withheld(&one("b", &[]), "repository:b:pull").as_deref(),
        Some("repository:b:pull")
    );
    assert_eq!(withheld(&[], ""), None);
}

#[test]
fn what_has_expired_or_not_begun_is_not_passed_on() {
    let now = Timestamp::from_second(1000).unwrap();
    let expiry = |claims: Value| expiry(claims.as_object().unwrap(), now).map(Timestamp::as_second);
    assert_eq!(expiry(json!({"exp": 1001})), Some(1001));
    assert_eq!(expiry(json!({"exp": 2000, "nbf": 1000})), Some(2000));
    for bad in [
        json!({}),
        json!({"exp": 1000}),
        json!({"exp": "2000"}),
        json!({"exp": 2000.5}),
        json!({"exp": 2000, "nbf": 1000 + LEEWAY_SECONDS + 1}),
        json!({"exp": 2000, "nbf": "now"}),
        json!({"exp": i64::MAX}),
    ] {
        assert_eq!(expiry(bad.clone()), None, "{bad}");
    }
}

#[test]
fn an_audience_is_a_text_or_a_list_of_texts() {
    let audiences = |aud: Value| {
        let claims = Map::from_iter([("aud".to_owned(), aud)]);
        audiences(&claims).map(str::to_owned).collect::<Vec<_>>()
    };
    assert_eq!(audiences(json!("a")), ["a"]);
    assert_eq!(audiences(json!(["a", 1, "b"])), ["a", "b"]);
    for none in [json!(null), json!(1), json!({"a": "b"}), json!([])] {
        assert_eq!(audiences(none), [""; 0]);
    }
}

#[test]
fn access_that_cannot_be_read_is_not_taken_for_none() {
    let read = |entries: Value| access_of(&Map::from_iter([("access".to_owned(), entries)]));
    assert_eq!(read(json!(null)), Some(Vec::new()));
    assert_eq!(access_of(&Map::new()), Some(Vec::new()));
    for bad in [
        json!("repository:a:pull"),
        json!({}),
        json!(["a"]),
        json!([{ "type": "repository", "name": "a" }]),
        json!([{ "type": "repository", "name": 1, "actions": [] }]),
        json!([{ "type": "repository", "name": "a", "actions": [1] }]),
    ] {
        assert_eq!(read(bad.clone()), None, "{bad}");
    }
}

#[test]
fn only_three_parts_with_an_object_between_are_a_jwt() {
    let part = |text: &str| URL_SAFE_NO_PAD.encode(text);
    let object = part(r#"{"sub":"a"}"#);
    assert!(claims_of(&format!("x.{object}.y")).is_some());
    for bad in [
        String::new(),
        object.clone(),
        format!("x.{object}"),
        format!("x.{object}.y.z"),
        format!("x.{}.y", part("[]")),
        format!("x.{}.y", part(r#"{"sub":1,"sub":2}"#)),
        "x.{}.y".to_owned(),
    ] {
        assert!(claims_of(&bad).is_none(), "{bad}");
    }
}
